"""Each quantity against the same quantity of other months: what no declared range has to know.

A series is what one source states of a flow at a process. Each of its months is held against the
median of the others, on logarithms, so that a tenth is as far away as ten times: those of this
round, and those that other rounds had accepted in the year before. The spread is that of the other
months, too (MAD), so trips that come as they come are not told, and a meter that never moves by
a tenth is. How far is too far are lines of the seed `default_tolerances`, which lines of the company's
expectations/tolerances.csv go before.
"""

from __future__ import annotations

from expectations.collection_round import BEYOND_HARD, BEYOND_USUAL
from expectations.rules import Rule

SERIES_KEY = "source, role, facility_id, process_id, flow_id, direction"

SAME_SERIES = (
    "bound.source = s.source and bound.facility_id is not distinct from s.facility_id "
    "and bound.process_id is not distinct from s.process_id and bound.flow_id = s.flow_id "
    "and bound.direction is not distinct from s.direction"
)

SMALL_SAMPLE = 0.7
"""Spread of logarithms that a single other month leaves open; n months leave open an n-th of it."""

LEAST_SPREAD = 0.1
"""A series that repeats itself to the digit is still a measurement."""

FEW_RECORDS = 10
"""Below as many records a month, one that is missing may halve the month; absence is asked apart."""

# Statements of other rounds count where this round has none of the same month. What is beyond the
# physically possible, or has a reversal in it, is no measure of other months. Meters have a cell
# each month; what is stated in some months only, or by a varying number of records, is a log.
SERIES = f"""
create or replace temp table gate_series as
with stated as (
    select {SERIES_KEY}, period_month, any_value(hand_in) as hand_in,
        sum(canonical_quantity) as quantity, sum(cell_count) as record_count, true as is_judged,
        bool_or(has_reversal) as is_netted
    from gate_stated group by all
    union all by name
    select {SERIES_KEY.replace("flow_id", "h.flow_id")}, period_month, null as hand_in,
        sum(h.quantity * u.multiplier) as quantity, sum(record_count) as record_count,
        false as is_judged, false as is_netted
    from history h join unit_conversions u
        on u.flow_id = h.flow_id and u.unit_text is not distinct from h.unit_text
        and u.property = ''
    where h.quantity * u.multiplier is not null
    group by all
),
in_force as (
    select *, is_netted or is_judged and role = 'activity' and exists (
            select 1 from gate_bounded bound
            where {SAME_SERIES} and bound.period_month = s.period_month and {BEYOND_HARD}
        ) as is_no_measure
    from stated s
    qualify is_judged = max(is_judged) over (partition by {SERIES_KEY}, period_month)
),
covered as (
    select source, list(distinct period_month) as months_of_source from in_force group by all
),
listed as (
    select {SERIES_KEY}, months_of_source, min(period_month) as first_month,
        max(period_month) as last_month, list({{
        'month': period_month, 'quantity': quantity, 'record_count': record_count}})
        filter (not is_no_measure) as months
    from in_force join covered using (source) group by all
),
beside as (
    select s.* exclude (is_judged, is_no_measure),
        len(list_filter(l.months_of_source, lambda one: one between l.first_month
            and l.last_month)) > len(l.months) as has_gaps,
        list_filter(l.months, lambda one: one.month <> s.period_month) as others,
        list_transform(list_filter(others, lambda one: one.quantity > 0),
            lambda one: ln(one.quantity)) as logs,
        list_transform(others, lambda one: one.record_count) as counts
    from in_force s join listed l
        on l.source = s.source and l.role = s.role
        and l.facility_id is not distinct from s.facility_id
        and l.process_id is not distinct from s.process_id
        and l.flow_id is not distinct from s.flow_id
        and l.direction is not distinct from s.direction
    where s.is_judged
),
centred as (
    select * exclude (others, counts, logs, has_gaps),
        len(others) as other_count, len(logs) as used_count,
        list_aggregate(logs, 'median') as usual_log,
        1.4826 * list_aggregate(
            list_transform(logs, lambda one: abs(one - usual_log)), 'median') as spread,
        has_gaps or len(list_distinct(counts)) > 1 as is_log_of_records,
        list_aggregate(counts, 'median') as usual_records,
        exp(usual_log) as usual,
        ln(nullif(quantity, 0)) - usual_log as distance
    from beside
    where quantity >= 0 and len(logs) > 0
),
allowed as (
    select *,
        greatest(coalesce(spread, 0), {LEAST_SPREAD}, {SMALL_SAMPLE} / used_count) as deviation,
        -- the number of records scatters by its square root
        case when is_log_of_records then 2 / sqrt(usual_records) else 0 end as by_chance,
        is_netted or is_log_of_records and usual_records < {FEW_RECORDS} as is_lumpy,
        tolerance_of('unlike_other_months_deviations', source, flow_id) * deviation as unlike_by,
        ln(1 + tolerance_of('unlike_other_months', source, flow_id)) as unlike_factor,
        tolerance_of('far_from_other_months_deviations', source, flow_id) * deviation as far_by,
        ln(1 + tolerance_of('far_from_other_months', source, flow_id)) as far_factor,
        ln(1 + tolerance_of('far_below_other_months', source, flow_id)) as below_factor
    from centred
)
select * exclude (unlike_by, unlike_factor, far_by, far_factor, below_factor, by_chance),
    greatest(unlike_by, unlike_factor, by_chance) as usual_distance,
    coalesce(distance > greatest(far_by, far_factor, by_chance)
        or -distance > greatest(far_by, below_factor, by_chance), false) as is_far,
    not is_far and coalesce(
        distance > usual_distance or -distance > usual_distance and not is_lumpy,
        -- nothing where every other month has something
        quantity = 0 and used_count = other_count and other_count >= 3 and not is_lumpy, false
    ) as is_unlike
from allowed
"""

# A process that stands still is told by its output; what it then takes is not told again, however
# little. A declared range that was broken has its own finding.
UNLIKE = f"""
create or replace temp table gate_standstill as
select process_id, period_month
from gate_series join flows using (flow_id)
where role = 'activity' and direction = 'output' and flow_kind in ('intermediate', 'product')
group by all having max(quantity) = 0;

create or replace temp table gate_unlike as
select s.*, f.unit_code
from gate_series s join flows f using (flow_id)
where role = 'activity' and (is_far or is_unlike)
    and not (direction = 'input' and coalesce(distance < 0, quantity = 0) and exists (
        select 1 from gate_standstill still
        where still.process_id = s.process_id and still.period_month = s.period_month))
    and not exists (
        select 1 from gate_bounded bound
        where {SAME_SERIES} and bound.period_month = s.period_month
            and ({BEYOND_HARD} or not s.is_far and {BEYOND_USUAL}))
"""

HINTS = (
    (10, "a digit too many, or a decimal point lost?", "是否多了一位数字，或漏了小数点？"),
    (100, "a percentage or two decimals lost?", "是否百分数换算有误，或漏了两位小数？"),
    (1000, "kg where t is meant, kWh where MWh?", "是否把 kg 当作 t，或把 kWh 当作 MWh？"),
    (10000, "a unit with 万 that the figure is not in?", "单位中的“万”是否与数值不符？"),
    (0.1, "a digit too few, or a decimal point too many?", "是否少了一位数字，或小数点错位？"),
    (0.001, "t where kg is meant, MWh where kWh?", "是否把 t 当作 kg，或把 MWh 当作 kWh？"),
    (0.0001, "a figure without its 万?", "数值是否漏了“万”？"),
)
"""Slips that a factor gives away; a month is never exactly its usual, so a third off is near."""


def _hint(language: str) -> str:
    cases = " ".join(
        f"when abs(distance - ln({factor})) < ln(1.35) then ' {en if language == 'en' else zh}'"
        for factor, en, zh in HINTS
    )
    return f"case {cases} else '' end"


def _unlike_sql(condition: str) -> str:
    times = "significant(exp(abs(distance)))"
    return f"""
        select cell.reading_no,
            concat(shown(quantity), ' ', unit_code, case when record_count > 1
                then concat(' (sum of ', record_count, ' cells)') else '' end) as observed,
            concat(significant(usual), ' ', unit_code) as expected,
            concat(case when quantity = 0 then 'nothing' when distance > 0
                then concat({times}, ' times as much') else concat('1/', {times}) end, ' (',
                used_count, case when used_count = 1 then ' other month).' else ' other months).'
                end, {_hint("en")}) as why_en,
            concat(case when quantity = 0 then '为零' when distance > 0
                then concat('为其 ', {times}, ' 倍') else concat('仅为其 1/', {times}) end,
                '（对比 ', used_count, ' 个月）。', {_hint("zh")}) as why_zh
        from gate_unlike u join gate_largest_cell cell
            using (hand_in, source, process_id, facility_id, flow_id, direction, period_month)
        where {condition}
    """


RULES = (
    Rule(
        "far_from_other_months",
        "critical",
        "No quantity is orders of magnitude from what the same source states for other months.",
        "数量与同一来源其他月份相比，不得相差数量级。",
        "{cell}: {item} for {month} is {observed}; usual in other months is {expected}: {why}",
        "{cell}：{item} 在 {month} 为 {observed}，其他月份通常为 {expected}：{why}",
        "Check digits, decimal point and unit of the cell. If the quantity is right, somebody "
        "answers for it in waivers.csv of the round.",
        "请核对该单元格的位数、小数点和单位；若数量无误，须在本轮次 waivers.csv 中由专人说明并负责。",
        _unlike_sql("is_far"),
        waivable=True,
    ),
    Rule(
        "unlike_other_months",
        "warning",
        "A quantity is like those that the same source states for other months.",
        "数量与同一来源其他月份相近。",
        "{cell}: {item} for {month} is {observed}; usual in other months is {expected}: {why}",
        "{cell}：{item} 在 {month} 为 {observed}，其他月份通常为 {expected}：{why}",
        "Check the value, its unit, and whether lines are missing. If it is right, say why in the "
        "note; nothing else is needed.",
        "请核对数值、单位以及是否缺行；若无误，请在备注中说明原因，无需其他处理。",
        _unlike_sql("is_unlike"),
        waivable=True,
    ),
)
