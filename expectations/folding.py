"""One cause, one finding: what only follows from another finding is folded under it.

Nothing gets lost. A folded finding keeps its row and names its cause in `caused_by`; whoever is to
correct something is shown the cause, and how much follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

SEVERITIES = ("critical", "warning", "info")
BLANK = "blank"
"""What rules have observed where nothing was typed."""
CELL = ("source_sheet", "source_cell")
ROW = ("source_sheet", "row")
MADE_OF = ("address",)
"""A finding that is made of several cells explains what else was found at them."""
SHEET = ("source_sheet",)
IDENTITY = ("process_known", "facility_known", "unit_known", "unit_dimension")
"""What can't be known of a reading either, once its month, flow or value is missing."""

BOUNDS = ("hard_bounds", "usual_range")
HISTORY = ("far_from_other_months", "unlike_other_months")


@dataclass(frozen=True)
class Fold:
    """At one `place` of a hand-in, `consequences` follow from the first finding of `cause`.

    Where the two are one rule, what broke it once breaks it again in every row or column.
    `if_blank`: only a consequence where nothing was typed; a text that is wrong is wrong by itself.
    """

    cause: str
    consequences: tuple[str, ...]
    place: tuple[str, ...]
    if_blank: bool = False


FOLDS: Sequence[Fold] = (
    Fold("figures_beside_their_months", ("month_known", "value_present"), MADE_OF),
    Fold("facility_known", ("process_known",), ROW, if_blank=True),
    Fold("flow_known", IDENTITY, ROW, if_blank=True),
    Fold("value_present", ("flow_known", *IDENTITY), ROW, if_blank=True),
    Fold("month_known", ("value_present", "flow_known", *IDENTITY), ROW, if_blank=True),
    # one unit, code or month that is wrong is wrong for every item, month or line it is typed for
    Fold("month_known", ("month_known",), CELL),
    Fold("month_in_round", ("month_in_round",), CELL),
    Fold("month_reported", ("month_reported",), ("source_sheet", "period_month")),
    Fold("unit_known", ("unit_known",), ("source_sheet", "flow_id", "observed")),
    Fold("unit_dimension", ("unit_dimension",), ("source_sheet", "flow_id", "observed")),
    Fold("flow_known", ("flow_known",), ("source_sheet", "observed")),
    Fold("facility_known", ("facility_known",), ("source_sheet", "observed")),
    Fold("process_known", ("process_known",), ("source_sheet", "observed", "flow_id")),
    # a quantity beyond its bounds is unlike its other months, too
    Fold("quantity_is_possible", ("larger_than_any_site", *BOUNDS, *HISTORY), CELL),
    Fold("larger_than_any_site", (*BOUNDS, *HISTORY), CELL),
    Fold("output_fits_its_ratios", HISTORY, CELL),
    Fold("hard_bounds", HISTORY, CELL),
    Fold("far_from_other_months", ("usual_range",), CELL),
    Fold("usual_range", HISTORY, CELL),
    # a column is formatted and written in one way, and rows are hidden together
    Fold("shown_as_stored", ("shown_as_stored",), ("source_sheet", "flow_id")),
    Fold("number_has_one_reading", ("number_has_one_reading",), ("source_sheet", "flow_id")),
    Fold("figure_is_visible", ("figure_is_visible",), SHEET),
    Fold("number_typed_as_text", ("number_typed_as_text",), SHEET),
)
COLUMNS = ("hand_in", "rule_id", "severity", "source_file", "source_sheet", "source_cell",
           "other_cells", "period_month", "flow_id", "process_id", "observed", "waived_by")  # fmt: skip


def fold(findings: pa.Table) -> pa.Table:
    """The findings, those that follow from another with its name in `caused_by`.

    What is waived, or is worse than its cause, stands for itself.
    """
    rows = findings.select(COLUMNS).to_pylist()
    by_rule: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if row["hand_in"] is not None and row["waived_by"] is None:
            by_rule.setdefault(row["rule_id"], []).append(number)
    cause_of: dict[int, int] = {}
    for one in FOLDS:
        causes: dict[tuple[Any, ...], int] = {}
        for number in by_rule.get(one.cause, ()):
            for place in _places(rows[number], one.place):
                causes.setdefault(place, number)
        if not causes:
            continue
        for rule_id in one.consequences:
            for number in by_rule.get(rule_id, ()):
                cause = causes.get(_place(rows[number], one.place), number)
                if one.if_blank and rows[number]["observed"] != BLANK:
                    continue
                if cause != number and not _is_worse(rows[number], rows[cause]):
                    cause_of.setdefault(number, cause)
    names: list[str | None] = [None] * len(rows)
    for number, cause in cause_of.items():
        while cause in cause_of:
            cause = cause_of[cause]
        names[number] = name_of(rows[cause])
    index = findings.schema.get_field_index("caused_by")
    return findings.set_column(index, "caused_by", pa.array(names, pa.string()))


def name_of(finding: Mapping[str, Any]) -> str:
    """What a consequence calls its cause: the rule, and where in the hand-in it was broken."""
    month = finding["period_month"]
    place: tuple[Any, ...] = (finding["source_sheet"], finding["source_cell"])
    if not any(place):
        place = (finding["process_id"], finding["flow_id"], month and f"{month:%Y-%m}")
    return f"{finding['rule_id']} {'!'.join(part for part in place if part)}".strip()


def _places(row: Mapping[str, Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Where a cause explains what else was found."""
    if names == MADE_OF:
        return [(row["hand_in"], cell) for cell in (row["other_cells"] or "").splitlines()]
    return [_place(row, names)]


def _place(row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return (row["hand_in"], *(_part(row, name) for name in names))


def _part(row: Mapping[str, Any], name: str) -> Any:
    """A column of the finding, its whole address, or the row of its cell."""
    if name == "address":
        parts = (row["source_file"], row["source_sheet"], row["source_cell"])
        return "!".join(part for part in parts if part)
    if name == "row":
        cell = row["source_cell"] or ""
        return cell.partition(":")[0] if ":" in cell else "".join(filter(str.isdigit, cell))
    return row[name]


def _is_worse(row: Mapping[str, Any], cause: Mapping[str, Any]) -> bool:
    return SEVERITIES.index(row["severity"]) < SEVERITIES.index(cause["severity"])
