"""The ragd under measure, and what can be asked of it from outside: a connection kept alive, memory, disk, quiet."""

import http.client
import json
import pathlib
import time
from typing import Any

import peers
import proc
from peers import Failure

# The defaults, but for the limit (off), the shutdown's delay, and the ten passages a search is asked for.
SETTINGS = ("--threads", "1", "--rate-limit-requests", "0", "--drain-delay", "0", "--retrieval-top-k", "10")
START_S = 900.0  # an index of another make is built anew at the start
ANSWER_S = 300.0
QUIET_SHARE, QUIET_S, MAX_SETTLE_S = 0.02, 1.0, 60.0


class Ragd(peers.Server):
    """Waits longer for a start than the servers of the comparison are given."""

    def _wait_until_ready(self, end: float) -> None:
        super()._wait_until_ready(end + START_S - peers.PATIENCE_S)

    def restart(self) -> tuple[float, float]:
        """Seconds from SIGTERM to the end, and from the new start to readiness."""
        began = time.monotonic()
        self.stop()
        stopped = time.monotonic() - began
        self.start()
        return stopped, self.started_in_s

    def settle(self) -> float:
        """Waits until the server does nothing any more, merges and compactions included; the seconds it took."""
        began = time.monotonic()
        while time.monotonic() - began < MAX_SETTLE_S:
            before = proc.cpu_seconds(self.pid)
            time.sleep(QUIET_S)
            if proc.cpu_seconds(self.pid) - before < QUIET_SHARE * QUIET_S:
                break
        return time.monotonic() - began - QUIET_S


def ragd(binary: pathlib.Path, folder: pathlib.Path, port: int, settings: list[str]) -> Ragd:
    command = [str(binary), "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", str(folder / "data")]
    return Ragd("ragd", port, [*command, *SETTINGS, *settings], folder, ready="/health/ready")


class Connection:
    """Kept alive; anything but a 200 is a failure."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)

    def post(self, path: str, body: bytes) -> tuple[dict[str, Any], float]:
        """The answer, and the seconds it took."""
        began = time.perf_counter()
        try:
            self._connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as problem:
            raise Failure(f"POST {path}: {problem!r}") from problem
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise Failure(f"POST {path}: {response.status} {text[:300]!r}")
        return json.loads(text), seconds

    def search(self, query: str) -> tuple[list[str], float]:
        """The documents of the passages found, best first."""
        answer, seconds = self.post("/search", json.dumps({"query": query}).encode())
        return [result["document_id"] for result in answer["results"]], seconds

    def close(self) -> None:
        self._connection.close()


def rss_bytes(pid: int, field: str) -> int:
    """VmRSS, or VmHWM, the most it ever was."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/{pid}/status has no {field}")


def disk_bytes(folder: pathlib.Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:  # a compaction has removed it while we looked
            continue
    return total
