"""What is stated twice: where two disagree, which is likelier wrong, and who must look.

Counted is the sum of what the stages state of a flow at a site; a check is the same said a second
time: an invoice, a main meter, a register of the gate. Where they differ by more than is tolerated,
the evidence is asked in this order: the register of the check itself, a third figure, each side's
own other months and declared ranges, and whether a slip of digits or units on one side closes the
gap. The likelier wrong is refused, the other is told. Without evidence neither counts until it is
settled. Where many add up to the counted side, one of them is refused if it alone is suspect;
otherwise the check is, so that somebody must decide, and those who could explain the gap are told.
"""

from __future__ import annotations

from expectations.gate_tables import CELL_GROUP_KEY, PLACE_KEY
from expectations.rules import Rule

SLIPS = "[0.0001, 0.001, 0.01, 0.1, 10, 100, 1000, 10000]"
"""A digit, two decimals, kg for t, a unit with or without its 万."""

_CHECK_KEY = f"check_hand_in, {PLACE_KEY}"


def _place(table: str) -> str:
    """The columns of a place, as those of one table."""
    return ", ".join(f"{table}.{column}" for column in PLACE_KEY.split(", "))


DISPUTE = f"""
create or replace temp table gate_dispute as
select hand_in as check_hand_in, {PLACE_KEY}, stated, counted, stated - counted as gap, check_count,
    counted_cells, unit_code, tolerance, tolerance * abs(counted) as allowed
from gate_agreement
where ({PLACE_KEY}) not in (select ({PLACE_KEY}) from gate_incomplete)
    and abs(stated - counted)
        > tolerance * abs(counted) + 1e-9 * greatest(abs(stated), abs(counted));

-- Who adds up to the counted side, and what speaks against it.
create or replace temp table gate_contributor as
with outside as (
    select {CELL_GROUP_KEY},
        bool_or(canonical_quantity < coalesce(usual_min, hard_min)) as is_below,
        bool_or(canonical_quantity > coalesce(usual_max, hard_max)) as is_above
    from gate_bounded group by all
)
select d.*, m.hand_in, m.source, m.process_id, m.canonical_quantity as quantity,
    m.canonical_quantity + d.gap as closed, s.usual,
    coalesce(case when d.gap < 0 then (s.is_unlike or s.is_far) and s.distance > 0
        else (s.is_unlike or s.is_far) and coalesce(s.distance < 0, true) end, false)
        as is_unlike_itself,
    is_unlike_itself or coalesce(case when d.gap < 0 then o.is_above else o.is_below end, false)
        as is_odd,
    coalesce(s.used_count >= 3 and not s.is_unlike and not s.is_far, false) as is_confirmed,
    closed >= -d.allowed and (s.usual is null or coalesce(
        abs(ln(nullif(greatest(closed, 0), 0) / s.usual)) <= s.usual_distance, false)) as could_be,
    len(list_filter({SLIPS}, lambda slip:
        abs(m.canonical_quantity * slip - closed) <= d.allowed)) > 0
        and count(*) over (partition by d.check_hand_in, {_place("d")}) > 1
        as is_slip
from gate_dispute d
    join gate_month m using ({PLACE_KEY})
    left join gate_series s on s.role = 'activity' and s.hand_in = m.hand_in
        and s.source = m.source and s.process_id is not distinct from m.process_id
        and s.facility_id = m.facility_id and s.flow_id = m.flow_id
        and s.direction = m.direction and s.period_month = m.period_month
    left join outside o on o.hand_in = m.hand_in and o.source = m.source
        and o.process_id is not distinct from m.process_id and o.facility_id = m.facility_id
        and o.flow_id = m.flow_id and o.direction = m.direction
        and o.period_month = m.period_month;

create or replace temp table gate_settled as
with evidence as (
    select d.*,
        exists (
            select 1 from gate_register_broken r
            where r.hand_in = d.check_hand_in and r.facility_id = d.facility_id
                and r.flow_id = d.flow_id and r.period_month = d.period_month) as register_differs,
        (select min(a.hand_in) from gate_agreement a
            where a.hand_in <> d.check_hand_in and ({_place("a")}) = ({_place("d")})
                and abs(a.stated - d.stated) <= a.tolerance * abs(d.stated)) as witness,
        (select min(a.hand_in) from gate_agreement a
            where a.hand_in <> d.check_hand_in and ({_place("a")}) = ({_place("d")})
                and abs(a.stated - d.counted) <= a.tolerance * abs(d.counted)) as counter_witness,
        exists (
            select 1 from gate_series s
            where s.role = 'check' and s.hand_in = d.check_hand_in
                and ({_place("s")}) = ({_place("d")}) and (s.is_unlike or s.is_far)
                and coalesce(s.distance > 0, false) = (d.gap > 0)) as check_is_odd,
        exists (
            select 1 from unnest({SLIPS}) as slip(factor)
            where abs(d.stated * factor - d.counted) <= d.allowed) as check_is_slip,
        (select bool_or(c.is_odd) from gate_contributor c
            where c.check_hand_in = d.check_hand_in and ({_place("c")}) = ({_place("d")})
            ) as counted_is_odd,
        (select count(distinct c.hand_in) from gate_contributor c
            where c.check_hand_in = d.check_hand_in and ({_place("c")}) = ({_place("d")})
                and c.is_slip) as slip_count,
        (select count(distinct c.hand_in) from gate_contributor c
            where c.check_hand_in = d.check_hand_in and ({_place("c")}) = ({_place("d")})
            ) as contributor_count,
        (select count(distinct c.hand_in) from gate_contributor c
            where c.check_hand_in = d.check_hand_in and ({_place("c")}) = ({_place("d")})
                and c.could_be) as suspect_count,
        (select bool_and(c.is_confirmed) from gate_contributor c
            where c.check_hand_in = d.check_hand_in and ({_place("c")}) = ({_place("d")})
            ) as counted_is_confirmed,
        exists (
            select 1 from gate_series s
            where s.role = 'check' and s.hand_in = d.check_hand_in
                and ({_place("s")}) = ({_place("d")}) and s.used_count >= 3) as check_has_history
    from gate_dispute d
)
select *,
    case when register_differs then 'register'
        when witness is not null and counter_witness is null
            and (counted_is_odd or slip_count = 1 or suspect_count = 1) then 'witness'
        when counter_witness is not null and witness is null then 'counter_witness'
        when counted_is_odd and not check_is_odd then 'counted_history'
        when check_is_odd and not counted_is_odd then 'check_history'
        when counted_is_confirmed and suspect_count = 0 and not check_has_history
            then 'counted_confirmed'
        when slip_count = 1 and not check_is_slip then 'slip'
        else 'open' end as verdict,
    verdict in ('register', 'counter_witness', 'check_history', 'counted_confirmed')
        as check_is_suspect,
    verdict in ('witness', 'counted_history', 'slip') as counted_is_suspect
from evidence;

-- One row for each contributor that is suspect, or one of several that may be.
create or replace temp table gate_disputed_cell as
select {CELL_GROUP_KEY}, c.check_hand_in, s.verdict, c.quantity, s.stated, s.counted, s.unit_code,
    s.tolerance, s.witness, s.contributor_count, c.usual, c.is_unlike_itself,
    case when s.counted_is_suspect or s.contributor_count = 1 then 'critical' else 'warning' end
        as severity
from gate_contributor c join gate_settled s using ({_CHECK_KEY})
where not s.check_is_suspect and case
        when coalesce(s.counted_is_odd, false) and s.counted_is_suspect then c.is_odd
        when s.slip_count = 1 and s.counted_is_suspect then c.is_slip
        else c.could_be or s.contributor_count = 1 end
qualify row_number() over (
    partition by {CELL_GROUP_KEY} order by severity, abs(s.gap) desc, c.check_hand_in) = 1;

create or replace temp table gate_counted_cell as
select {PLACE_KEY}, arg_max(cell, abs(canonical_quantity)) as cell,
    string_agg(distinct hand_in, ', ' order by hand_in) as hand_ins
from gate_month join gate_largest_cell using ({CELL_GROUP_KEY})
group by all;

create or replace temp table gate_suspect as
select {PLACE_KEY}, string_agg(distinct hand_in, ', ' order by hand_in) as hand_ins
from gate_disputed_cell where severity = 'critical'
group by all
"""

_SQL = f"""
    select cell.reading_no,
        case when s.counted_is_suspect then 'warning' else 'critical' end as severity,
        concat(shown(s.stated), ' ', s.unit_code, case when s.check_count > 1
            then concat(' (sum of ', s.check_count, ' cells)') else '' end) as observed,
        concat(shown(s.counted), ' ', s.unit_code, ' in ', k.cell, case
            when s.counted_cells > 1 then concat(' and ', s.counted_cells - 1, ' more')
            else '' end) as expected,
        s.tolerance,
        case s.verdict
            when 'register' then 'This figure is likelier wrong: its own register differs.'
            when 'counter_witness' then concat('This figure is likelier wrong: ',
                s.counter_witness, ' agrees with the other side.')
            when 'check_history' then
                'This figure is likelier wrong: it is unlike its own other months.'
            when 'counted_confirmed' then
                'This figure is likelier wrong: the other side is like its own other months.'
            when 'open' then concat('Nothing tells which is wrong; it does not count until ',
                check_hand_in, ' and ', k.hand_ins, ' have settled it.')
            else concat('Likelier wrong, and refused, is ', coalesce(u.hand_ins, k.hand_ins),
                '; nothing to do here unless that turns out right.') end as why_en,
        case s.verdict
            when 'register' then '此处数据更可能有误：与其自身表计示数不符。'
            when 'counter_witness' then concat('此处数据更可能有误：', s.counter_witness,
                ' 与另一方一致。')
            when 'check_history' then '此处数据更可能有误：与自身其他月份相差过大。'
            when 'counted_confirmed' then '此处数据更可能有误：另一方与其自身其他月份相符。'
            when 'open' then concat('无法判断哪一方有误；在 ', check_hand_in, ' 与 ', k.hand_ins,
                ' 核实之前，数据不予采用。')
            else concat('更可能有误且已被退回的是 ', coalesce(u.hand_ins, k.hand_ins),
                '；除非其确认无误，此处无需处理。') end as why_zh
    from gate_settled s
        join gate_check_cell cell on cell.hand_in = s.check_hand_in
            and ({_place("cell")}) = ({_place("s")})
        join gate_counted_cell k on ({_place("k")}) = ({_place("s")})
        left join gate_suspect u on ({_place("u")}) = ({_place("s")})
    union all by name
    select cell.reading_no, c.severity,
        concat(shown(c.quantity), ' ', c.unit_code, case when c.quantity <> c.counted
            then concat(' of ', shown(c.counted)) else '' end) as observed,
        concat(shown(c.stated), ' ', c.unit_code, ' in ', other.source_file, ' ',
            concat_ws('!', other.source_sheet, other.source_cell)) as expected,
        c.tolerance,
        case when c.severity = 'warning' then concat('Nothing tells which of ',
                c.contributor_count, ' hand-ins or ', c.check_hand_in, ' is wrong; have a look.')
            when c.verdict = 'open' then concat('Nothing tells which is wrong; it does not count '
                'until ', c.hand_in, ' and ', c.check_hand_in, ' have settled it.')
            else concat('This figure is likelier wrong: ', case when c.is_unlike_itself
                    then concat('in other months it is about ', significant(c.usual), ' ',
                        c.unit_code, '.')
                when c.verdict = 'slip' then 'a digit or a unit here would close the gap.'
                when c.verdict = 'witness' then concat(c.witness, ' says what ', c.check_hand_in,
                    ' says.')
                else 'it is outside its range.' end) end as why_en,
        case when c.severity = 'warning' then concat('无法判断 ', c.contributor_count,
                ' 份报送与 ', c.check_hand_in, ' 中哪一份有误，请核对。')
            when c.verdict = 'open' then concat('无法判断哪一方有误；在 ', c.hand_in, ' 与 ',
                c.check_hand_in, ' 核实之前，数据不予采用。')
            else concat('此处数据更可能有误：', case when c.is_unlike_itself
                    then concat('其他月份约为 ', significant(c.usual), ' ', c.unit_code, '。')
                when c.verdict = 'slip' then '此处的一位数字或单位即可解释差额。'
                when c.verdict = 'witness' then concat(c.witness, ' 与 ', c.check_hand_in,
                    ' 一致。')
                else '超出其范围。' end) end as why_zh
    from gate_disputed_cell c
        join gate_largest_cell cell using ({CELL_GROUP_KEY})
        join gate_check_cell chk on chk.hand_in = c.check_hand_in and ({_place("chk")}) = ({_place("c")})
        join gate_reading other on other.reading_no = chk.reading_no
"""

RULES = (
    Rule(
        "sheet_agrees_with_erp",
        "critical",
        "What is stated twice agrees; where it doesn't, the likelier wrong is refused.",
        "重复填报的数据须一致；不一致时退回更可能有误的一方。",
        "{cell}: {flow} for {month} is {observed} here, but {expected} (allowed: {tolerance} %). "
        "{why}",
        "{cell}：{flow} 在 {month} 此处为 {observed}，而 {expected}（允许偏差 {tolerance} %）。{why}",
        "Settle with the other side which figure is right, and hand in the corrected one.",
        "请与另一方核对哪个数据正确，并提交更正后的数据。",
        _SQL,
        waivable=True,
    ),
)
