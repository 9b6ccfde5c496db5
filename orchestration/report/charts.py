"""Charts: the rows of a query as an ECharts option, and the same said in a sentence.

Settings of a chart block: `kind` (bar, ranking, line, sankey), `title`, `unit`, and for bar,
ranking and line `x` (a column, or several that name a place together) with `values` (a series for
each column) or `value` and `series` (a series for each value of a column); `stacked`,
`sorted_series`. A Sankey takes the columns source, target and `value`. `waterfall`, `abatement` and
`wedges` are in `charts_of_change`. `split` draws one chart for each value of a column.

The option holds no function: static/site.js adds how numbers are written and what a narrow screen
needs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.report import charts_of_change, formats
from orchestration.report.formats import decimals_for, is_share, number, signed
from orchestration.report.marts import Result
from orchestration.report.names import Names
from orchestration.report.page_source import PageError

CREDIT = "credit:"
"""Before the end of a Sankey that takes away: `credit:flow:scrap`."""

KINDS = ("bar", "ranking", "line", "sankey", "waterfall", "abatement", "wedges")
MONTH = re.compile(r"^\d{4}-\d{2}$")
ROW_PIXELS = 30
PLOT_PIXELS = {"bar": 330, "line": 330, "abatement": 380, "wedges": 380}


@dataclass(frozen=True)
class Drawn:
    """A chart ready for the page."""

    option: dict[str, Any]
    summary: str
    pixels: int
    decimals: int
    unit: str
    kind: str


def draw(
    result: Result,
    settings: Mapping[str, Any],
    names: Names,
    language: str,
    intervals: Result | None = None,
) -> Drawn:
    """The chart of a query's rows; `intervals`: half widths of bars, for their whiskers.

    Raises:
        PageError: a setting or a column is missing.
    """
    kind = settings.get("kind")
    if kind not in KINDS:
        raise PageError(f"chart {result.name}: kind is {kind!r}; use one of {', '.join(KINDS)}.")
    if kind == "sankey":
        return _sankey(result, settings, names, language)
    if kind == "waterfall":
        return _waterfall(result, settings, names, language)
    if kind == "abatement":
        return _abatement(result, settings, names, language)
    if kind == "wedges":
        return _wedges(result, settings, names, language)
    return _cartesian(result, settings, names, language, intervals)


def _cartesian(
    result: Result,
    settings: Mapping[str, Any],
    names: Names,
    language: str,
    intervals: Result | None,
) -> Drawn:
    kind, x = settings["kind"], settings["x"]
    keys = _without_gaps(list(dict.fromkeys(_places(result, x))))
    labels = [_label(names, x, key, language) for key in keys]
    series = _series(result, settings, names, language, keys)
    decimals = decimals_for(value for _, values in series for value in values)
    percent = all(is_share(column) for column in _value_columns(settings))
    option: dict[str, Any] = {
        "series": [
            {
                "type": "line" if kind == "line" else "bar",
                "name": name,
                "data": [
                    100 * value if percent and value is not None else value for value in values
                ],
                **({"stack": "all"} if settings.get("stacked") else {}),
                **({"barMaxWidth": 56} if kind != "line" else {"symbolSize": 7}),
            }
            for name, values in series
        ],
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
    }
    halves = _half_widths(settings, intervals, keys)
    option["series"] += _whiskers(series, halves)
    categories = {"type": "category", "data": labels, "axisTick": {"show": False}}
    amounts = {"type": "value", "splitNumber": 4}
    if kind == "ranking":
        option["yAxis"] = {**categories, "inverse": True}
        option["xAxis"] = amounts
        pixels = 90 + ROW_PIXELS * max(len(labels), 2) + (26 if len(series) > 1 else 0)
    else:
        option["xAxis"], option["yAxis"] = categories, amounts
        pixels = PLOT_PIXELS[kind]
    if len(series) > 1:
        option["legend"] = {"data": [name for name, _ in series]}
    unit = "%" if percent else settings["unit"]
    unit_text = _unit_text(unit, language)
    shown = [
        (name, [100 * v if percent and v is not None else v for v in values])
        for name, values in series
    ]
    if percent:
        decimals = 1
    summary = (
        _line_summary(shown, labels, unit_text, decimals, names, language)
        if kind == "line"
        else _bar_summary(shown, labels, unit_text, decimals, names, language, settings)
    )
    told = names.word("list_separator", language).join(
        f"{label} ±{formats.percent(half)}"
        for label, half in zip(labels, halves[0] if halves else (), strict=False)
        if half is not None
    )
    if told:
        summary += names.word("between_sentences", language) + names.word(
            "summary_whiskers", language
        ).format(bars=told)
    return Drawn(option, summary, pixels, decimals, unit_text, kind)


def _half_widths(
    settings: Mapping[str, Any], intervals: Result | None, keys: Sequence[Any]
) -> list[list[float | None]]:
    """Of each series along `keys`, half of the interval as a share; empty where none is known."""
    columns = settings.get("whiskers", {})
    if not columns or intervals is None or not intervals.rows:
        return []
    at = [str(place) for place in _places(intervals, settings["x"])]
    found = []
    for column in settings["values"]:
        shares = intervals.column(columns[column]) if column in columns else [None] * len(at)
        by_key = dict(zip(at, shares, strict=True))
        found.append([_float(by_key.get(str(key))) for key in keys])
    return found


def _whiskers(
    series: Sequence[tuple[str, Sequence[float | None]]], halves: Sequence[Sequence[float | None]]
) -> list[dict[str, Any]]:
    """A series of intervals for each series of bars: place, lower and upper end.

    static/site.js draws them, which alone knows where among its neighbours a bar stands.
    """
    return [
        {
            "type": "custom",
            "name": name,
            "bar": {"number": number, "of": len(series)},
            "data": [
                [place, value * (1.0 - half), value * (1.0 + half)]
                for place, (value, half) in enumerate(zip(values, shares, strict=True))
                if value is not None and half is not None
            ],
        }
        for number, ((name, values), shares) in enumerate(zip(series, halves, strict=False))
    ]


def _places(result: Result, x: str | Sequence[str]) -> list[Any]:
    """Where each row stands along the axis."""
    if isinstance(x, str):
        return result.column(x)
    return list(zip(*(result.column(column) for column in x), strict=True))


def _without_gaps(keys: list[Any]) -> list[Any]:
    """Months from the first to the last, so that a month without data leaves a gap in a line."""
    texts = [f"{key:%Y-%m}" if isinstance(key, date) else str(key) for key in keys]
    if not texts or not all(MONTH.match(text) for text in texts):
        return keys
    first, last = min(texts), max(texts)
    months = range(_month_number(first), _month_number(last) + 1)
    known = dict(zip(texts, keys, strict=True))
    every = (f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months)
    return [known.get(text, text) for text in every]


def _month_number(text: str) -> int:
    return 12 * int(text[:4]) + int(text[5:7]) - 1


def _value_columns(settings: Mapping[str, Any]) -> list[str]:
    return list(settings["values"]) if "values" in settings else [settings["value"]]


def _series(
    result: Result, settings: Mapping[str, Any], names: Names, language: str, keys: Sequence[Any]
) -> list[tuple[str, list[float | None]]]:
    """Name and values along `keys` of each series."""
    x = _places(result, settings["x"])
    if "values" in settings:
        found = []
        for column in settings["values"]:
            by_key = dict(zip(x, result.column(column), strict=True))
            heading = (
                names.heading(column, language).removesuffix(str(settings["unit"])).rstrip(", ")
            )
            found.append((heading, [_float(by_key.get(key)) for key in keys]))
        return found
    split = settings["series"]
    tables: dict[Any, dict[Any, float | None]] = defaultdict(dict)
    for key, group, value in zip(
        x, result.column(split), result.column(settings["value"]), strict=True
    ):
        tables[group][key] = _float(value)
    groups = sorted(tables) if settings.get("sorted_series") else list(tables)
    return [
        (_label(names, split, group, language), [tables[group].get(key) for key in keys])
        for group in groups
    ]


def _waterfall(result: Result, settings: Mapping[str, Any], names: Names, language: str) -> Drawn:
    values = [float(value or 0.0) for value in result.column(settings["value"])]
    labels = [_label(names, settings["x"], one, language) for one in _places(result, settings["x"])]
    bars = charts_of_change.steps(labels, values, result.column(settings["total"]))
    decimals = decimals_for(values)
    words = {kind: names.word(f"change_{kind}", language) for kind in ("less", "more", "total")}
    texts = [
        number(bar.change, decimals) if bar.is_total else signed(number(bar.change, decimals))
        for bar in bars
    ]
    largest = sorted((bar for bar in bars if not bar.is_total), key=lambda bar: -abs(bar.change))
    summary = names.word("summary_largest", language).format(
        unit=settings["unit"],
        bars=names.word("list_separator", language).join(
            f"{bar.label} {signed(number(bar.change, decimals))}" for bar in largest[:3]
        ),
    )
    option = charts_of_change.waterfall(bars, words, texts)
    pixels = 110 + ROW_PIXELS * max(len(bars), 2)
    return Drawn(option, summary, pixels, decimals, settings["unit"], "ranking")


def _abatement(result: Result, settings: Mapping[str, Any], names: Names, language: str) -> Drawn:
    labels = [_label(names, settings["x"], one, language) for one in _places(result, settings["x"])]
    widths = [float(value or 0.0) for value in result.column(settings["width"])]
    costs = [float(value or 0.0) for value in result.column(settings["value"])]
    decimals, unit = decimals_for(costs), _unit_text(settings["unit"], language)
    told = names.word("list_separator", language).join(
        f"{label} {number(cost, decimals)}"
        for label, width, cost in zip(labels, widths, costs, strict=True)
        if width > 0
    )
    summary = names.word("summary_cheapest", language).format(unit=unit, blocks=told)
    option = charts_of_change.abatement(labels, widths, costs)
    return Drawn(option, summary, PLOT_PIXELS["abatement"], decimals, unit, "abatement")


def _wedges(result: Result, settings: Mapping[str, Any], names: Names, language: str) -> Drawn:
    keys = list(dict.fromkeys(_places(result, settings["x"])))
    labels = [_label(names, settings["x"], key, language) for key in keys]
    stacked = _series(result, settings, names, language, keys)
    lines = []
    for column in settings.get("lines", ()):
        by_key = {
            key: _float(value)
            for key, value in zip(
                _places(result, settings["x"]), result.column(column), strict=True
            )
            if value is not None
        }
        lines.append((names.heading(column, language), [by_key.get(key) for key in keys]))
    decimals = decimals_for(value for _, values in (*stacked, *lines) for value in values)
    unit = _unit_text(settings["unit"], language)
    whole = (names.word("change_total", language), _sums(stacked))
    summary = _line_summary([whole, *lines], labels, unit, decimals, names, language)
    option = charts_of_change.wedges(labels, stacked, lines)
    return Drawn(option, summary, PLOT_PIXELS["wedges"], decimals, unit, "wedges")


def _unit_text(unit: Any, language: str) -> str:
    return unit[language] if isinstance(unit, Mapping) else unit


def _sankey(result: Result, settings: Mapping[str, Any], names: Names, language: str) -> Drawn:
    """Flows from left to right; what goes round in a loop is in the tables, not here.

    What is below zero takes away: a credit, drawn against its direction to an end of its own. So
    as much leaves an end as comes in, and the widths still add up.
    """
    every = [
        (source, target, float(amount))
        for source, target, amount in zip(
            result.column("source"),
            result.column("target"),
            result.column(settings["value"]),
            strict=True,
        )
        if amount
    ]
    ids = list(dict.fromkeys(end for source, target, _ in every for end in (source, target)))
    labels = _distinct({one: names.shown("source", one, language) for one in ids})
    labels |= {
        f"{CREDIT}{end}": names.word("credit", language).format(name=labels[end]) for end in ids
    }
    rows = _against(every)
    decimals = decimals_for(amount for _, _, amount in rows)
    drawn = list(dict.fromkeys(end for row in rows for end in row[:2]))
    option = {
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "sankey",
                "data": [{"name": labels[one], "kind": one.partition(":")[0]} for one in drawn],
                "links": [
                    {
                        "source": labels[source],
                        "target": labels[target],
                        "value": amount,
                        **({"kind": "credit"} if CREDIT in (source + target) else {}),
                    }
                    for source, target, amount in rows
                ],
            }
        ],
    }
    unit = settings["unit"]
    broadest = sorted((row for row in every if row[2] > 0), key=lambda row: -row[2])[:3]
    taken = sorted((row for row in every if row[2] < 0), key=lambda row: row[2])
    summary = names.word("between_sentences", language).join(
        names.word(word, language).format(
            flows=_told(those, labels, decimals, unit, names, language)
        )
        for word, those in (("summary_sankey", broadest), ("summary_credits", taken))
        if those
    )
    sources = {source for source, _, _ in rows}
    most = max((len(column) for column in _levels(rows)), default=1)
    return Drawn(option, summary, 120 + 38 * max(most, len(sources) // 3), decimals, unit, "sankey")


def _against(rows: Sequence[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """Each flow with a width above zero: a credit leaves where it is brought in, or comes in there.

    The middle of the picture stands in both kinds of rows, as a target and as a source; a credit
    changes its outer end for one of its own, so that nothing runs backwards through the picture.
    """
    middle = {target for _, target, _ in rows} & {source for source, _, _ in rows}
    turned = []
    for source, target, amount in rows:
        if amount > 0:
            turned.append((source, target, amount))
        elif target in middle:
            turned.append((target, f"{CREDIT}{source}", -amount))
        else:
            turned.append((f"{CREDIT}{target}", source, -amount))
    return turned


def _told(
    rows: Sequence[tuple[str, str, float]],
    labels: Mapping[str, str],
    decimals: int,
    unit: str,
    names: Names,
    language: str,
) -> str:
    return names.word("list_separator", language).join(
        f"{labels[source]} → {labels[target]} {number(amount, decimals)} {unit}"
        for source, target, amount in rows
    )


def _levels(rows: Sequence[tuple[str, str, float]]) -> list[set[str]]:
    """Ends by what kind of thing they are, a column of the picture each."""
    levels: dict[str, set[str]] = defaultdict(set)
    for source, target, _ in rows:
        for end in (source, target):
            levels[end.partition(":")[0]].add(end)
    return list(levels.values())


def _distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Two things of one name are told apart by an id behind it; ECharts joins them otherwise."""
    seen: dict[str, str] = {}
    told: dict[str, str] = {}
    for key, label in labels.items():
        text = label if label not in seen else f"{label} ({key.partition(':')[2]})"
        seen[text] = key
        told[key] = text
    return told


def _bar_summary(
    series: Sequence[tuple[str, Sequence[float | None]]],
    labels: Sequence[str],
    unit: str,
    decimals: int,
    names: Names,
    language: str,
    settings: Mapping[str, Any],
) -> str:
    """What stands out: the largest bars, of the whole stack or of the first series."""
    adds_up = settings.get("stacked") or len(series) == 1
    name, values = ("", _sums(series)) if adds_up else series[0]
    ranked = sorted(
        ((value, label) for value, label in zip(values, labels, strict=True) if value),
        key=lambda pair: -abs(pair[0]),
    )
    told = names.word("list_separator", language).join(
        f"{label} {number(value, decimals)}" for value, label in ranked[:3]
    )
    key = "summary_largest_of" if name else "summary_largest"
    return names.word(key, language).format(name=name, unit=unit, bars=told) if told else ""


def _line_summary(
    series: Sequence[tuple[str, Sequence[float | None]]],
    labels: Sequence[str],
    unit: str,
    decimals: int,
    names: Names,
    language: str,
) -> str:
    sentences = []
    for name, values in series:
        known = [(v, label) for v, label in zip(values, labels, strict=True) if v is not None]
        if not known:
            continue
        (low, low_at), (high, high_at) = min(known), max(known)
        sentences.append(
            names.word("summary_line", language).format(
                name=name,
                low=number(low, decimals),
                low_at=low_at,
                high=f"{number(high, decimals)} {unit}",
                high_at=high_at,
            )
        )
    return " ".join(sentences)


def _sums(series: Sequence[tuple[str, Sequence[float | None]]]) -> list[float]:
    return [
        sum(value or 0.0 for value in values)
        for values in zip(*(values for _, values in series), strict=True)
    ]


def _label(names: Names, column: str | Sequence[str], value: Any, language: str) -> str:
    if not isinstance(column, str):
        parts = (_label(names, *pair, language) for pair in zip(column, value, strict=True))
        return names.word("colon", language).join(parts)
    if isinstance(value, date):
        return f"{value:%Y-%m}"
    return names.shown(column, value, language)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
