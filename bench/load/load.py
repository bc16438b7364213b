"""One run of the load generator, `ragd bench`, pinned to a CPU of its own."""

import contextlib
import dataclasses
import json
import pathlib
import subprocess
import time
from collections.abc import Callable
from typing import Any

from peers import Failure

PATIENCE_S = 900.0
WATCH_EVERY_S = 0.1


@dataclasses.dataclass(frozen=True)
class Load:
    """What is asked. Without a rate each connection asks again as soon as it is answered (closed loop)."""

    path: str = "/query"
    get: bool = False
    body: pathlib.Path | None = None
    questions: str | None = None
    cache: str = "use"
    connections: int = 64
    rate: float | None = None
    duration_s: float = 3.0
    clients: int | None = None
    seed: int = 1

    def flags(self, port: int) -> list[str]:
        flags = ["--url", f"http://127.0.0.1:{port}", "--path", self.path, "--connections", str(self.connections)]
        # Over loopback a server's CPU pays for waking a sleeping client, and most for a client that waits for it most.
        flags += ["--threads", "1", "--spin", "--duration", f"{self.duration_s}s"]
        if self.get:
            flags.append("--get")
        if self.body is not None:
            flags += ["--body", str(self.body)]
        if self.questions is not None:
            flags += ["--questions", self.questions, "--cache", self.cache]
        if self.rate is not None:
            flags += ["--rate", str(self.rate)]
        if self.clients is not None:
            flags += ["--clients", str(self.clients)]
        return [*flags, "--seed", str(self.seed)]


def warm(generator: pathlib.Path, cpu: int, port: int, load: Load) -> None:
    """Asks each distinct question once, unmeasured."""
    _call(generator, cpu, load.flags(port) + ["--warm", "--requests", "1"])


def run(generator: pathlib.Path, cpu: int, port: int, load: Load, watch: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """The generator's JSON; meanwhile `watch` is called ten times a second. Anything but a 2xx is a failure."""
    result: dict[str, Any] = json.loads(_call(generator, cpu, load.flags(port), watch))
    others = {name: count for name, count in result["outcomes"].items() if name != "success" and count}
    if others:
        raise Failure(f"port {port} did not answer everything: {others}; {load}")
    return result


def _call(generator: pathlib.Path, cpu: int, flags: list[str], watch: Callable[[], None] = lambda: None) -> bytes:
    command = ["taskset", "-c", str(cpu), str(generator), "bench", *flags, "--json", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        try:
            output, errors = _finished(process, watch)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise Failure(f"the load generator ended with {process.returncode}: {errors.decode(errors='replace')}")
    return output


def _finished(process: "subprocess.Popen[bytes]", watch: Callable[[], None]) -> tuple[bytes, bytes]:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=WATCH_EVERY_S)
        watch()
    raise Failure("the load generator hangs")
