"""The micro-benchmarks that the goals name, run for the table of this one run.

Two threads that take turns on one core never meet, and a mutex looks free. So the benchmarks run in the real-time class
(`chrt -f 1`), where the threads get a core each; where the system does not allow that, their figures say so.
"""

import dataclasses
import json
import pathlib
import re
import statistics
import subprocess
from typing import Any

from peers import ALL_CPUS, Failure

REAL_TIME = ["chrt", "-f", "1"]
SETTINGS = (
    "--benchmark_min_time=0.03", "--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true",
)  # fmt: skip
LIMIT, METRICS = "rate_table_bench", "metrics_bench"


@dataclasses.dataclass(frozen=True)
class Row:
    """An entry of a benchmark and the nanoseconds of CPU it may take, or with a baseline, how many times cheaper than that
    entry it has to be."""

    title: str
    file: str
    name: str
    baseline: str | None
    goal: float

    @property
    def two_threads(self) -> bool:
        return self.name.endswith("threads:2")


ROWS = (
    Row("rate-limit check, exact window, one thread", LIMIT, "allowed<Exact>/1", None, 30),
    Row("rate-limit check, gcra, one thread", LIMIT, "allowed<Gcra>/1", None, 10),
    *(
        Row(
            f"rate-limit check, {limiter}, two threads contended, {clients}, against mutex + map",
            LIMIT, f"{entry}<{ours}>/{count}/threads:2", f"{entry}<Plain{ours}>/{count}/threads:2", goal,
        )
        for limiter, ours in (("exact window", "Exact"), ("gcra", "Gcra"))
        for clients, entry, count, goal in (
            ("one client over its limit", "refused", 1, 3),
            ("one client, every request allowed", "allowed", 1, 3),
            ("50,000 clients", "allowed", 50_000, 5),
        )
    ),
    Row("metric updates of one request, two threads", METRICS, "cached_query<Ours>/threads:2", None, 10),
    Row(
        "... against prometheus-cpp",
        METRICS, "cached_query<Ours>/threads:2", "cached_query<PrometheusCpp>/threads:2", 10,
    ),
)  # fmt: skip


def run(folder: pathlib.Path, scratch: pathlib.Path) -> list[dict[str, Any]]:
    """CPU nanoseconds of each entry, medians; binaries are looked for in `folder`, and what is not there is left out."""
    real_time = subprocess.run([*REAL_TIME, "true"], capture_output=True).returncode == 0
    taken = []
    prefix = ["taskset", "-c", ALL_CPUS, *(REAL_TIME if real_time else [])]
    for file in dict.fromkeys(row.file for row in ROWS):
        if not (folder / file).exists():
            continue
        names = list(dict.fromkeys(name for row in ROWS if row.file == file for name in (row.name, row.baseline) if name))
        output = scratch / f"{file}.json"
        command = [*prefix, str(folder / file), *SETTINGS, f"--benchmark_out={output}"]
        command.append(f"--benchmark_filter=^({'|'.join(map(re.escape, names))})$")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{file} ended with {done.returncode}: {done.stderr}")
        for name, nanoseconds in figures(json.loads(output.read_text()), names).items():
            taken.append({"file": file, "name": name, "cpu_ns": nanoseconds, "real_time": real_time})
    return taken


def figures(document: dict[str, Any], names: list[str]) -> dict[str, float]:
    """The median of each entry's repetitions; entries that the binary does not have are missing."""
    times: dict[str, list[float]] = {}
    for entry in document["benchmarks"]:
        if entry["run_type"] == "iteration":
            times.setdefault(entry["run_name"], []).append(entry["cpu_time"])
    return {name: round(statistics.median(times[name]), 2) for name in names if name in times}
