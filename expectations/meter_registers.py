"""Registers of meters: what a month moves them on by is what was consumed.

A register ends where it starts or above. It may begin again at 0 (`rolls_over_at`) or be exchanged
(`replaced_on`, `final_reading`, `first_reading`); company/meters.csv says so, and how much a step of
the register stands for (`multiplier`). The consumption is what the same hand-in states with the same
meter, or beside the only register of its process and flow in the sheet.
"""

from __future__ import annotations

from expectations.rules import Rule

_METER = "facility_id, process_id, flow_id, direction, period_month"

REGISTER = f"""
create or replace temp table gate_register as
with shown as (
    select hand_in, source, source_sheet, meter_id, {_METER},
        any_value(quantity) filter (role = 'meter_start') as started,
        any_value(quantity) filter (role = 'meter_end') as ended,
        any_value(source_cell) filter (role = 'meter_start') as start_cell,
        any_value(reading_no) filter (role = 'meter_end') as reading_no,
        coalesce(any_value(unit_multiplier), 1) as unit_multiplier
    from gate_reading
    where row_kind = 'reading' and role in ('meter_start', 'meter_end') and isfinite(quantity)
    group by all
    having count(*) filter (role = 'meter_start') = 1
        and count(*) filter (role = 'meter_end') = 1
),
alone as (
    select *, count(*) over (
        partition by hand_in, source_sheet, {_METER}) = 1 as is_only_register
    from shown
),
stated as (
    select hand_in, source_sheet, meter_id, {_METER},
        sum(canonical_quantity) as consumed, min(source_cell) as consumed_cell,
        any_value(flow_unit_code) as unit_code
    from gate_enriched
    where row_kind = 'reading' and role in ('activity', 'check')
        and canonical_quantity is not null and hand_in in (select hand_in from shown)
    group by all
),
compared as (
    select r.*, s.consumed, s.consumed_cell, s.unit_code,
        coalesce(try_cast(m.multiplier as double), 1) as multiplier,
        try_cast(m.rolls_over_at as double) as rolls_over_at,
        try_cast(m.final_reading as double) as final_reading,
        try_cast(m.first_reading as double) as first_reading,
        coalesce(try_cast(m.replaced_on as date) >= r.period_month
            and try_cast(m.replaced_on as date) < r.period_month + interval 1 month
            -- one of the two registers may have been read for the whole month
            and started <> first_reading and ended <> final_reading, false) as is_exchanged
    from alone r
        left join meters m on m.meter_id = r.meter_id and m.facility_id = r.facility_id
        left join stated s on s.hand_in = r.hand_in
            and s.facility_id is not distinct from r.facility_id
            and s.flow_id = r.flow_id and s.period_month = r.period_month
            and (s.meter_id = r.meter_id
                or s.meter_id is null and r.is_only_register
                and s.source_sheet is not distinct from r.source_sheet
                and s.process_id is not distinct from r.process_id
                and s.direction is not distinct from r.direction)
    qualify row_number() over (
        partition by r.reading_no order by s.meter_id is null, s.consumed_cell) = 1
),
moved as (
    select *,
        case when is_exchanged then final_reading - started + ended - first_reading
            when ended >= started then ended - started
            else ended - started + rolls_over_at end as advance,
        -- the last digit that the register shows
        multiplier * unit_multiplier * case
            when started = floor(started) and ended = floor(ended) then 1 else 0.1 end as step
    from compared
)
select *, concat_ws('/', facility_id, coalesce(meter_id, concat_ws('/', process_id, flow_id)))
        as place,
    advance * multiplier * unit_multiplier as measured,
    tolerance_of('meter_register', source, flow_id) as tolerance
from moved;

create or replace temp table gate_register_broken as
select * from gate_register
where advance is null or advance < 0
    or consumed is null and ended < started and not is_exchanged and advance > rolls_over_at / 2
    or abs(consumed - measured) > tolerance * abs(measured) + step * (1 + 1e-9)
"""

RULES = (
    Rule(
        "meter_register",
        "critical",
        "A register moves on by what was consumed, times its multiplier.",
        "表计示数的差值乘以倍率等于用量。",
        "{cell}: the register of {item} for {month} {why}",
        "{cell}：{item} 在 {month} 的示数{why}",
        "Read the meter again and correct the reading or the consumption. A register that begins "
        "again at 0 needs rolls_over_at, an exchanged one replaced_on, final_reading and "
        "first_reading, and its multiplier must be right, in company/meters.csv.",
        "请重新抄表并更正示数或用量。示数归零的表计须在 company/meters.csv 填写 rolls_over_at，"
        "更换的表计须填写 replaced_on、final_reading 和 first_reading，并核对其中的倍率。",
        """
        select reading_no, shown(ended) as observed,
            coalesce(shown(consumed), shown(started)) as expected, tolerance,
            case when advance is null or advance < 0 or consumed is null then concat(
                    'ends at ', shown(ended), ', below its start ', shown(started), ' in ',
                    start_cell, '.', coalesce(concat(' With the ', shown(consumed), ' ', unit_code,
                        ' stated in ', consumed_cell, ' it would end at ',
                        shown(started + consumed / nullif(multiplier * unit_multiplier, 0)), '.'),
                        ''))
                else concat('moves on by ', shown(advance), ', times ', shown(multiplier), ' is ',
                    shown(measured), ' ', unit_code, '; stated are ', shown(consumed), ' ',
                    unit_code, ' in ', consumed_cell, case when advance > 0 then concat(
                        ', as if the multiplier were ',
                        significant(consumed / advance / unit_multiplier)) else '' end, '.')
                end as why_en,
            case when advance is null or advance < 0 or consumed is null then concat(
                    '期末为 ', shown(ended), '，低于 ', start_cell, ' 的期初 ', shown(started), '。',
                    coalesce(concat('按 ', consumed_cell, ' 填报的 ', shown(consumed), ' ',
                        unit_code, ' 计算，期末应为 ',
                        shown(started + consumed / nullif(multiplier * unit_multiplier, 0)), '。'),
                        ''))
                else concat('差值为 ', shown(advance), '，乘以倍率 ', shown(multiplier), ' 为 ',
                    shown(measured), ' ', unit_code, '；而 ', consumed_cell, ' 填报 ',
                    shown(consumed), ' ', unit_code, case when advance > 0 then concat(
                        '，相当于倍率为 ', significant(consumed / advance / unit_multiplier))
                        else '' end, '。')
                end as why_zh
        from gate_register_broken
        """,
        waivable=True,
    ),
)
