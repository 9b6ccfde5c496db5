"""Charts of what changes: a waterfall, an abatement curve, and wedges down to a target.

Settings of a chart block, beside `title` and `unit`:

- `waterfall`: rows in order; `x` names the bar, `value` is its change, and where the column `total`
  is true the bar stands on zero and is no change (the figure before, the figure after).
- `abatement`: rows in order of cost; `x` names the block, `width` is what it saves (tonnes a year),
  `value` its cost (money a tonne). What saves nothing has no block.
- `wedges`: `x` along the axis, `value` stacked by `series`, and each column of `lines` as a line
  over them, its figure being that of the rows of one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LESS, MORE, TOTAL = "#17624f", "#e0a030", "#4d5a66"
"""Colours of what goes down, what goes up, and what is a figure of its own."""

LINE = "#1d2a2a"
"""Colour of a line that is read over areas."""

NOTHING = "rgba(0,0,0,0)"
LABELLED = 12
"""From how many bars on the figures are left to the table."""

Points = list[float | None]


@dataclass(frozen=True)
class WaterfallBar:
    """A bar of a waterfall, from where it starts to where it ends."""

    label: str
    start: float
    end: float
    is_total: bool

    @property
    def change(self) -> float:
        """What is shown beside it: the figure itself of a total."""
        return self.end if self.is_total else self.end - self.start


def steps(
    labels: Sequence[str], values: Sequence[float], totals: Sequence[bool]
) -> list[WaterfallBar]:
    """Each bar begins where the one before it ended; a total begins at zero."""
    found: list[WaterfallBar] = []
    level = 0.0
    for label, value, is_total in zip(labels, values, totals, strict=True):
        start = 0.0 if is_total else level
        level = start + value
        found.append(WaterfallBar(label, start, level, is_total))
    return found


def waterfall(
    bars: Sequence[WaterfallBar], words: Mapping[str, str], texts: Sequence[str]
) -> dict[str, Any]:
    """Lying bars that float: an unseen part up to where a bar begins, then the bar.

    `words`: what the colours mean (`less`, `more`, `total`); `texts`: the figure beside each bar.
    A bar across zero is two parts, since ECharts stacks what is below zero by itself.
    """
    unseen: Points = []
    parts: dict[tuple[str, str], Points] = {}
    for kind in ("total", "more", "less"):
        for side in ("above", "below"):
            parts[kind, side] = [None] * len(bars)
    for place, bar in enumerate(bars):
        low, high = min(bar.start, bar.end), max(bar.start, bar.end)
        kind = "total" if bar.is_total else "more" if bar.change > 0 else "less"
        if low >= 0:
            unseen.append(low)
            parts[kind, "above"][place] = high - low
        elif high <= 0:
            unseen.append(high)
            parts[kind, "below"][place] = low - high
        else:
            unseen.append(None)
            parts[kind, "above"][place], parts[kind, "below"][place] = high, low
    colours = {"total": TOTAL, "more": MORE, "less": LESS}
    common = {"type": "bar", "stack": "all", "barMaxWidth": 22}
    drawn: list[dict[str, Any]] = [
        {**common, "name": "", "data": unseen, "silent": True,
         "itemStyle": {"color": NOTHING, "borderColor": NOTHING}}
    ]  # fmt: skip
    for (kind, _), values in parts.items():
        if any(value is not None for value in values):
            data = [
                None if value is None else {"value": value, **_labelled(text, len(bars))}
                for value, text in zip(values, texts, strict=True)
            ]
            drawn.append(
                {**common, "name": words[kind], "data": data, "itemStyle": {"color": colours[kind]}}
            )
    names = list(dict.fromkeys(one["name"] for one in drawn if one["name"]))
    return {
        "series": drawn,
        "legend": {"data": names},
        "tooltip": {"trigger": "item", "confine": True},
        "yAxis": {
            "type": "category", "data": [bar.label for bar in bars], "inverse": True,
            "axisTick": {"show": False},
        },
        "xAxis": {"type": "value", "splitNumber": 4},
    }  # fmt: skip


def _labelled(text: str, bars: int) -> dict[str, Any]:
    if bars > LABELLED:
        return {}
    return {"label": {"show": True, "position": "right", "formatter": text, "color": "#1d2a2a"}}


def abatement(
    names: Sequence[str], widths: Sequence[float], costs: Sequence[float]
) -> dict[str, Any]:
    """Blocks side by side: as wide as what they save, as high as a tonne costs."""
    drawn, reached = [], 0.0
    for name, width, cost in zip(names, widths, costs, strict=True):
        if width <= 0:
            continue
        drawn.append(
            {
                "type": "line",
                "name": name,
                "data": [[reached, cost], [reached + width, cost]],
                "areaStyle": {"opacity": 0.75, "origin": "auto"},
                "symbol": "none",
                "lineStyle": {"width": 1, "type": "solid"},
            }
        )
        reached += width
    return {
        "series": drawn,
        "legend": {"data": [one["name"] for one in drawn]},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "value", "min": 0, "max": reached, "splitNumber": 4,
            "axisLabel": {"showMaxLabel": False},
        },
        "yAxis": {"type": "value", "splitNumber": 4},
    }  # fmt: skip


def wedges(
    places: Sequence[str],
    stacked: Sequence[tuple[str, Points]],
    lines: Sequence[tuple[str, Points]],
) -> dict[str, Any]:
    """Areas on top of each other along the years, and lines over them."""
    areas = [
        {
            "type": "line", "name": name, "data": values, "stack": "all",
            "areaStyle": {"opacity": 0.8}, "symbol": "none", "lineStyle": {"width": 0},
        }
        for name, values in stacked
    ]  # fmt: skip
    over = [
        {"type": "line", "name": name, "data": values, "connectNulls": True,
         "lineStyle": {"width": 2, "type": "dashed", "color": LINE}, "itemStyle": {"color": LINE}}
        for name, values in lines
    ]  # fmt: skip
    return {
        "series": [*areas, *over],
        "legend": {"data": [name for name, _ in (*stacked, *lines)]},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "category", "data": list(places), "axisTick": {"show": False}},
        "yAxis": {"type": "value", "splitNumber": 4},
    }
