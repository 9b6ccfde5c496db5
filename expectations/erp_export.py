"""Records: what lines of an ERP export, or of any log with documents, must satisfy."""

from __future__ import annotations

from expectations.rules import Rule
from orchestration.lake.hand_ins import sql_is_export

IS_RECORD_LINE = (
    "row_kind = 'reading' and is_record and document_no is not null and quantity is not null"
)
RECORD_KEY = (
    "hand_in, document_no, flow_id, process_id, facility_id, direction, role, period_text, "
    "quantity, sign_multiplier, item_text, unit_text"
)
BESIDE_READINGS = "'control', 'repeated_line', 'missing_document', 'other_round'"
"""Kinds of rows that say something of a file of records, and hide none of its figures."""

ONE_PART = (
    "(first_day is null or period_month = greatest(date_trunc('month', first_day)::date, "
    "(select min(period_month) from round_months)))"
)
"""A bill that runs across months has a part in each; what is told or compared once, by the first."""

DECIMALS = "length(regexp_extract(value_text, '[.,]([0-9]+)[^0-9]*$', 1))"
"""A sum that is printed with two decimals says no more than that."""

CONTROL = f"""
        select hand_in, source_sheet, property, item_text,
            max(quantity) filter (role = 'counted') as counted,
            sum(quantity) filter (role = 'stated') as stated,
            coalesce(max(0.5 * pow(10, -{DECIMALS})) filter (
                role = 'stated' and property = 'sum'), 0) as rounding,
            count(*) filter (role = 'stated') as stated_count,
            count(*) filter (role = 'stated' and quantity is null) as unreadable_count,
            any_value(value_text) filter (role = 'counted') as line,
            any_value(value_text) filter (role = 'stated') as stated_text,
            coalesce(min(reading_no) filter (role = 'stated'), min(reading_no)) as reading_no
        from batch where row_kind = 'control' group by all
"""

BILL_PLACE = (
    "hand_in, source, source_file, source_sheet, source_cell, item_text, flow_id, process_id, "
    "date_trunc('month', first_day)::date as period_month"
)
BILL_DAYS = "concat(strftime(first_day, '%Y-%m-%d'), ' – ', strftime(last_day, '%Y-%m-%d'))"

REVERSE_ONCE = (
    "Export the booking as well, or leave the reversal of what never counted out; one that is there "
    "twice counts once.",
    "请一并导出原登记；若原登记从未计入，请删除该冲销；重复的冲销只计一次。",
)
EXPORT_AGAIN = (
    "Run the export again: records are missing, or lines were added or changed after it was written.",
    "请重新导出：有记录缺失，或导出后有行被增加或更改。",
)


def _disagreement(kind: str) -> str:
    return f"""
        select reading_no, case when unreadable_count = 0 then shown(stated)
                else coalesce(stated_text, '') end as observed, shown(counted) as expected
        from ({CONTROL}) where property = '{kind}' and stated_count > 0
            and coalesce(unreadable_count > 0 or abs(stated - counted)
                > rounding + 1e-9 * greatest(abs(stated), abs(counted)), true)
    """


COARSE_RECORD_KEY = "hand_in, document_no, flow_id, quantity"
"""Part of the key: equal keys are equal here."""

BOOKED_KEY = (
    "hand_in, flow_id, process_id, facility_id, supplier_id, direction, role, period_text, "
    "quantity, sign_multiplier, multiplier_text, item_text, unit_text"
)
"""What one record states, whatever the number it is booked under."""

COARSE_BOOKED_KEY = "hand_in, flow_id, period_text, quantity"
"""Part of the key: equal keys are equal here."""

TELLING = "length(trim(regexp_replace(value_text, '[^0-9]', '', 'g'), '0')) >= 4"
"""A weighed figure is hardly met twice in a day; round ones, such as 25.0 t of a truck, are."""

RULES = (
    Rule(
        "no_duplicate_lines",
        "critical",
        "A document line is exported once.",
        "单据行只导出一次。",
        "{cell}: document {observed} with the same date, quantity and item is already in {expected}.",
        "{cell}：单据 {observed} 的同一日期、数量和项目已在 {expected} 中。",
        "Export again without overlap, or delete the repeated line.",
        "请重新导出（避免重叠）或删除重复行。",
        f"""
        select reading_no, document_no as observed,
            concat_ws('!', source_sheet, source_cell_of_first) as expected
        from (
            select *,
                row_number() over line as line_no,
                first_value(source_cell) over line as source_cell_of_first
            from batch
            where {IS_RECORD_LINE} and {ONE_PART}
                and hash({COARSE_RECORD_KEY}) in (select key_hash from gate_repeated)
            window line as (partition by {RECORD_KEY} order by reading_no)
        )
        where line_no > 1
        """,
        waivable=True,
    ),
    Rule(
        "record_under_another_number",
        "warning",
        "A record is booked under one document number.",
        "一笔业务只登记在一个单据号下。",
        "{cell}: document {observed} has the date, item and quantity of {expected}; both count.",
        "{cell}：单据 {observed} 的日期、项目和数量与 {expected} 相同，两者都会计入。",
        "If it was booked twice, take one of the two out; if both are real, nothing to do.",
        "若为重复登记，请删除其中一笔；若确为两笔业务，则无需处理。",
        f"""
        select reading_no, document_no as observed, other as expected
        from (
            select *, lag(document_no) over booked as other
            from batch
            where {IS_RECORD_LINE} and {ONE_PART} and {TELLING}
                and hash({COARSE_BOOKED_KEY}) in (select key_hash from gate_booked_again)
            window booked as (partition by {BOOKED_KEY} order by reading_no)
        )
        where other <> document_no
        -- mass and freight of one record are one finding
        qualify row_number() over (partition by hand_in, document_no order by reading_no) = 1
        """,
    ),
    Rule(
        "no_repeated_lines",
        "critical",
        "A line without a document number is exported once.",
        "没有单据号的行只导出一次。",
        "{cell}: {item} ({observed}) repeats {expected} in every column, and no document number "
        "tells the two apart; both would count.",
        "{cell}：{item}（{observed}）与 {expected} 各列完全相同，且没有单据号可以区分，两行都会计入。",
        "Delete the line that was exported twice. If both are real, add a column that tells them "
        "apart (document, time, plate) to the export, and name the document in the map.",
        "请删除重复导出的行；若确为两笔业务，请在导出中增加可区分的列（单据号、时间、车牌），"
        "并在映射中指定单据列。",
        f"""
        select reading_no, value_text as observed,
            concat_ws('!', source_sheet, evidence) as expected,
            -- in a log that people keep by hand, two equal lines of a day are nothing unusual
            case when {sql_is_export("source")} then 'critical' else 'warning' end as severity
        from batch where row_kind = 'repeated_line'
        """,
        waivable=True,
    ),
    Rule(
        "reversal_has_booking",
        "critical",
        "A reversal takes back what was booked before.",
        "冲销须有对应的登记。",
        "{cell}: takes back {observed} of {item}, but up to {month} nothing as large is booked that "
        "is not taken back already.",
        "{cell}：冲销 {item} {observed}，但截至 {month} 没有尚未冲销且数量相当的登记。",
        REVERSE_ONCE[0],
        REVERSE_ONCE[1],
        """
        select hand_in, source, source_file, source_sheet, source_cell, item_text, period_month,
            flow_id, process_id, value_text as observed, 'a booking as large' as expected
        from gate_reversal one
        where reversed_document is null and (
                select count(*) from gate_reversal other
                where other.item_key = one.item_key and other.reversed_document is null
                    and other.period_month <= one.period_month
                    and (abs(other.canonical_quantity) > abs(one.canonical_quantity)
                        or (other.canonical_quantity = one.canonical_quantity
                            and other.place <= one.place))
            ) > (
                select count(*) from gate_booking booked
                where booked.item_key = one.item_key
                    and booked.period_month <= one.period_month
                    and sign(booked.canonical_quantity) = -sign(one.canonical_quantity)
                    and abs(booked.canonical_quantity) >= (1 - 1e-9) * abs(one.canonical_quantity)
            )
        """,
        waivable=True,
    ),
    Rule(
        "reversed_document_booked",
        "critical",
        "A reversal that names a document takes back no more than was booked with it.",
        "注明原单据的冲销，数量不超过该单据的登记。",
        "{cell}: takes back {observed} of {item} of document {expected}, which was never booked, or "
        "not as much.",
        "{cell}：冲销单据 {expected} 的 {item} {observed}，但该单据未登记，或登记数量不足。",
        REVERSE_ONCE[0],
        REVERSE_ONCE[1],
        """
        select hand_in, source, source_file, source_sheet, source_cell, item_text, period_month,
            flow_id, process_id, value_text as observed, reversed_document as expected
        from gate_reversal one
        where reversed_document is not null and (
                select sum(abs(other.canonical_quantity)) from gate_reversal other
                where other.item_key = one.item_key
                    and other.reversed_document = one.reversed_document
                    and other.place <= one.place
            ) * (1 - 1e-9) > coalesce((
                select sum(abs(booked.canonical_quantity)) from gate_booking booked
                where booked.item_key = one.item_key
                    and booked.document_no = one.reversed_document
                    and sign(booked.canonical_quantity) = -sign(one.canonical_quantity)
            ), 0)
        """,
        waivable=True,
    ),
    Rule(
        "closing_line_present",
        "critical",
        "An export ends with the closing line that the map declares.",
        "导出文件以映射中声明的结尾行结束。",
        "{cell}: the export should close with a line that begins with “{expected}”; it has none, so "
        "records may be missing at its end.",
        "{cell}：导出文件应以“{expected}”开头的结尾行结束，但没有该行，末尾的记录可能缺失。",
        "Run the export again to its end; don't cut the closing line off.",
        "请重新完整导出，勿删去结尾行。",
        f"""
        select arg_min(reading_no, property) as reading_no, null as observed, line as expected
        from ({CONTROL}) where stated_count = 0 group by hand_in, source_sheet, line
        """,
        waivable=True,
    ),
    Rule(
        "record_count_agrees",
        "critical",
        "An export holds as many records as its closing line says.",
        "记录数与结尾行一致。",
        "{cell}: the closing line counts “{observed}” records, the file holds {expected}.",
        "{cell}：结尾行的记录数为“{observed}”，文件中有 {expected} 条。",
        *EXPORT_AGAIN,
        _disagreement("row_count"),
        waivable=True,
    ),
    Rule(
        "record_sum_agrees",
        "critical",
        "The records of an export add up to what its closing line says.",
        "各记录之和与结尾行一致。",
        "{cell}: the closing line gives the sum of {item} as “{observed}”, the records add up to "
        "{expected}.",
        "{cell}：结尾行的 {item} 合计为“{observed}”，各记录之和为 {expected}。",
        *EXPORT_AGAIN,
        _disagreement("sum"),
        waivable=True,
    ),
    Rule(
        "document_numbers_complete",
        "critical",
        "Document numbers that the map declares consecutive have no gap.",
        "映射中声明为连续的单据号没有缺号。",
        "{cell}: {expected} before this document number.",
        "{cell}：该单据号之前缺少 {observed}。",
        "Export the missing documents as well. If they were cancelled or never issued, a waiver "
        "says so.",
        "请补充导出缺少的单据；若已作废或从未开具，请以豁免说明。",
        """
        select reading_no, value_text as observed,
            concat(value_text, case when quantity > 1
                then concat(' (', shown(quantity), ' numbers) are missing')
                else ' is missing' end) as expected
        from batch where row_kind = 'missing_document'
        """,
        waivable=True,
    ),
    Rule(
        "bill_days_known",
        "critical",
        "A bill ends after it begins.",
        "账单的结束日期不早于开始日期。",
        "{cell}: the bill of {item} runs from {observed}; its end lies before its start.",
        "{cell}：{item} 的账单期间为 {observed}，结束早于开始。",
        "Correct the days; whether the last one is billed is said in the map (to_counts).",
        "请更正日期；末日是否计费在映射中说明（to_counts）。",
        """
        select reading_no, period_text as observed, 'a start before the end' as expected
        from batch where row_kind = 'reading' and first_day is not null and period_month is null
            and role <> 'row_total'
        qualify row_number() over (
            partition by hand_in, source_sheet, regexp_extract(source_cell, '[0-9]+')
            order by reading_no) = 1
        """,
    ),
    Rule(
        "bill_gap",
        "critical",
        "Bills of a meter cover every day of the round.",
        "同一表计的账单覆盖本轮次的每一天。",
        "{cell}: no bill of {item} covers {observed}.",
        "{cell}：{item} 在 {observed} 没有账单。",
        "Export the bill that is missing, also one that only begins or ends in these months. If "
        "nothing was drawn, as before a meter was set up, a waiver says so.",
        "请补充缺少的账单（包括仅开始或结束于这些月份的账单）；若期间未用量（如表计尚未启用），"
        "请以豁免说明。",
        f"""
        select {BILL_PLACE}, {BILL_DAYS} as observed, 'a bill' as expected
        from (
            select bill.* exclude (first_day, last_day),
                greatest(coalesce(bill.billed_until + 1, days.first_day), days.first_day)
                    as first_day, least(bill.first_day - 1, days.last_day) as last_day
            from gate_bill bill, gate_round_days days
            union all
            select bill.* exclude (first_day, last_day),
                greatest(bill.last_day + 1, days.first_day), days.last_day
            from gate_bill bill, gate_round_days days where bill.is_last
        ) where first_day <= last_day
        """,
        waivable=True,
    ),
    Rule(
        "bill_overlap",
        "critical",
        "No day of a meter is billed twice.",
        "同一表计的每一天只计费一次。",
        "{cell}: {item} of {observed} is billed already in {expected}.",
        "{cell}：{item} 的 {observed} 已在 {expected} 中计费。",
        "Delete the bill that is there twice, or correct its days. Where a site has several meters, "
        "the map names the column that tells them apart (meter).",
        "请删除重复的账单或更正其日期；若有多个表计，须在映射中指定区分表计的列（meter）。",
        f"""
        select {BILL_PLACE}, {BILL_DAYS} as observed, (
                select concat_ws('!', arg_min(other.source_sheet, other.place),
                    arg_min(other.source_cell, other.place))
                from gate_bill other where other.account = twice.account
                    and other.place < twice.place and other.last_day >= twice.starts_on
            ) as expected
        from (
            select bill.* exclude (first_day, last_day), bill.first_day as starts_on,
                greatest(bill.first_day, days.first_day) as first_day,
                least(bill.last_day, bill.billed_until, days.last_day) as last_day
            from gate_bill bill, gate_round_days days
            where bill.first_day <= bill.billed_until
        ) twice
        where first_day <= last_day
        """,
        waivable=True,
    ),
    Rule(
        "bill_in_round",
        "info",
        "What of a bill falls outside the round counts in the round of its month.",
        "账单中不属于本轮次的部分计入其所属轮次。",
        "{cell}: {observed} of {expected} days of the bill of {item} are in {month}; that part "
        "counts in the round of that month.",
        "{cell}：{item} 账单 {expected} 天中有 {observed} 天属于 {month}，该部分计入其所属轮次。",
        "Nothing to do here; hand the bill in with the other round as well.",
        "此处无需处理；请在另一轮次中同样提交该账单。",
        """
        select reading_no, (least(last_day, (period_month + interval 1 month)::date - 1)
                - greatest(first_day, period_month) + 1)::varchar as observed,
            (last_day - first_day + 1)::varchar as expected
        from batch where row_kind = 'other_round'
        """,
    ),
)
