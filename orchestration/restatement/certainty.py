"""Two publications as their intervals see them: whether a change is more than what was uncertain,
and which causes of error are narrower than they were.

What both figures rest on cancels: a cause has one name in every release, and what it moves in one
figure and in the other is one error (method R42). A cause counts with its spread of today; one that
the newer figures no longer rest on with its last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from orchestration.company.spreads import NORMAL_95
from orchestration.lake.warehouse import engine, quoted

FIGURE = (
    ("older_release", pa.string()),
    ("newer_release", pa.string()),
    ("figure_kind", pa.string()),
    ("subject", pa.string()),
    ("reference_period", pa.string()),
    ("basis", pa.string()),
    ("unit", pa.string()),
)
RESTATED_INTERVALS = pa.schema(
    [
        *FIGURE,
        ("older_value", pa.float64()),
        ("newer_value", pa.float64()),
        ("change", pa.float64()),
        ("older_half_width", pa.float64()),
        ("newer_half_width", pa.float64()),
        ("narrower_by", pa.float64()),
        ("standard_deviation", pa.float64()),
        ("low_95", pa.float64()),
        ("high_95", pa.float64()),
        ("unstated_share", pa.float64()),
        ("is_within_older_interval", pa.bool_()),
        ("verdict", pa.string()),
    ]
)
"""One row per pair of releases and figure of a calendar year that both hold.

`standard_deviation`, `low_95` and `high_95` are of the change. `verdict`: as in the mart
`difference_significance`, or other_months where the two hold other numbers of months of the year:
that is growth, and no restatement.
"""

IMPROVED_CAUSES = pa.schema(
    [
        *FIGURE,
        ("cause_id", pa.string()),
        ("cause_kind", pa.string()),
        ("what_changed", pa.string()),
        ("older_deviation", pa.float64()),
        ("newer_deviation", pa.float64()),
        ("rests_on_it", pa.float64()),
        ("narrower_by", pa.float64()),
    ]
)
"""One row per pair of releases, inventory or product, and cause with another spread than before.

`what_changed`: narrower, wider, stated, withdrawn, or no_longer_a_cause and new_cause, where one of
the two figures doesn't rest on it. `narrower_by`: by how much half of the newer interval would be
wider with the spread of before; null where one of the two spreads isn't known.
"""

CERTAINTY = {"restated_intervals": RESTATED_INTERVALS, "improved_causes": IMPROVED_CAUSES}

SENSITIVITIES, INVENTORY, PRODUCTS = "sensitivities", "facility_inventory", "product_footprints"
KEY = "figure_kind, subject, reference_period, basis, unit"
SAME = 1e-12
"""Relative difference below which two numbers are one."""


@dataclass(frozen=True)
class Reported:
    """A release or publication: its name, and the folder of its Parquet files."""

    name: str
    parquet: Path

    @property
    def holds_intervals(self) -> bool:
        """Whether it was made since there are intervals."""
        return all(
            (self.parquet / f"{name}.parquet").exists()
            for name in (SENSITIVITIES, INVENTORY, PRODUCTS)
        )


def compared_certainty(older: Reported, newer: Reported) -> dict[str, pa.Table]:
    """The tables of `CERTAINTY` of a pair; empty where one of the two holds no intervals."""
    if not (older.holds_intervals and newer.holds_intervals):
        return {name: schema.empty_table() for name, schema in CERTAINTY.items()}
    with engine() as connection:
        for side, one in (("older", older), ("newer", newer)):
            for statement in _laid_out(side, one):
                connection.execute(statement)
        connection.execute(_CAUSES)
        pair = [older.name, newer.name]
        return {
            name: connection.sql(query, params=pair).to_arrow_table().cast(CERTAINTY[name])
            for name, query in (("restated_intervals", _INTERVALS), ("improved_causes", _IMPROVED))
        }


def _laid_out(side: str, one: Reported) -> Sequence[str]:
    """A side's sensitivities, and how many months each of its figures is of."""
    place = {
        name: f"read_parquet({quoted(one.parquet / f'{name}.parquet')})"
        for name in (SENSITIVITIES, INVENTORY, PRODUCTS)
    }
    return [
        f"create temp table {side} as select * from {place[SENSITIVITIES]}",
        f"""
        create temp table {side}_months as
        select '' as product_id, cast(inventory_year as varchar) as reference_period,
            max(month_count) as month_count
        from {place[INVENTORY]} group by all
        union all
        select product_id, reference_period, max(month_count)
        from {place[PRODUCTS]} group by all
        """,
        f"""
        create temp table {side}_figures as
        select {KEY}, max(figure_value) as figure_value,
            {NORMAL_95!r} * sqrt(sum((sensitivity * deviation) ** 2)) as half_width,
            max(months.month_count) as month_count
        from {side} left join {side}_months as months using (reference_period)
        where months.product_id = if({side}.unit = 'kgCO2e', '', {side}.subject)
        group by all
        """,
    ]


_CAUSES = f"""
create temp table causes as
select
    {KEY}, cause_id, coalesce(newer.cause_kind, older.cause_kind) as cause_kind,
    older.sensitivity as older_sensitivity, newer.sensitivity as newer_sensitivity,
    older.deviation as older_deviation, newer.deviation as newer_deviation,
    -- by rounding alone nothing moves
    if(
        abs(newer.sensitivity - older.sensitivity) <= {SAME} * abs(newer.sensitivity),
        0.0,
        coalesce(newer.sensitivity, 0.0) - coalesce(older.sensitivity, 0.0)
    ) as moved,
    if(newer.cause_id is null, older.deviation, newer.deviation) as deviation
from older full join newer using ({KEY}, cause_id)
"""

_INTERVALS = f"""
with differences as (
    select
        {KEY},
        sqrt(sum((moved * deviation) ** 2)) as standard_deviation,
        sum(if(deviation is null, abs(moved), 0.0)) / nullif(sum(abs(moved)), 0.0)
            as unstated_share
    from causes
    group by all
),

compared as (
    select
        {KEY},
        older.figure_value as older_value,
        newer.figure_value as newer_value,
        if(
            abs(newer.figure_value - older.figure_value) <= {SAME} * abs(newer.figure_value),
            0.0,
            newer.figure_value - older.figure_value
        ) as change,
        older.half_width as older_half_width,
        newer.half_width as newer_half_width,
        older.month_count = newer.month_count as has_same_months,
        if(older.month_count = newer.month_count, differences.standard_deviation, null)
            as standard_deviation,
        differences.unstated_share
    from older_figures as older
    inner join newer_figures as newer using ({KEY})
    inner join differences using ({KEY})
)

select
    $1 as older_release, $2 as newer_release, {KEY}, older_value, newer_value, change,
    older_half_width, newer_half_width,
    if(has_same_months, older_half_width - newer_half_width, null) as narrower_by,
    standard_deviation,
    change - {NORMAL_95!r} * standard_deviation as low_95,
    change + {NORMAL_95!r} * standard_deviation as high_95,
    unstated_share,
    if(has_same_months, abs(change) <= older_half_width, null) as is_within_older_interval,
    case
        when not has_same_months then 'other_months'
        when standard_deviation is null then 'not_known'
        when abs(change) <= {NORMAL_95!r} * standard_deviation then 'within_uncertainty'
        when unstated_share > 0.0 then 'beyond_what_is_stated'
        else 'significant'
    end as verdict
from compared
order by all
"""

_IMPROVED = f"""
with changed as (
    select
        causes.*,
        newer.half_width,
        case
            when newer_sensitivity is null then 'no_longer_a_cause'
            when older_sensitivity is null then 'new_cause'
            when older_deviation is null then 'stated'
            when newer_deviation is null then 'withdrawn'
            when newer_deviation < older_deviation then 'narrower'
            else 'wider'
        end as what_changed
    from causes
    inner join older_figures using ({KEY})
    inner join newer_figures as newer using ({KEY})
    where
        figure_kind in ('inventory', 'product')
        and (
            older_sensitivity is null
            or newer_sensitivity is null
            or (older_deviation is null) <> (newer_deviation is null)
            or abs(older_deviation - newer_deviation) > {SAME} * older_deviation
        )
)

select
    $1 as older_release, $2 as newer_release, {KEY}, cause_id, cause_kind, what_changed,
    older_deviation, newer_deviation,
    abs(coalesce(newer_sensitivity, older_sensitivity)) as rests_on_it,
    case
        when what_changed in ('narrower', 'wider')
            then {NORMAL_95!r} * sqrt(
                greatest(
                    (half_width / {NORMAL_95!r}) ** 2
                    + newer_sensitivity ** 2 * (older_deviation ** 2 - newer_deviation ** 2),
                    0.0
                )
            ) - half_width
    end as narrower_by
from changed
order by all
"""
