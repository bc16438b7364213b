"""Charts as SVG from the standard library: line panels and bars, readable on a light and on a dark page."""

import dataclasses
import math
from html import escape

WIDTH = 920
PANEL_HEIGHT = 250
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 88, 52
STYLE = """<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
.title { font-size: 17px; font-weight: 600; } .small { font-size: 11.5px; fill: #57606a; }
.page { fill: #ffffff; } .grid { stroke: #d8dee4; stroke-width: 1; } .axis { stroke: #8c959f; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9da7b1; } .page { fill: #0d1117; } .grid { stroke: #272e36; }
  .axis { stroke: #6e7681; }
}
</style>"""


@dataclasses.dataclass(frozen=True)
class Line:
    name: str
    colour: str
    points: list[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Panel:
    title: str
    lines: list[Line]


@dataclasses.dataclass(frozen=True)
class Axis:
    """A logarithmic axis ends at the data, or at a whole decade for values; a linear one begins at 0."""

    title: str
    logarithmic: bool = True


@dataclasses.dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    begin: float
    end: float
    logarithmic: bool

    def at(self, value: float) -> float:
        if self.logarithmic:
            share = math.log(max(value, self.low) / self.low) / (math.log(self.high / self.low) or 1)
        else:
            share = (value - self.low) / ((self.high - self.low) or 1)
        return self.begin + share * (self.end - self.begin)


def number(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e4 else f"{value:,.4g}"


def _steps(high: float) -> list[float]:
    """About five round numbers from 0 up to `high`, or the first beyond it."""
    rough = high / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * i for i in range(math.ceil(high / step) + 1)]


def _value_ticks(values: list[float], logarithmic: bool) -> list[float]:
    if not logarithmic:
        return _steps(max(values))
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def _page(height: float, title: str, subtitle: str, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    return "\n".join([
        head, f"<title>{escape(title)}</title>", STYLE, f'<rect class="page" width="{WIDTH}" height="{height:.0f}" rx="6"/>',
        _text(20, 28, title, "title"), *(_text(20, 47 + 15 * i, line, "small") for i, line in enumerate(subtitle.split("\n"))),
        *parts, "</svg>", "",
    ])  # fmt: skip


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start", more: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style} text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _legend(lines: list[Line], y: float) -> list[str]:
    parts, x = [], float(LEFT)
    for line in lines:
        parts.append(f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 20:.1f}" y2="{y - 4:.1f}" stroke="{line.colour}" stroke-width="3"/>')
        parts.append(_text(x + 26, y, line.name))
        x += 50 + 7.2 * len(line.name)
    return parts


def _panel(
    panel: Panel, left: float, right: float, xs: list[float], x_axis: Axis, ticks: list[float], y_axis: Axis | None
) -> list[str]:
    """Without a y axis the panel shares that of its neighbour on the left."""
    top, bottom = TOP + 34, TOP + 34 + PANEL_HEIGHT
    x = _Scale(min(xs) if x_axis.logarithmic else 0, max(xs), left, right, x_axis.logarithmic)
    y_log = ticks[0] > 0
    y = _Scale(ticks[0], ticks[-1], bottom, top, y_log)
    parts = [_text((left + right) / 2, top - 12, panel.title, anchor="middle")]
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{left:.1f}" y1="{y.at(tick):.1f}" x2="{right:.1f}" y2="{y.at(tick):.1f}"/>')
        if y_axis:
            parts.append(_text(left - 7, y.at(tick) + 4, number(tick), "small", "end"))
    taken = -math.inf
    for tick in xs:
        parts.append(f'<line class="axis" x1="{x.at(tick):.1f}" y1="{bottom}" x2="{x.at(tick):.1f}" y2="{bottom + 4}"/>')
        half = 3.4 * len(number(tick))
        if x.at(tick) - half > taken:  # labels that would run into each other are left out
            parts.append(_text(x.at(tick), bottom + 18, number(tick), "small", "middle"))
            taken = x.at(tick) + half + 4
    parts.append(f'<line class="axis" x1="{left:.1f}" y1="{bottom}" x2="{right:.1f}" y2="{bottom}"/>')
    parts.append(_text((left + right) / 2, bottom + 38, x_axis.title, "small", "middle"))
    if y_axis:
        turn = f' transform="rotate(-90 {left - 46:.1f} {(top + bottom) / 2:.1f})"'
        parts.append(_text(left - 46, (top + bottom) / 2, y_axis.title, "small", "middle", turn))
    for line in panel.lines:
        path = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}" for px, py in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2" stroke-linejoin="round"/>')
        parts += [f'<circle cx="{x.at(px):.1f}" cy="{y.at(py):.1f}" r="2.8" fill="{line.colour}"/>' for px, py in line.points]
    return parts


def panels(title: str, subtitle: str, charts: list[Panel], x_axis: Axis, y_axes: list[Axis]) -> str:
    """Line charts side by side. One y axis: shared by all; else one for each panel."""
    xs = sorted({px for chart in charts for line in chart.lines for px, _ in line.points})
    shared = len(y_axes) == 1
    gap = 40.0 if shared else float(LEFT)
    width = (WIDTH - LEFT - RIGHT - gap * (len(charts) - 1)) / len(charts)
    parts = _legend(charts[0].lines, TOP + 2)
    for i, chart in enumerate(charts):
        axis = y_axes[0] if shared else y_axes[i]
        scope = charts if shared else [chart]
        ticks = _value_ticks([py for c in scope for line in c.lines for _, py in line.points], axis.logarithmic)
        left = LEFT + i * (width + gap)
        parts += _panel(chart, left, left + width, xs, x_axis, ticks, None if shared and i > 0 else axis)
    return _page(TOP + 34 + PANEL_HEIGHT + BOTTOM, title, subtitle, parts)


def bars(title: str, subtitle: str, rows: list[tuple[str, float, str, str]], axis: str) -> str:
    """One bar for each (name, value, label, colour), in the order given."""
    left, right, row = 190.0, WIDTH - 150.0, 34.0
    top = 78.0
    bottom = top + row * len(rows)
    ticks = _steps(max(value for _, value, _, _ in rows))
    x = _Scale(0, ticks[-1], left, right, False)
    parts = []
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{x.at(tick):.1f}" y1="{top}" x2="{x.at(tick):.1f}" y2="{bottom:.1f}"/>')
        parts.append(_text(x.at(tick), bottom + 17, number(tick), "small", "middle"))
    for i, (name, value, label, colour) in enumerate(rows):
        y = top + row * i
        parts.append(_text(left - 10, y + row / 2 + 4, name, anchor="end"))
        parts.append(f'<rect x="{left}" y="{y + 6:.1f}" width="{max(1.0, x.at(value) - left):.1f}" height="{row - 12:.1f}" rx="2" fill="{colour}"/>')
        parts.append(_text(x.at(value) + 8, y + row / 2 + 4, label))
    parts.append(_text((left + right) / 2, bottom + 36, axis, "small", "middle"))
    return _page(bottom + 50, title, subtitle, parts)
