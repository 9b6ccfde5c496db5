"""What master data are called in both languages, and the words a template has for a map's terms."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from orchestration.company.checks import FLOW_KINDS
from orchestration.company.data_folder import Company, read_csv_as_text
from orchestration.company.source_map import FromColumn, Item

CATEGORIES = FLOW_KINDS.with_name("ghg_categories.csv")
CJK = re.compile("[\u3400-\u9fff]")
LATIN_WORD = re.compile("[A-Za-z]{3,}")
IN_BRACKETS = re.compile(r"[(（].*?[)）]")


class Both(NamedTuple):
    """The same in Chinese and in English; Chinese may be wanting."""

    zh: str | None
    en: str

    def joined(self, separator: str = " ") -> str:
        """Both, Chinese first; one text when they are the same."""
        if not self.zh or self.zh == self.en:
            return self.en
        return f"{self.zh}{separator}{self.en}"


ROLES = {
    "check": Both("核对用", "for comparison"),
    "meter_start": Both("期初读数", "reading at the start"),
    "meter_end": Both("期末读数", "reading at the end"),
    "stock_open": Both("期初库存", "opening stock"),
    "stock_close": Both("期末库存", "closing stock"),
}
PROPERTIES = {
    "ncv": Both("低位热值", "net calorific value"),
    "carbon_content": Both("含碳量", "carbon content"),
    "carbon_content_per_unit": Both("单位燃料含碳量", "carbon in an amount of the fuel"),
    "density": Both("密度", "density"),
}
METHODS = {
    "metered": Both("计量表，月末抄表", "the meter, read at the end of the month"),
    "invoiced": Both("当月发票或结算单", "the invoice or bill of the month"),
    "weighed": Both("磅单或称重记录", "weighbridge tickets or scale records"),
    "calculated": Both("计算值，备注写明算法", "worked out; say how in the note"),
    "estimated": Both("估算值，备注写明依据", "estimated; say on what basis in the note"),
}
STRUCTURE = {
    "period": Both("月份", "Month"),
    "date": Both("日期", "Date"),
    "document": Both("单据号", "Document no."),
    "note": Both("备注", "Note"),
    "item": Both("项目", "Item"),
    "unit": Both("单位", "Unit"),
    "total": Both("合计", "Total"),
}
STOCK_TAKING = Both("月末盘点表", "the stock count at the end of the month")
WHY = {
    "check": Both("只用于核对，不重复计入", "only compared with what counts; not counted twice"),
    "meter_start": Both("须等于上期期末读数", "must equal the last reading of the period before"),
    "meter_end": Both("下期的期初读数", "the next period starts with it"),
    "stock_open": Both("须等于上期期末库存", "must equal the closing stock of the period before"),
    "stock_close": Both("下期的期初库存", "the next period opens with it"),
    "property": Both("代替缺省值用于计算", "replaces the default value in the calculation"),
    "intermediate": Both(
        "物料平衡；上下工序单位碳强度的分母",
        "mass balance; what the intensity of the step is divided by",
    ),
    "product": Both("产品碳足迹的分母", "what the footprint of the product is divided by"),
    "utility": Both("公用工程排放按用量分摊", "shares out the emissions of the utility"),
    "statistic": Both("平衡核算或指标分母", "closes a balance, or is what others are divided by"),
}


class TemplateWords:
    """Names of a company's flows, processes, stages and sites."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._names = {
            table: _names(company, table, key)
            for table, key in (
                ("flows", "flow_id"),
                ("processes", "process_id"),
                ("stages", "stage_code"),
                ("facilities", "facility_id"),
            )
        }
        flows = company["flows"]
        self._kinds = dict(zip(flows["flow_id"], flows["flow_kind"], strict=True))
        self._components = dict(zip(flows["flow_id"], flows["components"], strict=True))

    def name(self, table: str, key: str | None) -> Both:
        """Name of a row of master data; its key where it has none."""
        return self._names[table].get(key or "", Both(None, key or ""))

    def kind(self, flow_id: str) -> str | None:
        """What kind of flow it is."""
        return self._kinds.get(flow_id)

    def item(self, item: Item) -> Both:
        """What an item is: its flow, and its role or property."""
        if isinstance(item.flow, FromColumn):
            return Both(f"按“{item.flow.column}”列", f"see column “{item.flow.column}”")
        flow = self.name("flows", item.flow)
        more = PROPERTIES.get(item.property_name or "") or ROLES.get(item.role)
        if item.property_name and more is None:
            more = Both(None, item.property_name)
        if more is None:
            return flow
        return Both(flow.zh and f"{flow.zh}·{more.zh or more.en}", f"{flow.en}, {more.en}")

    def other_language(self, header: str, item: Item) -> str | None:
        """What an item is, in the language its header is not written in; None when it has both."""
        return _other_language(header, self.item(item))

    def read_from(self, item: Item) -> Both:
        """The meter, scale or document an item's figure comes from."""
        if item.role in ("stock_open", "stock_close"):
            source = STOCK_TAKING
        else:
            source = METHODS.get(item.method or "", Both("见备注", "see the note"))
        if item.read_from:
            source = Both(f"{item.read_from};{source.zh}", source.en)
        if isinstance(item.meter, str):
            multiplier = self.multiplier(item.meter)
            times = f" × {multiplier:g}" if multiplier else ""
            meter = f"{item.meter}{times}"
            source = Both(f"表号 {meter}，{source.zh}", f"Meter {meter}: {source.en}")
        return source

    def structure(self, kind: str, header: str) -> str | None:
        """What a header that holds no figure means, in the language it is not written in."""
        return _other_language(header, STRUCTURE[kind]) if kind in STRUCTURE else None

    def register(self, item: Item) -> Both:
        """How a register is read: as it stands on the dial, whatever it is multiplied with."""
        multiplier = self.multiplier(item.meter) if isinstance(item.meter, str) else None
        times = f" × {multiplier:g}" if multiplier else ""
        return Both("表盘读数", f"as on the dial{times}")

    def multiplier(self, meter_id: str) -> float | None:
        """What register units of a meter are multiplied by; None when nobody stated it."""
        meters = self.company["meters"]
        found = meters.loc[meters["meter_id"] == meter_id, "multiplier"]
        return float(found.iloc[0]) if len(found) and found.iloc[0] is not None else None

    def why(self, item: Item) -> Both:
        """What a figure is used for."""
        if item.direction == "property":
            return WHY["property"]
        if item.role in WHY:
            return WHY[item.role]
        flows = item.flow.lookup or {} if isinstance(item.flow, FromColumn) else {"": item.flow}
        reasons = [self._why_flow(flow_id) for flow_id in dict.fromkeys(flows.values())]
        known = list(dict.fromkeys(reason for reason in reasons if reason))
        if not known:
            return Both("物料与能源平衡", "mass and energy balance")
        chinese = ";".join(dict.fromkeys(one.zh or one.en for one in known))
        return Both(chinese, "; ".join(dict.fromkeys(one.en for one in known)))

    def _why_flow(self, flow_id: str) -> Both | None:
        kind = self._kinds.get(flow_id) or ""
        if kind in WHY:
            return WHY[kind]
        components = [part.strip() for part in (self._components.get(flow_id) or "").split(";")]
        named = (_places().get((kind, component)) for component in components)
        places = [place for place in named if place]
        if not places:
            return None
        return Both(
            "、".join(dict.fromkeys(place.zh or place.en for place in places)),
            " and ".join(dict.fromkeys(place.en for place in places)),
        )


def _other_language(header: str, words: Both) -> str | None:
    plain = IN_BRACKETS.sub("", header)
    has_chinese, has_english = bool(CJK.search(plain)), bool(LATIN_WORD.search(plain))
    if has_chinese and has_english:
        return None
    return words.en if has_chinese else words.zh


def _names(company: Company, table: str, key: str) -> dict[str, Both]:
    frame = company[table]
    return {
        row[key]: Both(row["name_zh"], row["name_en"] or row[key])
        for row in frame.to_dict("records")
    }


@cache
def _places() -> dict[tuple[str, str], Both]:
    """Scope and category of each kind and component of a flow."""
    categories = {row["ghg_category"]: row for row in _rows(CATEGORIES)}
    places = {}
    for row in _rows(FLOW_KINDS):
        category = categories.get(row["ghg_category"])
        if category:
            scope = category["ghg_scope"]
            places[row["flow_kind"], row["component"]] = Both(
                f"范围{scope} {category['name_zh']}", f"Scope {scope} {category['name_en'].lower()}"
            )
    return places


def _rows(path: Path) -> list[dict[str, str]]:
    return read_csv_as_text(path).to_dict("records")
