"""Form: what every cell of a hand-in must satisfy, workbook and export alike."""

from __future__ import annotations

from expectations.erp_export import BESIDE_READINGS
from expectations.rules import Rule, remedies
from orchestration.company.physical_bounds import largest_month
from orchestration.lake.hand_ins import sql_is_export

NOT_A_SUM = "role <> 'row_total'"
STATED = "value_type not in ('blank', 'missing')"
NEEDED = f"({STATED} or (is_required and coalesce(value_type, '') <> 'missing'))"
"""What a month that is missing as a whole lacks is told by `month_reported` alone."""
HAS_UNIT = (
    "(coalesce(direction, '') <> 'property' or property in "
    "('ncv', 'carbon_content', 'carbon_content_per_unit', 'density'))"
)
"""Quantities, and the properties that figures are calculated with."""

NOTES = ("older_template", "hidden_figure", "settled_look", "unread_sheet")
"""Kinds of rows that say something of a hand-in and take nothing away from it."""
PARTS_OF_A_HAND_IN = ", ".join(f"'{kind}'" for kind in ("reading", *NOTES)) + f", {BESIDE_READINGS}"
"""Any other kind of row is something that could not be read."""

IS_MONTHLY = (
    "row_kind = 'reading' and not is_record and role <> 'row_total' "
    "and value_type <> 'missing' and period_month is not null"
)
MONTH_KEY = (
    "hand_in, period_month, source_sheet, item_text, flow_id, process_id, direction, property, "
    "role, meter_id"
)
"""What a sheet with months states once; two columns of one flow have different headers."""
COARSE_MONTH_KEY = "hand_in, period_month, item_text, flow_id"
"""Part of the key: equal keys are equal here."""


def _registered(
    rule_id: str, kind: str, titles: tuple[str, str], remedies: tuple[str, str], kind_zh: str
) -> Rule:
    """A key by which something is looked up; one cell of each hand-in is named for it."""
    key = {"supplier": "coalesce(supplier_id, unknown_supplier)", "meter": "meter_id"}[kind]
    return Rule(
        rule_id,
        "warning",
        *titles,
        f"{{cell}}: the {kind} “{{observed}}” is not registered; expected {{expected}}.",
        f"{{cell}}：{kind_zh}“{{observed}}”未登记，应为 {{expected}}。",
        *remedies,
        f"""
        select min(reading_no) as reading_no, key as observed,
            case when meant is null then 'one of the register'
                when meant = key then concat(key, ' in the lookup of the map')
                else meant end as expected,
            case when meant is null then 'warning' else 'critical' end as severity
        from (select *, {key} as key from batch) join gate_unknown_key using (hand_in, key)
        where kind = '{kind}'
        group by hand_in, key, meant
        """,
    )


NOTHING_TO_USE = remedies(
    (
        "role in ('meter_start', 'meter_end', 'stock_open', 'stock_close')",
        "Read the meter, or take the count, from the log of the day; 0 would be a reading of 0.",
        "请按当日记录补填表计读数或盘点数；填 0 表示读数为 0。",
    ),
    (
        "direction = 'property'",
        "Enter what was measured; 0 would be taken as measured.",
        "请填写实测值；填 0 将视为实测为 0。",
    ),
)
"""A register, a stock and a property are there also in a month in which nothing is used."""
HOW_IT_BECAME_NEGATIVE = remedies(
    (
        "data_method = 'metered'",
        "Meters only count up: check the subtraction, start from end.",
        "计量只增不减，请检查减法（期末减期初）。",
    ),
    (
        "data_method in ('calculated', 'estimated')",
        "It is worked out: check the calculation, what it subtracts and the cells it starts from.",
        "该数值由计算得出：请检查计算方法、被扣减的数量及所用的单元格。",
    ),
)

RULES = (
    Rule(
        "file_readable",
        "critical",
        "The file can be opened and read.",
        "文件可以打开并读取。",
        "{file} can't be read: {observed}",
        "无法读取 {file}：{observed}",
        "Open the file, save it again as .xlsx without a password, and hand it in again.",
        "请打开文件，另存为不带密码的 .xlsx 后重新提交。",
        """
        select reading_no, value_text as observed, 'a file that opens' as expected from batch
        where row_kind = 'unreadable'
        """,
    ),
    Rule(
        "file_states_something",
        "critical",
        "A file that is handed in has records below its headers.",
        "提交的文件在表头之下须有记录。",
        "{file} has headers and no rows: it states nothing for this round.",
        "{file} 只有表头而没有数据行：本轮次未填报任何内容。",
        "Export or fill it in again. If there was nothing to state, say so by a waiver, or by a line "
        "with 0.",
        "请重新导出或填写；若本轮次确无数据，请以豁免说明，或填写一行 0。",
        """
        select reading_no, 'no rows' as observed, 'records below the headers' as expected
        from batch where row_kind = 'no_records'
        """,
        waivable=True,
    ),
    Rule(
        "file_belongs_here",
        "critical",
        "A workbook is that of this round, site and stage.",
        "工作簿属于本轮次、本工厂和本工段。",
        "{file} is the workbook of {observed}; here that of {expected} is due.",
        "{file} 是 {observed} 的工作簿，此处应提交 {expected}。",
        "Fill in this round's template for this site and stage; don't reuse another's file.",
        "请填写本轮次、本工厂、本工段的模板，勿沿用其他轮次或工厂的文件。",
        """
        select reading_no, value_text as observed, item_text as expected
        from batch where row_kind = 'wrong_file'
        """,
    ),
    Rule(
        "template_version",
        "info",
        "The workbook was written from the present template.",
        "工作簿使用的是当前版本的模板。",
        "{file} was filled in on template version {observed}; the present one is {expected}.",
        "{file} 使用的模板版本为 {observed}，当前版本为 {expected}。",
        "Nothing to do now: it was read as that version. Use the new template next time.",
        "本次无需处理，已按该版本读取；下次请使用新模板。",
        """
        select reading_no, value_text as observed, item_text as expected
        from batch where row_kind = 'older_template'
        """,
    ),
    Rule(
        "sheet_present",
        "critical",
        "Every sheet of the template is there.",
        "模板中的每个工作表都存在。",
        "{file} has no sheet named {expected}.",
        "{file} 中没有名为 {expected} 的工作表。",
        "Put the sheet back under the name of the template; leave quantities not used at 0.",
        "请按模板名称恢复该工作表；未使用的数量填 0。",
        """
        select reading_no, value_text as observed,
            coalesce(item_text, source_sheet, value_text) as expected
        from batch where row_kind = 'missing_sheet'
        """,
    ),
    Rule(
        "header_known",
        "critical",
        "Every header is one the map knows.",
        "每个表头都在映射中。",
        "{cell}: the header “{observed}” is not in the map of this source.",
        "{cell}：表头“{observed}”不在该数据源的映射中。",
        "Use the template's header. If the column is new, ask for it to be mapped or ignored.",
        "请使用模板表头；若为新增列，请申请加入映射或忽略列表。",
        """
        select reading_no, coalesce(item_text, value_text) as observed,
            'a header of the map' as expected
        from batch where row_kind = 'unmapped_header'
        """,
    ),
    Rule(
        "header_present",
        "critical",
        "Every header of the map is there.",
        "映射中的每个表头都存在。",
        "Sheet “{sheet}” of {file} lacks the header “{expected}”.",
        "{file} 的工作表“{sheet}”缺少表头“{expected}”。",
        "Put the column or row back with the template's header; if nothing was used, enter 0.",
        "请按模板恢复该列或行的表头；未使用则填 0。",
        """
        select reading_no, null as observed, coalesce(item_text, value_text) as expected
        from batch where row_kind = 'missing_header'
        """,
    ),
    Rule(
        "month_known",
        "critical",
        "Every value belongs to a month that can be read.",
        "每个数值都有可识别的月份。",
        "{cell}: “{observed}” is not a month for {item}.",
        "{cell}：“{observed}”不是可识别的月份（{item}）。",
        "Write the month as 2021-01 or as a date.",
        "请将月份写成 2021-01 或日期格式。",
        f"""
        select reading_no, coalesce(period_text, 'blank') as observed, 'a month' as expected,
            period_cell as source_cell
        from batch where row_kind = 'reading' and period_month is null and first_day is null
            and {NOT_A_SUM} and {NEEDED}
        """,
    ),
    Rule(
        "figures_beside_their_months",
        "critical",
        "Each row of figures stands beside its month.",
        "每行数据都与其月份同行。",
        "{cell}: a row of figures has no month, and the row of {observed} is blank throughout: the "
        "figures may all stand one row off.",
        "{cell}：该行数据没有月份，而 {observed} 整行为空：数据可能整体错了一行。",
        "Move the figures so that each row stands beside its month, and look at every row between.",
        "请移动数据，使每行与其月份对齐，并逐行核对其间各行。",
        """
        select * from (
        with line as (
            select hand_in, source_sheet, regexp_extract(source_cell, '[0-9]+$') as line_no,
                period_month, min(reading_no) as reading_no, any_value(period_cell) as period_cell,
                any_value(source_file) as source_file, count(*) as cell_count,
                count(*) filter (value_type = 'blank') as blank_count,
                count(*) filter (value_type = 'blank' and is_required) as needed_count,
                string_agg(concat_ws('!', source_file, source_sheet, source_cell), chr(10)) as cells
            from batch
            where row_kind = 'reading' and role <> 'row_total' and not is_record
                and value_type <> 'missing' and (period_month is not null or period_text is null)
            group by hand_in, source_sheet, line_no, period_month
        ),
        monthless as (
            select * from line where period_month is null and blank_count < cell_count
            qualify count(*) over (partition by hand_in, source_sheet) = 1
        ),
        blank as (
            select * from line where period_month is not null and blank_count = cell_count
                and needed_count > 0
            qualify count(*) over (partition by hand_in, source_sheet) = 1
        )
        select monthless.reading_no, monthless.period_cell as source_cell,
            strftime(blank.period_month, '%Y-%m') as observed,
            'a month beside each row of figures' as expected,
            concat_ws(chr(10), concat_ws('!', monthless.source_file, monthless.source_sheet,
                monthless.period_cell), monthless.cells, blank.cells) as other_cells
        from monthless join blank
            on blank.hand_in = monthless.hand_in
            and blank.source_sheet is not distinct from monthless.source_sheet
            and blank.cell_count = monthless.cell_count
        )
        """,
    ),
    Rule(
        "month_in_round",
        "critical",
        "Only months of this round are handed in.",
        "只提交本轮次的月份。",
        "{cell}: {item} is stated for {observed}; this round covers {expected}.",
        "{cell}：{item} 的月份为 {observed}，本轮次范围为 {expected}。",
        "Correct the month, or hand the value in with the round it belongs to.",
        "请更正月份，或在所属轮次中提交该数值。",
        f"""
        select reading_no, strftime(period_month, '%Y-%m') as observed, period_cell as source_cell,
            (select concat(strftime(min(period_month), '%Y-%m'), ' – ',
                strftime(max(period_month), '%Y-%m')) from round_months) as expected
        from batch where row_kind = 'reading' and {STATED} and {NOT_A_SUM}
            and period_month not in (select period_month from round_months)
        """,
    ),
    Rule(
        "month_reported",
        "critical",
        "Every month of the round is reported.",
        "本轮次的每个月份都已填报。",
        "{item}: {month} is not in the sheet “{sheet}” of {file}.",
        "{file} 的工作表“{sheet}”中缺少 {item} 的 {month} 数据。",
        "Add the month; if nothing was used, enter 0.",
        "请补充该月份；未使用则填 0。",
        f"""
        select reading_no, 'a value for the month' as expected, {NOTHING_TO_USE},
            -- one export is asked for every site
            concat('missing', case when {sql_is_export("source")}
                then coalesce(' at ' || facility_id, '') else '' end) as observed
        from batch where row_kind = 'reading' and value_type = 'missing' and is_required
            and role <> 'row_total'
        """,
    ),
    Rule(
        "value_present",
        "critical",
        "No required cell is blank.",
        "必填单元格不得为空。",
        "{cell}: {item} is blank for {month}.",
        "{cell}：{item} 在 {month} 为空。",
        "Enter the value; if nothing was used, enter 0. A blank means it went unread.",
        "请填写数值；未使用则填 0。空白表示未抄录。",
        f"""
        select reading_no, 'blank' as observed, 'a number' as expected, {NOTHING_TO_USE}
        from batch where row_kind = 'reading' and value_type = 'blank' and is_required
            and role <> 'row_total'
        """,
    ),
    Rule(
        "value_is_number",
        "critical",
        "A quantity is a number and nothing else.",
        "数量必须是数字。",
        "{cell}: “{observed}” stands where the number for {item}, {month} is expected.",
        "{cell}：{item}（{month}）应为数字，实际为“{observed}”。",
        "Enter the number alone: no unit, no “about”, no remark. Remarks go to the note column.",
        "只填数字，不带单位、“约”或备注；备注请写在备注列。",
        """
        select reading_no, coalesce(value_text, '') as observed, 'a number' as expected
        from batch where row_kind = 'reading' and (
            coalesce(value_type, '') not in ('number', 'text_number', 'ambiguous_number', 'blank',
                'missing', 'error', 'formula_without_value')
            or (value_type in ('number', 'text_number')
                and not coalesce(isfinite(quantity), false)))
        """,
    ),
    Rule(
        "number_has_one_reading",
        "critical",
        "A number written as text can be read in one way only.",
        "以文本填写的数字只能有一种读法。",
        "{cell}: “{observed}” may be {expected}; nothing in its column says which ({item}, "
        "{month}).",
        "{cell}：“{observed}”可读作 {expected}，同列内容无法判断（{item}，{month}）。",
        "Type it as a number, without a mark for thousands. For an export, the map says which mark "
        "is which, under numbers or csv.",
        "请以数字格式填写，不加千位分隔符；导出文件须在映射的 numbers 或 csv 中写明小数点和千位符。",
        """
        select reading_no, value_text as observed,
            concat(replace(value_text, ',', '.'), ' or ', regexp_replace(value_text, '[.,]', ''))
                as expected
        from batch where row_kind = 'reading' and value_type = 'ambiguous_number'
        """,
    ),
    Rule(
        "header_stands_once",
        "critical",
        "A header that is read stands over one column only.",
        "被读取的表头只对应一列。",
        "The header “{item}” stands over several filled columns: {observed}.",
        "表头“{item}”对应多个已填列：{observed}。",
        "Delete or rename the column that isn't meant. If both are, the map may name the second by "
        "the header with (2) behind it.",
        "请删除或重命名多余的列；若两列都需要，可在映射中以表头加“ (2)”表示第二列。",
        """
        select reading_no, value_text as observed, 'one column' as expected
        from batch where row_kind = 'repeated_header'
        """,
    ),
    Rule(
        "figures_below_header",
        "critical",
        "Figures stand below the headers.",
        "数值位于表头下方。",
        "Figures stand in the line of the headers of the sheet “{sheet}” ({observed}): everything was "
        "typed a row too high, or over the headers.",
        "工作表“{sheet}”的表头行中有数值（{observed}）：内容整体上移了一行，或覆盖了表头。",
        "Put the headers of the template back, and the figures into the rows below them.",
        "请恢复模板表头，并将数值填入其下方各行。",
        """
        select reading_no, value_text as observed, 'headers' as expected
        from batch where row_kind = 'shifted_figures'
        """,
    ),
    Rule(
        "shown_as_stored",
        "critical",
        "What a cell shows is what it holds.",
        "单元格显示的内容与存储的数值一致。",
        "{cell}: shows {observed}, but {expected} is stored.",
        "{cell}：显示 {observed}，实际存储 {expected}。",
        "Decide which one is right; then type that number and set the cell's format to a plain "
        "number.",
        "请确认哪一个正确，重新填写该数值，并将单元格格式设为普通数字。",
        """
        select reading_no, value_text as observed, item_text as expected
        from batch where row_kind = 'shown_otherwise'
        """,
    ),
    Rule(
        "not_struck_out",
        "critical",
        "No figure that is struck out counts.",
        "带删除线的数值不予计入。",
        "{cell}: {observed} is struck out, but would count.",
        "{cell}：{observed} 带有删除线，但仍会被计入。",
        "Delete the figure, or remove the line through it.",
        "请删除该数值，或取消删除线。",
        """
        select reading_no, value_text as observed, 'a figure that counts' as expected
        from batch where row_kind = 'struck_out'
        """,
        waivable=True,
    ),
    Rule(
        "figure_is_visible",
        "warning",
        "Every figure that counts can be seen.",
        "计入的数值均可见。",
        "{cell}: {observed} counts, but nobody sees it: {expected}.",
        "{cell}：{observed} 会被计入，但不可见（{expected}）。",
        "Unhide it and look whether it belongs there; delete it if it doesn't.",
        "请取消隐藏并核对该数值是否应计入；不应计入则删除。",
        """
        -- a month that the sheet must state would be missed; a record more or less is not
        select reading_no, value_text as observed, item_text as expected,
            case when is_record then 'warning' else 'info' end as severity
        from batch where row_kind = 'hidden_figure'
        """,
    ),
    Rule(
        "sheet_is_read",
        "warning",
        "Every sheet with figures is one the map reads.",
        "含有数值的工作表均被读取。",
        "The sheet “{sheet}” holds {observed} numbers, and no map reads it.",
        "工作表“{sheet}”含有 {observed} 个数值，但映射未读取该表。",
        "If it belongs to the hand-in, give it the template's name. If not, take it out, or the map "
        "lists it in ignored_sheets.",
        "如属报送内容，请改用模板中的表名；否则请删除，或在映射的 ignored_sheets 中列出。",
        """
        select reading_no, value_text as observed, 'a sheet of the map' as expected,
            case when is_required then 'warning' else 'info' end as severity
        from batch where row_kind = 'unread_sheet'
        """,
    ),
    Rule(
        "no_excel_error",
        "critical",
        "No cell shows an Excel error.",
        "单元格不得出现 Excel 错误。",
        "{cell}: shows {observed} instead of {item} for {month}.",
        "{cell}：{item}（{month}）显示错误 {observed}。",
        "Repair the formula or its source, or enter the number itself.",
        "请修复公式或其来源，或直接填写数值。",
        """
        select reading_no, coalesce(value_text, 'an error') as observed, 'a number' as expected
        from batch where row_kind = 'reading' and value_type = 'error'
        """,
    ),
    Rule(
        "formula_calculated",
        "critical",
        "Every formula has been calculated.",
        "每个公式都已计算。",
        "{cell}: the formula {observed} was never calculated, so {item} has no value.",
        "{cell}：公式 {observed} 从未计算，{item} 没有数值。",
        "Open the workbook in Excel, recalculate (F9), save, and hand it in again.",
        "请用 Excel 打开并重新计算（F9），保存后重新提交。",
        """
        select reading_no, coalesce(formula, value_text, '') as observed,
            'a calculated value' as expected
        from batch where row_kind = 'reading' and value_type = 'formula_without_value'
        """,
    ),
    Rule(
        "formula_result_current",
        "critical",
        "The stored result of a formula is what it gives.",
        "公式的存储结果与其计算结果一致。",
        "{cell}: {observed} is stored as the result of its formula, which gives {expected}.",
        "{cell}：公式的存储结果为 {observed}，重新计算为 {expected}。",
        "Open the workbook in Excel, recalculate (F9), look which number is right, save, and hand it "
        "in again.",
        "请用 Excel 打开并重新计算（F9），核对哪个数值正确，保存后重新提交。",
        """
        select reading_no, value_text as observed, item_text as expected
        from batch where row_kind = 'stale_result'
        """,
        waivable=True,
    ),
    Rule(
        "quantity_is_possible",
        "critical",
        "No quantity is beyond all that one company can have.",
        "数量不得超出任何企业可能达到的范围。",
        "{cell}: {observed} of {item} for {month} is more than any company has ({expected}).",
        "{cell}：{item} 在 {month} 为 {observed}，超出任何企业可能达到的范围（{expected}）。",
        "Correct the number or its unit.",
        "请更正数值或单位。",
        f"""
        select reading_no, quantity::varchar as observed, 'at most {largest_month():g}' as expected
        from batch where row_kind = 'reading' and isfinite(quantity)
            and abs(quantity * coalesce(sign_multiplier, 1) * coalesce(unit_multiplier, 1))
                > {largest_month()}
        """,
    ),
    Rule(
        "multiplier_is_number",
        "critical",
        "A quantity that is multiplied or divided has numbers in all its cells.",
        "参与相乘或相除的单元格都必须是数字。",
        "{cell}: {item} is multiplied or divided by “{observed}”; expected {expected}.",
        "{cell}：{item} 需乘以或除以“{observed}”，应为 {expected}。",
        "Enter the distance, concentration or days as a number in the named cell.",
        "请在所指单元格填写数字（运距、浓度或天数）。",
        f"""
        select reading_no, coalesce(nullif(ltrim(wrong[1], '/'), ''), 'blank') as observed,
            nullif(wrong[2], '') as source_cell,
            case when starts_with(wrong[1], '/') then 'a number other than 0' else 'a number' end
                as expected
        from (
            select *, list_filter(
                list_zip(string_split(multiplier_text, '|'), string_split(multiplier_cell, '|')),
                lambda part: try_cast(ltrim(part[1], '/') as double) is null
                    or starts_with(part[1], '/') and try_cast(ltrim(part[1], '/') as double) = 0
            )[1] as wrong
            from batch
        ) where row_kind = 'reading' and sign_multiplier is null and {STATED}
            and {NOT_A_SUM}
        """,
    ),
    Rule(
        "flow_known",
        "critical",
        "Every material, fuel or energy is one the company lists.",
        "每种物料、燃料或能源都在公司清单中。",
        "{cell}: “{observed}” is not known as a flow of the company.",
        "{cell}：“{observed}”不是公司已知的物料或能源。",
        "Correct the code; a new one goes into the map's lookup or company/flows.csv first.",
        "请更正代码；新代码须先加入映射的对照表或 company/flows.csv。",
        f"""
        select reading_no, coalesce(flow_id, item_text, 'blank') as observed,
            'a flow of company/flows.csv' as expected, flow_cell as source_cell
        from batch where row_kind = 'reading' and not flow_is_known and {NEEDED}
        """,
    ),
    Rule(
        "process_known",
        "critical",
        "Every value belongs to a process of the company.",
        "每个数值都属于公司的某个工序。",
        "{cell}: {item} is booked to process “{observed}”; expected {expected}.",
        "{cell}：{item} 记入工序“{observed}”，应为{expected}。",
        "Correct the cost centre, or add the process to the map or company/processes.csv.",
        "请更正成本中心，或将工序加入映射或 company/processes.csv。",
        f"""
        select reading_no, coalesce(process_id, 'blank') as observed,
            case when process_facility_id is null then 'a process of company/processes.csv'
                else concat('a process of ', facility_id) end as expected
        from batch where row_kind = 'reading' and coalesce(direction, '') <> 'property'
            and {NEEDED} and (process_facility_id is null or process_facility_id <> facility_id)
        """,
    ),
    Rule(
        "facility_known",
        "critical",
        "Every value belongs to a facility of the company.",
        "每个数值都属于公司的某个工厂。",
        "{cell}: {item} belongs to no known facility (“{observed}”).",
        "{cell}：{item} 不属于任何已知工厂（“{observed}”）。",
        "Correct the plant code, or add it to the map's lookup or company/facilities.csv.",
        "请更正工厂代码，或将其加入映射对照表或 company/facilities.csv。",
        f"""
        select reading_no, coalesce(facility_id, 'blank') as observed,
            'a facility of company/facilities.csv' as expected,
            facility_cell as source_cell
        from batch where row_kind = 'reading' and not facility_is_known and {NEEDED}
        """,
    ),
    Rule(
        "unit_known",
        "critical",
        "Every unit is one that can be read.",
        "每个单位都可识别。",
        "{cell}: the unit “{observed}” of {item} can't be used; {flow} is kept in {expected}.",
        "{cell}：{item} 的单位“{observed}”无法使用；{flow} 的单位为 {expected}。",
        "Use a unit of the template, such as kg, t, kWh, 万千瓦时, m3 or Nm3.",
        "请使用模板中的单位，如 kg、t、kWh、万千瓦时、m3 或 Nm3。",
        f"""
        select reading_no, coalesce(unit_text, 'blank') as observed, flow_unit_code as expected,
            unit_problem as remedy_en, unit_problem_zh as remedy_zh,
            unit_cell as source_cell
        from batch where row_kind = 'reading' and {HAS_UNIT}
            and flow_is_known and {NEEDED} and unit_multiplier is null
            and not unit_has_wrong_dimension
        """,
    ),
    Rule(
        "unit_dimension",
        "critical",
        "A unit measures what the flow is measured in.",
        "单位的量纲须与该物料一致。",
        "{cell}: {item} is stated in “{observed}”, but {flow} is measured in {expected}.",
        "{cell}：{item} 的单位为“{observed}”，而 {flow} 以 {expected} 计量。",
        "State the quantity in a unit of that kind; energy is never converted to mass here.",
        "请使用同类单位；能量与质量之间不在此换算。",
        f"""
        select reading_no, coalesce(unit_text, 'blank') as observed, flow_unit_code as expected,
            unit_problem as remedy_en, unit_problem_zh as remedy_zh,
            unit_cell as source_cell
        from batch where row_kind = 'reading' and {HAS_UNIT}
            and flow_is_known and {NEEDED} and unit_multiplier is null
            and unit_has_wrong_dimension
        """,
    ),
    Rule(
        "no_duplicates",
        "critical",
        "A quantity is stated once a month.",
        "每个数量每月只填一次。",
        "{cell}: {item} for {month} is stated a second time; it already stands in {expected}.",
        "{cell}：{item} 的 {month} 数据重复，{expected} 中已填报。",
        "Delete the copied row or column, or correct its month.",
        "请删除重复的行或列，或更正其月份。",
        f"""
        select reading_no, value_text as observed,
            concat_ws('!', source_sheet, first_cell) as expected
        from (
            select *, row_number() over stated as statement_no,
                first_value(source_cell) over stated as first_cell
            from batch
            where {IS_MONTHLY}
                and hash({COARSE_MONTH_KEY}) in (select key_hash from gate_repeated)
            window stated as (partition by {MONTH_KEY} order by reading_no)
        )
        where statement_no > 1
        """,
    ),
    Rule(
        "not_negative",
        "critical",
        "No input or output is negative.",
        "投入或产出不得为负数。",
        "{cell}: {item} for {month} is {observed}; it can't be below 0.",
        "{cell}：{item} 在 {month} 为 {observed}，不得小于 0。",
        "Check the sign. A return goes to its own line; where an export books reversals, its map "
        "says so (reversals).",
        "请检查正负号；退货请单独填报；若导出含冲销，须在映射中声明（reversals）。",
        f"""
        select reading_no, quantity::varchar as observed, '0 or more' as expected,
            {HOW_IT_BECAME_NEGATIVE}
        from batch where row_kind = 'reading' and role = 'activity' and quantity < 0
            and not is_reversal
            and direction in ('input', 'output') and coalesce(flow_kind, '') <> 'statistic'
        """,
    ),
    _registered(
        "supplier_registered",
        "supplier",
        (
            "Suppliers that are named are those of company/suppliers.csv.",
            "填报的供应商均在 company/suppliers.csv 中。",
        ),
        (
            "Correct the key, or add it to company/suppliers.csv and to the map's lookup. Until then "
            "averages stand in for the supplier's own figures.",
            "请更正代码，或将其加入 company/suppliers.csv 和映射的对照表；在此之前以平均值代替该供应商自己的数值。",
        ),
        "供应商",
    ),
    _registered(
        "meter_registered",
        "meter",
        (
            "A meter is written as in company/meters.csv.",
            "计量表编号与 company/meters.csv 一致。",
        ),
        (
            "Write the meter as in company/meters.csv: what its register counts is looked up there.",
            "请按 company/meters.csv 填写表号，表计倍率由此查得。",
        ),
        "计量表",
    ),
    Rule(
        "property_possible",
        "critical",
        "A measured property of a flow is one that can exist.",
        "实测的物性值在物理上可能。",
        "{cell}: {item} for {month} is {observed}; it can only be {expected}.",
        "{cell}：{item} 在 {month} 为 {observed}，可能范围为 {expected}。",
        "Check the unit of the cell and its decimal point: kcal for kJ, GJ/t for MJ/Nm3, t for kg.",
        "请检查单元格的单位和小数点：是否把 kcal 当作 kJ、GJ/t 当作 MJ/Nm3、t 当作 kg。",
        """
        select reading_no, concat(shown(quantity * sign_multiplier), ' ', unit_text) as observed,
            span as expected
        from batch join gate_property_bound using (flow_id, property, unit_text)
        where row_kind = 'reading' and direction = 'property' and isfinite(quantity)
            and (quantity * sign_multiplier < least or quantity * sign_multiplier > most)
        """,
    ),
    Rule(
        "correction_applies",
        "critical",
        "Every correction still finds the value it corrects.",
        "每项更正都能找到原值。",
        "{cell}: the correction expects {expected} but found {observed}.",
        "{cell}：更正所依据的原值应为 {expected}，实际为 {observed}。",
        "Repair or remove the line in corrections.csv of the round.",
        "请修改或删除该轮次 corrections.csv 中的对应行。",
        "select * from correction_findings where rule_id = 'correction_applies'",
    ),
    Rule(
        "side_table_followed",
        "critical",
        "Every line of corrections and certificates can be followed.",
        "更正表和证书表的每一行都可执行。",
        "{file} {cell}: {observed}.",
        "{file} {cell}：{observed}。",
        "Correct the line. Until then nobody knows which figures it is about, so what passed before "
        "stays in force.",
        "请更正该行；在此之前无法判断其影响的数值，先前通过的内容继续有效。",
        "select * from correction_findings where rule_id = 'side_table_followed'",
    ),
    Rule(
        "correction_applied",
        "info",
        "What was corrected after the hand-in is told.",
        "报送之后的更正均予列示。",
        "{cell}: {expected} counts instead of {observed}.",
        "{cell}：以 {expected} 代替 {observed}。",
        "Nothing to do; hand the corrected file in when you can, and remove the line then.",
        "无需处理；如能重新提交更正后的文件，请届时删除该行。",
        "select * from correction_findings where rule_id = 'correction_applied'",
    ),
    Rule(
        "number_typed_as_text",
        "info",
        "Numbers are typed as numbers.",
        "数字以数字格式填写。",
        "{cell}: “{observed}” is text that was read as a number.",
        "{cell}：“{observed}”为文本格式，已按数字读取。",
        "Nothing to do now; format the column as numbers in the next round.",
        "本次无需处理；下轮请将该列设为数字格式。",
        """
        select reading_no, value_text as observed, 'a number' as expected
        from batch where row_kind = 'reading' and value_type = 'text_number'
        """,
    ),
)
