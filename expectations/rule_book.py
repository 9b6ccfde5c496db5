"""Every rule that a finding can name, in words: the one place where rules are described.

Rules of the gate bring their words along; those that dbt judges over accepted data, and those of
the solved product system, are described here. `carbonloom rules` lists them, and the mart
quality_rules holds them beside the findings: `python -m expectations.rule_book` writes its seed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from expectations.rules import Rule

SEED = Path(__file__).parents[1] / "dbt_project" / "seeds" / "quality_rule_book.csv"


@dataclass(frozen=True)
class DescribedRule:
    """One rule as people read it.

    `object_kind`: what a finding of it names. `tolerance_rules`: lines of expectations/ranges.csv
    or expectations/tolerances.csv that bound it, blank where nothing is tolerated. `mended_in`:
    `hand_in`, or the file or folder of the data folder where a finding is put right.
    """

    rule_id: str
    judged_by: str
    suite: str
    severity: str
    object_kind: str
    tolerance_rules: str
    is_waivable: bool
    title_en: str
    title_zh: str
    remedy_en: str
    remedy_zh: str
    mended_in: str = "hand_in"


OBJECT_OF_SUITE: Mapping[str, str] = {
    "stage_workbook": "cell",
    "erp_export": "document line",
    "collection_round": "cell, process and month, or hand-in",
    "consistency": "cell, site or process and month",
    "disputes": "cell, flow and month",
    "meter_registers": "meter and month",
    "own_history": "cell, process and month",
    "mass_balance": "process and month",
    "anothers_file": "hand-in",
    "stated_before": "process, flow and month",
    "stated_regularly": "site, process, flow and month",
    "energy_instruments": "certificate",
    "factor_library": "factor version",
    "papers": "line of a paper",
}
MENDED_IN: Mapping[str, str] = {
    "allocation_departs_from_pact": "company/allocation_rules.csv",
    "allocation_not_computable": "company/allocation_rules.csv",
    "allocation_rule_missing": "company/allocation_rules.csv",
    "certified_volume": "company/transaction_certificates.csv",
    "fallback_factor_share": "emission_factors",
    "range_readable": "expectations/ranges.csv",
    "recycled_balance": "company/flow_properties.csv",
    "recycled_content_claim": "company/products.csv",
    "recycling_method_without_input": "company/recycling_methods.csv",
    "service_key_missing": "company/service_keys.csv",
    "service_key_not_computable": "company/service_keys.csv",
    "service_key_without_base": "company/service_keys.csv",
    "service_share_dropped": "company/service_keys.csv",
    "tolerance_declared": "expectations/tolerances.csv",
    "initiative_without_base_year": "rounds",
    "initiative_without_factor": "emission_factors",
    "target_of_nothing": "company/targets.csv",
}
"""Rules whose findings no author of a hand-in can put right."""
MENDED_IN_OF_SUITE: Mapping[str, str] = {
    "factor_library": "emission_factors",
    "papers": "rounds",
    "reduction": "company/initiative_changes.csv",
}
TOLERANCE_OF_GATE: Mapping[str, str] = {
    "usual_range": "ranges.csv: usual_min, usual_max",
    "hard_bounds": "ranges.csv: hard_min, hard_max",
    "output_fits_its_ratios": "ranges.csv: lines per output_kg",
    "row_total_agrees": "row_total_agrees",
    "sheet_agrees_with_erp": "sheet_agrees_with_erp",
    "process_mass_balance": "mass_balance_critical",
    "factor_libraries_disagree": "factor_libraries_disagree",
    "factor_out_of_line": "factor_out_of_line",
    "meter_register": "meter_register",
    "sold_is_made": "sold_is_made",
    "commuters_are_staff": "commuters_are_staff",
    "unlike_other_months": "unlike_other_months, unlike_other_months_deviations",
    "far_from_other_months": "far_from_other_months, far_below_other_months, "
    "far_from_other_months_deviations",
}

_MISSING_FLOW = (
    "Look for an input, product or waste of the month that was not weighed or was booked in "
    "another month or unit; check moisture and carbon content.",
    "请查找当月未称重、错月或错单位登记的投入、产品或废料，并核对含水率和含碳量。",
)


RECYCLING = DescribedRule(
    "recycling_method_without_input",
    "calculation",
    "calculation",
    "info, or warning where the method could have a figure",
    "product or line of recycling_methods.csv, and year",
    "",
    False,
    "A recycling method that is stated has a figure for each product, and each of its lines serves "
    "one.",
    "所填报的再生料方法对每个产品都有数值，且其每一行都被用到。",
    "Compare recycled_flow_id in company/recycling_methods.csv with what the processes take in; "
    "state recycling_eol_flow_id where a product of virgin material is recycled after use.",
    "请核对 company/recycling_methods.csv 的 recycled_flow_id 与各工序的投入；"
    "原生料产品在报废后被回收的，请填写 recycling_eol_flow_id。",
)


def _balance(
    rule_id: str, object_kind: str, title: tuple[str, str], remedy: tuple[str, str]
) -> DescribedRule:
    from orchestration.gate.waivers import CALCULATION_RULES

    return DescribedRule(
        rule_id,
        "balance",
        "balances",
        "warning, or critical beyond the second tolerance",
        object_kind,
        f"{rule_id}, {rule_id}_critical",
        rule_id in CALCULATION_RULES,
        *title,
        *remedy,
    )


def _balances() -> list[DescribedRule]:
    return [
        _balance(
            "mass_balance",
            "process and month",
            (
                "Dry mass that a process takes is what it gives: products, co-products, wastes.",
                "工序投入的干基质量等于产出：产品、副产品和废料。",
            ),
            _MISSING_FLOW,
        ),
        _balance(
            "carbon_balance",
            "process and month",
            (
                "Carbon in what a process takes is the carbon in what it gives.",
                "工序投入物料的碳等于产出物料的碳。",
            ),
            _MISSING_FLOW,
        ),
        _balance(
            "recycled_balance",
            "process or company, flow and month",
            (
                "Recycled material that leaves is never more than what went in.",
                "产出的再生料不多于投入的再生料。",
            ),
            (
                "Check the contents in company/flow_properties.csv, or lower the claim in "
                "company/products.csv.",
                "请核对 company/flow_properties.csv 中的含量，或下调 company/products.csv 的声明值。",
            ),
        ),
        _balance(
            "electricity_balance",
            "site or process, flow and month",
            (
                "Sub-meters and the unmetered rest add up to the main meter.",
                "分表与未计量部分之和等于总表。",
            ),
            (
                "Compare the sub-meters with the main meter: one was read on another day, left "
                "out, or counts twice.",
                "请核对分表与总表：抄表日期不同、漏计或重复计量。",
            ),
        ),
        _balance(
            "steam_balance",
            "site, company or process, utility and month",
            (
                "Steam, air and other utilities made are those used, losses allowed for.",
                "自产蒸汽、压缩空气等介质的产出等于使用，计入损失。",
            ),
            (
                "Compare the meters of maker and users; losses belong in the tolerance.",
                "请核对供方与用方计量表；管网损失应计入允差。",
            ),
        ),
        _balance(
            "stock_balance",
            "site or company, flow and month",
            (
                "Opening stock, receipts and production less takings are the closing stock.",
                "期初库存加收货和产量减去领用和发货等于期末库存。",
            ),
            (
                "Compare stock readings with receipts and deliveries of the month.",
                "请核对当月库存读数与收发货记录。",
            ),
        ),
        DescribedRule(
            "certified_volume",
            "balance",
            "balances",
            "warning",
            "scope certificate, site and month",
            "certified_volume",
            False,
            "Certified input times yield is at least certified output and stock, and no more goes "
            "out as certified than is made.",
            "认证投入乘以得率不少于认证产出与库存，且认证销售不多于产量。",
            "Look for a transaction certificate that is missing, counts twice or has another unit; "
            "check yield_share in company/scope_certificates.csv.",
            "请查找缺失、重复或单位有误的交易证书，并核对 company/scope_certificates.csv 的 "
            "yield_share。",
        ),
    ]


def _of_figures(rule_id: str, object_kind: str, tolerance: str, *words: str) -> DescribedRule:
    """A rule of the calculation that lists and never refuses."""
    severity = "info" if rule_id == "flow_exempted" else "warning"
    return DescribedRule(
        rule_id, "calculation", "figures", severity, object_kind, tolerance, False, *words
    )


CALCULATION: Sequence[DescribedRule] = (
    _of_figures(
        "certificate_technology",
        "site, flow and month",
        "",
        "A certificate's technology has a factor of its own.",
        "证书所载技术有对应的因子。",
        "Write the technology of the certificate as in the factor libraries, capitals included, or "
        "add the factor; for generation, kgco2_per_kwh of the certificate does as well.",
        "请按因子库书写证书的技术（区分大小写），或补充该因子；发电部分也可填写证书的 kgco2_per_kwh。",
    ),
    _of_figures(
        "flow_exempted",
        "cell",
        "",
        "Flows carried without an emission factor are told.",
        "未配排放因子的流均予列示。",
        "Add a factor to emission_factors/ and the component to company/flows.csv once one is "
        "published.",
        "取得公布的因子后，补入 emission_factors/ 并在 company/flows.csv 填写 components。",
    ),
    _of_figures(
        "measured_property_counts",
        "cell",
        "",
        "A calorific value or carbon content that was measured is taken up by a factor.",
        "实测的热值或含碳量被因子采用。",
        "Add a factor per TJ, with carbon content and oxidation fraction, to emission_factors/; or "
        "leave the measured value out of the map.",
        "请在 emission_factors/ 补充按 TJ 给出、含有含碳量和氧化率的因子；或在映射中不再读取该实测值。",
    ),
    _of_figures(
        "specific_consumption",
        "process, flow and month",
        "specific_consumption",
        "What a process takes per unit of output is within 3.5 robust standard deviations of its "
        "24 months before, once twelve are known; beyond a stated tolerance as well.",
        "工序单耗处于其前 24 个月的 3.5 倍稳健标准差之内（满 12 个月起判定），且同时超出允差才提示。",
        "Check quantity, output and their units; if both are right, note what changed in the "
        "process.",
        "请核对用量、产量及其单位；若均无误，请备注工序发生的变化。",
    ),
    _of_figures(
        "year_on_year",
        "process, flow and month",
        "year_on_year",
        "A quantity does not jump against the same month of the year before.",
        "数量较上年同月没有突变。",
        "Check the value and its unit against last year; if it is right, note the reason.",
        "请对照上年数据核对数值和单位；若无误，请备注原因。",
    ),
    _of_figures(
        "estimated_share",
        "site and month",
        "estimated_share",
        "A site's kgCO2e do not rest on estimates beyond the stated share.",
        "厂区排放中依据估算的部分不超过规定比例。",
        "Meter or weigh the largest estimates first; lineage and data_method show which.",
        "请优先对占比最大的估算项安装计量或称重，见 lineage 与 data_method。",
    ),
    _of_figures(
        "fallback_factor_share",
        "site and month",
        "fallback_factor_share",
        "A site's kgCO2e do not rest on factors of the country or the world, where finer ones are "
        "published, beyond the stated share.",
        "已有更细地域因子时，采用国家或全球因子的排放不超过规定比例。",
        "Add the finer factor of the year to emission_factors/, or say in the library why the "
        "wider one is used.",
        "请在 emission_factors/ 补入当年更细地域的因子，或在因子库中说明采用更大地域因子的理由。",
    ),
    _of_figures(
        "missing_evidence_share",
        "site and month",
        "missing_evidence_share",
        "A site's kgCO2e do not rest on data without instrument, document, meter or note beyond "
        "the stated share.",
        "没有仪表、单据、表号或备注的数据所产生的排放不超过规定比例。",
        "Add the number of the invoice, certificate or order, or a note, to these data.",
        "请为这些数据补填发票号、证书号、订单号或备注。",
    ),
)

CLAIM = DescribedRule(
    "recycled_content_claim",
    "product_system",
    "product_system",
    "warning, or critical beyond the second tolerance; info without one",
    "product, site and period",
    "recycled_content_claim, recycled_content_claim_critical",
    False,
    "A product's claimed recycled content is that of its physical flows.",
    "产品声明的再生料含量与其实物流一致。",
    "State recycled_content of the bought materials in company/flow_properties.csv, or lower the "
    "claim in company/products.csv.",
    "请在 company/flow_properties.csv 填写外购物料的 recycled_content，或下调 company/products.csv "
    "的声明值。",
)

TITLES_OF_PRODUCT_SYSTEM: Mapping[str, tuple[str, str, str]] = {
    "invalid_exchange": (
        "process, flow and period",
        "Nothing is taken or made in a negative or endless quantity.",
        "使用量和产量不为负且为有限值。",
    ),
    "taken_from_stock": (
        "flow, site and period",
        "What is taken in a period was made in it, but for a part that stocks can give.",
        "期间内使用的流主要为期间内产出，库存只占一部分。",
    ),
    "supplied_by_other_sites": (
        "flow, site and period",
        "A site takes what it makes, or what one other site makes.",
        "厂区使用自产的流，或来自唯一其他厂区的流。",
    ),
    "treated_waste_differs": (
        "flow, site and period",
        "As much waste is treated as is given to treatment.",
        "废物处理量等于交付处理的量。",
    ),
    "returns_exceed_deliveries": (
        "flow, site and period",
        "No more of a product comes back than was delivered.",
        "产品退货不多于交付。",
    ),
    "allocation_departs_from_pact": (
        "process and period",
        "Co-products are split as PACT's decision tree has it.",
        "联产品按 PACT 决策树的结论分摊。",
    ),
    "rule_changed_within_period": (
        "process and period",
        "One allocation rule and service key holds for the whole period.",
        "分摊规则和服务分摊键在整个期间内不变。",
    ),
    "service_share_dropped": (
        "process and period",
        "Shares of a service are stated for processes that run.",
        "服务份额所列的工序均在运行。",
    ),
    "system_contradicts_itself": (
        "period",
        "The exchanges of a period fit together.",
        "期间内的投入与产出相互一致。",
    ),
    "flow_without_maker": (
        "flow and period",
        "What is taken as the company's own was made in the period.",
        "作为自产使用的流在期间内有产出。",
    ),
    "waste_without_treatment": (
        "flow and period",
        "Waste for the company's own treatment is taken in by a process.",
        "交由厂内处理的废物有工序接收。",
    ),
    "delivered_from_stock": (
        "flow and period",
        "What is delivered was made in the period, or is told.",
        "交付的产品为本期产出，否则予以列示。",
    ),
    "allocation_rule_missing": (
        "process, flow and period",
        "Burdens of a process with several valued outputs are split by a stated rule.",
        "多产出工序的负荷按规定的规则分摊。",
    ),
    "allocation_not_computable": (
        "process and period",
        "The stated rule can be computed for every co-product.",
        "规定的分配规则对每个联产品均可计算。",
    ),
    "service_key_missing": (
        "process and period",
        "A service that nobody meters is shared by a stated key.",
        "未计量的服务按规定的分摊键分摊。",
    ),
    "service_key_without_base": (
        "process and period",
        "A service key has at least one consumer to share by.",
        "服务分摊键至少有一个可分摊的使用工序。",
    ),
    "service_key_not_computable": (
        "process and period",
        "A service key has one basis and a quantity of it at every consumer.",
        "服务分摊键只有一个基准，且每个使用工序都有其数量。",
    ),
    "no_output_in_period": (
        "process and period",
        "A process that takes and emits also makes something.",
        "有消耗和排放的工序也有产出。",
    ),
    "utility_not_taken": (
        "flow, site and period",
        "A utility that is made is metered where it is taken.",
        "自产介质在使用处有计量。",
    ),
    "explosive_loop": (
        "processes of a loop and period",
        "Processes that use each other's output leave something over.",
        "相互使用产出的工序有净产出。",
    ),
}


def _of_plans(
    rule_id: str, object_kind: str, titles: tuple[str, str], *remedies: str
) -> DescribedRule:
    return DescribedRule(
        rule_id, "reduction", "reduction", "warning", object_kind, "", False, *titles, *remedies
    )


TITLES_OF_REDUCTION: Mapping[str, tuple[str, str]] = {
    "initiative_of_nothing": (
        "An initiative changes what the company accounts in the base year.",
        "减排措施改变的内容在基准年有核算数据。",
    ),
    "initiative_without_factor": (
        "What an initiative brings in has an emission factor.",
        "减排措施引入的流有排放因子。",
    ),
    "initiative_without_maker": (
        "What an initiative takes of the company's own is made there.",
        "减排措施使用的自产流有产出。",
    ),
    "yield_without_mass": (
        "A better yield names an output that is weighed, and its waste.",
        "提高得率的措施涉及称重的产出及其废料。",
    ),
    "yield_above_waste": (
        "A better yield gains no more than the waste that there is.",
        "得率提高的增产不超过现有废料。",
    ),
    "yield_feeds_back": (
        "A process that uses the waste that becomes less has a substitute for it.",
        "以减少的废料为原料的工序须说明替代投入。",
    ),
    "initiative_not_separable": (
        "The state without an initiative in force can be derived from the data.",
        "可由数据还原措施未实施时的状态。",
    ),
    "initiative_without_solution": (
        "The product system has a solution with an initiative.",
        "实施措施后产品系统有解。",
    ),
    "initiative_without_base_year": (
        "A full calendar year is there to calculate initiatives on.",
        "有完整日历年可供比较减排措施。",
    ),
    "own_generation_unused": (
        "Own generation is used where it is made.",
        "自发能源在当地全部使用。",
    ),
}
TARGET = _of_plans(
    "target_of_nothing",
    "target",
    (
        "A target is about what a full calendar year accounts.",
        "目标所涉内容在完整日历年中有核算数据。",
    ),
    "Check its scopes, categories, facility_id and product_id. A target is compared with calendar "
    "years of which all twelve months are collected.",
    "请核对其 scopes、categories、facility_id 和 product_id。目标仅与十二个月齐全的日历年比较。",
)


def described_rules() -> list[DescribedRule]:
    """Every rule in the order in which it is judged; plans of reduction come last."""
    rules = [*_of_gate(), *CALCULATION, *_balances(), *_of_product_system(), CLAIM, RECYCLING]
    rules += [*_of_reduction(), TARGET]
    return [replace(rule, mended_in=_mended_in(rule)) for rule in rules]


def _mended_in(rule: DescribedRule) -> str:
    return MENDED_IN.get(rule.rule_id, MENDED_IN_OF_SUITE.get(rule.suite, rule.mended_in))


def _of_gate() -> list[DescribedRule]:
    from expectations import approval_rules, factor_library
    from expectations.verdict import SUITES

    suites = {**SUITES, "factor_library": factor_library.RULES, "papers": approval_rules.RULES}
    return [_gate_rule(suite, rule) for suite, rules in suites.items() for rule in rules]


def _gate_rule(suite: str, rule: Rule) -> DescribedRule:
    return DescribedRule(
        rule.rule_id,
        "gate",
        suite,
        rule.severity,
        OBJECT_OF_SUITE[suite],
        TOLERANCE_OF_GATE.get(rule.rule_id, ""),
        rule.waivable,
        rule.title_en,
        rule.title_zh,
        rule.remedy_en,
        rule.remedy_zh,
    )


TOLERANCE_OF_PRODUCT_SYSTEM: Mapping[str, str] = {
    "taken_from_stock": "stock_draw_month, stock_draw_year",
    "supplied_by_other_sites": "supply_between_sites",
    "treated_waste_differs": "own_waste_balance",
    "service_share_dropped": "service_share_dropped",
}


def _of_product_system() -> list[DescribedRule]:
    """Remedies name what a finding is about; in the book those places stay as words."""
    from orchestration.footprint.system_findings import RULES

    described = []
    for rule_id, words in RULES.items():
        object_kind, title_en, title_zh = TITLES_OF_PRODUCT_SYSTEM[rule_id]
        described.append(
            DescribedRule(
                rule_id,
                "product_system",
                "product_system",
                words.severity,
                object_kind,
                TOLERANCE_OF_PRODUCT_SYSTEM.get(rule_id, ""),
                False,
                title_en,
                title_zh,
                words.remedy_en.format_map(_Places("en")),
                words.remedy_zh.format_map(_Places("zh")),
            )
        )
    return described


def _of_reduction() -> list[DescribedRule]:
    """A refused line takes its initiative out of the plan, and refuses nothing else."""
    from orchestration.reduction.findings import RULES

    return [
        _of_plans(
            rule_id,
            "line of an initiative",
            TITLES_OF_REDUCTION[rule_id],
            words.remedy_en.format_map(_Places("en")),
            words.remedy_zh.format_map(_Places("zh")),
        )
        for rule_id, words in RULES.items()
    ]


class _Places(dict):
    """Fills the places of a message with what belongs there."""

    WORDS: Mapping[str, Mapping[str, str]] = {
        "en": {"flow": "the flow", "flows": "the flows", "process": "the process",
               "period": "the period", "facility": "the site", "table": "its table"},
        "zh": {"flow": "该流", "flows": "相关流", "process": "该工序", "period": "该期间", "facility": "该厂区", "table": "该表"},
    }  # fmt: skip

    def __init__(self, language: str) -> None:
        super().__init__(self.WORDS[language])


def seed_text() -> str:
    """The rules as the seed of the mart quality_rules."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [one.name for one in fields(DescribedRule)], lineterminator="\n")
    writer.writeheader()
    for rule in described_rules():
        writer.writerow(asdict(rule) | {"is_waivable": str(rule.is_waivable).lower()})
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(seed_text(), encoding="utf-8")
