"""Records: what lines of an ERP export, or of any log with documents, must satisfy."""

from __future__ import annotations

from expectations.rules import Rule

IS_RECORD_LINE = (
    "row_kind = 'reading' and is_record and document_no is not null and quantity is not null"
)
RECORD_KEY = (
    "hand_in, document_no, flow_id, process_id, facility_id, direction, role, period_text, "
    "quantity, sign_multiplier, item_text, unit_text"
)
COARSE_RECORD_KEY = "hand_in, document_no, flow_id, quantity"
"""Part of the key: equal keys are equal here."""

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
            where {IS_RECORD_LINE}
                and hash({COARSE_RECORD_KEY}) in (select key_hash from gate_repeated)
            window line as (partition by {RECORD_KEY} order by reading_no)
        )
        where line_no > 1
        """,
        waivable=True,
    ),
)
