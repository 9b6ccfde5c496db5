"""What was stated month after month is asked for again: by site, by item and by supplier.

A flight that nobody booked leaves no cell behind, nor does a plant that an export left out. So
each item is held against its own past: one that was stated in most months of the year before is
missed when it is absent longer than ever. That is a warning, for in some months nobody flies. A site
of which nothing at all is said is refused, where its map asks for every month.
"""

from __future__ import annotations

from expectations.rules import Rule
from expectations.stated_before import COARSE, is_named

STEADY_MONTHS = 6
"""A supplier who delivered in each of so many months is expected in the next."""

PROPERTY_MONTHS = 3
"""A property that was measured in so many months is expected in the next."""

REMINDED = 2
"""For so many months what ended is asked for once more; then it is known to have ended."""

_COARSE = ", ".join(COARSE)

LAPSED = f"""
-- every month that a hand-in is about, numbered: those before the round, then those of the round
create or replace temp table gate_position as
select hand_in, period_month, is_new,
    row_number() over (partition by hand_in order by period_month) as position,
    count(*) filter (not is_new) over (partition by hand_in) as months_before,
    count(*) over (partition by hand_in) as months
from (
    select distinct hand_in, period_month, false as is_new from items_before
    where period_month < (select min(period_month) from round_months)
    union
    select h.hand_in, r.period_month, true
    from (select distinct hand_in from items_before) h, round_months r
);

-- each site, item and supplier with the months it was stated in
create or replace temp table gate_item_series as
with stated as (
    select hand_in, source, supplier_id, {_COARSE}, period_month,
        exists (
            select 1 from monthly_sheets m where m.source = b.source
                and coalesce(m.source_sheet = b.source_sheet, m.source_sheet is null)
        ) as is_monthly
    from items_before b
    union all
    select hand_in, null, supplier_id, {_COARSE}, period_month, false from gate_statement
),
leveled as (
    select 'site' as level, hand_in, facility_id, null as process_id, null as flow_id,
        null as direction, null as property, null as role, null as supplier_id, period_month,
        max(source) as source, bool_or(is_monthly) as is_monthly
    from stated group by all
    union all
    select 'item', hand_in, {_COARSE}, null, period_month, max(source), bool_or(is_monthly)
    from stated group by all
    union all
    select 'supplier', hand_in, {_COARSE}, supplier_id, period_month, max(source),
        bool_or(is_monthly)
    from stated where supplier_id is not null group by all
),
placed as (
    select l.*, p.position, p.months_before, p.months,
        lead(p.position, 1, p.months + 1) over series as next_position
    from leveled l join gate_position p using (hand_in, period_month)
    window series as (
        partition by level, hand_in, {_COARSE}, supplier_id order by p.position)
)
select * exclude (source, is_monthly),
    max(source) over series as source,
    bool_or(is_monthly) over series as is_monthly,
    count(*) filter (position <= months_before) over series as stated_before,
    max(position) filter (position <= months_before) over series as last_before,
    max(next_position - position) filter (next_position <= months_before) over series as longest
from placed
window series as (partition by level, hand_in, {_COARSE}, supplier_id);

create or replace temp table gate_absent as
with gap as (
    select *,
        stated_before >= {STEADY_MONTHS} and longest = 1 and last_before = months_before
            as is_steady
    from gate_item_series
    where stated_before > 0 and next_position > months_before + 1 and next_position > position + 1
        and case level
            when 'site' then is_monthly and months_before - last_before <= {REMINDED}
            else stated_before >= 2 and 2 * stated_before >= months_before
                and next_position - position > longest
                and months_before - last_before < longest + {REMINDED}
                -- a round as long as all that is known, in which it never occurs; what was measured
                -- once may be left to the factor's own value
                or position <= months_before and next_position > months
                and months - months_before >= months_before
                and (direction <> 'property' or stated_before >= {PROPERTY_MONTHS})
            end
)
select gap.level, gap.hand_in, gap.source, gap.supplier_id,
    {", ".join(f"gap.{name}" for name in COARSE)},
    gap.is_monthly, gap.is_steady, gap.stated_before, gap.months_before, p.period_month
from gap join gate_position p on p.hand_in = gap.hand_in and p.is_new
    and p.position > gap.position and p.position < gap.next_position
where gap.hand_in in (select hand_in from handed_in)
    and (gap.level <> 'supplier' or gap.is_steady)
    and not exists (
        select 1 from gate_unread u
        where u.hand_in = gap.hand_in
            and coalesce(u.period_month = p.period_month, u.period_month is null)
            and coalesce(u.facility_id = gap.facility_id, u.facility_id is null))
    and not exists (
        select 1 from withdrawals line
        where {is_named("line", "gap")} and line.document_no is null
            and p.period_month between line.first_month and line.last_month)
    -- stated before for that very month: the finding of that is more exact
    and not exists (
        select 1 from gate_vanished v
        where v.hand_in = gap.hand_in and v.period_month = p.period_month
            and v.facility_id is not distinct from gap.facility_id
            and coalesce(v.process_id = gap.process_id, gap.level = 'site')
            and coalesce(v.flow_id = gap.flow_id, gap.level = 'site'))
"""
NO_LAPSED = """
create or replace temp table gate_absent (level varchar, hand_in varchar, source varchar,
    supplier_id varchar, facility_id varchar, process_id varchar, flow_id varchar,
    direction varchar, property varchar, role varchar, is_monthly boolean, is_steady boolean,
    stated_before bigint, months_before bigint, period_month date)
"""
"""Where nothing was stated in the year before."""


def _told(rows: str, names: str, told: str) -> str:
    """One finding an item, with the months in which it is missed."""
    return f"""
        select told.hand_in, told.source, h.source_file, told.period_month, told.flow_id,
            told.process_id, {told} as observed,
            concat(stated_before, ' / ', months_before) as expected
        from (
            select hand_in, source, facility_id, {names}, min(period_month) as period_month,
                string_agg(distinct strftime(period_month, '%Y-%m'), ', '
                    order by strftime(period_month, '%Y-%m')) as months,
                max(stated_before) as stated_before, any_value(months_before) as months_before
            from ({rows}) group by all
        ) told left join handed_in h using (hand_in)
    """


_ITEMS = """select * from gate_absent item where level = 'item' and not exists (
    select 1 from gate_absent site where site.level = 'site' and site.hand_in = item.hand_in
        and site.facility_id = item.facility_id and site.period_month = item.period_month)"""
_ITEM_NAMES = "process_id, flow_id, direction, property, role"
_ITEM_TOLD = (
    "concat(concat_ws('/', told.facility_id, told.process_id, told.flow_id, told.property, "
    "nullif(told.role, 'activity')), ' ', months)"
)

RULES = (
    Rule(
        "every_site_reported",
        "critical",
        "Each site that was reported before is reported in every month, where the map asks for it.",
        "映射要求逐月填报时，以前填报过的每个工厂每月都须填报。",
        "{file} says nothing of {observed}, which it reported in {expected} months before.",
        "{file} 没有 {observed} 的任何数据，此前已填报 {expected} 个月。",
        "Export that site, too; if nothing was used, enter 0. If it ended, say so: a line in "
        "rounds/<round>/withdrawals.csv.",
        "请一并导出该工厂；未使用则填 0；若已终止，请在 rounds/<轮次>/withdrawals.csv 中说明。",
        _told(
            "select * from gate_absent where level = 'site'",
            "null as process_id, null as flow_id",
            "concat(told.facility_id, ' ', months)",
        ),
        waivable=True,
    ),
    Rule(
        "item_stated_again",
        "warning",
        "What was stated before is stated again.",
        "以前填报过的项目继续填报。",
        "{file} lacks {observed}, stated in {expected} months before.",
        "{file} 缺少 {observed}，此前已填报 {expected} 个月。",
        "Look whether it was forgotten; if nothing was used, enter 0. If it ended, say so: a line "
        "in rounds/<round>/withdrawals.csv.",
        "请核对是否遗漏；未使用则填 0；若已终止，请在 rounds/<轮次>/withdrawals.csv 中说明。",
        _told(_ITEMS, _ITEM_NAMES, _ITEM_TOLD),
        waivable=True,
    ),
    Rule(
        "supplier_stated_again",
        "warning",
        "A supplier that delivered in every month before delivers again.",
        "以前每月供货的供应商继续供货。",
        "{file} lacks {observed}, stated in {expected} months before.",
        "{file} 缺少 {observed}，此前已填报 {expected} 个月。",
        "Look whether its deliveries were left out; otherwise nothing to do.",
        "请核对该供应商的供货是否遗漏；否则无需处理。",
        _told(
            """select * from gate_absent supplied where level = 'supplier' and not exists (
                select 1 from gate_absent other
                where other.level <> 'supplier' and other.hand_in = supplied.hand_in
                    and other.facility_id = supplied.facility_id
                    and other.period_month = supplied.period_month
                    and coalesce(other.flow_id = supplied.flow_id, other.level = 'site'))""",
            "process_id, flow_id, supplier_id",
            "concat(concat_ws('/', told.facility_id, told.process_id, told.flow_id, "
            "told.supplier_id), ' ', months)",
        ),
        waivable=True,
    ),
)
