"""One sample: a load on one server, the CPU time both sides used, and whether something else disturbed it.

A disturbed sample is thrown away and repeated, at most MAX_REPEATS times; the record keeps what was thrown away and
why. Disturbed means, over the sample's time:
- the hypervisor took more than 2 % of a pinned CPU (steal),
- others than server and generator used more than 5 % of a pinned CPU,
- in open loop, the generator was late by more than 1 ms at its own 99th percentile although the rate was met.
"""

import dataclasses
import pathlib
import time
from typing import Any

import load as generator
import proc
from load import Load
from peers import Server

MAX_REPEATS = 3
PAUSE_S = 1.0  # what disturbs may be over by then
MAX_STEAL = 0.02
MAX_OTHERS = 0.05
MAX_LATE_MS = 1.0
SATURATED = 0.95
MET = 0.98


@dataclasses.dataclass(frozen=True)
class Bench:
    """Who generates the load, and on which CPUs both sides run."""

    binary: pathlib.Path
    server_cpu: int = 0
    load_cpu: int = 1


def _limit(sample: dict[str, Any], rate: float | None) -> str:
    """Who could not do more: server, generator, or none (others, of a disturbed sample, is found later). In open loop the generator polls: its CPU says nothing."""
    if rate is not None and sample["rps"] >= MET * rate:
        return "none"
    if sample["server_cpu"] >= SATURATED:
        return "server"
    return "generator" if rate is not None or sample["load_cpu"] >= SATURATED else "none"


def _disturbance(sample: dict[str, Any], shares: dict[str, float]) -> str | None:
    for name, share in shares.items():
        limit = MAX_STEAL if name.startswith("steal") else MAX_OTHERS
        if share > limit:
            return f"{name} {share:.1%}"
    late = sample["late_ms_p99"]
    if late is not None and late > MAX_LATE_MS and sample["limit"] == "none":
        return f"generator late by {late:.2f} ms"
    return None


def _once(bench: Bench, server: Server, load: Load) -> tuple[dict[str, Any], str | None]:
    cpus = (bench.server_cpu, bench.load_cpu)
    began, before, cpu_before = time.monotonic(), [proc.cpu_times(c) for c in cpus], proc.tree_cpu_seconds(server.pid)
    result = generator.run(bench.binary, bench.load_cpu, server.port, load)
    cpu_used = proc.tree_cpu_seconds(server.pid) - cpu_before
    after, elapsed = [proc.cpu_times(c) for c in cpus], time.monotonic() - began
    seconds = result["duration_s"]
    latency, late = result["latency_ms"], result.get("late_ms")
    sample = {
        "requests": result["answered"],
        "rps": round(result["requests_per_second"], 1),
        **{f"{name}_ms": latency[name] for name in ("p50", "p95", "p99", "max")},
        "late_ms_p99": late["p99"] if late and load.rate else None,
        "cpu_us": round(cpu_used * 1e6 / result["answered"], 3),
        "server_cpu": round(cpu_used / seconds, 3),
        "load_cpu": round(result["cpu_s"] / seconds, 3),
        "hit_rate": result.get("hit_rate"),
    }
    sample["limit"] = _limit(sample, load.rate)
    used = (cpu_used, result["process_cpu_s"])
    shares = {}
    for i, cpu in enumerate(cpus):
        busy, steal = (after[i][n] - before[i][n] for n in (0, 1))
        shares[f"steal on CPU {cpu}"] = steal / elapsed
        shares[f"others on CPU {cpu}"] = (busy - used[i]) / elapsed
    reason = _disturbance(sample, shares)
    if reason and sample["limit"] == "generator" and sample["load_cpu"] < SATURATED:
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
        discarded.append({**labels, "reason": reason})
        time.sleep(PAUSE_S)
    return {**labels, **sample, "disturbed": reason}
