"""The mass balance of a process that hands in all its material itself (method R20).

Processes whose material is stated by several hand-ins are balanced later, over accepted data, by
the mart process_balances. Both follow the same terms: dry mass; a flow takes part when its moisture
is stated or measured; intermediates and products always do.
"""

from __future__ import annotations

import pyarrow as pa

from expectations.rules import Rule
from expectations.stage_workbook import PARTS_OF_A_HAND_IN

MASS_KINDS = ("material", "intermediate", "product", "waste", "own_waste", "process_emission")
"""Kinds of flow that take part in a mass balance."""

SOURCE_SCHEMA = pa.schema([("source", pa.string()), ("process_id", pa.string())])
"""Table `mass_sources`: which source may state material of which process; a null process is any."""

_KINDS = ", ".join(f"'{kind}'" for kind in MASS_KINDS)

# From the maps: a process counts when one source alone can state its material.
UNBALANCED = f"""
create or replace temp table gate_own_mass as
select process_id, any_value(source) as source
from (
    select distinct processes.process_id, stated.source
    from processes join mass_sources stated
        on coalesce(stated.process_id, processes.process_id) = processes.process_id
    where processes.process_type in ('production', 'treatment')
)
group by process_id having count(*) = 1;

create or replace temp table gate_unbalanced as
with weighed as (
    select m.*, f.flow_kind,
        case f.flow_kind when 'process_emission' then 'output' else m.direction end as side,
        m.canonical_quantity * u.kg as quantity_kg
    from gate_month m
        join gate_own_mass using (process_id, source)
        join flows f on f.flow_id = m.flow_id
        left join gate_mass_unit u on u.unit_code = f.unit_code
    where f.flow_kind in ({_KINDS})
),
measured as (
    select r.facility_id, r.flow_id, r.period_month,
        max(r.quantity * r.sign_multiplier * u.multiplier) as moisture,
        case when count(distinct r.hand_in) = 1 then any_value(r.hand_in) end as hand_in
    from readings r join unit_conversions u
        on u.flow_id = r.flow_id and u.unit_text is not distinct from r.unit_text
        and u.property = r.property
    where r.property = 'moisture' and r.direction = 'property' and isfinite(r.quantity)
        and r.hand_in in (select hand_in from handed_in)
        and exists (select 1 from gate_own_mass)
    group by all
),
stated as (
    select flow_id, try_cast(value as double) as moisture,
        try_cast(valid_from as date) as valid_from, try_cast(valid_to as date) as valid_to
    from flow_properties where property = 'moisture'
),
dry as (
    select w.*, w.quantity_kg * (1 - coalesce(m.moisture, s.moisture)) as dry_kg,
        -- what another hand-in measured is not this one's to answer for
        m.flow_id is not null and m.hand_in is distinct from w.hand_in as is_measured_elsewhere
    from weighed w
        left join measured m using (facility_id, flow_id, period_month)
        left join stated s on s.flow_id = w.flow_id
            and w.period_month >= coalesce(s.valid_from, w.period_month)
            and (s.valid_to is null or w.period_month < s.valid_to)
),
balanced as (
    select hand_in, source, process_id, period_month,
        coalesce(sum(dry_kg) filter (side = 'input'), 0) as input_kg,
        coalesce(sum(dry_kg) filter (side = 'output'), 0) as output_kg,
        arg_max(flow_id, dry_kg) filter (side = 'output') as flow_id,
        arg_max(direction, dry_kg) filter (side = 'output') as direction,
        arg_max(facility_id, dry_kg) filter (side = 'output') as facility_id
    from dry
    group by all
    having not bool_or(dry_kg is null and flow_kind in ('intermediate', 'product'))
        and not bool_or(is_measured_elsewhere)
),
judged as (
    select *, tolerance_of('mass_balance_critical', process_id, null) as tolerance from balanced
)
select * from judged
where input_kg > 0 and output_kg > 0
    and abs(input_kg - output_kg) > (tolerance + 1e-9) * input_kg
"""
NO_UNBALANCED = """
create or replace temp table gate_unbalanced (
    hand_in varchar, source varchar, process_id varchar, period_month date, input_kg double,
    output_kg double, flow_id varchar, direction varchar, facility_id varchar, tolerance double)
"""
"""Where no map says which source states which process."""

RULES = (
    Rule(
        "process_mass_balance",
        "critical",
        "Dry mass that a process takes is what it gives, where one hand-in states all of it.",
        "同一份报送填报全部物料的工序，投入的干基质量等于产出。",
        "{cell}: {process} gives {observed} in {month}, but takes {expected} (allowed: "
        "{tolerance} %).",
        "{cell}：{process} 在 {month} 产出 {observed}，投入 {expected}（允许偏差 {tolerance} %）。",
        "Look for an input, product or waste of the month that was not weighed or was booked in "
        "another month or unit; check the moisture.",
        "请查找当月未称重、错月或错单位登记的投入、产品或废料，并核对含水率。",
        f"""
        select cell.reading_no,
            concat(shown(round(u.output_kg, 3)), ' kg') as observed,
            concat(shown(round(u.input_kg, 3)), ' kg') as expected, u.tolerance
        from gate_unbalanced u
            join gate_largest_cell cell
                using (hand_in, source, process_id, facility_id, flow_id, direction, period_month)
        -- a cell that can't be read has its own finding, and a sum without it says nothing
        where not exists (
            select 1 from gate_reading r
            where r.hand_in = u.hand_in and (
                r.row_kind not in ({PARTS_OF_A_HAND_IN})
                or r.row_kind = 'reading' and r.role = 'activity'
                and r.process_id is not distinct from u.process_id
                and r.period_month = u.period_month and r.canonical_quantity is null
                and (r.value_type not in ('blank', 'missing') or r.is_required)))
        """,
        waivable=True,
    ),
)
