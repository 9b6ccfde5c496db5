"""What was stated before for a month is stated again, or somebody says that it is withdrawn.

`gate_vanished` holds what was stated for a month of this round and isn't any more. It doesn't speak
where something of the hand-in could not be read: that has its own finding.
"""

from __future__ import annotations

import pyarrow as pa

from expectations.rules import Rule

COARSE = ("facility_id", "process_id", "flow_id", "direction", "property", "role")
"""What an item is about, whoever supplied it and whatever document it stands in."""

FINE = (*COARSE, "supplier_id", "meter_id", "document_no")

_TEXT = pa.string()
BEFORE_SCHEMA = pa.schema(
    [
        *((name, _TEXT) for name in ("hand_in", "source", *FINE)),
        ("period_month", pa.date32()),
        ("quantity", pa.float64()),
        ("unit_text", _TEXT),
        ("cell", _TEXT),
        ("cell_count", pa.int64()),
        ("is_of_this_round", pa.bool_()),
        ("is_compared", pa.bool_()),
    ]
)
"""Table `stated_before`: what was accepted for months of this round.

Of other rounds, what is in force; of this one (`is_of_this_round`), the revision before, compared
only when another file came since. Older revisions tell what a withdrawal was about.
"""

ITEMS_SCHEMA = pa.schema(
    [
        *((name, _TEXT) for name in ("hand_in", "source", "source_sheet", *COARSE, "supplier_id")),
        ("period_month", pa.date32()),
        ("round", _TEXT),
        ("item_text", _TEXT),
        ("nth_month", pa.int64()),
        ("quantity", pa.float64()),
    ]
)
"""Table `items_before`: what was stated in the months before the round, with the month's place in
the round that stated it, by the sources that this round has hand-ins of.
"""

MONTHLY_SCHEMA = pa.schema([("source", _TEXT), ("source_sheet", _TEXT)])
"""Table `monthly_sheets`: sheets of records whose map says `every_month`; a null sheet is any."""


def is_named(line: str, of: str) -> str:
    """Condition that a line of `withdrawals` names a row; what is blank in it names all."""
    names = ("facility_id", "process_id", "flow_id", "supplier_id")
    return " and ".join(
        [
            f"{line}.hand_in = {of}.hand_in",
            *(f"coalesce({line}.{name} = {of}.{name}, {line}.{name} is null)" for name in names),
        ]
    )


_FINE = ", ".join(FINE)
_COARSE = ", ".join(COARSE)

STATEMENTS = f"""
create or replace temp table gate_statement as
select distinct hand_in, {_FINE}, period_month, [{_FINE}] as item, [{_COARSE}] as coarse
from readings
where row_kind = 'reading' and quantity is not null and role <> 'row_total'
    and period_month in (select period_month from round_months)
    and (hand_in in (select hand_in from stated_before)
        or hand_in in (select hand_in from items_before));

-- What can't be read may be what is missed: of a hand-in, or of one site and month of it.
create or replace temp table gate_unread as
select distinct hand_in, case row_kind when 'reading' then facility_id end as facility_id,
    case row_kind when 'reading' then period_month end as period_month
from readings
where hand_in in (select hand_in from handed_in) and role is distinct from 'row_total' and (
    row_kind not in ('reading', 'older_template')
    or row_kind = 'reading' and (
        quantity is null and (value_type <> 'blank' or is_required)
        or quantity is not null and (flow_id is null or facility_id is null)));

create or replace temp table gate_vanished as
with gone as (
    select b.*, [{_COARSE}] in (
            select coarse from gate_statement s
            where s.hand_in = b.hand_in and s.period_month = b.period_month) as is_stated_in_part
    from stated_before b
    where hand_in in (select hand_in from handed_in)
        and not exists (
            select 1 from gate_statement s
            where s.hand_in = b.hand_in and s.period_month = b.period_month
                and s.item = [{", ".join(f"b.{name}" for name in FINE)}])
)
select gone.*, line.source_line as withdrawn_by, line.reason, line.decided_by, line.decided_on
from gone
    left join withdrawals line on {is_named("line", "gone")}
        and gone.period_month between line.first_month and line.last_month
        and coalesce(line.document_no = gone.document_no, line.document_no is null)
qualify row_number() over (
    partition by gone.hand_in, gone.period_month, gone.is_of_this_round, gone.is_compared,
        {", ".join(f"gone.{name}" for name in FINE)}
    order by line.source_line) = 1;

create or replace temp table gate_missed as
select v.* from gate_vanished v
where is_compared and withdrawn_by is null and not exists (
    select 1 from gate_unread u
    where u.hand_in = v.hand_in
        and coalesce(u.period_month = v.period_month, u.period_month is null)
        and coalesce(u.facility_id = v.facility_id, u.facility_id is null))
"""


def _missed(condition: str) -> str:
    """One finding an item, with its months; one a hand-in for months of which nothing is left."""
    return f"""
        select * from (
        with missed as (
            select m.*, exists (
                    select 1 from gate_statement s
                    where s.hand_in = m.hand_in and s.period_month = m.period_month
                ) as has_something_left
            from gate_missed m where {condition}
                -- told once, of the round that stated it first
                and not (is_of_this_round and exists (
                    select 1 from gate_missed other
                    where not other.is_of_this_round and other.hand_in = m.hand_in
                        and other.period_month = m.period_month
                        and [{", ".join(f"other.{name}" for name in COARSE)}]
                            = [{", ".join(f"m.{name}" for name in COARSE)}]))
        ),
        told as (
            select hand_in, source,
                case when has_something_left then facility_id end as facility_id,
                case when has_something_left then process_id end as process_id,
                case when has_something_left then flow_id end as flow_id,
                case when has_something_left then direction end as direction,
                case when has_something_left then property end as property,
                case when has_something_left then role end as role,
                min(period_month) as period_month,
                string_agg(distinct strftime(period_month, '%Y-%m'), ', '
                    order by strftime(period_month, '%Y-%m')) as months,
                case when count(distinct flow_id) = 1 and count(distinct unit_text) = 1
                    then concat(shown(sum(quantity)), ' ', any_value(unit_text), ', ') else '' end
                    as amount,
                arg_min(cell, period_month) as cell, sum(cell_count) as cell_count,
                case when bool_and(is_stated_in_part) then concat(' (', array_to_string(
                    list_sort(list(distinct concat_ws(' ', supplier_id, document_no)))[:3], ', '),
                    ')') else '' end as parts
            from missed
            group by all
        )
        select told.hand_in, told.source, h.source_file, told.period_month, told.flow_id,
            told.process_id,
            concat(coalesce(nullif(concat_ws('/', told.facility_id, told.process_id, told.flow_id,
                    told.property, nullif(told.role, 'activity')), ''), told.hand_in), parts, ' ', months,
                ': ', amount, cell, case when cell_count > 1
                    then concat(' and ', cell_count - 1, ' more') else '' end) as observed,
            'a line of it, or of withdrawals.csv' as expected
        from told left join handed_in h using (hand_in))
    """


RULES = (
    Rule(
        "stated_before",
        "critical",
        "What an earlier round stated for a month of this one is stated again, or withdrawn.",
        "以前轮次已填报的月份数据，本轮次须再次填报，或注明撤回。",
        "{file} lacks what an earlier round stated: {observed}.",
        "{file} 缺少以前轮次已填报的数据：{observed}。",
        "Export the whole range again. If it is no longer true, withdraw it: a line in "
        "rounds/<round>/withdrawals.csv. If it still holds as stated before, waive this finding.",
        "请重新导出完整范围；若数据已不成立，请在 rounds/<轮次>/withdrawals.csv 中注明撤回；"
        "若原数据仍然有效，请申请豁免。",
        _missed("not is_of_this_round"),
        waivable=True,
    ),
    Rule(
        "stated_by_earlier_revision",
        "critical",
        "What was accepted of this hand-in is stated by its next file, too, or withdrawn.",
        "本报送已被接受的数据，新文件中须仍然包含，或注明撤回。",
        "{file} lacks what its accepted revision stated: {observed}.",
        "{file} 缺少已接受版本中的数据：{observed}。",
        "Put it back; if it was wrong, withdraw it: a line in rounds/<round>/withdrawals.csv.",
        "请补回该数据；若原数据有误，请在 rounds/<轮次>/withdrawals.csv 中注明撤回。",
        _missed("is_of_this_round and not is_stated_in_part"),
    ),
    Rule(
        "line_dropped_by_revision",
        "warning",
        "Documents and suppliers of the accepted revision are in the next file, too.",
        "已接受版本中的单据和供应商，新文件中仍然包含。",
        "{file} lacks lines that its accepted revision had: {observed}.",
        "{file} 缺少已接受版本中的若干行：{observed}。",
        "If they were wrong, nothing to do; otherwise export again.",
        "若原数据有误，无需处理；否则请重新导出。",
        _missed("is_of_this_round and is_stated_in_part"),
        waivable=True,
    ),
    Rule(
        "statement_withdrawn",
        "info",
        "What was withdrawn is told.",
        "已撤回的数据均予列示。",
        "{item} {month} no longer counts: {observed}. {expected}",
        "{item} {month} 不再计入：{observed}。{expected}",
        "Nothing to do.",
        "无需处理。",
        """
        select hand_in, source, period_month, flow_id, process_id,
            concat(amount, cell, case when cell_count > 1
                then concat(' and ', cell_count - 1, ' more') else '' end) as observed,
            concat(reason, ' (', decided_by, ', ', decided_on, ')') as expected
        from (
            select hand_in, source, period_month, flow_id, process_id, withdrawn_by, reason,
                decided_by, decided_on,
                case when count(distinct unit_text) = 1
                    then concat(shown(sum(quantity)), ' ', any_value(unit_text), ', ')
                    else '' end as amount,
                min(cell) as cell, sum(cell_count) as cell_count
            from gate_vanished
            where withdrawn_by is not null and (is_compared or not is_of_this_round)
            group by all
        )
        """,
    ),
)

WITHDRAWN = f"""
select hand_in, getvariable('round') as round, period_month, {_FINE}, reason, decided_by,
    decided_on, withdrawn_by as source_line
from gate_vanished where withdrawn_by is not null and not is_of_this_round
order by all
"""
"""What an accepted hand-in takes away of earlier rounds, item by item."""

MATCHED = f"""
select withdrawn_by from gate_vanished where withdrawn_by is not null
union
select line.source_line from withdrawals line
where line.hand_in not in (select hand_in from handed_in where hand_in is not null)
    or line.document_no is null
    and exists (from items_before item where {is_named("line", "item")})
"""
"""Lines of `withdrawals` that are about something that was stated before."""
