"""The stored figures a run is compared with, and the floors under them.

{"floors": {collection: {figure: least}}, "recorded": {"date","commit","settings"}, "collections": {collection: figures}}
Quality is compared, latency only shown: it is that of whatever machine recorded it.
"""

import json

TOLERANCE = 0.005  # more than ties and rounding ever moved a mean
QUALITY = ("ndcg", "recall", "mrr", "answers")
COLUMNS = (
    ("ndcg", "nDCG@10", "{:.4f}"), ("recall", "recall@100", "{:.4f}"), ("mrr", "MRR@10", "{:.4f}"),
    ("answers", "gold answer", "{:.4f}"), ("no_answer", "no answer", "{:.4f}"),
    ("p50_ms", "p50 ms", "{:.2f}"), ("p95_ms", "p95 ms", "{:.2f}"),
)  # fmt: skip
SHOWN = 0.00005  # a smaller difference would read as +0.0000


def read(path):
    """An absent file is an empty baseline."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"floors": {}, "recorded": {}, "collections": {}, **stored}


def write(path, stored):
    path.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def recorded(stored, results, date, commit, settings):
    """Floors stay, and so do collections that were not measured now."""
    figures = {name: {key: round(value, 4) for key, value in result.items()} for name, result in results.items()}
    collections = {**stored["collections"], **figures}
    return {
        "floors": stored["floors"],
        "recorded": {"date": date, "commit": commit, "settings": settings},
        "collections": {name: collections[name] for name in sorted(collections)},
    }


def faults(results, stored):
    """A sentence for each figure that is too low."""
    found = []
    for name, result in results.items():
        floor, before = stored["floors"].get(name, {}), stored["collections"].get(name, {})
        for key, title, _ in COLUMNS:
            if key not in result or key not in QUALITY:
                continue
            if result[key] < floor.get(key, 0):
                found.append(f"{name}: {title} {result[key]:.4f} is below its floor, {floor[key]:g}")
            elif result[key] < before.get(key, 0) - TOLERANCE:
                found.append(f"{name}: {title} {result[key]:.4f} is below its baseline, {before[key]:.4f}")
    return found


def table(results, stored):
    """Markdown, each figure with its difference to the baseline behind it."""
    lines = [
        "| collection | documents | passages | queries | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
        "|---|" + "---:|" * (3 + len(COLUMNS)),
    ]
    for name, result in results.items():
        before = stored["collections"].get(name, {})
        counts = [f"{result[key]:,}" for key in ("documents", "passages", "queries")]
        cells = [_cell(result.get(key), before.get(key), key, form) for key, _, form in COLUMNS]
        lines.append("| " + " | ".join([name, *counts, *cells]) + " |")
    made = stored["recorded"]
    if made:
        settings = " ".join(made["settings"]) or "default settings"
        lines += ["", f"In brackets: against the baseline of {made['date']}, commit {made['commit']}, {settings}."]
    return "\n".join(lines)


def _cell(value, before, key, form):
    if value is None:
        return ""
    text = form.format(value)
    if before is None:
        return text
    least = SHOWN if key in QUALITY or key == "no_answer" else 0.005
    difference = value - before
    return f"{text} ({'=' if abs(difference) < least else ('+' if difference > 0 else '-') + form.format(abs(difference))})"
