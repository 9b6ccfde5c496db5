"""Site services and people: the two workbooks both sites hand in."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from .plant import NINGBO, SEED, SUZHOU, Month
from .writing import Item, Layout, months_across, months_down, open_book, records

OFFICES = (
    Item("办公用电 Offices (kWh)", "offices", "electricity", decimals=0),
    Item("食堂用电 Canteen (kWh)", "canteen", "electricity", decimals=0),
    Item("未单独计量 Not metered elsewhere (kWh)", "common_areas", "electricity", decimals=0),
    Item("食堂液化气 Canteen LPG (kg)", "canteen", "lpg_stationary", decimals=0),
    Item("生活用水 Water (m3)", "offices", "tap_water", decimals=0),
    Item("生活污水 Sewage (m3)", "offices", "effluent_to_sewer", "output", decimals=0),
)
SEWAGE_SHARE = 0.85
# refills found in the maintenance book: site, day, equipment, gas, kg
REFRIGERANTS = (
    (SUZHOU, date(2021, 5, 18), "办公楼多联机 Office VRF", "R410A", 6.5),
    (SUZHOU, date(2021, 7, 6), "纺丝冷水机2# Chiller 2", "R134a", 28.0),
    (SUZHOU, date(2021, 8, 12), "食堂冷库 Canteen cold room", "R22", 3.2),
    (SUZHOU, date(2021, 11, 3), "纺丝冷水机1# Chiller 1", "R134a", 15.0),
    (SUZHOU, date(2022, 5, 23), "办公楼多联机 Office VRF", "R410A", 4.0),
    (NINGBO, date(2021, 6, 9), "卷绕空调机组 Winding AHU", "R407C", 12.0),
    (NINGBO, date(2021, 9, 15), "办公分体机 Split units", "R410A", 2.4),
    (NINGBO, date(2022, 6, 14), "卷绕空调机组 Winding AHU", "R407C", 9.5),
)
VEHICLES = {SUZHOU: ("叉车01-04", "叉车05-08", "叉车09-11", "场内牵引车"),
            NINGBO: ("叉车01-03", "叉车04-06")}
HEADS = {SUZHOU: (448, 74), NINGBO: (262, 46)}  # production, administration
# mode, persons or vehicles, round trip in km
COMMUTE = {
    SUZHOU: (("班车", 210, 28.0), ("公交", 60, 14.0), ("地铁", 45, 32.0), ("小汽车", 96, 26.0),
             ("摩托车", 30, 9.0)),
    NINGBO: (("班车", 120, 22.0), ("公交", 38, 12.0), ("小汽车", 70, 24.0), ("摩托车", 25, 8.0)),
}


def _chance(*parts: object) -> random.Random:
    return random.Random(":".join([SEED, *map(str, parts)]))


def site_services(path: Path, where: str, states: Sequence[Month]) -> None:
    """Offices and canteen, fuel log, refrigerants."""
    for state in states:
        water = state.get(where, "offices", "tap_water")
        state.put(where, "offices", "effluent_to_sewer", "output", round(SEWAGE_SHARE * water))
    book = open_book(path)
    months_down(
        book,
        where,
        states,
        Layout("办公食堂 Offices", 4, "月份 Month", "serial", title="后勤能耗 Site services",
               subtitle="虚构数据 invented data", note="备注 Note",
               notes={date(2021, 8, 1): "高温，空调全开 heat wave"}),
        OFFICES,
    )
    log = [row for state in states for row in _fuel_log(state, where)]
    headers = ("日期 Date", "车号 Vehicle", "油品 Fuel", "数量 Quantity (L)", "备注 Note")
    records(book, Layout("加油记录 Fuel log", 2, "", "", title="加油记录 Fuel log"), headers, log)
    months = {state.month for state in states}
    refills = [
        (day, equipment, gas, kilograms, "")
        for place, day, equipment, gas, kilograms in REFRIGERANTS
        if place == where and day.replace(day=1) in months
    ]
    headers = ("日期 Date", "设备 Equipment", "冷媒 Gas", "补充量 Refilled (kg)", "备注 Note")
    records(
        book, Layout("制冷剂 Refrigerant", 2, "", "", title="制冷剂补充记录"), headers, refills
    )
    book.close()


def _fuel_log(state: Month, where: str) -> list[tuple[object, ...]]:
    chance = _chance("fuel", where, state.month)
    rows: list[tuple[object, ...]] = []
    left = state.get(where, "internal_transport", "diesel_mobile")
    vehicles = VEHICLES[where]
    for index, vehicle in enumerate(vehicles):
        day = state.month.replace(day=3 + 5 * index + chance.randrange(4))
        amount = left if index == len(vehicles) - 1 else round(
            left / (len(vehicles) - index) * chance.uniform(0.9, 1.1)
        )
        left -= amount
        text = f"{day.year}年{day.month}月{day.day}日"
        fuel = "0#柴油" if index % 2 else "柴油"
        rows.append((text if index == 1 else day, vehicle, fuel, float(amount), ""))
    petrol = state.get(where, "internal_transport", "gasoline_mobile")
    last = monthrange(state.month.year, state.month.month)[1]
    rows.append((state.month.replace(day=last), "公务车", "92#汽油", petrol, ""))
    return rows


def people(path: Path, where: str, states: Sequence[Month]) -> None:
    """Headcount across, commuting as one record a mode and month."""
    rows: list[tuple[object, ...]] = []
    for state in states:
        chance = _chance("people", where, state.month)
        production, office = (n + chance.randrange(-4, 5) for n in HEADS[where])
        state.put(where, "commuting", "headcount", "input", production)
        state.put(where, "offices", "headcount", "input", office)
        days = {2: 17, 10: 20}.get(state.month.month, 22)
        rows += [
            (f"{state.month.year}-{state.month.month:02d}", mode,
             persons + chance.randrange(-3, 4), days, kilometres,
             "2021年9月问卷 survey of Sept 2021")
            for mode, persons, kilometres in COMMUTE[where]
        ]
    book = open_book(path)
    items = (
        Item("生产 Production", "commuting", "headcount", decimals=0, unit="人"),
        Item("管理 Administration", "offices", "headcount", decimals=0, unit="人"),
    )
    layout = Layout("人数 Headcount", 3, "部门 Department", "chinese", title="人员统计 Headcount",
                    unit="单位 Unit", note="备注 Note")
    months_across(book, where, states, layout, items)
    headers = ("月份 Month", "方式 Mode", "人数或车数 Persons or vehicles", "工作日 Days",
               "往返公里 Round trip km", "备注 Note")
    records(book, Layout("通勤 Commuting", 3, "", "", title="通勤调查 Commuting survey"),
            headers, rows)
    book.close()
