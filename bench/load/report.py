"""A run's JSON -> the Markdown tables: the goals as ratios of medians, and every server's figures.

`python3 bench/load/report.py FILE.json` writes the table and the plots of a stored run again.
"""

import dataclasses
import json
import pathlib
import statistics
import sys
from collections.abc import Callable
from typing import Any

NAMES = {
    "ragd": "ragd",
    "floor": "C floor",
    "nginx": "nginx",
    "nginx-tuned": "nginx, tuned",
    "varnish": "Varnish",
    "haproxy": "HAProxy",
    "fastapi": "FastAPI sketch",
    "fastapi-nolimit": "FastAPI sketch, no limiter",
    "ragd-disk": "ragd, RocksDB only",
    "ragd-100k": "ragd, large corpus",
}


@dataclasses.dataclass(frozen=True)
class Ratio:
    """ragd against another server: the ratio of the medians of one figure."""

    title: str
    figure: str
    scenario: str
    server: str
    baseline: str
    goal: float | None  # None: for information
    at_least: bool  # else: at most


@dataclasses.dataclass(frozen=True)
class Micro:
    """Two entries of a Google Benchmark run, or one against a number of nanoseconds of CPU."""

    title: str
    file: str
    name: str
    baseline: str | None
    goal: float


RATIOS = (
    Ratio("cached POST /query, requests/s, against nginx proxy_cache", "rps", "cached", "ragd", "nginx", 1.8, True),
    Ratio("... against nginx tuned for small answers", "rps", "cached", "ragd", "nginx-tuned", None, True),
    Ratio("... against Varnish", "rps", "cached", "ragd", "varnish", 2.0, True),
    Ratio("... against the C floor", "rps", "cached", "ragd", "floor", 0.80, True),
    Ratio("... against the FastAPI sketch", "rps", "cached", "ragd", "fastapi", 40, True),
    Ratio("CPU a cached request, against the C floor", "cpu_us", "cached", "ragd", "floor", 1.35, False),
    Ratio("GET /health, requests/s, against nginx `return 200`", "rps", "health", "ragd", "nginx", 0.95, True),
    Ratio("p95 of a cached query at 20,000/s, against the C floor", "p95_ms", "open-20k", "ragd", "floor", 1.3, False),
    Ratio("... against nginx proxy_cache", "p95_ms", "open-20k", "ragd", "nginx", 1.0, False),
    Ratio("... against nginx tuned for small answers", "p95_ms", "open-20k", "ragd", "nginx-tuned", None, False),
    Ratio("hit from RocksDB only, requests/s, against nginx proxy_cache", "rps", "cached", "ragd-disk", "nginx", 1.4, True),
)

MICRO = (
    Micro("rate-limit check, exact window, one thread", "rate_table_bench", "allowed<Exact>/1", None, 30),
    Micro("rate-limit check, gcra, one thread", "rate_table_bench", "allowed<Gcra>/1", None, 10),
    Micro(
        "rate-limit check, two threads, one client, against mutex + map",
        "rate_table_bench", "allowed<Gcra>/1/threads:2", "allowed<PlainGcra>/1/threads:2", 3,
    ),
    Micro(
        "... 50,000 clients",
        "rate_table_bench", "allowed<Gcra>/50000/threads:2", "allowed<PlainGcra>/50000/threads:2", 5,
    ),
    Micro("metric updates of one request, two threads", "metrics_bench", "cached_query<Ours>/threads:2", None, 10),
    Micro(
        "... against prometheus-cpp",
        "metrics_bench", "cached_query<Ours>/threads:2", "cached_query<PrometheusCpp>/threads:2", 10,
    ),
)  # fmt: skip

UNITS = {"rps": "{:,.0f}/s", "cpu_us": "{:.2f} us", "p95_ms": "{:.3f} ms"}


def chosen(samples: list[dict[str, Any]], scenario: str, server: str) -> list[dict[str, Any]]:
    """The undisturbed samples; where there are none, all."""
    mine = [s for s in samples if s["scenario"] == scenario and s["server"] == server]
    return [s for s in mine if not s["disturbed"]] or mine


def median(samples: list[dict[str, Any]], scenario: str, server: str, figure: str) -> float | None:
    values = [s[figure] for s in chosen(samples, scenario, server)]
    values = [value for value in values if value is not None]  # a percentile of too few answers is not told
    return statistics.median(values) if values else None


def medians(result: dict[str, Any]) -> list[dict[str, Any]]:
    """One line for each scenario and server, for those who read the JSON and not the table."""
    pairs = dict.fromkeys((s["scenario"], s["server"]) for s in result["samples"])
    figures = ("rps", "p50_ms", "p95_ms", "p99_ms", "cpu_us", "server_cpu", "load_cpu")
    return [
        {"scenario": pair[0], "server": pair[1], **{f: median(result["samples"], *pair, f) for f in figures}}
        for pair in pairs
    ]


def read_micro(folder: pathlib.Path) -> list[dict[str, Any]]:
    """What Google Benchmark wrote to FOLDER/<bench>.json: CPU nanoseconds of the entries the table names."""
    found = []
    for row in MICRO:
        path = folder / f"{row.file}.json"
        if not path.exists():
            continue
        times = {b["name"]: b["cpu_time"] for b in json.loads(path.read_text())["benchmarks"]}
        for name in (row.name, row.baseline):
            if name in times:
                found.append({"file": row.file, "name": name, "cpu_ns": round(times[name], 2)})
    return found


def _verdict(value: float, goal: float, at_least: bool) -> str:
    return "yes" if (value >= goal if at_least else value <= goal) else "no"


def _range(samples: list[dict[str, Any]], row: Ratio) -> str:
    """The smallest and largest ratio of one round."""
    mine = {s["round"]: s[row.figure] for s in chosen(samples, row.scenario, row.server)}
    other = {s["round"]: s[row.figure] for s in chosen(samples, row.scenario, row.baseline)}
    ratios = [mine[turn] / other[turn] for turn in mine if turn in other]
    return f"{min(ratios):.2f}..{max(ratios):.2f}" if ratios else "-"


def limit(samples: list[dict[str, Any]], scenario: str, server: str) -> str:
    limits = [s["limit"] for s in chosen(samples, scenario, server)]
    return statistics.mode(limits) if limits else "none"


def _ratio_row(samples: list[dict[str, Any]], row: Ratio) -> str | None:
    mine = median(samples, row.scenario, row.server, row.figure)
    other = median(samples, row.scenario, row.baseline, row.figure)
    if mine is None or other is None or not other:
        return None
    form = UNITS[row.figure]
    sign = ">=" if row.at_least else "<="
    note = ""
    if row.figure == "rps" and limit(samples, row.scenario, row.baseline) == "generator":
        note = " (1)"  # the other could do more, so the ratio is an upper bound
    if row.figure == "rps" and limit(samples, row.scenario, row.server) == "generator":
        note += " (2)"
    goal = "" if row.goal is None else f"{sign} {row.goal:g}"
    verdict = "" if row.goal is None else _verdict(mine / other, row.goal, row.at_least)
    return (
        f"| {row.title} | {form.format(mine)} | {form.format(other)} | **{mine / other:.2f}**{note} "
        f"| {_range(samples, row)} | {goal} | {verdict} |"
    )


def _absolute(title: str, value: float | None, form: str, goal: float) -> str | None:
    if value is None:
        return None
    return f"| {title} | {form.format(value)} | | | | <= {form.format(goal)} | {_verdict(value, goal, False)} |"


def _absolute_rows(result: dict[str, Any]) -> list[str | None]:
    alone = result.get("alone", [])

    def middle(figure: str, scale: float = 1) -> float | None:
        return statistics.median(s[figure] for s in alone) / scale if alone else None

    fresh = median(result["samples"], "fresh-1k", "ragd-100k", "p95_ms")
    return [
        _absolute(f"fresh query at 1,000/s, {result.get('chunks', 0):,} chunks, p95", fresh, "{:.2f} ms", 5),
        _absolute("memory (PSS), empty store", middle("idle_pss", 1e6), "{:.1f} MB", 20),
        _absolute("memory (PSS), 1,000 hot answers and 64 connections", middle("hot_pss", 1e6), "{:.1f} MB", 30),
        _absolute("start to ready, empty store", middle("start_ms"), "{:.0f} ms", 50),
    ]


def _micro_rows(micro: list[dict[str, Any]]) -> list[str]:
    times = {(m["file"], m["name"]): m["cpu_ns"] for m in micro}
    rows = []
    for row in MICRO:
        mine, other = times.get((row.file, row.name)), times.get((row.file, row.baseline))
        if mine is not None and row.baseline is None:
            rows.append(f"| {row.title} | {mine:.1f} ns | | | | <= {row.goal:g} ns | {_verdict(mine, row.goal, False)} |")
        elif mine is not None and other is not None:
            verdict = _verdict(other / mine, row.goal, True)
            rows.append(
                f"| {row.title} | {mine:.1f} ns | {other:.1f} ns | **{other / mine:.1f}** times cheaper | "
                f"| >= {row.goal:g} | {verdict} |"
            )
    return rows


def _goals(result: dict[str, Any]) -> list[str]:
    rows = [_ratio_row(result["samples"], row) for row in RATIOS] + _absolute_rows(result)
    lines = [
        "| measure | ragd | the other | ratio | of one round | goal | met |",
        "|---|---|---|---|---|---|---|",
        *(row for row in rows if row),
        *_micro_rows(result["micro"]),
    ]
    if any("(1)" in line for line in lines):
        lines += ["", "(1) The load generator was at its limit on the other server, which could do more: the ratio is an upper bound."]
    if any("(2)" in line for line in lines):
        lines += ["", "(2) The load generator was at its limit on ragd, which could do more."]
    return lines


def _scenario_table(result: dict[str, Any], scenario: str) -> list[str]:
    samples = result["samples"]
    lines = [
        "| server | requests/s | p50 | p95 | p99 | CPU a request | server CPU | generator CPU | limit | samples |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    servers = list(dict.fromkeys(s["server"] for s in samples if s["scenario"] == scenario))
    of: Callable[[str, str], float] = lambda server, figure: median(samples, scenario, server, figure) or 0
    ms: Callable[[str, str], str] = lambda server, figure: f"{of(server, figure):.3f} ms" if of(server, figure) else "-"
    for server in sorted(servers, key=lambda name: -of(name, "rps")):
        disturbed = sum(bool(s["disturbed"]) for s in samples if (s["scenario"], s["server"]) == (scenario, server))
        count = len(chosen(samples, scenario, server))
        note = f"{count}, all disturbed" if disturbed == count else f"{count}"
        lines.append(
            f"| {NAMES[server]} | {of(server, 'rps'):,.0f} | {ms(server, 'p50_ms')} | {ms(server, 'p95_ms')} "
            f"| {ms(server, 'p99_ms')} | {of(server, 'cpu_us'):.2f} us | {of(server, 'server_cpu'):.0%} "
            f"| {of(server, 'load_cpu'):.0%} | {limit(samples, scenario, server)} | {note} |"
        )
    return lines


SECTIONS = (
    ("cached", "A cached answer, as fast as 64 connections take it"),
    ("health", "GET /health, as fast as 64 connections take it"),
    ("open-20k", "A cached answer at 20,000 requests/s (open loop)"),
    ("fresh-1k", "A fresh answer at 1,000 requests/s (open loop, `\"cache\":\"bypass\"`)"),
)


def head(result: dict[str, Any]) -> list[str]:
    machine = result["machine"]
    virtual = ", virtual machine" if machine["virtual"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    disturbed = [s for s in result["samples"] if s["disturbed"]]
    warning = f" **{len(disturbed)} of {len(result['samples'])} samples were disturbed all the same.**" if disturbed else ""
    return [
        f"{result['date']}, commit {result['commit']}, `{result['command']}`  ",
        f"{machine['cpu']}, {machine['cpus']} CPUs{virtual}, {machine['memory_gib']} GiB, {machine['system']}, "
        f"kernel {machine['kernel']}  ",
        f"{versions}  ",
        f"{result['rounds']} rounds, {result.get('took_s', 0)} s; {len(result['discarded'])} disturbed samples were thrown "
        f"away and repeated.{warning}",
        "",
    ]


def peers_table(result: dict[str, Any]) -> str:
    lines = ["# Side by side", "", *head(result)]
    lines += [
        f"Server on CPU 0, load on CPU 1, 64 connections, a body of {result['answer_bytes']:,} bytes. "
        "Medians; how they are taken: docs/performance.md.",
        "",
        *_goals(result),
    ]
    for scenario, title in SECTIONS:
        if any(s["scenario"] == scenario for s in result["samples"]):
            lines += ["", f"## {title}", "", *_scenario_table(result, scenario)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import plots

    for file in map(pathlib.Path, sys.argv[1:]):
        stored = json.loads(file.read_text())
        if stored["kind"] == "peers":
            file.with_suffix(".md").write_text(peers_table(stored))
            plots.peers(stored, file.parent)
        else:
            plots.growth(stored, file.parent)
