"""A run's record -> its SVG files: their texts by name."""

import statistics
from typing import Any

import report
import svg
from svg import Axis, Line, Panel

COLOUR = {
    "ragd": "#d55e00",
    "ragd-disk": "#f0a36b",
    "floor": "#7f7f7f",
    "nginx": "#009e73",
    "nginx-tuned": "#66c9a8",
    "varnish": "#0072b2",
    "haproxy": "#cc79a7",
    "fastapi": "#9467bd",
    "fastapi-nolimit": "#b39bd1",
}


def _subtitle(result: dict[str, Any], more: str) -> str:
    cpu = result["machine"]["cpu"]
    quick = "A quick look, no figures to quote: " if result.get("quick") else ""
    return f"{quick}{cpu}, one CPU for the server and one for the load; {result['date']}, commit {result['commit']}\n{more}"


def peers(result: dict[str, Any]) -> dict[str, str]:
    made = {}
    if any(s["scenario"] == "cached" for s in result["samples"]):
        made["requests-by-peer.svg"] = _requests(result)
    if result["sweep"]:
        made["latency-by-rate.svg"] = _latency(result)
    return made


def _requests(result: dict[str, Any]) -> str:
    servers = dict.fromkeys(s["server"] for s in result["samples"] if s["scenario"] == "cached")
    rows = []
    for server in servers:
        value = report.median(result["samples"], "cached", server, "rps") or 0
        cpu = report.median(result["samples"], "cached", server, "cpu_us") or 0
        more = "> " if report.limit(result["samples"], "cached", server) == "generator" else ""
        rows.append((report.NAMES[server], value, f"{more}{value:,.0f}/s, {cpu:,.1f} us", COLOUR[server]))
    rows.sort(key=lambda row: -row[1])
    title = f"A cached answer of {result['answer_bytes'] / 1000:.1f} kB: requests a second on one CPU"
    more = "Medians. Behind each bar: requests/s (>: the load generator was the limit), and CPU time a request."
    return svg.bars(title, _subtitle(result, more), rows, "requests/s, 64 connections, closed loop")


def _latency(result: dict[str, Any]) -> str:
    """Points where a server no longer kept up are left out: there, latency measures the length of the run."""
    charts = []
    for percentile in ("p50", "p95", "p99"):
        lines = []
        for server in dict.fromkeys(s["server"] for s in result["sweep"]):
            mine = [s for s in result["sweep"] if s["server"] == server]
            points = _points(mine, "rate", f"{percentile}_ms", only_met=True)
            lines.append(Line(report.NAMES[server], COLOUR[server], points))
        charts.append(Panel(percentile, lines))
    title = "Latency of a cached answer by rate"
    more = "Medians. 64 connections, latency from the time a request was due. A line ends where its server no longer kept up."
    return svg.panels(title, _subtitle(result, more), charts, Axis("requests/s, open loop"), [Axis("latency, ms")])


GROWTH = {
    "connections": ("connections", "connections"),
    "answer_size": ("answer size", "body of the answer, KiB"),
    "distinct_questions": ("distinct questions", "distinct questions, asked uniformly"),
    "clients": ("clients in the rate table", "clients, drawn at random"),
}


def growth(result: dict[str, Any]) -> dict[str, str]:
    made = {}
    for dimension in dict.fromkeys(s["dimension"] for s in result["samples"]):
        name, axis = GROWTH[dimension]
        charts = [
            Panel("p95 latency", _growth_lines(result["samples"], dimension, "p95_ms")),
            Panel("CPU time a request", _growth_lines(result["samples"], dimension, "cpu_us")),
        ]
        title = f"A cached answer at {result['rate']:,.0f} requests/s: cost by {name}"
        y_axes = [Axis("ms", logarithmic=False), Axis("us", logarithmic=False)]
        subtitle = _subtitle(result, "Medians. Latency stands where the rate was met.")
        made[f"growth-{dimension.replace('_', '-')}.svg"] = svg.panels(title, subtitle, charts, Axis(axis), y_axes)
    return made


def _growth_lines(samples: list[dict[str, Any]], dimension: str, figure: str) -> list[Line]:
    lines = []
    for server in dict.fromkeys(s["server"] for s in samples if s["dimension"] == dimension):
        mine = [s for s in samples if (s["dimension"], s["server"]) == (dimension, server)]
        points = _points(mine, "x", figure, only_met=figure == "p95_ms")
        lines.append(Line(report.NAMES[server], COLOUR[server], points))
    return lines


def _points(samples: list[dict[str, Any]], x: str, figure: str, only_met: bool) -> list[tuple[float, float]]:
    """The median at each x. `only_met`: where most samples met the rate; else latency measures the length of the run."""
    points = []
    for at in sorted({s[x] for s in samples}):
        here = report.undisturbed([s for s in samples if s[x] == at and s[figure] is not None])
        if not here:
            continue
        if not only_met or statistics.mode(s["limit"] for s in here) == "none":
            points.append((float(at), float(statistics.median(s[figure] for s in here))))
    return points
