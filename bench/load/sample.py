"""One sample: a load on one server, what it cost both sides, and whether something else disturbed it.

A disturbed sample is thrown away and repeated, at most MAX_REPEATS times; the record keeps what was thrown away and
why. Disturbed means, over the sample's time:
- the hypervisor took more than 2 % of a pinned CPU (steal),
- all other processes of the machine together used more than 5 % of one CPU,
- in open loop, the generator was late by more than 1 ms at its own 99th percentile although the rate was met.
"""

import contextlib
import dataclasses
import os
import pathlib
import time
from typing import Any

import load as generator
import proc
from load import Load
from peers import Failure, Server

MAX_REPEATS = 3
PAUSE_S = 1.0  # what disturbs may be over by then
MAX_STEAL = 0.02
MAX_OTHERS = 0.05
MAX_LATE_MS = 1.0
SATURATED = 0.95
MET = 0.98
EDGE = 0.1  # of a sample's time at either end, left out where CPU time is read


@dataclasses.dataclass(frozen=True)
class Bench:
    """Who generates the load, and on which CPUs both sides run."""

    binary: pathlib.Path
    server_cpu: int = 0
    load_cpu: int = 1


class Meter:
    """The CPU time of some processes, noted again and again: so it can be read for the time that was measured alone,
    without what came before (connections being opened) and after. The processes are those there were at first: looking
    for new ones takes longer than a request may."""

    def __init__(self, pids: list[int]) -> None:
        self._used = dict.fromkeys(pids, 0.0)
        self.notes: list[tuple[float, float]] = []
        self.note()

    def note(self) -> None:
        for pid in self._used:
            with contextlib.suppress(OSError):  # it has ended, and uses no more
                self._used[pid] = proc.cpu_seconds(pid)
        self.notes.append((time.monotonic(), sum(self._used.values())))

    def share(self, end: float, duration_s: float) -> float:
        """CPU seconds a second, within the `duration_s` before `end`; where those hold no two notes, within all."""
        edge = EDGE * duration_s
        inside = [note for note in self.notes if end - duration_s + edge <= note[0] <= end - edge]
        (began, before), *_, (ended, after) = inside if len(inside) > 1 else self.notes
        return (after - before) / (ended - began)


def _limit(sample: dict[str, Any], rate: float | None) -> str:
    """Who could not do more: none where the rate was met, the server where its CPU was full or the generator waited for
    its answers, else the generator. That one polls: its own CPU is always full, and says nothing."""
    if rate is not None and sample["rps"] >= MET * rate:
        return "none"
    if sample["server_cpu"] >= SATURATED:
        return "server"
    waited = rate is not None and sample["late_ms_p99"] <= MAX_LATE_MS
    return "server" if waited else "generator"


def _disturbance(sample: dict[str, Any], shares: dict[str, float]) -> str | None:
    for name, share in shares.items():
        limit = MAX_STEAL if name.startswith("steal") else MAX_OTHERS
        if share > limit:
            return f"{name} {share:.1%}"
    late = sample["late_ms_p99"]
    if late is not None and late > MAX_LATE_MS and sample["limit"] == "none":
        return f"generator late by {late:.2f} ms"
    return None


class _Surroundings:
    """What others do meanwhile: the hypervisor, everyone but server and generator, and the origin behind a cache."""

    def __init__(self, bench: Bench, server: Server) -> None:
        self._bench, self._server = bench, server
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        cpus = (self._bench.server_cpu, self._bench.load_cpu)
        ours = {os.getpid(), *proc.tree(self._server.pid)}  # the generator, our child, has ended when this is read
        return {
            "time": time.monotonic(),
            "others": proc.cpu_seconds_of_all(but=ours),
            **{f"steal on CPU {cpu}": proc.stolen_seconds(cpu) for cpu in cpus},
            "origin": proc.writes(self._server.origin.pid) if self._server.origin else 0,
        }

    def shares(self) -> dict[str, float]:
        """Of one CPU each. Fails when the origin answered anything: then not every answer was a cached one."""
        now = self._now()
        used = {name: now[name] - before for name, before in self._before.items()}
        if origin_answers := used.pop("origin"):
            raise Failure(f"{self._server.name} asked its origin: {origin_answers:.0f} answers came from there")
        elapsed = used.pop("time")
        return {name: seconds / elapsed for name, seconds in used.items()}


def _once(bench: Bench, server: Server, load: Load) -> tuple[dict[str, Any], str | None]:
    around, meter = _Surroundings(bench, server), Meter(proc.tree(server.pid))
    result = generator.run(bench.binary, bench.load_cpu, server.port, load, meter.note)
    end = time.monotonic()
    meter.note()
    shares = around.shares()
    server_cpu = meter.share(end, result["duration_s"])
    latency, late = result["latency_ms"], result.get("late_ms")
    sample = {
        "requests": result["answered"],
        "rps": round(result["requests_per_second"], 1),
        **{f"{name}_ms": latency[name] for name in ("p50", "p95", "p99", "max")},
        "late_ms_p99": late["p99"] if late and load.rate else None,
        "cpu_us": round(server_cpu * 1e6 / result["requests_per_second"], 3),
        "server_cpu": round(server_cpu, 3),
        "hit_rate": result.get("hit_rate"),
        "others_cpu": round(shares["others"], 4),
    }
    sample["limit"] = _limit(sample, load.rate)
    reason = _disturbance(sample, shares)
    if reason and sample["limit"] == "generator":
        sample["limit"] = "others"
    return sample, reason


def take(
    bench: Bench, server: Server, load: Load, repeats: int, discarded: list[dict[str, Any]], /,
    **labels: Any,
) -> dict[str, Any]:
    """An undisturbed sample, or after `repeats` more attempts the last one, marked as disturbed."""
    for attempt in range(repeats + 1):
        if server.fresh:
            server.stop()
            server.start()
        sample, reason = _once(bench, server, load)
        if reason is None or attempt == repeats:
            break
        discarded.append({**labels, **sample, "reason": reason})
        time.sleep(PAUSE_S)
    return {**labels, **sample, "disturbed": reason}
