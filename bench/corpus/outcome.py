"""A run's record -> its files: JSON, the table with the goals, the plots of latency and of cost by size.

`python3 bench/corpus/outcome.py FILE.json` makes table and plots of a stored run again.
"""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "load"))

import results  # noqa: E402
import svg  # noqa: E402
from svg import Axis, Line, Panel  # noqa: E402

Row = dict[str, Any]
PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
ENGINES = {"fts5": "SQLite FTS5", "xapian": "Xapian"}
COLOURS = {"idle": "#0072b2", "ingesting": "#d55e00", "fts5": "#7f7f7f", "xapian": "#009e73"}


@dataclasses.dataclass(frozen=True)
class Goal:
    title: str
    value: Callable[[Row], float | None]
    form: str
    goal: float
    at_least: bool = False


GOALS = (
    Goal("top 10 beside ingestion, p50", lambda row: row["ingesting"]["p50_ms"], "{:.2f} ms", 3),
    Goal("top 10 beside ingestion, p95", lambda row: row["ingesting"]["p95_ms"], "{:.2f} ms", 10),
    Goal("ingestion", lambda row: row["ingest"]["passages_per_s"], "{:,.0f} passages/s", 15_000, True),
    Goal("memory a passage", lambda row: row["memory"]["bytes_a_passage"], "{:.0f} bytes", 400),
    Goal("restart to ready", lambda row: row["restart"]["ready_s"], "{:.2f} s", 5),
)


def _goals(last: Row, sizes: list[Row]) -> list[str]:
    lines = [f"| measure, at {last['passages']:,} passages | ragd | goal | met |", "|---|---:|---:|---|"]
    for goal in GOALS:
        value = goal.value(last)
        met = "-" if value is None else "yes" if (value >= goal.goal if goal.at_least else value <= goal.goal) else "no"
        shown = "-" if value is None else goal.form.format(value)
        lines.append(f"| {goal.title} | {shown} | {'>=' if goal.at_least else '<='} {goal.form.format(goal.goal)} | {met} |")
    marks = sum(row["ingest"]["visible"] for row in sizes)
    lines.append(f"| found by the query behind the 200 | {marks} of {marks} documents | all | yes |")  # else the run failed
    return lines


def _ms(row: Row) -> str:
    return " / ".join("-" if row[name] is None else f"{row[name]:.2f}" for name in PERCENTILES)


def _growth(sizes: list[Row]) -> list[str]:
    lines = [
        "| passages | documents | ingested, /s | server's CPU, /s | memory a passage | at its peak | after a restart | disk a passage "
        "| restart to ready | top 10 idle, ms | beside ingestion, ms | written meanwhile, /s |",
        "|---:|" + "---:|" * 11,
    ]
    for row in sizes:
        ingest, memory, count = row["ingest"], row["memory"], row["passages"]
        of_cpu = ingest["passages"] / ingest["cpu_s"] if ingest["cpu_s"] else 0
        mark = "".join(" *" for state in ("idle", "ingesting") if row[state]["disturbed"])
        lines.append(
            f"| {count:,} | {row['documents']:,} | {ingest['passages_per_s']:,} | {of_cpu:,.0f} "
            f"| {memory['bytes_a_passage']:,.0f} B | {memory['peak_bytes_a_passage']:,.0f} B "
            f"| {row['restart']['bytes_a_passage']:,.0f} B | {row['disk_bytes'] / count:,.0f} B | {row['restart']['ready_s']:.2f} s "
            f"| {_ms(row['idle'])} | {_ms(row['ingesting'])}{mark} | {row['ingesting']['writer']['passages_per_s']:,} |"
        )
    return lines


def _others(result: Row) -> list[str]:
    lines = ["| engine | passages | top 10, ms | asked | built in | disk a passage |", "|---|---:|---:|---:|---:|---:|"]
    for row in result["others"]:
        lines.append(
            f"| {ENGINES[row['engine']]} | {row['passages']:,} | {_ms(row)} | {row['asked']:,} | {row['built_s']:,.0f} s "
            f"| {row['disk_bytes'] / row['passages']:,.0f} B |"
        )
    return lines


def _found(result: Row) -> list[str]:
    shares = {"ragd": result["found"]} | {ENGINES[row["engine"]]: row["found"] for row in result["others"]}
    told = [f"{name} {share:.0%}" for name, share in shares.items() if share is not None]
    return ["", f"The question's own document is among the ten best: {', '.join(told)}."] if told else []


def table(result: Row) -> str:
    sizes, machine = result["sizes"], result["machine"]
    last = sizes[-1]
    disturbed = sum(bool(row[state]["disturbed"]) for row in sizes for state in ("idle", "ingesting"))
    lines = [
        "# Retrieval by corpus size", "",
        f"{result['date']}, commit {result['commit']}, `{result['command']}`  ",
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']} GiB, {machine['system']}, kernel {machine['kernel']}  ",
        f"ragd {result['versions']['ragd']}; {result['took_s']} s; {len(result['discarded'])} disturbed samples were thrown away "
        f"and repeated{f'; **{disturbed} were disturbed all the same (*)**' if disturbed else ''}", "",
        f"{len(result['packages'])} packages, {last['documents']:,} documents, {last['bytes'] / last['passages']:,.0f} bytes of "
        f"documents a passage. {result['questions']:,} questions, half to warm up and half measured, at {result['rate']:g}/s; "
        "p50 / p95 / p99.", "",
    ]  # fmt: skip
    if result["stopped"]:
        lines += [f"**{result['stopped']}**", ""]
    lines += [*_goals(last, sizes), "", "## By size", "", *_growth(sizes)]
    if result["others"]:
        lines += ["", "## Beside others", "", *_others(result)]
    return "\n".join([*lines, *_found(result), "", f"Packages: {', '.join(result['packages'])}."]) + "\n"


def _subtitle(result: Row, more: str) -> str:
    quick = "A quick look, no figures to quote: " if result["quick"] else ""
    return f"{quick}{result['machine']['cpu']}, one CPU for the engine; {result['date']}, commit {result['commit']}\n{more}"


def latency_plot(result: Row) -> str:
    """The others stand where ragd does with the same documents."""
    at = {row["documents"]: row["passages"] for row in result["sizes"]}
    others = [{**row, "passages": at.get(row["documents"], row["passages"])} for row in result["others"]]
    charts = []
    for name in PERCENTILES:
        lines = [
            Line(f"ragd, {title}", COLOURS[state], _points(result["sizes"], lambda row, s=state, n=name: row[s][n]))
            for state, title in (("idle", "idle"), ("ingesting", "beside ingestion"))
        ]
        for engine in dict.fromkeys(row["engine"] for row in others):
            mine = [row for row in others if row["engine"] == engine]
            lines.append(Line(ENGINES[engine], COLOURS[engine], _points(mine, lambda row, n=name: row[n])))
        charts.append(Panel(name.removesuffix("_ms"), [line for line in lines if line.points]))
    more = "ragd over HTTP at a low rate, the others by a call of their own and idle. Real text: Debian's documentation."
    charts = [chart for chart in charts if chart.lines]
    return svg.panels("Top 10 by corpus size", _subtitle(result, more), charts, Axis("passages"), [Axis("latency, ms")])


COSTS: tuple[tuple[str, str, Callable[[Row], float | None]], ...] = (
    ("ingestion", "passages/s", lambda row: row["ingest"]["passages_per_s"]),
    ("memory", "bytes a passage", lambda row: row["memory"]["bytes_a_passage"]),
    ("restart to ready", "s", lambda row: row["restart"]["ready_s"]),
)


def cost_plot(result: Row) -> str:
    charts = [Panel(title, [Line("ragd", COLOURS["ingesting"], _points(result["sizes"], figure))]) for title, _, figure in COSTS]
    axes = [Axis(unit, logarithmic=False) for _, unit, _ in COSTS]
    more = "Each batch durable before the next. Memory: of the index and all caches, without the empty server's."
    return svg.panels("What a corpus costs, by its size", _subtitle(result, more), charts, Axis("passages"), axes)


def _points(rows: list[Row], figure: Callable[[Row], float | None]) -> list[tuple[float, float]]:
    """Sizes rounded to two digits, as they are meant: the axis has a label for each."""
    return [(float(f"{row['passages']:.2g}"), value) for row in rows if (value := figure(row)) is not None]


def files(result: Row) -> dict[str, str]:
    name = f"corpus-{result['date']}"
    return {
        f"{name}.json": json.dumps(result, indent=1) + "\n", f"{name}.md": table(result),
        "latency-by-size.svg": latency_plot(result), "cost-by-size.svg": cost_plot(result),
    }  # fmt: skip


if __name__ == "__main__":
    for file in map(pathlib.Path, sys.argv[1:]):
        results.publish(file.parent, files(json.loads(file.read_text())))
