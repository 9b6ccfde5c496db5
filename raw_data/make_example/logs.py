"""The logs of the stages: wastewater, fuel, refrigerants and the commuting survey."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from .files import Day, Value
from .state import SUZHOU, Month, chance, read_table

Rows = list[dict[str, Value]]
VEHICLES = {
    "suzhou_staple": ("叉车01-04", "叉车05-08", "叉车09-11", "场内牵引车"),
    "ningbo_filament": ("叉车01-03", "叉车04-06"),
}
WORKING_DAYS = {2: 17, 10: 20}
USUAL_WORKING_DAYS = 22


def wastewater(where: str, states: Sequence[Month], notes: Mapping[str, str]) -> Rows:
    """A line a month; volumes typed as text."""
    return [
        {
            "月份": state.month,
            "处理水量 (m3)": f"{state.drivers[SUZHOU, 'effluent']:,.0f}",
            "进水COD (mg/L)": state.drivers[SUZHOU, "cod_in"],
            "厌氧出水COD (mg/L)": state.drivers[SUZHOU, "cod_mid"],
            "总排口COD (mg/L)": state.drivers[SUZHOU, "cod_out"],
            "回收燃烧甲烷 (kg)": state.get(
                where, "wastewater_treatment", "methane_recovered", "output"
            ),
            "进水固形物干基 (吨)": round(
                state.get(where, "wastewater_treatment", "wash_solids") / 1000, 2
            ),
            "用电 (kWh)": state.get(where, "wastewater_treatment", "electricity"),
            "记录人": "赵工",
            "备注": notes.get(f"{state.month:%Y-%m}", ""),
        }
        for state in states
    ]


def fuel(where: str, states: Sequence[Month], notes: Mapping[str, str]) -> Rows:
    """Refuelling of groups of vehicles; one date in three is typed as text."""
    rows: Rows = []
    for state in states:
        scatter = chance("fuel", where, state.month)
        left = state.get(where, "internal_transport", "diesel_mobile")
        vehicles = VEHICLES[where]
        for index, vehicle in enumerate(vehicles):
            day = state.month.replace(day=3 + 5 * index + scatter.randrange(4))
            waiting = len(vehicles) - index
            litres = round(left / waiting * scatter.uniform(0.9, 1.1)) if waiting > 1 else left
            left -= litres
            text = f"{day.year}年{day.month}月{day.day}日"
            rows.append(
                {
                    "日期 Date": text if index == 1 else Day(day),
                    "车号 Vehicle": vehicle,
                    "油品 Fuel": "0#柴油" if index % 2 else "柴油",
                    "数量 Quantity (L)": float(litres),
                }
            )
        last = monthrange(state.month.year, state.month.month)[1]
        rows.append(
            {
                "日期 Date": Day(state.month.replace(day=last)),
                "车号 Vehicle": "公务车",
                "油品 Fuel": "92#汽油",
                "数量 Quantity (L)": state.get(where, "internal_transport", "gasoline_mobile"),
            }
        )
    return rows


def refrigerants(where: str, states: Sequence[Month], notes: Mapping[str, str]) -> Rows:
    """What the maintenance book says; most months have nothing."""
    months = {state.month for state in states}
    return [
        {
            "日期 Date": Day(day),
            "设备 Equipment": row["equipment"],
            "冷媒 Gas": row["gas"],
            "补充量 Refilled (kg)": float(row["kg"]),
        }
        for row in read_table("refrigerant_refills.csv")
        if row["facility_id"] == where
        and (day := date.fromisoformat(row["day"])).replace(day=1) in months
    ]


def commuting(where: str, states: Sequence[Month], notes: Mapping[str, str]) -> Rows:
    """The survey's modes and distances times the working days of each month."""
    rows: Rows = []
    for state in states:
        scatter = chance("commuting", where, state.month)
        rows += [
            {
                "月份 Month": f"{state.month:%Y-%m}",
                "方式 Mode": row["mode"],
                "人数或车数 Persons or vehicles": float(row["heads"]) + scatter.randrange(-3, 4),
                "工作日 Days": float(WORKING_DAYS.get(state.month.month, USUAL_WORKING_DAYS)),
                "往返公里 Round trip km": float(row["round_trip_km"]),
                "备注 Note": "2021年9月问卷 survey of Sept 2021",
            }
            for row in read_table("commuting.csv")
            if row["facility_id"] == where
        ]
    return rows


LOGS: Mapping[tuple[str, str], Callable[[str, Sequence[Month], Mapping[str, str]], Rows]] = {
    ("stage_wastewater", "污水处理台账"): wastewater,
    ("stage_site_services", "加油记录 Fuel log"): fuel,
    ("stage_site_services", "制冷剂 Refrigerant"): refrigerants,
    ("stage_people", "通勤 Commuting"): commuting,
}
