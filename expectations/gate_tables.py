"""The SQL of the tables that the rules of a round select from; `preparation` runs it."""

from __future__ import annotations

from expectations.collection_round import BEYOND_HARD, BEYOND_USUAL
from expectations.erp_export import (
    COARSE_BOOKED_KEY,
    COARSE_RECORD_KEY,
    IS_RECORD_LINE,
    ONE_PART,
    TELLING,
)
from expectations.stage_workbook import COARSE_MONTH_KEY, IS_MONTHLY, PARTS_OF_A_HAND_IN
from orchestration.company.physical_bounds import largest_month
from orchestration.lake.hand_ins import ERP, sql_is_export, sql_owner

LAYOUT = """
create or replace temp table gate_layout as
select source, source_sheet, bool_or(layout = 'records') as is_record
from sheet_layouts where source_sheet is not null group by all
"""

# Every reading with what the master data say about it.
ENRICHED = f"""
create or replace temp view gate_enriched as
select
    r.hand_in, r.source, r.row_kind, r.role, r.facility_id, r.process_id, r.flow_id, r.direction,
    r.property, r.period_month, r.period_text, r.value_text, r.value_type, r.quantity,
    r.sign_multiplier, r.multiplier_text, r.multiplier_cell, r.unit_text, r.document_no,
    r.supplier_id, r.unknown_supplier, r.meter_id, r.is_required, r.formula, r.evidence,
    coalesce(r.is_reversal, false) as is_reversal, r.reversed_document, r.data_method,
    r.first_day, r.last_day,
    r.item_text, r.source_file, r.source_sheet, r.source_cell, r.corrected_from,
    r.quantity_as_typed,
    cell_beside(r.source_cell, r.period_column) as period_cell,
    cell_beside(r.source_cell, r.flow_column) as flow_cell,
    cell_beside(r.source_cell, r.unit_column) as unit_cell,
    cell_beside(r.source_cell, r.facility_column) as facility_cell,
    coalesce(s.is_record, {sql_is_export("r.source")} or r.document_no is not null)
        as is_record,
    f.flow_id is not null as flow_is_known,
    f.flow_kind,
    coalesce(u.unit_code, f.unit_code) as flow_unit_code,
    a.facility_id is not null as facility_is_known,
    p.facility_id as process_facility_id,
    u.multiplier as unit_multiplier,
    coalesce(u.problem ilike '%dimension%', false) as unit_has_wrong_dimension,
    u.problem as unit_problem, u.problem_zh as unit_problem_zh,
    case when r.row_kind = 'reading' and r.period_month is not null
            and coalesce(r.direction, '') <> 'property' and isfinite(r.quantity)
        then r.quantity * r.sign_multiplier * u.multiplier end as canonical_quantity
from readings r
    left join flows f on f.flow_id = r.flow_id
    left join facilities a on a.facility_id = r.facility_id
    left join processes p on p.process_id = r.process_id
    left join unit_conversions u
        on u.flow_id = r.flow_id and u.unit_text is not distinct from r.unit_text
        and u.property = case when r.direction = 'property' then r.property else '' end
    left join gate_layout s on s.source = r.source and s.source_sheet = r.source_sheet
where r.hand_in in (select hand_in from handed_in)
"""

# What needs no second look. Every rule on single cells must hold for such a row: the test
# `test_nothing_is_overlooked` compares with a run that looks at every row.
PLAINLY_FINE = f"""
row_kind = 'reading' and role = 'activity' and value_type = 'number' and isfinite(quantity)
    and quantity >= 0 and sign_multiplier is not null and period_month in ({{months}})
    and flow_is_known and facility_is_known and process_facility_id = facility_id
    and unit_multiplier is not null and direction in ('input', 'output')
    and quantity * abs(sign_multiplier) * unit_multiplier <= {largest_month()}
"""

# Copying a million wide rows costs more than judging them, so the rules see only the rows that
# are not plainly fine, are compared with others, or are to be named. `rowid` is free, a
# row_number() over the million is not.
CELL = """
create or replace temp table gate_cell as
select * from gate_enriched where not coalesce({plainly_fine}, false) {or_needed}
-- as a person reads the sheet, so that the second of two equal cells is the lower one
order by hand_in, source_sheet, try_cast(regexp_extract(source_cell, '[0-9]+') as bigint),
    length(source_cell), source_cell;

create or replace temp view gate_reading as select rowid as reading_no, * from gate_cell;

create or replace temp table gate_largest_cell as
select {month_key}, arg_max(reading_no, abs(canonical_quantity)) as reading_no,
    arg_max(concat_ws('!', source_file, source_sheet, source_cell), abs(canonical_quantity))
        as cell
from gate_reading where role = 'activity' and canonical_quantity is not null
group by all
"""

# A key that nobody registered finds no factor of its own and takes the average; one that differs
# from a registered one in capitals or width alone is that one. A meter is looked up to know what
# its register counts; most need no line of their own, so only a misspelt one is told.
UNKNOWN_KEY = """
create or replace temp macro spelt(key) as
    lower(trim(translate(key, '０１２３４５６７８９－＿　', '0123456789-_ ')));

create or replace temp table gate_unknown_key as
with named as (
    select 'supplier' as kind, hand_in, coalesce(supplier_id, unknown_supplier) as key,
        bool_or(unknown_supplier is not null) as lacks_in_lookup, count(*) as line_count
    from readings where row_kind = 'reading' group by all
    union all
    select 'meter', hand_in, meter_id, false, count(*)
    from readings where row_kind = 'reading' group by all
),
registered as (
    select 'supplier' as kind, supplier_id as key from suppliers
    union all select 'meter', meter_id from meters
),
compared as (
    select named.*, min(registered.key) as meant,
        coalesce(bool_or(registered.key = named.key), false) as is_registered
    from named left join registered
        on registered.kind = named.kind and spelt(registered.key) = spelt(named.key)
    where named.key is not null
    group by all
)
select * from compared
where lacks_in_lookup
    or not is_registered and (meant is not null
        or kind = 'supplier' and exists (select 1 from registered where kind = 'supplier'))
"""

NEEDED = {
    "gate_unknown_key": "(hand_in, coalesce(supplier_id, unknown_supplier)) in (select (hand_in, key)"
    " from gate_unknown_key where kind = 'supplier')"
    " or (hand_in, meter_id) in (select (hand_in, key) from gate_unknown_key where kind = 'meter')",
    "gate_negative": "({month_key}) in (select ({month_key}) from gate_negative)",
    "gate_beyond": "({month_key}) in (select ({month_key}) from gate_beyond)",
    **{
        table: f"({{month_key}}) in (select ({{month_key}}) from {table})"
        for table in (
            "gate_unmoved",
            "gate_too_large",
            "gate_unasked",
            "gate_sold",
            "gate_commuters",
        )
    },
    "gate_unlike": "({month_key}) in (select ({month_key}) from gate_unlike)",
    "gate_ratio_output": "({month_key}) in (select ({month_key}) from gate_ratio_output)",
    "gate_unbalanced": "({month_key}) in (select ({month_key}) from gate_unbalanced)",
    "gate_disagreeing": "({place_key}) in (select ({place_key}) from gate_disagreeing)",
    "gate_totalled": "hand_in in (select hand_in from gate_totalled)",
    "gate_repeated": f"hash({COARSE_MONTH_KEY}) in (select key_hash from gate_repeated)"
    f" or hash({COARSE_RECORD_KEY}) in (select key_hash from gate_repeated)",
    "gate_booked_again": f"(document_no is not null and hash({COARSE_BOOKED_KEY}) in (select key_hash"
    " from gate_booked_again))",
}
PLACE_KEY = "facility_id, flow_id, direction, period_month"
CELL_GROUP_KEY = f"hand_in, source, process_id, {PLACE_KEY}"

MONTH = """
create or replace temp table gate_stated as
select r.hand_in, source, role, facility_id, process_id, r.flow_id, direction, period_month,
    sum(quantity * sign_multiplier * multiplier) as canonical_quantity,
    count(*) as cell_count, max(quantity * sign_multiplier * multiplier) as largest_quantity,
    sum(abs(quantity * sign_multiplier * multiplier)) as gross_quantity,
    coalesce(bool_or(is_reversal), false) as has_reversal
from readings r join unit_conversions u
    on u.flow_id = r.flow_id and u.unit_text is not distinct from r.unit_text and u.property = ''
where role in ('activity', 'check') and row_kind = 'reading' and period_month is not null
    and coalesce(direction, '') <> 'property' and isfinite(quantity)
    and quantity * sign_multiplier * multiplier is not null
    and hand_in in (select hand_in from handed_in)
group by all;

create or replace temp table gate_month as
select * exclude (role) from gate_stated where role = 'activity';

create or replace temp table gate_negative as
select m.* from gate_month m join flows f on f.flow_id = m.flow_id
where canonical_quantity < -1e-9 * gross_quantity and (has_reversal or largest_quantity > 0)
    and direction in ('input', 'output') and coalesce(f.flow_kind, '') <> 'statistic';

create or replace temp table gate_totalled as
select distinct hand_in from readings where role = 'row_total' and row_kind = 'reading'
"""

# Candidates only: one hash over a few columns is four times as fast as the full key, by which
# the rules then judge them.
REPEATED = f"""
create or replace temp table gate_repeated as
with line as (
    select r.*, coalesce(s.is_record,
        {sql_is_export("r.source")} or r.document_no is not null) as is_record
    from readings r
        left join gate_layout s on s.source = r.source and s.source_sheet = r.source_sheet
)
select hash({COARSE_MONTH_KEY}) as key_hash from line where {IS_MONTHLY}
group by key_hash having count(*) > 1
union all
select hash({COARSE_RECORD_KEY}) as key_hash from line where {IS_RECORD_LINE}
group by key_hash having count(*) > 1;

create or replace temp table gate_booked_again as
select key_hash from (
    select hash({COARSE_BOOKED_KEY}) as key_hash, min(value_text) as value_text
    from readings where row_kind = 'reading' and document_no is not null and {ONE_PART}
    group by key_hash having min(document_no) <> max(document_no)
) where {TELLING}
"""

# What a reversal may take back: bookings of its source, now and as accepted of other rounds.
REVERSAL = f"""
create or replace temp table gate_reversal as
select hand_in, source, source_file, source_sheet, source_cell, item_text, period_month, flow_id,
    process_id, document_no, reversed_document, value_text, canonical_quantity,
    concat_ws('|', source, facility_id, process_id, flow_id, direction, role) as item_key,
    row_number() over (order by hand_in, source_sheet, length(source_cell), source_cell) as place
from gate_enriched
where is_reversal and row_kind = 'reading' and canonical_quantity <> 0 and {ONE_PART};

create or replace temp table gate_booking as
select concat_ws('|', source, facility_id, process_id, flow_id, direction, role) as item_key,
    period_month, document_no, canonical_quantity
from gate_enriched
where not is_reversal and row_kind = 'reading' and canonical_quantity <> 0 and {ONE_PART}
    and source in (select source from gate_reversal)
union all
select concat_ws('|', p.source, p.facility_id, p.process_id, p.flow_id, p.direction, p.role),
    p.period_month, p.document_no, p.quantity * p.sign_multiplier * u.multiplier
from previous_readings p
    join gate_unit u on u.flow_id = p.flow_id and u.unit_text is not distinct from p.unit_text
where p.row_kind = 'reading' and p.source in (select source from gate_reversal)
    and p.quantity * p.sign_multiplier * u.multiplier <> 0
"""

# A bill is the lines of one document for the same days: peak and valley are one bill. What was
# taken back for the same days and quantity is none.
BILL = f"""
create or replace temp table gate_bill as
with line as (
    select hand_in, source, source_file, source_sheet, source_cell, item_text, flow_id, process_id,
        first_day, last_day, is_reversal, abs(canonical_quantity) as quantity,
        concat_ws('|', hand_in, source_sheet, facility_id, process_id, flow_id, direction, role,
            meter_id) as account,
        coalesce(document_no, regexp_extract(source_cell, '[0-9]+')) as bill_no,
        try_cast(regexp_extract(source_cell, '[0-9]+') as bigint) as line_no
    from gate_enriched
    where row_kind = 'reading' and first_day is not null and period_month is not null
        and {ONE_PART}
),
booked as (
    select *, row_number() over (
        partition by account, first_day, last_day, quantity order by line_no) as booking_no
    from line where not is_reversal
),
taken_back as (
    select account, first_day, last_day, quantity, count(*) as times
    from line where is_reversal group by all
),
bill as (
    select booked.* from booked left join taken_back using (account, first_day, last_day, quantity)
    where booking_no > coalesce(times, 0)
    qualify row_number() over (
        partition by account, first_day, last_day, bill_no
        order by line_no, length(source_cell), source_cell) = 1
)
select *, max(last_day) over (partition by account order by first_day, last_day, line_no
        rows between unbounded preceding and 1 preceding) as billed_until,
    row_number() over (partition by account order by first_day, last_day, line_no) as place,
    row_number() over (partition by account order by last_day desc, line_no desc) = 1 as is_last
from bill;

create or replace temp table gate_round_days as
select min(period_month) as first_day,
    (max(period_month) + interval 1 month - interval 1 day)::date as last_day
from round_months
"""

BOUNDED = f"""
create or replace temp table gate_bounded as
with place as (select distinct flow_id, process_id, direction from gate_month),
chosen as (
    select place.flow_id, place.process_id, place.direction, bound.* exclude (
        flow_id, process_id, direction)
    from place join gate_range bound on bound.flow_id = place.flow_id
        and coalesce(bound.process_id = place.process_id, bound.process_id is null)
        and coalesce(bound.direction = place.direction, bound.direction is null)
    where bound.problem is null
    qualify row_number() over (
        partition by place.flow_id, place.process_id, place.direction, bound.per
        order by bound.process_id is null, bound.direction is null, bound.line) = 1
),
main_output as (
    select process_id, period_month, sum(canonical_quantity * kg) as output_kg
    from gate_month join flows using (flow_id) join gate_mass_unit using (unit_code)
    where direction = 'output' and flow_kind in ('intermediate', 'product')
    group by all
)
select m.* exclude (canonical_quantity), c.usual_min, c.usual_max, c.hard_min, c.hard_max,
    c.unit as shown_unit, m.canonical_quantity as stated_quantity, f.unit_code as stated_unit,
    case c.per when 'output_kg' then o.output_kg end as output_kg,
    case c.per when 'month' then m.canonical_quantity else m.canonical_quantity / o.output_kg end
        / c.unit_multiplier as canonical_quantity
from gate_month m
    join chosen c on c.flow_id = m.flow_id and c.process_id is not distinct from m.process_id
        and c.direction is not distinct from m.direction
    join flows f on f.flow_id = m.flow_id
    left join main_output o on o.process_id = m.process_id and o.period_month = m.period_month
where c.per = 'month' or o.output_kg > 0;

create or replace temp table gate_beyond as
select {CELL_GROUP_KEY} from gate_bounded where {BEYOND_USUAL} or {BEYOND_HARD};

-- what the ratios that are out were divided by
create or replace temp table gate_ratio_output as
select {CELL_GROUP_KEY} from gate_month m join flows using (flow_id)
    join gate_mass_unit using (unit_code)
where direction = 'output' and flow_kind in ('intermediate', 'product')
    and exists (
        select 1 from gate_bounded b
        where b.process_id = m.process_id and b.period_month = m.period_month
            and b.output_kg is not null
            and (b.process_id, b.flow_id, b.direction, b.period_month) in (
                select (process_id, flow_id, direction, period_month) from gate_beyond));

-- Which single change brings all ratios of a process back into their bounds? Of several, that of
-- the output under them, if one factor does for all. A single one may be the output's fault or its
-- own: that which is further from its other months, if there are enough to tell.
create or replace temp table gate_output_at_fault as
with ratio as (
    select process_id, period_month, flow_id, canonical_quantity, output_kg, stated_quantity,
        coalesce(usual_min, hard_min) as low, coalesce(usual_max, hard_max) as high,
        {BEYOND_USUAL} or {BEYOND_HARD} as is_out, {BEYOND_HARD} as is_impossible,
        median(stated_quantity) over series as usual_quantity,
        median(output_kg) over series as usual_output, count(*) over series as month_count
    from gate_bounded where output_kg is not null
    window series as (partition by hand_in, process_id, flow_id, direction)
)
select process_id, period_month, bool_or(is_impossible) as is_impossible
from ratio
group by process_id, period_month
having bool_or(is_out) and case
    when count(*) = 1 then bool_or(is_impossible) and min(month_count) >= 3
        and abs(ln(any_value(output_kg / nullif(usual_output, 0))))
            > abs(ln(any_value(stated_quantity / nullif(usual_quantity, 0))))
    else count(*) filter (is_out) > 1
        and coalesce(max(canonical_quantity / nullif(high, 0)), 0)
            <= coalesce(min(canonical_quantity / nullif(low, 0)), 'infinity'::double)
    end
"""

RATIO_CELL = f"""
create or replace temp table gate_ratio_cell as
select g.process_id, g.period_month, g.hand_in, g.flow_id, g.direction, g.reading_no,
    concat_ws('!', g.source_file, g.source_sheet, g.source_cell) as cell,
    abs(g.canonical_quantity) as size, o.hand_in is not null as is_output
from gate_reading g
    left join (select distinct {CELL_GROUP_KEY} from gate_ratio_output) o
        using ({CELL_GROUP_KEY})
where g.role = 'activity' and g.canonical_quantity is not null
    and (o.hand_in is not null
        or ({CELL_GROUP_KEY}) in (select ({CELL_GROUP_KEY}) from gate_beyond));

-- the cells that a finding at `of_cell` is made of beside that one
create or replace temp macro other_cells(of_cell, of_process, of_month, of_flow, of_direction) as (
    select string_agg(cell, chr(10)) from (
        select cell from gate_ratio_cell c
        where c.process_id is not distinct from of_process and c.period_month = of_month
            and c.reading_no <> of_cell
            and (c.is_output or of_flow is null
                or (c.flow_id = of_flow and c.direction is not distinct from of_direction))
        order by c.is_output, c.size desc, c.cell limit 11)
)
"""

TOLERANCE = """
create or replace temp macro tolerance_of(rule, of_source, of_flow) as (
    select arg_min(try_cast(t.tolerance as double),
        (case when t.flow_id is null then 2 else 0 end)
        + (case when t.source is null then 1 else 0 end)
        + (case when t.is_default then 4 else 0 end))
    from gate_tolerance t
    where t.rule_id = rule and coalesce(t.source = of_source, t.source is null)
        and coalesce(t.flow_id = of_flow, t.flow_id is null)
        and try_cast(t.tolerance as double) >= 0
)
"""

# A correction comes after the total was written, or mends the cell the total exposed: a total
# agrees with its cells as they were typed or as they were corrected. One that was corrected
# itself has to agree with what is in force.
TOTAL = f"""
create or replace temp table gate_total as
with total as (
    select * from gate_reading
    where row_kind = 'reading' and role = 'row_total' and isfinite(quantity)
),
summed as (
    select hand_in, source_sheet, item_text, flow_id, process_id, direction, property, meter_id,
        sum(quantity) as summed,
        sum(case when corrected_from is null or starts_with(corrected_from, '× ') then quantity
            else quantity_as_typed end) as summed_as_typed,
        bool_and(quantity is not null or value_type = 'blank' and not is_required) as is_complete,
        concat(arg_min(source_cell, reading_no), ' … ', arg_max(source_cell, reading_no)) as cells
    from gate_reading
    where row_kind = 'reading' and role <> 'row_total' and {ONE_PART}
        and hand_in in (select hand_in from total)
    group by all
)
select t.reading_no, t.hand_in, t.source, t.flow_id, t.quantity as stated, s.summed,
    case when t.corrected_from is null then s.summed_as_typed end as summed_as_typed,
    s.is_complete, s.cells, tolerance_of('row_total_agrees', t.source, t.flow_id) as tolerance
from total t join summed s on s.hand_in = t.hand_in
    and s.source_sheet is not distinct from t.source_sheet
    and s.item_text is not distinct from t.item_text
    and s.flow_id is not distinct from t.flow_id
    and s.process_id is not distinct from t.process_id
    and s.direction is not distinct from t.direction
    and s.property is not distinct from t.property
    and s.meter_id is not distinct from t.meter_id
"""

AGREEMENT = f"""
create or replace temp table gate_agreement as
with stated as (
    select hand_in, source, {PLACE_KEY},
        sum(canonical_quantity) as stated, count(canonical_quantity) as check_count,
        any_value(flow_unit_code) as unit_code
    from gate_enriched
    where row_kind = 'reading' and role = 'check' and period_month is not null
    group by all
    having bool_and(canonical_quantity is not null or not is_required)
        and count(canonical_quantity) > 0
),
counted as (
    select {PLACE_KEY}, sum(canonical_quantity) as counted, sum(cell_count) as counted_cells
    from gate_month group by all
)
select s.*, c.counted, c.counted_cells,
    tolerance_of('sheet_agrees_with_erp', s.source, s.flow_id) as tolerance
from stated s left join counted c using ({PLACE_KEY});

create or replace temp table gate_disagreeing as
select {PLACE_KEY} from gate_agreement
where abs(stated - counted) > coalesce(tolerance, 0) * abs(counted)
"""

# A sum that lacks a cell, a sheet or a hand-in that nobody could read is compared with nothing:
# nobody is refused for somebody else's file.
INCOMPLETE = f"""
create or replace temp table gate_incomplete as
with in_part as (
    select hand_in from gate_reading where row_kind not in ({PARTS_OF_A_HAND_IN})
    union
    select hand_in from expected_hand_ins
    where hand_in not in (select hand_in from handed_in)
)
select {PLACE_KEY} from gate_reading
where row_kind = 'reading' and role = 'activity' and canonical_quantity is null
    and (value_type not in ('blank', 'missing') or is_required)
union
select {PLACE_KEY} from gate_agreement a
where exists (
    select 1 from in_part
    where in_part.hand_in <> a.hand_in
        and {sql_owner("in_part.hand_in")} in ('{ERP}', a.facility_id));

create or replace temp table gate_check_cell as
select hand_in, {PLACE_KEY}, arg_max(reading_no, abs(canonical_quantity)) as reading_no
from gate_reading where role = 'check' and canonical_quantity is not null
group by all
"""

CLOSING_AND_OPENING = """
create or replace temp table gate_opening as
select case when role = 'meter_start' then 'meter' else 'stock' end as kind,
    concat_ws('/', facility_id, coalesce(meter_id, concat_ws('/', process_id, flow_id)))
        as place, period_month,
    any_value(quantity) as quantity, any_value(reading_no) as reading_no
from gate_reading
where row_kind = 'reading' and role in ('meter_start', 'stock_open') and isfinite(quantity)
group by all having count(*) = 1;

-- a meter that was exchanged under its own number: the old register's last, the new one's first
create or replace temp table gate_replacement as
select concat_ws('/', facility_id, meter_id) as place,
    try_cast(replaced_on as date) as replaced_on,
    try_cast(final_reading as double) as final_reading,
    try_cast(first_reading as double) as first_reading
from meters where replaced_on is not null;

create or replace temp table gate_closing as
with closing as (
    select role, meter_id, facility_id, process_id, flow_id, period_month, quantity,
        source_file, source_sheet, source_cell, 1 as is_new, '' as round, 0 as revision
    from gate_reading where row_kind = 'reading' and role in ('meter_end', 'stock_close')
    union all by name
    select role, meter_id, facility_id, process_id, flow_id, period_month, quantity,
        source_file, source_sheet, source_cell, 0 as is_new, round, revision
    from previous_readings where role in ('meter_end', 'stock_close')
),
ranked as (
    select case when role = 'meter_end' then 'meter' else 'stock' end as kind,
        concat_ws('/', facility_id, coalesce(meter_id, concat_ws('/', process_id, flow_id)))
            as place,
        (period_month + interval 1 month)::date as period_month, quantity,
        concat_ws('!', source_file, source_sheet, source_cell) as cell,
        rank() over (partition by kind, place, closing.period_month
            order by is_new desc, round desc, revision desc) as choice
    from closing
)
select kind, place, period_month, any_value(quantity) as quantity, any_value(cell) as cell
from ranked where choice = 1
group by all having count(*) = 1 and isfinite(any_value(quantity));
"""

INSTRUMENT = r"""
create or replace temp table gate_instrument as
select columns(i.*)::varchar, 'energy_instruments' as source,
    try_cast(i.quantity as double) * u.multiplier as canonical_quantity,
    try_cast(i.generation_start as date) as first_day,
    try_cast(i.generation_end as date) as last_day, f.unit_code
from instruments i
    left join flows f on f.flow_id = i.flow_id
    left join gate_unit u on u.flow_id = i.flow_id and u.unit_text is not distinct from i.unit;

create or replace temp table gate_earlier_instrument as
select columns(i.*)::varchar,
    try_cast(i.quantity as double) * u.multiplier as canonical_quantity,
    try_cast(i.generation_start as date) as first_day,
    try_cast(i.generation_end as date) as last_day
from previous_instruments i
    left join gate_unit u on u.flow_id = i.flow_id and u.unit_text is not distinct from i.unit
where i.round is distinct from getvariable('round');

create or replace temp table gate_all_instrument as
select facility_id, flow_id, first_day, last_day, canonical_quantity from gate_instrument
union all
select facility_id, flow_id, first_day, last_day, canonical_quantity
from gate_earlier_instrument;

-- Certificates that say their numbers, first..last: 1 MWh each (GEC and I-REC alike).
create or replace temp table gate_certificate_numbers as
with stated as (
    select source_file, source_line, registry_id, canonical_quantity, flow_id, true as is_new
    from gate_instrument
    union all by name
    select source_file, source_line, registry_id, canonical_quantity, flow_id, false as is_new
    from gate_earlier_instrument
),
parsed as (
    select *, regexp_extract(trim(registry_id), '^(.*?)([0-9]+) *(\.\.|…|~|至) *([0-9]+)$',
        ['series', 'first_number', 'sign', 'last_number']) as part
    from stated
)
select s.* exclude (part), part.series as series, try_cast(part.first_number as hugeint)
        as first_number, try_cast(part.last_number as hugeint) as last_number,
    last_number - first_number + 1 as number_count,
    canonical_quantity * case f.unit_code when 'kWh' then 0.001 when 'MWh' then 1 end as mwh
from parsed s join flows f using (flow_id)
where part.first_number <> '' and last_number >= first_number;

create or replace temp table gate_metered as
select facility_id, flow_id, period_month, sum(canonical_quantity) as canonical_quantity
from gate_month where direction = 'input' and flow_id in (select flow_id from gate_instrument)
group by all
union all
select p.facility_id, p.flow_id, p.period_month,
    sum(p.quantity * p.sign_multiplier * u.multiplier)
from previous_readings p
    join gate_unit u on u.flow_id = p.flow_id and u.unit_text is not distinct from p.unit_text
where p.role = 'activity' and p.row_kind = 'reading' and p.direction = 'input'
    and p.flow_id in (select flow_id from gate_instrument)
    and (p.source, p.facility_id, p.period_month) not in (
        select (source, facility_id, period_month) from gate_month
        where source is not null and facility_id is not null and period_month is not null)
group by all;

-- Certificates that overlap share the months they overlap in, so every span from the start of one
-- to the end of another must have been consumed, not only the period of each.
create or replace temp table gate_overclaimed as
with span as (
    select distinct a.facility_id, a.flow_id, a.first_day, b.last_day
    from gate_all_instrument a join gate_all_instrument b using (facility_id, flow_id)
    where a.first_day < b.last_day
),
claimed as (
    select span.*, sum(one.canonical_quantity) as stated
    from span join gate_all_instrument one using (facility_id, flow_id)
    where one.first_day >= span.first_day and one.last_day <= span.last_day
    group by all
)
select claimed.*, coalesce((
    select sum(used.canonical_quantity) from gate_metered used
    where used.facility_id = claimed.facility_id and used.flow_id = claimed.flow_id
        and used.period_month >= date_trunc('month', claimed.first_day)
        and used.period_month < claimed.last_day), 0) as metered
from claimed where stated > metered * (1 + 1e-9)
"""

# Where another column of the same row stands: `C7` of `B7`, `L12:Unit` of `L12:Quantity`.
CELL_BESIDE = """
create or replace temp macro cell_beside(cell, of_column) as case
    when of_column is null then cell
    when regexp_matches(cell, '^L[0-9]+:') then concat(split_part(cell, ':', 1), ':', of_column)
    else concat(of_column, regexp_extract(cell, '[0-9]+$')) end
"""

SHOWN = r"""
create or replace temp macro shown(x) as
    regexp_replace(printf('%.6f', x::double), '\.?0+$', '');

create or replace temp macro significant(x) as
    shown(round(x, coalesce(try_cast(2 - floor(log10(nullif(abs(x), 0))) as integer), 0)))
"""
