"""The exports of the ERP and of other systems, each with the habits of its own."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from .files import Day, SheetOfValues, write_delimited, write_workbook
from .state import NINGBO, SUZHOU, Month, chance, read_table

PLANT = {SUZHOU: "1000", NINGBO: "2000"}
SITE = {SUZHOU: "苏州", NINGBO: "宁波"}
COST_CENTRE = {SUZHOU: "SUZ", NINGBO: "NGB"}
TRIPS_A_MONTH = {SUZHOU: 7, NINGBO: 4}
SLUDGE_DRY, SLUDGE_BURNT = 0.35, 0.70  # dry solids of pressed sludge; share incinerated
LOADS_A_CUSTOMER, BIG_LOAD = 3, 20_000.0


def _split(total: float, count: int, scatter: random.Random) -> list[float]:
    """Parts of a total: all but the last are multiples of the scale's 10 kg."""
    parts, left = [], total
    for index in range(count - 1):
        part = round(left / (count - index) * scatter.uniform(0.85, 1.15) / 10) * 10.0
        parts.append(part)
        left = round(left - part, 6)
    return [part for part in [*parts, left] if part > 0]


def _days(month: date, count: int) -> list[date]:
    last = monthrange(month.year, month.month)[1]
    return [month.replace(day=1 + (index * last) // count) for index in range(count)]


def _bought(state: Month, row: dict[str, str], scatter: random.Random) -> float:
    where, flow = row["facility_id"], row["flow"]
    if flow == "pet_bottle_bale":
        bought = state.drivers[SUZHOU, "bales_bought"]
        return round(bought * float(row["share"]) / 10) * 10.0
    if flow == "washed_flake":
        return state.drivers[NINGBO, "flake_arrived"]
    if row["process"]:
        return state.get(where, row["process"], flow)
    used = state.total(where, flow)
    if flow == "recycled_pet_flake_bought":
        return round(used * scatter.uniform(0.97, 1.03) / 10) * 10.0
    return used


def goods_receipts(path: Path, states: Sequence[Month]) -> None:
    """GB18030, semicolons, thousands separators: as the ERP client saves lists."""
    headers = (
        "物料凭证 过账日期 移动类型 工厂 库存地点 物料 物料描述 净重 单位 供应商 运输方式 运距km"
    )
    rows: list[list[object]] = [[*headers.split(), "抬头文本"]]
    for state in states:
        scatter, lines = chance("receipts", state.month), []
        for row in read_table("purchases.csv"):
            loads = _split(_bought(state, row, scatter), int(row["receipts"]), scatter)
            lines += [
                (day, row, load)
                for day, load in zip(_days(state.month, len(loads)), loads, strict=True)
            ]
        lines.sort(key=lambda line: (line[0], line[1]["material"], line[1]["supplier_id"]))
        for number, (day, row, kilograms) in enumerate(lines, start=1):
            weight, unit = f"{kilograms:,.0f}", "千克"
            if kilograms >= BIG_LOAD:
                weight, unit = f"{kilograms / 1000:,.3f}", "吨"
            plant, material, text = PLANT[row["facility_id"]], row["material"], row["text"]
            rows.append(
                [
                    f"5{day:%y%m}{number:05d}",
                    f"{day:%Y.%m.%d}",
                    "101",
                    plant,
                    "RM01",
                    material,
                    text,
                ]
                + [weight, unit, row["supplier_id"], row["mode"], row["km"], ""]
            )
    write_delimited(path, rows, encoding="gb18030", delimiter=";")


def _sold(state: Month, where: str, flow: str) -> float:
    if flow == "washed_flake_sold":
        return state.get(where, "flake_packing", flow, "output")
    if flow == "poy_yarn_sold":
        return state.get(where, "poy_packing", flow, "output")
    return state.drivers[where, f"sold:{flow}"]


def deliveries(path: Path, states: Sequence[Month]) -> None:
    """UTF-8 with a byte order mark, English headers: as a sales report is downloaded."""
    rows: list[list[object]] = [
        ["Delivery", "Actual GI date", "Plant", "Material", "Description", "Net weight (t)"]
        + ["Sold-to party", "Country", "Incoterms", "Mode", "Road km", "Sea km"]
        + ["Freight payer", "Text"]
    ]
    customers = read_table("customers.csv")
    for state in states:
        number, scatter, left = 0, chance("deliveries", state.month), {}
        for index, row in enumerate(customers):
            where, flow = row["facility_id"], row["flow"]
            left.setdefault(flow, _sold(state, where, flow))
            is_last = all(other["flow"] != flow for other in customers[index + 1 :])
            share = round(_sold(state, where, flow) * float(row["share"]) / 10) * 10.0
            kilograms = left[flow] if is_last else share
            left[flow] -= kilograms
            loads = _split(kilograms, LOADS_A_CUSTOMER, scatter)
            for day, load in zip(_days(state.month, len(loads)), loads, strict=True):
                number += 1
                rows.append(
                    [f"80{day:%y%m}{number:04d}", day.isoformat(), PLANT[where], row["material"]]
                    + [row["text"], f"{load / 1000:,.2f}", row["customer"], row["country"]]
                    + [row["incoterms"], "Road+Sea" if row["sea_km"] != "0" else "Road"]
                    + [row["road_km"], row["sea_km"]]
                    + ["Customer" if row["incoterms"] == "EXW" else "Shipper", ""]
                )
    write_delimited(path, rows, encoding="utf-8-sig")


def energy_invoices(path: Path, states: Sequence[Month]) -> None:
    """One line an invoice; suppliers read their meters a little earlier or later."""
    headers = "发票号码 开票日期 公司代码 销售方 费用类别 所属期间 数量 计量单位 不含税金额 摘要"
    rows: list[list[object]] = [headers.split()]
    for state in states:
        scatter = chance("invoices", state.month)
        for number, row in enumerate(read_table("invoices.csv"), start=1):
            where, flow = row["facility_id"], row["flow"]
            billed = state.total(where, flow) * scatter.uniform(0.994, 1.006)
            text = f"{billed:,.0f}"
            if row["unit"] == "万千瓦时":
                billed /= 10_000
                text = f"{billed:,.4f}"
            rows.append(
                [f"0440{state.month:%y%m}{number:03d}", state.month.replace(day=28).isoformat()]
                + [row["company_code"], row["seller"], row["kind"], f"{state.month:%Y%m}", text]
                + [row["unit"], f"{billed * float(row['price']):,.2f}", ""]
            )
    write_delimited(path, rows)


def waste_movements(path: Path, states: Sequence[Month]) -> None:
    """The environmental engineer's register is a workbook."""
    headers = "联单编号 转移日期 厂区 类别代码 废物名称 重量 单位 承运单位 处置单位 备注"
    sheet = SheetOfValues("台账", [["固体废物转移台账（虚构数据）"], [], headers.split()], (2,))
    for state in states:
        scatter, number = chance("waste", state.month), 0
        for where in (SUZHOU, NINGBO):
            for code, name, kilograms, disposer in _wastes(state, where, scatter):
                loads = _split(kilograms, 2, scatter)
                for day, load in zip(_days(state.month, len(loads)), loads, strict=True):
                    number += 1
                    is_big = load >= BIG_LOAD
                    sheet.rows.append(
                        [f"{state.month:%Y%m}{number:04d}", Day(day), SITE[where], code, name]
                        + [round(load / 1000, 2) if is_big else load, "吨" if is_big else "公斤"]
                        + ["环运物流（虚构）", disposer, ""]
                    )
    write_workbook(path, [sheet])


def _wastes(
    state: Month, where: str, scatter: random.Random
) -> Iterator[tuple[str, str, float, str]]:
    """Wastes the stages weigh, a little earlier or later; sludge; and what only the gate sees."""
    for row in read_table("wastes.csv"):
        if row["flow"]:
            usual = state.total(where, row["flow"], "output")
            kilograms = usual * scatter.uniform(0.97, 1.03)
        else:
            usual = float(row["suzhou_kg" if where == SUZHOU else "ningbo_kg"])
            kilograms = usual * scatter.uniform(0.85, 1.15)
        if usual:
            yield row["code"], row["name"], round(kilograms / 10) * 10.0, row["disposer"]
    if where == SUZHOU:
        wet = state.get(SUZHOU, "washing", "wash_solids", "output") / SLUDGE_DRY
        burnt = round(wet * SLUDGE_BURNT / 10) * 10.0
        yield "SW-07-FS", "污泥（焚烧）", burnt, "垃圾焚烧发电厂"
        yield "SW-07-TM", "污泥（填埋）", round((wet - burnt) / 10) * 10.0, "填埋场"


def travel(path: Path, states: Sequence[Month]) -> None:
    """The travel agency's system writes 1.240,0 and separates with semicolons."""
    rows: list[list[object]] = [
        ["Booking", "Departure", "Cost centre", "Service", "From", "To", "Persons", "Distance km"]
        + ["Nights", "Remark"]
    ]
    trips = read_table("trips.csv")
    for state in states:
        number = 0
        for where, count in TRIPS_A_MONTH.items():
            scatter = chance("travel", where, state.month)
            for day in _days(state.month, count):
                trip = trips[scatter.randrange(len(trips))]
                persons, nights = scatter.randint(1, 3), scatter.randint(0, 3)
                number += 1
                booking, when = f"TR{state.month:%y%m}{number:03d}", f"{day:%d.%m.%Y}"
                there_and_back = f"{2 * float(trip['km']):,.1f}"
                distance = there_and_back.translate(str.maketrans(",.", ".,"))
                rows.append(
                    [booking, when, COST_CENTRE[where], trip["service"], trip["from"], trip["to"]]
                    + [persons, distance, "", "return trip"]
                )
                if nights:
                    rows.append(
                        [f"{booking}H", when, COST_CENTRE[where], "Hotel", "", trip["to"]]
                        + [persons, "", nights, ""]
                    )
    write_delimited(path, rows, delimiter=";")


EXPORTS = {
    "goods_receipts.csv": goods_receipts,
    "deliveries.csv": deliveries,
    "energy_invoices.csv": energy_invoices,
    "waste_movements.xlsx": waste_movements,
    "travel.csv": travel,
}
