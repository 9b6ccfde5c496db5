"""Range, agreement and completeness: what the hand-ins of a round must satisfy together."""

from __future__ import annotations

from expectations.rules import Rule, remedies

BEYOND_HARD = (
    "(canonical_quantity < coalesce(hard_min, canonical_quantity)"
    " or canonical_quantity > coalesce(hard_max, canonical_quantity))"
)
BEYOND_USUAL = (
    "(canonical_quantity < coalesce(usual_min, canonical_quantity)"
    " or canonical_quantity > coalesce(usual_max, canonical_quantity))"
)
ROUNDING = "1e-9 * greatest(abs({0}), abs({1}))"
"""Two sums of the same cells may differ in the last bits of a float; nothing more."""


def _bounds(which: str) -> str:
    return (
        f"concat(coalesce(shown({which}_min), '…'), ' – ', coalesce(shown({which}_max), '…'), "
        "' ', shown_unit)"
    )


NO_OUTPUT_INVOLVED = remedies(
    (
        "output_kg is null",
        "Check decimal point and unit (kg or t, kWh or 万千瓦时) of the cell.",
        "请检查该单元格的小数点和单位（kg 或 t、kWh 或 万千瓦时）。",
    )
)


def _range_sql(condition: str, which: str, remedy: str) -> str:
    return f"""
        select reading_no, concat(shown(canonical_quantity), ' ', shown_unit,
            -- an output stated in the wrong unit makes every input look wrong
            case when output_kg is not null then concat(' = ', shown(stated_quantity), ' ',
                stated_unit, ' / ', shown(output_kg), ' kg') else '' end,
            case when cell_count > 1 then concat(' (sum of ', cell_count, ' cells)') else '' end
            ) as observed,
            {_bounds(which)} as expected,
            case when output_kg is not null or cell_count > 1 then
                other_cells(reading_no, process_id, period_month, flow_id, direction)
            end as other_cells, {remedy}
        from gate_bounded join gate_largest_cell
            using (hand_in, source, process_id, facility_id, flow_id, direction, period_month)
        where {condition}
            and (output_kg is null
                or (process_id, period_month) not in (
                    select (process_id, period_month) from gate_output_at_fault))
    """


RANGE = (
    Rule(
        "usual_range",
        "warning",
        "Quantities are what this process usually uses or makes.",
        "数量处于该工序的常见范围内。",
        "{cell}: {item} for {month} is {observed}; usual is {expected}.",
        "{cell}：{item} 在 {month} 为 {observed}，常见范围为 {expected}。",
        "Check the value and its unit. If it is right, say why in the note; nothing else is needed.",
        "请核对数值和单位；若无误，请在备注中说明原因。",
        _range_sql(f"{BEYOND_USUAL} and not {BEYOND_HARD}", "usual", "null as remedy_en"),
        waivable=True,
    ),
    Rule(
        "hard_bounds",
        "critical",
        "No quantity is beyond what the process can physically use or make.",
        "数量不得超出工序的物理可能范围。",
        "{cell}: {item} for {month} is {observed}; possible is {expected}.",
        "{cell}：{item} 在 {month} 为 {observed}，可能范围为 {expected}。",
        "Check decimal point and unit (kg or t, kWh or 万千瓦时) of the cell, and of the output "
        "it is divided by; correct the wrong one.",
        "请检查该单元格以及作为除数的产量的小数点和单位（kg 或 t、kWh 或 万千瓦时），更正有误的一项。",
        _range_sql(BEYOND_HARD, "hard", NO_OUTPUT_INVOLVED),
        waivable=True,
    ),
    Rule(
        "output_fits_its_ratios",
        "critical",
        "An output fits what is measured per output: one wrong output puts all of it out.",
        "产出与按产出计的各项比值相符：一个错误的产出会使各项比值都超出范围。",
        "{cell}: {item} for {month} puts what is measured per output out of its bounds: {observed}.",
        "{cell}：{item} 在 {month} 使按产出计的比值超出范围：{observed}。",
        "Check decimal point and unit (kg or t) of this output first: changed alone, it brings all "
        "of them back. If it is right, check the cells that are divided by it.",
        "请先核对该产出的小数点和单位（kg 或 t）：仅更正它即可使各项比值恢复正常；若无误，再核对与其相除的单元格。",
        f"""
        select output.reading_no, ratio.told as observed,
            'ratios within their bounds' as expected,
            case when ratio.is_impossible then 'critical' else 'warning' end as severity,
            other_cells(output.reading_no, output.process_id, output.period_month, null, null)
                as other_cells
        from (
            select process_id, period_month, arg_max(reading_no, size) as reading_no
            from gate_ratio_cell where is_output group by all
        ) output join (
            select f.process_id, f.period_month, any_value(f.is_impossible) as is_impossible,
                string_agg(concat(b.flow_id, ' ', shown(b.canonical_quantity), ' ', b.shown_unit,
                    ' (', coalesce(shown(coalesce(b.usual_min, b.hard_min)), '…'), ' – ',
                    coalesce(shown(coalesce(b.usual_max, b.hard_max)), '…'), ')'),
                    ', ' order by b.flow_id) as told
            from gate_output_at_fault f join gate_bounded b using (process_id, period_month)
            where b.output_kg is not null and ({BEYOND_USUAL} or {BEYOND_HARD})
            group by all
        ) ratio using (process_id, period_month)
        """,
        waivable=True,
    ),
    Rule(
        "sum_not_negative",
        "critical",
        "What is taken back or subtracted in a month is never more than what was booked.",
        "每月冲销或扣减的数量不得超过登记的数量。",
        "{cell}: {flow} of {process} adds up to {observed} for {month}; it can't be below 0.",
        "{cell}：{process} 的 {flow} 在 {month} 合计为 {observed}，不得小于 0。",
        "Look for a booking that is missing, or a reversal that is there twice. One that takes back "
        "a booking of another month belongs to that month.",
        "请检查是否缺少登记或重复冲销；冲销其他月份的登记应记入该月份。",
        """
        select arg_min(g.reading_no, g.canonical_quantity) as reading_no,
            concat(shown(any_value(n.canonical_quantity)), ' ', any_value(g.flow_unit_code))
                as observed, '0 or more' as expected
        from gate_negative n join gate_reading g
            on g.hand_in = n.hand_in and g.flow_id = n.flow_id and g.direction = n.direction
            and g.period_month = n.period_month
            and g.process_id is not distinct from n.process_id
            and g.facility_id is not distinct from n.facility_id
        where g.role = 'activity' and g.row_kind = 'reading' and g.canonical_quantity is not null
        group by n.hand_in, n.source, n.facility_id, n.process_id, n.flow_id, n.direction,
            n.period_month
        """,
    ),
    Rule(
        "range_readable",
        "critical",
        "Every bound that applies can be read.",
        "适用的范围设置可以读取。",
        "{file}: the bound for {flow} can't be used: {observed}",
        "{file}：{flow} 的范围设置无法使用：{observed}",
        "Correct the line in expectations/ranges.csv: numbers, and a unit of the flow.",
        "请更正 expectations/ranges.csv 中的该行：数值及该物料的单位。",
        """
        select distinct reading.hand_in, reading.source, bound.flow_id,
            'expectations/ranges.csv' as source_file, concat('L', bound.line) as source_cell,
            bound.problem as observed, 'numbers and a unit of the flow' as expected
        from gate_range bound
            join (select distinct hand_in, source, flow_id from gate_month) reading
                using (flow_id)
        where bound.problem is not null
        """,
    ),
)

AGREEMENT = (
    Rule(
        "row_total_agrees",
        "critical",
        "A total equals the sum of its cells.",
        "合计等于各单元格之和。",
        "{cell}: the total of {item} is {observed}, its cells add up to {expected} "
        "(allowed: {tolerance} %).",
        "{cell}：{item} 的合计为 {observed}，各单元格之和为 {expected}（允许偏差 {tolerance} %）。",
        "Look for a cell changed after the total was typed, or a total that skips a row.",
        "请检查是否在填写合计后修改过单元格，或合计漏加了某行。",
        f"""
        select reading_no, shown(stated) as observed,
            concat(shown(summed), ' (', cells, ')') as expected, tolerance
        from gate_total
        where is_complete and abs(stated - summed)
            > tolerance * abs(summed) + {ROUNDING.format("stated", "summed")}
            and coalesce(abs(stated - summed_as_typed) > tolerance * abs(summed_as_typed)
                + {ROUNDING.format("stated", "summed_as_typed")}, true)
        """,
        waivable=True,
    ),
    Rule(
        "check_compared",
        "warning",
        "What is stated as a check has something to be checked against.",
        "用于核对的数据须有可比数据。",
        "{cell}: {flow} for {month} ({observed}) could not be compared: {expected}.",
        "{cell}：{flow} 在 {month} 的数据（{observed}）无法核对：{expected}。",
        "Nothing to do here if the other hand-in is still to come or to be corrected.",
        "若另一份数据尚未提交或待更正，此处无需处理。",
        """
        select reading_no, concat(shown(stated), ' ', unit_code) as observed,
            case when counted is null then 'no other hand-in states it'
                else 'another hand-in is missing, or has cells that can''t be read' end as expected
        from gate_agreement
            join gate_check_cell
                using (hand_in, facility_id, flow_id, direction, period_month)
        where counted is null or (facility_id, flow_id, direction, period_month) in (
            select (facility_id, flow_id, direction, period_month) from gate_incomplete)
        """,
        waivable=True,
    ),
    Rule(
        "meter_continuity",
        "critical",
        "A meter starts where it ended the month before.",
        "电表等的期初读数等于上月期末读数。",
        "{cell}: the meter starts {month} at {observed}, but ended the month before at {expected}.",
        "{cell}：{month} 期初读数为 {observed}，上月期末读数为 {expected}。",
        "Read the meter again. A replaced meter needs replaced_on, final_reading and first_reading "
        "in company/meters.csv, or a new meter id from its first day. Where last month's end was "
        "wrong, that file is handed in again, corrected.",
        "请重新抄表；更换的表计须在 company/meters.csv 填写 replaced_on、final_reading、first_reading，"
        "或自启用之日起使用新的表号；若上月期末读数有误，请重新提交上月文件。",
        """
        select opening.reading_no, shown(opening.quantity) as observed,
            concat(shown(closing.quantity), ' (', closing.cell, ')') as expected
        from gate_opening opening
            join gate_closing closing using (kind, place, period_month)
        -- an end that is wrong in itself is not the next start's to answer for
        where kind = 'meter' and (place, period_month) not in (
                select (place, (period_month + interval 1 month)::date)
                from gate_register_broken)
            and abs(opening.quantity - closing.quantity)
            > 1e-9 * greatest(abs(opening.quantity), abs(closing.quantity))
            and not exists (
                select 1 from gate_replacement r
                where r.place = opening.place
                    and r.replaced_on >= opening.period_month - interval 1 month
                    and r.replaced_on < opening.period_month + interval 1 month
                    and abs(closing.quantity - r.final_reading)
                        <= 1e-9 * abs(r.final_reading)
                    and abs(opening.quantity - r.first_reading)
                        <= 1e-9 * abs(r.first_reading))
        """,
        waivable=True,
    ),
    Rule(
        "stock_continuity",
        "warning",
        "A stock opens with what it closed with the month before.",
        "期初库存等于上月期末库存。",
        "{cell}: the stock of {flow} opens {month} with {observed}, but closed before with "
        "{expected}.",
        "{cell}：{flow} 在 {month} 的期初库存为 {observed}，上月期末库存为 {expected}。",
        "Check the count; a correction of stock needs a word in the note.",
        "请核对盘点；库存调整请在备注中说明。",
        """
        select opening.reading_no, shown(opening.quantity) as observed,
            concat(shown(closing.quantity), ' (', closing.cell, ')') as expected
        from gate_opening opening
            join gate_closing closing using (kind, place, period_month)
        where kind = 'stock' and abs(opening.quantity - closing.quantity)
            > 1e-9 * greatest(abs(opening.quantity), abs(closing.quantity))
        """,
        waivable=True,
    ),
    Rule(
        "tolerance_declared",
        "critical",
        "Every comparison has a declared tolerance.",
        "每项核对都设定了允许偏差。",
        "{file} has no tolerance for “{observed}”, so {hand_in} can't be judged.",
        "{file} 中没有“{observed}”的允许偏差，{hand_in} 无法判定。",
        "Add the line to expectations/tolerances.csv: rule_id,source,flow_id,tolerance,reason.",
        "请在 expectations/tolerances.csv 中添加该行：rule_id,source,flow_id,tolerance,reason。",
        """
        select distinct hand_in, source, 'expectations/tolerances.csv' as source_file,
            rule_id || ' / ' || source || ' / ' || flow_id as observed,
            concat('a line such as ', rule_id, ',,,<fraction>,<reason>') as expected
        from (
            select hand_in, source, flow_id, tolerance, 'row_total_agrees' as rule_id
            from gate_total
            union all
            select hand_in, source, flow_id, tolerance, 'sheet_agrees_with_erp'
            from gate_agreement
        ) where tolerance is null
        """,
    ),
)

COMPLETENESS = (
    Rule(
        "hand_in_missing",
        "critical",
        "Every expected hand-in has arrived.",
        "应提交的数据均已提交。",
        "{hand_in} has not been handed in for this round.",
        "本轮次尚未提交 {hand_in}。",
        "Hand the file in under rounds/<round>/; what was accepted before stays in force.",
        "请将文件放入 rounds/<轮次>/；此前已接受的数据继续有效。",
        """
        select hand_in, null as observed, hand_in as expected from expected_hand_ins
        where hand_in not in (select hand_in from handed_in where hand_in is not null)
        """,
    ),
    Rule(
        "unexpected_file",
        "warning",
        "Nothing is handed in that nobody expects.",
        "没有计划外的提交。",
        "{file} was handed in, but rounds.csv does not expect it.",
        "{file} 已提交，但 rounds.csv 未列出。",
        "Correct the file's name or folder, or add it to “expected” in rounds.csv.",
        "请更正文件名或文件夹，或在 rounds.csv 的 expected 中添加。",
        """
        select hand_in, source, source_file, coalesce(source_file, hand_in) as observed,
            'a hand-in of rounds.csv' as expected
        from handed_in
        where coalesce(hand_in, '') <> 'instruments'
            and coalesce(hand_in, '') not in (select hand_in from expected_hand_ins)
        """,
        waivable=True,
    ),
)

RULES = RANGE + AGREEMENT + COMPLETENESS
