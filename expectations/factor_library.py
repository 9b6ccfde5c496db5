"""What a library of emission factors must satisfy before a figure is multiplied by it."""

from __future__ import annotations

from expectations.rules import Rule, Severity

KEY = "flow_id, boundary, basis, geography, supplier_id, technology"
"""Two rows of one key never hold on the same day in one library."""

_PLACE = (
    "concat('emission_factors/', library) as hand_in, 'emission_factors' as source, source_file,"
    " flow_id, factor_id as item_text"
)


def _from_problems(
    rule_id: str,
    severity: Severity,
    titles: tuple[str, str],
    messages: tuple[str, str],
    remedies: tuple[str, str],
) -> Rule:
    """A rule that was decided cell by cell while the text was parsed."""
    sql = f"""
        select {_PLACE}, concat('L', source_line, ':', field) as source_cell, observed, expected
        from gate_factor_problem where rule_id = '{rule_id}'
    """
    return Rule(rule_id, severity, *titles, *messages, *remedies, sql)


SAID = (
    "{file} {cell}: “{observed}” for {item}; expected {expected}.",
    "{file} {cell}：{item} 为“{observed}”，应为{expected}。",
)

RULES = (
    _from_problems(
        "factor_library_readable",
        "critical",
        ("A library can be read, line by line.", "因子库可逐行读取。"),
        ("{file} {cell}: {observed}", "{file} {cell}：{observed}"),
        (
            "Correct the file; what was accepted of the library before stays in force.",
            "请更正文件；该库先前通过的内容继续有效。",
        ),
    ),
    _from_problems(
        "factor_columns",
        "critical",
        ("A library has the columns of the format, and no other.", "因子库的列与格式一致。"),
        ("{file}: the column “{observed}”: {expected}.", "{file}：列“{observed}”：{expected}。"),
        (
            "Compare the header with raw_data/README.md and correct it.",
            "请对照 raw_data/README.md 更正表头。",
        ),
    ),
    _from_problems(
        "factor_identified",
        "critical",
        ("Every factor version has an id of its own.", "每个因子版本都有唯一编号。"),
        SAID,
        (
            "Give factor_id and edition; together they occur once in a library.",
            "请填写 factor_id 与 edition，同一库中组合唯一。",
        ),
    ),
    _from_problems(
        "library_declared",
        "critical",
        ("Every library has a declared priority.", "每个因子库都声明了优先级。"),
        (
            "{file}: libraries.csv says “{observed}” on its priority; expected {expected}.",
            "{file}：libraries.csv 中的优先级为“{observed}”，应为{expected}。",
        ),
        (
            "Add the library to emission_factors/libraries.csv with a priority; 1 wins.",
            "请在 emission_factors/libraries.csv 中添加该库及其优先级（1 优先）。",
        ),
    ),
    _from_problems(
        "factor_source_present",
        "critical",
        ("Every factor says where it comes from.", "每个因子都注明来源。"),
        SAID,
        (
            "Add the publication to sources.csv and the table or row to source_locator.",
            "请在 sources.csv 中添加来源，并在 source_locator 中注明表格或行。",
        ),
    ),
    _from_problems(
        "factor_licence_present",
        "critical",
        ("Every source has a publisher and a licence.", "每个来源都有发布者和许可。"),
        SAID,
        (
            "Complete publisher and licence of the source in sources.csv.",
            "请在 sources.csv 中补全发布者和许可。",
        ),
    ),
    _from_problems(
        "factor_words_known",
        "critical",
        (
            "Boundary, basis and match are words of the method.",
            "边界、口径和匹配度用词符合方法学。",
        ),
        SAID,
        ("Use one of the listed words.", "请使用所列用词。"),
    ),
    _from_problems(
        "factor_place_known",
        "critical",
        (
            "The geography of a factor is written as the company's places are.",
            "因子的地域写法与公司地点一致。",
        ),
        SAID,
        (
            "Write the place as in company/facilities.csv, capitals included; otherwise the factor "
            "is never chosen.",
            "请按 company/facilities.csv 书写（区分大小写），否则该因子永远不会被选用。",
        ),
    ),
    _from_problems(
        "factor_place_met",
        "warning",
        ("The geography of a factor is a place or a country.", "因子的地域为地点或国家。"),
        SAID,
        (
            "Write a place of company/facilities.csv, a country in two capitals or GLO. As it "
            "stands the factor is never chosen.",
            "请填写 company/facilities.csv 中的地点、两位大写国家代码或 GLO；否则该因子不会被选用。",
        ),
    ),
    _from_problems(
        "factor_supplier_known",
        "critical",
        (
            "A supplier with factors of its own is one of company/suppliers.csv.",
            "有专属因子的供应商在 company/suppliers.csv 中。",
        ),
        SAID,
        (
            "Write the supplier as in company/suppliers.csv, or add it there; readings find its "
            "factors by that id.",
            "请按 company/suppliers.csv 书写或在其中添加；填报数据凭该编号查找因子。",
        ),
    ),
    _from_problems(
        "factor_removal_declared",
        "critical",
        (
            "A factor below zero says that it takes something away.",
            "负因子须声明其为清除量。",
        ),
        SAID,
        (
            "If the gas is caught, destroyed or stored, write true under removal. What is only "
            "displaced elsewhere is a credit: cut-off has none, and other methods take it from "
            "energy_credit in company/scenarios.csv.",
            "若气体被捕集、销毁或封存，请在 removal 列填 true。仅在别处替代的排放属于抵扣："
            "cut-off 不计，其他方法通过 company/scenarios.csv 的 energy_credit 计入。",
        ),
    ),
    _from_problems(
        "factor_validity_parses",
        "critical",
        ("Every factor says from when to when it holds.", "每个因子都注明有效期。"),
        SAID,
        (
            "Write dates as YYYY-MM-DD; valid_to is the first day it no longer holds, or blank.",
            "日期格式为 YYYY-MM-DD；valid_to 为失效首日，可留空。",
        ),
    ),
    _from_problems(
        "factor_numbers_parse",
        "critical",
        ("Numbers of a factor are numbers.", "因子数值必须是数字。"),
        SAID,
        ("Write the number alone, with a point as decimal mark.", "只写数字，小数点用“.”。"),
    ),
    _from_problems(
        "factor_gas_known",
        "critical",
        ("Every gas is one the method knows.", "每种气体都在方法学清单中。"),
        SAID,
        (
            "Write other_gases as gas=kg;gas=kg with codes of dbt_project/seeds/gases.csv.",
            "other_gases 写作 gas=kg;gas=kg，代码见 dbt_project/seeds/gases.csv。",
        ),
    ),
    _from_problems(
        "factor_has_value",
        "critical",
        ("Every factor has a value, and states it once.", "每个因子都有数值且不重复。"),
        SAID,
        (
            "Enter the gases, or kg_co2e where the source gives no gases; never both.",
            "请填写各气体数值；来源未分气体时填 kg_co2e，二者不可并存。",
        ),
    ),
    _from_problems(
        "factor_unit_parses",
        "critical",
        ("The unit of a factor leads to the unit of its flow.", "因子单位可换算为物料单位。"),
        (
            "{file} {cell}: “{observed}” of {item} can't be used: {expected}.",
            "{file} {cell}：{item} 的“{observed}”无法使用：{expected}。",
        ),
        (
            "Correct the unit, or give ncv and ncv_unit (fuels) or a density in flow_properties.",
            "请更正单位，或提供热值（燃料）或在 flow_properties 中提供密度。",
        ),
    ),
    _from_problems(
        "factor_calorific_basis",
        "critical",
        (
            "A factor per energy and the calorific value it meets are on one basis, gross or net.",
            "按能量计的因子与所用热值基准一致（高位或低位）。",
        ),
        SAID,
        (
            "Write the basis as the source gives it, kWh (Gross CV) or MJ/Nm3 (Net CV); gross and "
            "net meet through net_per_gross in company/flow_properties.csv.",
            "请按来源注明热值基准，如 kWh（Gross CV）或 MJ/Nm3（Net CV）；高位与低位通过 "
            "company/flow_properties.csv 中的 net_per_gross 换算。",
        ),
    ),
    _from_problems(
        "factor_possible",
        "critical",
        (
            "A factor is one that physics allows for its kind of flow.",
            "因子在该类物料的物理可能范围内。",
        ),
        SAID,
        (
            "Check the unit (per MWh for per kWh, per t for per kg, kcal for kJ) and the decimal "
            "point; orchestration/company/physical_bounds.csv has the bounds with their sources.",
            "请检查单位（MWh 与 kWh、t 与 kg、kcal 与 kJ）和小数点；界限及其来源见 "
            "orchestration/company/physical_bounds.csv。",
        ),
    ),
    _from_problems(
        "factor_unusual",
        "warning",
        (
            "A factor is of a size that is usual for its kind of flow.",
            "因子的大小对该类物料而言属常见。",
        ),
        SAID,
        (
            "Check the unit and the decimal point against the source; if it is right, nothing to "
            "do.",
            "请对照来源核对单位和小数点；若无误则无需处理。",
        ),
    ),
    Rule(
        "factor_out_of_line",
        "warning",
        "A factor is of the same order as those of the same flow: editions, places, libraries.",
        "因子与同一物料的其他版本、地域和因子库处于同一数量级。",
        "{file} {cell}: {item} is {observed}; {expected}.",
        "{file} {cell}：{item} 为 {observed}；{expected}。",
        "Check the unit and the decimal point against the source. If it is right, a line "
        "factor_out_of_line in expectations/tolerances.csv states how many times its neighbours "
        "it may be.",
        "请对照来源核对单位和小数点。若无误，请在 expectations/tolerances.csv 中以 "
        "factor_out_of_line 注明允许的倍数。",
        f"""
        select {_PLACE}, concat('L', source_line, ':unit') as source_cell,
            case when is_slip then 'critical' else 'warning' end as severity,
            concat(shown(figure), ' kg CO2e per ', flow_unit_code) as observed,
            concat(case when is_slip and neighbour_count = 1 then 'the other version is '
                    else 'the usual one of others is ' end,
                shown(usual), ', ', shown(round(greatest(figure / usual, usual / figure), 1)),
                case when figure > usual then ' times less' else ' times more' end) as expected
        from (
            select *, is_slip_of_place
                and case when neighbour_count = 1 then is_last else is_high or is_low end
                    as is_slip
            from gate_factor_neighbour
        )
        where is_slip
            or (is_high and (supplier_id is not null
                or neighbour_count >= 3 and not coalesce(is_slip_of_place, false)))
        """,
    ),
    _from_problems(
        "factor_fuel_parameters",
        "critical",
        ("A factor from carbon content has all it takes.", "按含碳量计算的因子参数完整。"),
        SAID,
        (
            "Carbon content needs unit TJ, ncv, oxidation_fraction and no kg_co2_fossil.",
            "含碳量法需要单位 TJ、热值、氧化率，且 kg_co2_fossil 留空。",
        ),
    ),
    _from_problems(
        "factor_loss_rate",
        "critical",
        ("A loss rate is a share of what is delivered.", "网损率是交付量的比例。"),
        SAID,
        (
            "Losses are rate × generation: state loss_rate with boundary losses, or the gases per "
            "unit delivered.",
            "网损排放 = 网损率 × 发电排放：请在 boundary 为 losses 的行填写 loss_rate，或填写单位交付量的气体。",
        ),
    ),
    _from_problems(
        "factor_of_stated_co2e",
        "critical",
        (
            "CO2e that others state is taken as they state it.",
            "供方声明的二氧化碳当量按声明值采用。",
        ),
        SAID,
        (
            "The unit is CO2e itself: kg_co2e is 1 for each kg, with the gwp_set of the statement.",
            "该单位本身即二氧化碳当量：每 kg 的 kg_co2e 为 1，并填写声明所用的 gwp_set。",
        ),
    ),
    _from_problems(
        "supplier_record_fit",
        "critical",
        (
            "A supplier's PACT record fulfils the data model, as the records that are sent do.",
            "供应商的 PACT 记录符合数据模型，与我方发出的记录要求一致。",
        ),
        (
            "{file} {cell}: {observed}; expected {expected}.",
            "{file} {cell}：{observed}；应为：{expected}。",
        ),
        (
            "Send it back to the supplier with this text; what was accepted of that supplier "
            "before stays in force.",
            "请将本条说明连同记录退回供应商；该供应商此前通过的内容继续有效。",
        ),
    ),
    _from_problems(
        "supplier_record_attached",
        "warning",
        (
            "Of every supplier's record the company says which supplier and flow it is about.",
            "每份供应商记录都注明对应的供应商和物料。",
        ),
        (
            "{file} {cell}: nothing says what {observed} is; expected {expected}.",
            "{file} {cell}：未说明 {observed} 对应什么；应有：{expected}。",
        ),
        (
            "Add a line to emission_factors/suppliers/records.csv with that product_id, or take "
            "the file away.",
            "请在 emission_factors/suppliers/records.csv 中为该 product_id 添加一行，或移除该文件。",
        ),
    ),
    _from_problems(
        "supplier_record_boundary",
        "critical",
        (
            "Packaging and delivery of what suppliers state are counted once.",
            "供应商数据中的包装和交付只计一次。",
        ),
        (
            "{file} {cell}: {observed}; in records.csv expected {expected}.",
            "{file} {cell}：{observed}；records.csv 中应为 {expected}。",
        ),
        (
            "State in emission_factors/suppliers/records.csv whether its packaging stays in "
            "(included) or is an own flow (taken_out), and its delivery is added or own.",
            "请在 emission_factors/suppliers/records.csv 中注明包装保留（included）或另为自有物料"
            "（taken_out），交付为 added 或 own。",
        ),
    ),
    _from_problems(
        "supplier_record_superseded",
        "info",
        ("Records that others replaced are known.", "已被取代的记录可知。"),
        (
            "{file} {cell}: {observed} was replaced by {expected}.",
            "{file} {cell}：{observed} 已被 {expected} 取代。",
        ),
        (
            "Nothing to do: months before the newer record's period rest on it, listed in the "
            "mart supplier_footprints.",
            "无需处理：新记录基准期之前的月份仍以其为准，见 supplier_footprints。",
        ),
    ),
    _from_problems(
        "supplier_record_deprecated",
        "warning",
        (
            "A record that its supplier deprecated has been replaced by a newer one.",
            "供应商停用的记录已有新记录取代。",
        ),
        (
            "{file} {cell}: {observed} is Deprecated; expected {expected}.",
            "{file} {cell}：{observed} 已停用；应有：{expected}。",
        ),
        (
            "Ask the supplier for the newer record. Until then the flow takes its factor by the "
            "usual order.",
            "请向供应商索取新记录；在此之前按常规顺序选取因子。",
        ),
    ),
    _from_problems(
        "supplier_record_expired",
        "warning",
        (
            "Suppliers' records hold for the months that are collected.",
            "供应商记录在收集月份内有效。",
        ),
        (
            "{file} {cell}: {observed}; expected {expected}.",
            "{file} {cell}：{observed}；应有：{expected}。",
        ),
        (
            "Ask the supplier for a newer record. Later months take their factor by the usual "
            "order; the mart supplier_footprints lists what rests on this one.",
            "请向供应商索取新记录；之后的月份按常规顺序选取因子，受影响数值见 supplier_footprints。",
        ),
    ),
    Rule(
        "factor_losses_counted_twice",
        "critical",
        "Losses of the grid are counted once.",
        "电网损耗只计一次。",
        "{file} {cell}: {item} states losses, but {observed} already holds them.",
        "{file} {cell}：{item} 为网损，但 {observed} 已包含网损。",
        "Take losses out of the flow's components in company/flows.csv, or replace the life_cycle row "
        "by an upstream row without losses.",
        "请从 company/flows.csv 的 components 中去掉 losses，或将 life_cycle 行改为不含网损的 upstream 行。",
        f"""
        select {_PLACE}, concat('L', source_line, ':boundary') as source_cell,
            whole.factor_version_id as observed, 'no life_cycle factor beside it' as expected
        from batch
            join flows f using (flow_id)
            join (
                select flow_id, min(factor_version_id) as factor_version_id
                from batch where boundary = 'life_cycle' group by flow_id
            ) whole using (flow_id)
        where boundary = 'losses' and f.components like '%losses%'
            and f.components like '%upstream%'
        """,
    ),
    Rule(
        "factor_no_overlap",
        "critical",
        "Two versions of one factor never hold on the same day.",
        "同一因子的两个版本有效期不得重叠。",
        "{file} {cell}: {item} holds {observed}, at the same time as {expected}.",
        "{file} {cell}：{item} 有效期 {observed}，与 {expected} 重叠。",
        "End the older version (valid_to) on the first day of the newer one.",
        "请将旧版本的 valid_to 设为新版本的首日。",
        f"""
        select {_PLACE}, concat('L', source_line, ':valid_from') as source_cell,
            concat(first_day, ' – ', coalesce(end_day::varchar, '…')) as observed,
            concat(earlier_id, ' (until ', coalesce(earlier_end::varchar, 'further notice'), ')')
                as expected
        from (
            select *, lag(factor_version_id) over line as earlier_id,
                lag(end_day) over line as earlier_end,
                max(coalesce(end_day, date '9999-12-31')) over (line
                    rows between unbounded preceding and 1 preceding) as held_until
            from batch where first_day is not null
            window line as (partition by library, {KEY}
                order by first_day, source_line::bigint)
        ) where held_until > first_day
        """,
    ),
    Rule(
        "factor_no_gap",
        "critical",
        "Versions of one factor follow each other without a gap.",
        "同一因子的版本有效期须连续。",
        "{file} {cell}: {item} starts {observed}, but the version before ended {expected}.",
        "{file} {cell}：{item} 自 {observed} 生效，而上一版本于 {expected} 失效。",
        "Add the version between, or let the older one hold until the newer one starts.",
        "请补充中间版本，或延长旧版本有效期。",
        f"""
        select {_PLACE}, concat('L', source_line, ':valid_from') as source_cell,
            first_day::varchar as observed, held_until::varchar as expected
        from (
            select *, max(coalesce(end_day, date '9999-12-31')) over (
                partition by library, {KEY} order by first_day, source_line::bigint
                rows between unbounded preceding and 1 preceding) as held_until
            from batch where first_day is not null and record_id is null
        ) where held_until < first_day
        """,
    ),
    Rule(
        "factor_priority_declared",
        "critical",
        "Two libraries with the same factor have different priorities.",
        "含相同因子的两个库须有不同优先级。",
        "{file} {cell}: {item} also stands in {expected}, with the same priority {observed}.",
        "{file} {cell}：{item} 也存在于 {expected}，且优先级同为 {observed}。",
        "Give the two libraries different priorities in libraries.csv; 1 wins.",
        "请在 libraries.csv 中为两个库设定不同的优先级（1 优先）。",
        f"""
        select {_PLACE}, concat('L', source_line, ':flow_id') as source_cell,
            library_priority::varchar as observed, other_id as expected
        from gate_factor_pair where library_priority = other_priority and library > other_library
        """,
    ),
    Rule(
        "factor_libraries_disagree",
        "warning",
        "Two libraries give the same factor the same value.",
        "两个库对同一因子取值一致。",
        "{file} {cell}: {item} is {observed}; {expected}. The library with priority wins.",
        "{file} {cell}：{item} 为 {observed}；{expected}。优先级高的库生效。",
        "Nothing to do if the declared priority is what you want; otherwise change it.",
        "若优先级符合预期则无需处理，否则请调整。",
        f"""
        select {_PLACE}, concat('L', source_line, ':flow_id') as source_cell, tolerance,
            concat(shown(mine), ' kg ', gas_code, ' per ', flow_unit_code) as observed,
            concat(other_id, ' says ', shown(theirs)) as expected
        from gate_factor_difference
        """,
    ),
    Rule(
        "factor_not_used",
        "info",
        "Factors belong to flows of the company.",
        "因子属于公司的物料或能源。",
        "{file} {cell}: {observed} is no flow of this company; the factor is not used.",
        "{file} {cell}：{observed} 不是公司的物料或能源，该因子未使用。",
        "Nothing to do; add the flow to company/flows.csv when it is needed.",
        "无需处理；需要时在 company/flows.csv 中添加。",
        f"""
        select {_PLACE}, concat('L', source_line, ':flow_id') as source_cell,
            coalesce(flow_id, 'blank') as observed, 'a flow of company/flows.csv' as expected
        from batch where flow_unit_code is null
        """,
    ),
)
