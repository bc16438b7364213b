"""One run of the load generator, `ragd bench`, pinned to a CPU of its own."""

import dataclasses
import json
import pathlib
import resource
import subprocess
from typing import Any

from peers import Failure


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
        return flags


def warm(generator: pathlib.Path, cpu: int, port: int, load: Load) -> None:
    """Asks each distinct question once, unmeasured."""
    _call(generator, cpu, load.flags(port) + ["--warm", "--requests", "1"])


def run(generator: pathlib.Path, cpu: int, port: int, load: Load) -> dict[str, Any]:
    """The generator's JSON, and in "process_cpu_s" all CPU time of its process. Anything but a 2xx is a failure."""
    before = _children_cpu_s()
    result = json.loads(_call(generator, cpu, load.flags(port)))
    result["process_cpu_s"] = _children_cpu_s() - before
    others = {name: count for name, count in result["outcomes"].items() if name != "success" and count}
    if others:
        raise Failure(f"port {port} did not answer everything: {others}; {load}")
    return result


def _call(generator: pathlib.Path, cpu: int, flags: list[str]) -> bytes:
    command = ["taskset", "-c", str(cpu), str(generator), "bench", *flags, "--json", "-"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
    except subprocess.TimeoutExpired as problem:
        raise Failure(f"the load generator hangs: {' '.join(command)}") from problem
    if done.returncode != 0:
        raise Failure(f"the load generator ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
