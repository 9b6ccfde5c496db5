"""The exports of the ERP and of other systems, each with the habits of its own."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from .plant import NINGBO, SEED, SUZHOU, Month
from .writing import Layout, delimited, open_book, records

PLANT = {SUZHOU: "1000", NINGBO: "2000"}
# code, text, supplier, mode, km, share of the bales bought
BALES = (
    ("100001", "PET瓶砖 透明", "S1001", "汽运", 65, 0.34),
    ("100001", "PET瓶砖 透明", "S1002", "汽运", 290, 0.24),
    ("100002", "PET瓶砖 蓝白混", "S1003", "汽运", 330, 0.18),
    ("100001", "PET瓶砖 透明", "S1004", "铁路", 870, 0.14),
    ("100002", "PET瓶砖 蓝白混", "S1005", "水运", 2100, 0.10),
)
# site, code, text, supplier, km, flow, the processes whose use is bought again
SUPPLIES = (
    (SUZHOU, "300001", "烧碱 折百", "S3003", 48, "caustic_soda"),
    (SUZHOU, "300002", "清洗剂", "S3003", 48, "detergent"),
    (SUZHOU, "300003", "消泡剂", "S3003", 48, "defoamer"),
    (SUZHOU, "100021", "聚酯切片 半消光", "S2002", 95, "virgin_pet_chip"),
    (SUZHOU, "200001", "色母粒 黑", "S3001", 110, "masterbatch"),
    (SUZHOU, "200011", "短纤油剂", "S3002", 105, "spin_finish"),
    (SUZHOU, "400001", "打包PE膜", "S3004", 42, "pe_film"),
    (SUZHOU, "400002", "PP打包带", "S3004", 42, "pp_strap"),
    (SUZHOU, "300031", "润滑油", "S3006", 100, "lubricating_oil"),
    (NINGBO, "300021", "生物质颗粒", "S3005", 160, "wood_pellets"),
    (NINGBO, "400011", "纸管纸箱", "S3005", 35, "cardboard"),
    (NINGBO, "400012", "木托盘", "S3005", 35, "wood_pallet"),
    (NINGBO, "400013", "缠绕膜", "S3005", 35, "pe_film"),
    (NINGBO, "300031", "润滑油", "S3006", 230, "lubricating_oil"),
)
LORRY_LOADS = 8  # receipts of one supplier and month are booked about weekly
CUSTOMERS = {
    "staple_fibre_raw_white": ("500001", "rPSF raw white 1.4D", (
        ("Jiangyin Spinning Mill", "CN", "DAP", 140, 0, 0.46),
        ("Weifang Nonwovens", "CN", "DAP", 620, 0, 0.22),
        ("Ho Chi Minh Yarn", "VN", "FOB Shanghai", 95, 3300, 0.20),
        ("Porto Fios", "PT", "FOB Shanghai", 95, 19200, 0.12))),
    "staple_fibre_dope_dyed": ("500002", "rPSF dope-dyed black 1.7D", (
        ("Changshu Carpets", "CN", "DAP", 75, 0, 0.55),
        ("Hangzhou Filter Media", "CN", "EXW", 170, 0, 0.25),
        ("Izmir Nonwoven", "TR", "FOB Shanghai", 95, 15400, 0.20))),
    "washed_flake_sold": ("500021", "rPET flake clear", (
        ("Kunshan Strapping", "CN", "EXW", 40, 0, 1.0),)),
    "dty_yarn": ("500011", "rDTY 150/48", (
        ("Shaoxing Knitting", "CN", "DAP", 130, 0, 0.58),
        ("Shishi Weaving", "CN", "DAP", 720, 0, 0.24),
        ("Dhaka Knit", "BD", "FOB Ningbo", 40, 7200, 0.18))),
    "poy_yarn_sold": ("500012", "rPOY 250/48", (
        ("Xiaoshan Texturing", "CN", "EXW", 150, 0, 1.0),)),
}
# code, name, flow, disposer; the flows the stages weigh too
WEIGHED_WASTES = (
    ("SW-17-PP", "瓶盖料", "waste_plastic_caps_recycled", "再生塑料厂"),
    ("SW-17-PET", "PET废料", "waste_pet_fines_recycled", "再生塑料厂"),
    ("SW-17-FE", "废铁丝", "waste_metal_recycled", "废钢回收站"),
    ("SW-59-LB", "废标签", "waste_mixed_incinerated", "垃圾焚烧发电厂"),
    ("SW-59-NP", "非PET杂质", "waste_mixed_landfilled", "填埋场"),
    ("SW-59-LZ", "滤渣", "waste_pet_incinerated", "垃圾焚烧发电厂"),
)
SLUDGE_DRY, SLUDGE_BURNT = 0.35, 0.70  # dry solids of pressed sludge; share incinerated
# kg a month: office waste, cardboard, waste oil
OTHER_WASTES = {SUZHOU: (4200, 1500, 380), NINGBO: (2500, 6400, 170)}
TRIPS = (
    ("High-speed rail", "Suzhou", "Beijing", 1_240.0), ("High-speed rail", "Ningbo", "Shanghai", 310.0),
    ("High-speed rail", "Suzhou", "Jinan", 790.5), ("Air short haul", "Shanghai", "Guangzhou", 1_210.0),
    ("Air short haul", "Shanghai", "Chengdu", 1_690.0), ("Air long haul", "Shanghai", "Frankfurt", 8_870.0),
    ("Taxi", "Suzhou", "Shanghai Hongqiao", 92.5), ("Coach", "Ningbo", "Shaoxing", 118.0),
)


def _chance(*parts: object) -> random.Random:
    return random.Random(":".join([SEED, *map(str, parts)]))


def _split(total: float, count: int, chance: random.Random, step: float = 10.0) -> list[float]:
    """Parts of a total, each a multiple of the scale's step but for what is left over."""
    parts, left = [], total
    for index in range(count - 1):
        part = round(left / (count - index) * chance.uniform(0.85, 1.15) / step) * step
        parts.append(part)
        left -= part
    return [p for p in [*parts, left] if p > 0]


def _days(month: date, count: int) -> list[date]:
    last = monthrange(month.year, month.month)[1]
    return [month.replace(day=1 + (index * last) // count) for index in range(count)]


def _used(state: Month, where: str, flow: str) -> float:
    return sum(
        value
        for (place, _, name, direction), value in state.facts.items()
        if (place, name, direction) == (where, flow, "input")
    )


def _receipts(state: Month) -> Iterator[tuple[date, str, str, str, str, str, float, int]]:
    """day, plant, code, text, supplier, mode, kilograms, kilometres"""
    chance = _chance("receipts", state.month)
    bought = state.drivers[SUZHOU, "bales_bought"]
    for code, text, supplier, mode, km, share in BALES:
        loads = _split(round(bought * share / 10) * 10, LORRY_LOADS, chance)
        for day, kilograms in zip(_days(state.month, len(loads)), loads, strict=True):
            yield day, PLANT[SUZHOU], code, text, supplier, mode, kilograms, km
    own = _split(state.drivers[NINGBO, "flake_arrived"], LORRY_LOADS, chance)
    for day, kilograms in zip(_days(state.month, len(own)), own, strict=True):
        yield day, PLANT[NINGBO], "100011", "洗净片 苏州厂", "SZ01", "汽运", kilograms, 265
    outside = _used(state, NINGBO, "recycled_pet_flake_bought")
    day = state.month.replace(day=9)
    yield (day, PLANT[NINGBO], "100012", "洗净片 外购", "S2001", "汽运",
           round(outside * chance.uniform(0.97, 1.03) / 10) * 10.0, 48)
    for offset, (code, text, flows) in enumerate(
        (("200012", "POY油剂", "poy_spinning"), ("200013", "DTY油剂", "texturing"))
    ):
        kilograms = state.get(NINGBO, flows, "spin_finish")
        yield (state.month.replace(day=12 + offset), PLANT[NINGBO], code, text, "S3002", "汽运",
               kilograms, 225)
    for offset, (where, code, text, supplier, km, flow) in enumerate(SUPPLIES):
        if kilograms := _used(state, where, flow):
            yield (state.month.replace(day=3 + offset), PLANT[where], code, text, supplier, "汽运",
                   kilograms, km)


def goods_receipts(path: Path, states: Sequence[Month]) -> None:
    """GB18030, semicolons, thousands separators: as the Chinese ERP client saves lists."""
    headers = ("物料凭证", "过账日期", "移动类型", "工厂", "库存地点", "物料", "物料描述", "净重",
               "单位", "供应商", "运输方式", "运距km", "抬头文本")
    rows = []
    for state in states:
        for index, receipt in enumerate(sorted(_receipts(state)), start=1):
            day, plant, code, text, supplier, mode, kilograms, km = receipt
            small = kilograms < 2000
            number = f"5{day:%y%m}{index:05d}"
            weight = f"{kilograms:,.0f}" if small else f"{kilograms / 1000:,.2f}"
            if not small and abs(kilograms / 10 - round(kilograms / 10)) > 1e-9:
                weight = f"{kilograms / 1000:,.3f}"
            rows.append((number, f"{day:%Y.%m.%d}", "101", plant, "RM01", code, text, weight,
                         "千克" if small else "吨", supplier, mode, km, ""))
    delimited(path, "gb18030", ";", headers, rows)


def deliveries(path: Path, states: Sequence[Month]) -> None:
    """UTF-8 with a byte order mark, English headers: as a sales report is downloaded."""
    headers = ("Delivery", "Actual GI date", "Plant", "Material", "Description", "Net weight (t)",
               "Sold-to party", "Country", "Incoterms", "Mode", "Road km", "Sea km",
               "Freight payer", "Text")
    rows = []
    for state in states:
        number = 0
        for flow, (code, text, customers) in CUSTOMERS.items():
            where = NINGBO if code.startswith("50001") else SUZHOU
            sold = _sold(state, where, flow)
            shares = [c[5] for c in customers]
            chance = _chance("deliveries", flow, state.month)
            parts = [round(sold * share / 10) * 10.0 for share in shares[:-1]]
            parts.append(sold - sum(parts))
            for customer, kilograms in zip(customers, parts, strict=True):
                name, country, terms, road, sea, _ = customer
                loads = _split(kilograms, 3, chance)
                for day, load in zip(_days(state.month, len(loads)), loads, strict=True):
                    number += 1
                    rows.append((
                        f"80{state.month:%y%m}{number:04d}", day.isoformat(), PLANT[where], code,
                        text, f"{load / 1000:,.2f}", name, country, terms,
                        "Road+Sea" if sea else "Road", road, sea,
                        "Customer" if terms == "EXW" else "Shipper", "",
                    ))
    delimited(path, "utf-8-sig", ",", headers, rows)


def _sold(state: Month, where: str, flow: str) -> float:
    if flow == "washed_flake_sold":
        return state.get(SUZHOU, "flake_packing", flow, "output")
    if flow == "poy_yarn_sold":
        return state.get(NINGBO, "poy_packing", flow, "output")
    return state.drivers[where, f"sold:{flow}"]


def energy_invoices(path: Path, states: Sequence[Month]) -> None:
    """One line an invoice; suppliers read their meters a little earlier or later."""
    headers = ("发票号码", "开票日期", "公司代码", "销售方", "费用类别", "所属期间", "数量", "计量单位",
               "不含税金额", "摘要")
    rows = []
    for state in states:
        chance = _chance("invoices", state.month)
        nearly = lambda value: value * chance.uniform(0.994, 1.006)  # noqa: E731
        main = state.drivers[SUZHOU, "main_kwh"], state.drivers[NINGBO, "main_kwh"]
        lines = (
            ("HL10", "苏州供电（虚构）", "电费", main[0] / 1e4, "万千瓦时", 6900.0),
            ("HL20", "宁波供电（虚构）", "电费", main[1], "kWh", 0.71),
            ("HL10", "苏州燃气（虚构）", "天然气费", _used(state, SUZHOU, "natural_gas"), "标方", 3.4),
            ("HL20", "园区热力（虚构）", "蒸汽费", _used(state, NINGBO, "purchased_steam"), "GJ", 78.0),
            ("HL10", "苏州水务（虚构）", "水费", _used(state, SUZHOU, "tap_water"), "立方米", 4.1),
            ("HL20", "宁波水务（虚构）", "水费", _used(state, NINGBO, "tap_water"), "立方米", 4.4),
        )
        for index, (company, seller, kind, quantity, unit, price) in enumerate(lines, start=1):
            billed = nearly(quantity)
            text = f"{billed:,.4f}" if unit == "万千瓦时" else f"{billed:,.0f}"
            day = state.month.replace(day=28)
            rows.append((f"0440{state.month:%y%m}{index:03d}", day.isoformat(), company, seller,
                         kind, f"{state.month:%Y%m}", text, unit, f"{billed * price:,.2f}", ""))
    delimited(path, "utf-8", ",", headers, rows)


def waste_movements(path: Path, states: Sequence[Month]) -> None:
    """The environmental engineer's register is a workbook."""
    headers = ("联单编号", "转移日期", "厂区", "类别代码", "废物名称", "重量", "单位", "承运单位", "处置单位",
               "备注")
    rows = []
    for state in states:
        chance, number = _chance("waste", state.month), 0
        for where, site in ((SUZHOU, "苏州"), (NINGBO, "宁波")):
            for code, name, kilograms, disposer in _wastes(state, where, chance):
                for day, load in zip(_days(state.month, 2), _split(kilograms, 2, chance)):
                    number += 1
                    tonnes = load >= 20_000
                    rows.append((f"{state.month:%Y%m}{number:04d}", day, site, code, name,
                                 round(load / 1000, 2) if tonnes else load,
                                 "吨" if tonnes else "公斤", "环运物流（虚构）", disposer, ""))
    book = open_book(path)
    records(book, Layout("台账", 3, "", "", title="固体废物转移台账（虚构数据）"), headers, rows)
    book.close()


def _wastes(
    state: Month, where: str, chance: random.Random
) -> Iterator[tuple[str, str, float, str]]:
    for code, name, flow, disposer in WEIGHED_WASTES:
        made = sum(
            v for (place, _, f, d), v in state.facts.items() if (place, f, d) == (where, flow, "output")
        )
        if made:
            yield code, name, round(made * chance.uniform(0.97, 1.03) / 10) * 10.0, disposer
    if where == SUZHOU:
        wet = state.get(SUZHOU, "washing", "wash_solids", "output") / SLUDGE_DRY
        burnt = round(wet * SLUDGE_BURNT / 10) * 10.0
        yield "SW-07-FS", "污泥（焚烧）", burnt, "垃圾焚烧发电厂"
        yield "SW-07-TM", "污泥（填埋）", round((wet - burnt) / 10) * 10.0, "填埋场"
    office, cardboard, oil = OTHER_WASTES[where]
    yield "SW-62-BG", "生活垃圾", round(office * chance.uniform(0.9, 1.1) / 10) * 10.0, "环卫"
    yield "SW-17-ZX", "废纸箱", round(cardboard * chance.uniform(0.8, 1.2) / 10) * 10.0, "回收站"
    yield "HW08", "废矿物油", round(oil * chance.uniform(0.8, 1.2) / 10) * 10.0, "危废处置中心"


def travel(path: Path, states: Sequence[Month]) -> None:
    """The travel agency's system writes 1.240,0 and separates with semicolons."""
    headers = ("Booking", "Departure", "Cost centre", "Service", "From", "To", "Persons",
               "Distance km", "Nights", "Remark")
    rows = []
    for state in states:
        number = 0
        for where, centre, trips in ((SUZHOU, "SUZ", 7), (NINGBO, "NGB", 4)):
            chance = _chance("travel", where, state.month)
            for day in _days(state.month, trips):
                service, start, end, km = TRIPS[chance.randrange(len(TRIPS))]
                persons, nights = chance.randint(1, 3), chance.randint(0, 3)
                number += 1
                booking = f"TR{state.month:%y%m}{number:03d}"
                distance = f"{2 * km:,.1f}".translate(str.maketrans(",.", ".,"))
                date_text = f"{day:%d.%m.%Y}"
                rows.append((booking, date_text, centre, service, start, end, persons, distance,
                             "", "return trip"))
                if nights:
                    rows.append((f"{booking}H", date_text, centre, "Hotel", "", end, persons, "",
                                 nights, ""))
    delimited(path, "utf-8", ";", headers, rows)
