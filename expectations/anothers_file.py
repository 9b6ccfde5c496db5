"""Another site's file, or last month's under this month's name: the same content in two hand-ins.

A file is the same byte for byte, or it states the same figures under the same labels, with site and
month exchanged. Round figures, and those that were the same in several months before, tell
nothing: rooms don't grow.
"""

from __future__ import annotations

import pyarrow as pa

from expectations.rules import Rule

SIGNIFICANT_DIGITS = 3
"""From so many on, a figure is hardly the same twice by chance."""

MANY = 6
"""So many equal figures, and nearly all that there are, are no coincidence."""

FEW = 3
"""So many equal figures, and all that there are, want a look."""

NEARLY_ALL = 0.8
"""Somebody may have mended a cell of what he copied."""

FILES_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "hand_in", "round", "source_file", "source_sha256")]
)
"""Table `files_before`: files that other rounds accepted for months that this one doesn't cover."""

_OF_SITE = "split_part(hand_in, '/', 1)"
LABEL = (
    f"[source_sheet, nullif(facility_id, {_OF_SITE}), replace(process_id, {_OF_SITE}, ''), "
    "flow_id, direction, property, role, supplier_id, item_text]"
)
"""What a figure is about, whichever site hands it in."""

_DIGITS = (
    "length(regexp_replace(regexp_replace(printf('%.10g', abs(quantity)), 'e.*$|[.]', '', 'g'), "
    "'^0+|0+$', '', 'g'))"
)

FIGURES = f"""
create or replace temp table gate_figure as
with mine as (
    select hand_in, source, {LABEL} as label,
        date_diff('month', (select min(period_month) from round_months), period_month) as nth_month,
        sum(quantity * coalesce(sign_multiplier, 1)) as quantity
    from readings
    where row_kind = 'reading' and quantity is not null and role <> 'row_total'
        and period_month in (select period_month from round_months)
        and hand_in in (select hand_in from handed_in)
        and hand_in not in (select hand_in from readings where row_kind = 'wrong_file')
    group by all
),
earlier as (
    select hand_in, round, {LABEL} as label, nth_month, sum(quantity) as quantity
    from items_before group by all
),
usual as (
    select hand_in, label, quantity from earlier group by all having count(*) > 1
)
select hand_in, source, null::varchar as round, label, nth_month, quantity from mine
where {_DIGITS} >= {SIGNIFICANT_DIGITS}
    and (hand_in, label, quantity) not in (select (hand_in, label, quantity) from usual)
union all
select hand_in, null, round, label, nth_month, quantity from earlier
where {_DIGITS} >= {SIGNIFICANT_DIGITS};

create or replace temp table gate_copied as
select mine.hand_in, any_value(mine.source) as source, theirs.hand_in as other, theirs.round,
    count(*) as same_count, count(distinct mine.quantity) as distinct_count,
    any_value(stated.figures) as figures
from gate_figure mine
    join gate_figure theirs using (label, nth_month, quantity)
    join (select hand_in, count(*) as figures from gate_figure where round is null group by all)
        stated on stated.hand_in = mine.hand_in
where mine.round is null and (theirs.round is not null or theirs.hand_in <> mine.hand_in)
    and split_part(theirs.hand_in, '/', 2) = split_part(mine.hand_in, '/', 2)
group by mine.hand_in, theirs.hand_in, theirs.round
having distinct_count >= {FEW} and (
    same_count = figures or same_count >= {MANY} and same_count >= {NEARLY_ALL} * figures)
"""

RULES = (
    Rule(
        "same_file_twice",
        "critical",
        "No file is handed in twice, for another site or under another round's name.",
        "同一文件不得为其他工厂或其他轮次重复提交。",
        "{file} is the same file as {observed}.",
        "{file} 与 {observed} 是同一文件。",
        "Hand in the file of this site and round; where both are right, waive this finding.",
        "请提交本工厂、本轮次的文件；若两者均正确，请申请豁免。",
        """
        select mine.hand_in, mine.source, mine.source_file, min(other.source_file) as observed,
            'a file of its own' as expected
        from handed_in mine join (
            select source, hand_in, source_file, source_sha256 from handed_in
            union all
            select source, hand_in, source_file, source_sha256 from files_before
        ) other on other.source = mine.source and other.source_sha256 = mine.source_sha256
            and other.source_file <> mine.source_file
        where mine.hand_in not in (select hand_in from readings where row_kind = 'wrong_file')
        group by mine.hand_in, mine.source, mine.source_file
        """,
        waivable=True,
    ),
    Rule(
        "same_figures_twice",
        "critical",
        "No two hand-ins state the same figures.",
        "两份提交的数据不得完全相同。",
        "{file} states the same figures as {observed}: {expected}.",
        "{file} 与 {observed} 的数据相同：{expected}。",
        "Look whether another site's or month's file was copied; where both are right, waive this.",
        "请核对是否误用了其他工厂或月份的文件；若两者均正确，请申请豁免。",
        f"""
        select copied.hand_in, copied.source, h.source_file,
            concat_ws(' ', copied.other, copied.round) as observed,
            concat(copied.same_count, ' / ', copied.figures) as expected,
            case when copied.same_count >= {MANY} then 'critical' else 'warning' end as severity
        from gate_copied copied join handed_in h using (hand_in)
        where not exists (
            select 1 from handed_in twin where twin.hand_in = copied.other
                and copied.round is null and twin.source_sha256 = h.source_sha256)
        qualify row_number() over (
            partition by copied.hand_in order by copied.same_count desc, copied.round desc) = 1
        """,
        waivable=True,
    ),
)
