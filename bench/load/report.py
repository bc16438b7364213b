"""A run's record -> the Markdown tables: the goals as ratios of medians, and every server's figures."""

import dataclasses
import statistics
from collections.abc import Callable
from typing import Any

import micro

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


RATIOS = (
    Ratio("cached POST /query, requests/s, against nginx proxy_cache", "rps", "cached", "ragd", "nginx", 1.8, True),
    Ratio("... against nginx tuned for small answers", "rps", "cached", "ragd", "nginx-tuned", None, True),
    Ratio("... against Varnish", "rps", "cached", "ragd", "varnish", 2.0, True),
    Ratio("... against the C floor", "rps", "cached", "ragd", "floor", 0.80, True),
    Ratio("... against the FastAPI sketch", "rps", "cached", "ragd", "fastapi", 40, True),
    Ratio("... against the FastAPI sketch without its limiter", "rps", "cached", "ragd", "fastapi-nolimit", None, True),
    Ratio("CPU a cached request, against the C floor", "cpu_us", "cached", "ragd", "floor", 1.35, False),
    Ratio("GET /health, requests/s, against nginx `return 200`", "rps", "health", "ragd", "nginx", 0.95, True),
    Ratio("p95 of a cached query at 20,000/s, against the C floor", "p95_ms", "open-20k", "ragd", "floor", 1.3, False),
    Ratio("... against nginx proxy_cache", "p95_ms", "open-20k", "ragd", "nginx", 1.0, False),
    Ratio("... against nginx tuned for small answers", "p95_ms", "open-20k", "ragd", "nginx-tuned", None, False),
    Ratio("hit from RocksDB only, requests/s, against nginx proxy_cache", "rps", "cached", "ragd-disk", "nginx", 1.4, True),
)

UNITS = {"rps": "{:,.0f}/s", "cpu_us": "{:.2f} us", "p95_ms": "{:.3f} ms"}


def undisturbed(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where there are none, all."""
    return [s for s in samples if not s["disturbed"]] or samples


def chosen(samples: list[dict[str, Any]], scenario: str, server: str) -> list[dict[str, Any]]:
    return undisturbed([s for s in samples if s["scenario"] == scenario and s["server"] == server])


def median(samples: list[dict[str, Any]], scenario: str, server: str, figure: str) -> float | None:
    values = [s[figure] for s in chosen(samples, scenario, server)]
    values = [value for value in values if value is not None]  # a percentile of too few answers is not told
    return statistics.median(values) if values else None


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


def _micro_rows(taken: list[dict[str, Any]]) -> list[str]:
    of = {(m["file"], m["name"]): m for m in taken}
    rows = []
    for row in micro.ROWS:
        mine, other = of.get((row.file, row.name)), of.get((row.file, row.baseline))
        goal = f"<= {row.goal:g} ns" if row.baseline is None else f">= {row.goal:g}"
        if mine is None or (row.baseline and other is None):
            rows.append(f"| {row.title} | not measured | | | | {goal} | |")
            continue
        note = "" if mine.get("real_time") or not row.two_threads else " (3)"
        figure = f"| {row.title} | {mine['cpu_ns']:.1f} ns{note} "
        if other is None:
            rows.append(f"{figure}| | | | {goal} | {_verdict(mine['cpu_ns'], row.goal, False)} |")
        else:
            cheaper = other["cpu_ns"] / mine["cpu_ns"]
            rows.append(
                f"{figure}| {other['cpu_ns']:.1f} ns | **{cheaper:.2f}** times cheaper | | {goal} "
                f"| {_verdict(cheaper, row.goal, True)} |"
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
    if any("(3)" in line for line in lines):
        lines += ["", "(3) Not in the real-time class, as `chrt -f 1` was not allowed: the two threads may never have met."]
    return lines


def _scenario_table(result: dict[str, Any], scenario: str) -> list[str]:
    samples = result["samples"]
    lines = [
        "| server | requests/s | p50 | p95 | p99 | CPU a request | server CPU | limit | samples |",
        "|---|---|---|---|---|---|---|---|---|",
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
            f"| {limit(samples, scenario, server)} | {note} |"
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
    quick = ["**A quick look whether everything works: no figures to quote.**", ""] if result.get("quick") else []
    return [
        *quick,
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
