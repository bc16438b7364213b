"""What both runs share: the directory and ports of a run, its servers and their end, and the record of it."""

import contextlib
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, TypeVar

import peers
import proc
import sample
from load import Load
from peers import Failure, Server

ROOT = peers.HERE.parent.parent
MAX_DISCARDED = 24  # on a machine that is never quiet a run still ends, and says so
MAX_DISCARDED_QUICK = 6
ORDER_SEED = 1
PACKAGES = ("nginx", "varnish", "haproxy", "python3-fastapi", "python3-uvicorn", "python3-uvloop", "python3-httptools")


T = TypeVar("T")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Rig:
    """Owns the servers: they are stopped in reverse order when the rig closes, whatever the reason."""

    def __init__(self, binary: pathlib.Path, first_port: int, quick: bool, stack: contextlib.ExitStack) -> None:
        self.binary = binary.resolve()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ragd-bench-"))
        stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.bench = sample.Bench(self.binary)
        self.discarded: list[dict[str, Any]] = []
        self._max_discarded = MAX_DISCARDED_QUICK if quick else MAX_DISCARDED
        self._stack = stack
        self._next_port = first_port
        self.floor_binary = peers.build_floor(self.directory / "floor-program")
        self._order = random.Random(ORDER_SEED)
        self.question = self.file("question.json", json.dumps(peers.QUESTION))

    def port(self) -> int:
        """The next one nobody listens on: else the benchmark would measure a stranger."""
        while True:
            self._next_port += 1
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with contextlib.suppress(OSError):
                    probe.bind(("127.0.0.1", self._next_port - 1))
                    return self._next_port - 1

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The order of one round: nobody is always the first, nor always behind the same neighbour. From a fixed seed."""
        order = list(items)
        self._order.shuffle(order)
        return order

    def file(self, name: str, text: str) -> pathlib.Path:
        path = self.directory / name
        path.write_text(text)
        return path

    def up(self, server: Server) -> Server:
        self._stack.callback(server.stop)
        server.start()
        say(f"    {server.name} serves on port {server.port}")
        return server

    def take(self, server: Server, load: Load, /, **labels: Any) -> dict[str, Any]:
        repeats = sample.MAX_REPEATS if len(self.discarded) < self._max_discarded else 0
        taken = sample.take(self.bench, server, load, repeats, self.discarded, **labels)
        if load.cache == "use" and taken["hit_rate"] not in (None, 1):
            raise Failure(f"{server.name} answered only {taken['hit_rate']:.2%} from its cache: {load}")
        mark = f"  DISTURBED: {taken['disturbed']}" if taken["disturbed"] else ""
        say(
            f"    {' '.join(str(v) for v in labels.values()):38} {taken['rps']:>9,.0f}/s  p95 {taken['p95_ms']:8.3f} ms"
            f"  CPU {taken['cpu_us']:7.2f} us{mark}"
        )
        return taken


@contextlib.contextmanager
def rig(binary: pathlib.Path, first_port: int, quick: bool) -> Iterator[Rig]:
    if (os.cpu_count() or 1) < 2:
        raise Failure("server and load generator need a CPU each: this machine has one")
    with contextlib.ExitStack() as stack:
        previous = signal.signal(signal.SIGTERM, _leave)
        stack.callback(signal.signal, signal.SIGTERM, previous)
        affinity = os.sched_getaffinity(0)
        made = Rig(binary, first_port, quick, stack)
        os.sched_setaffinity(0, {made.bench.load_cpu})
        stack.callback(os.sched_setaffinity, 0, affinity)
        yield made


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


def raw_answer(server: Server, body: bytes) -> bytes:
    """The exact bytes with which the server answers a POST /query: head and body."""
    head = f"POST /query HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=peers.PATIENCE_S) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        while not _whole(received):
            part = connection.recv(1 << 20)
            if not part:
                raise Failure(f"{server.name} closed the connection within an answer")
            received += part
    return received


def _whole(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return len(body) >= int(lengths[0])


def hit(server: Server, body: bytes) -> bytes:
    """Asks until the answer comes from the cache (its write is behind the first answer), and returns that answer."""
    for _ in range(100):
        answer = raw_answer(server, body)
        if json.loads(answer.partition(b"\r\n\r\n")[2]).get("cached"):
            return answer
    raise Failure(f"{server.name} does not answer from its cache: {answer!r}")


def record(made: Rig, **values: Any) -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "commit": _commit(),
        "machine": proc.machine(),
        "versions": {"ragd": _version(made.binary), **_packages()},
        "ragd_settings": list(peers.RAGD_SETTINGS),
        **values,
        "discarded": made.discarded,
    }


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True).stdout.strip()

    dirty = "-dirty" if git("status", "--porcelain", "--untracked-files=no") else ""
    return git("rev-parse", "--short=12", "HEAD") + dirty


def _version(binary: pathlib.Path) -> str:
    return subprocess.run([str(binary), "version"], capture_output=True, text=True).stdout.split("\n")[0].removeprefix("ragd ")


def _packages() -> dict[str, str]:
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: line.split()[1] for line in lines if len(line.split()) == 2}
