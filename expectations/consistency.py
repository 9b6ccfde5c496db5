"""Quantities against each other: what needs neither ranges nor other months to be told.

What is sold was made, a load goes some way, no site is larger than the largest on earth, and of a
process that stands still it is said what was asked instead of its ratios.
"""

from __future__ import annotations

from expectations.gate_tables import CELL_GROUP_KEY
from expectations.rules import Rule

MOVED_KINDS = (
    "freight_inbound",
    "freight_outbound",
    "freight_outbound_paid",
    "business_travel",
    "commuting",
)
"""Flows that are a load or a person times a distance; nothing moved is no record."""

_KEY_OF_ROWS = CELL_GROUP_KEY.replace("flow_id", "e.flow_id")

# `gate_tables.NEEDED` keeps the rows of these tables, so that findings can name them.
CONSISTENCY = f"""
create or replace temp table gate_unmoved as
select {_KEY_OF_ROWS}, sum(quantity) as quantity, count(*) as cell_count
from gate_enriched e join flows f on f.flow_id = e.flow_id
where role = 'activity' and row_kind = 'reading' and sign_multiplier is not null
    and period_month is not null and isfinite(quantity) and multiplier_text is not null
    and f.flow_kind in ({", ".join(f"'{kind}'" for kind in MOVED_KINDS)})
group by all
having sum(abs(quantity)) > 0 and sum(abs(quantity * sign_multiplier)) = 0;

create or replace temp table gate_too_large as
select m.*, f.unit_code, l.most
from gate_month m join flows f using (flow_id) join gate_limit l using (unit_code)
where abs(m.canonical_quantity) > l.most;

create or replace temp table gate_unasked as
select m.*, f.unit_code, s.usual, s.used_count
from gate_month m
    join gate_standstill still using (process_id, period_month)
    join flows f on f.flow_id = m.flow_id
    left join gate_series s on s.role = 'activity' and s.hand_in = m.hand_in
        and s.source = m.source and s.process_id = m.process_id
        and s.facility_id = m.facility_id and s.flow_id = m.flow_id
        and s.direction = m.direction and s.period_month = m.period_month
where m.canonical_quantity > 0 and exists (
    select 1 from gate_range bound
    where bound.per = 'output_kg' and bound.problem is null and bound.flow_id = m.flow_id
        and coalesce(bound.process_id = m.process_id, bound.process_id is null)
        and coalesce(bound.direction = m.direction, bound.direction is null));

create or replace temp table gate_sold as
with maker as (
    select facility_id, flow_id, sum(canonical_quantity) as made
    from gate_month where direction = 'output' group by all
),
ever as (
    select facility_id, flow_id from maker
    union select facility_id, flow_id from history
    where role = 'activity' and direction = 'output'
),
sold as (
    select {", ".join(f"m.{column}" for column in CELL_GROUP_KEY.split(", "))},
        m.canonical_quantity, f.unit_code,
        sum(m.canonical_quantity) over (partition by m.facility_id, m.flow_id) as sold
    from gate_month m
        join flows f on f.flow_id = m.flow_id
        join processes p on p.process_id = m.process_id
    where m.direction = 'input' and f.flow_kind = 'product' and p.process_type = 'non_product'
)
select sold.*, maker.made,
    (sold.facility_id, sold.flow_id) not in (select (facility_id, flow_id) from ever)
        as is_made_elsewhere,
    tolerance_of('sold_is_made', sold.source, sold.flow_id) as tolerance
from sold left join maker on maker.facility_id = sold.facility_id and maker.flow_id = sold.flow_id
where sold.flow_id in (select flow_id from ever) and (is_made_elsewhere
    or maker.made > 0 and abs(sold.sold - maker.made) > (tolerance + 1e-9) * maker.made)
-- one cell stands for the site and flow: that of the month with most
qualify row_number() over (
    partition by sold.facility_id, sold.flow_id order by abs(canonical_quantity) desc,
        sold.period_month) = 1;

-- which flow counts the staff of a site the company says: by a tolerance for source and flow
create or replace temp table gate_commuters as
with declared as (
    select distinct source, flow_id from gate_tolerance
    where rule_id = 'commuters_are_staff' and source is not null and flow_id is not null
),
stated as (
    select * from gate_enriched
    where role = 'activity' and row_kind = 'reading' and period_month is not null
        and source in (select source from declared)
),
staff as (
    select source, facility_id, period_month, flow_id as staff_flow,
        sum(canonical_quantity) as staff, bool_and(canonical_quantity is not null) as is_whole
    from stated join declared using (source, flow_id)
    group by all
),
commuting as (
    select {CELL_GROUP_KEY}, sum(quantity) as quantity,
        bool_and(coalesce(isfinite(quantity), false)) as is_whole
    from stated where flow_kind = 'commuting' and multiplier_text is not null
    group by all
),
of_site as (
    select *, sum(quantity) over site as commuters, bool_and(is_whole) over site as are_whole
    from commuting window site as (partition by source, facility_id, period_month)
)
select of_site.*, staff, tolerance_of('commuters_are_staff', of_site.source, staff_flow)
        as tolerance
from of_site join staff using (source, facility_id, period_month)
where of_site.are_whole and staff.is_whole
    and abs(commuters - staff) > (tolerance + 1e-9) * staff
-- one cell stands for the site and month: that with most commuters
qualify row_number() over (
    partition by of_site.source, facility_id, period_month order by quantity desc, flow_id) = 1
"""

RULES = (
    Rule(
        "larger_than_any_site",
        "critical",
        "No site moves more than the largest on earth.",
        "任何厂区的数量均不超过世界最大规模。",
        "{cell}: {item} for {month} is {observed}; no site on earth has more than {expected}.",
        "{cell}：{item} 在 {month} 为 {observed}，世界上没有厂区超过 {expected}。",
        "Check digits and unit of the cell.",
        "请核对该单元格的位数和单位。",
        f"""
        select reading_no, concat(shown(canonical_quantity), ' ', unit_code) as observed,
            concat(shown(most), ' ', unit_code) as expected
        from gate_too_large join gate_largest_cell using ({CELL_GROUP_KEY})
        """,
        waivable=True,
    ),
    Rule(
        "load_goes_some_way",
        "critical",
        "What was carried went some way: not every distance of a month is 0.",
        "运输的货物或人员有运距：一个月的距离不会全部为 0。",
        "{cell}: {flow} for {month}: {observed} times 0, so nothing of it counts; {expected}.",
        "{cell}：{flow} 在 {month} 的 {observed} 均乘以 0，因此不计入；应有距离。",
        "Fill in the distances (or nights) beside these lines.",
        "请填写这些行的距离（或间夜数）。",
        f"""
        select reading_no, concat(shown(quantity), case when cell_count > 1
                then concat(' (sum of ', cell_count, ' cells)') else '' end) as observed,
            'a distance is expected' as expected
        from gate_unmoved join gate_largest_cell using ({CELL_GROUP_KEY})
        """,
        waivable=True,
    ),
    Rule(
        "sold_is_made",
        "warning",
        "What a site delivers is what it makes.",
        "厂区交付的产品由本厂生产，数量相近。",
        "{cell}: {flow}: {observed} {why}",
        "{cell}：{flow}：{observed} {why}",
        "Look for deliveries that are missing, of another plant, or stated twice; if they came from "
        "stock or another site, say so in the note.",
        "请查找缺失、属于其他工厂或重复的发货；若来自库存或其他厂区，请在备注中说明。",
        f"""
        select reading_no, concat(shown(sold), ' ', unit_code) as observed,
            coalesce(concat(shown(made), ' ', unit_code), 'nothing') as expected,
            case when is_made_elsewhere then null else tolerance end as tolerance,
            case when is_made_elsewhere
                then 'were delivered from a site that never made it; another site does.'
                else concat('were delivered in this round, but ', shown(made), ' ', unit_code,
                    ' were made (allowed: ', round(100 * tolerance, 1), ' %).') end as why_en,
            case when is_made_elsewhere then '由从未生产该产品的厂区发出；该产品在其他厂区生产。'
                else concat('已交付，而本轮次产量为 ', shown(made), ' ', unit_code, '（允许偏差 ',
                    round(100 * tolerance, 1), ' %）。') end as why_zh
        from gate_sold join gate_largest_cell using ({CELL_GROUP_KEY})
        """,
        waivable=True,
    ),
    Rule(
        "commuters_are_staff",
        "warning",
        "Who commutes to a site is counted in its staff, and most of the staff commute.",
        "通勤人员属于厂区在册人员，且大部分在册人员通勤。",
        "{cell}: {observed} commute in {month}, by all modes of the site; its staff are {expected} "
        "(allowed: {tolerance} % more or less).",
        "{cell}：{month} 该厂区各种方式通勤人数合计 {observed}，在册人数为 {expected}（允许偏差 {tolerance} %）。",
        "Look for a mode that is missing or stated twice, for a digit too many, and for the month of "
        "the headcount.",
        "请检查是否漏填或重复填报某种通勤方式、是否多输一位，以及人数所属月份。",
        f"""
        select reading_no, shown(commuters) as observed, shown(staff) as expected, tolerance
        from gate_commuters join gate_largest_cell using ({CELL_GROUP_KEY})
        """,
    ),
    Rule(
        "standstill_asked_otherwise",
        "info",
        "Of a process that made nothing it is said what was asked instead of quantities per output.",
        "对没有产出的工序，说明以何种方式代替单耗核对。",
        "{cell}: {process} made nothing in {month}, so {observed} of {item} has no quantity per "
        "output to be judged by. {why}",
        "{cell}：{process} 在 {month} 没有产出，{item} 的 {observed} 无法按单耗判定。{why}",
        "Nothing to do for a standstill; otherwise fill in the output.",
        "停产无需处理；否则请补填产量。",
        f"""
        select reading_no, concat(shown(canonical_quantity), ' ', unit_code) as observed,
            coalesce(concat(significant(usual), ' ', unit_code), 'no other month') as expected,
            case when canonical_quantity > usual / 2 then 'warning' else 'info' end as severity,
            case when usual is null then 'There is no other month to hold it against.'
                when canonical_quantity > usual / 2 then concat('In months with output it is about ',
                    significant(usual), ' ', unit_code, ': is an output missing?')
                else concat('Instead it was held against its other months, about ',
                    significant(usual), ' ', unit_code, ': less, as at a standstill.')
                end as why_en,
            case when usual is null then '没有其他月份可比较。'
                when canonical_quantity > usual / 2 then concat('有产出的月份约为 ',
                    significant(usual), ' ', unit_code, '：是否漏填产量？')
                else concat('已改与其他月份（约 ', significant(usual), ' ', unit_code,
                    '）比较：低于平常，与停产相符。') end as why_zh
        from gate_unasked join gate_largest_cell using ({CELL_GROUP_KEY})
        """,
        waivable=True,
    ),
)
