"""The workbooks of the stages: which fact stands under which header, and how it is laid out.

Headers and labels are those of the maps in raw_data/maps; a label changed on one side only is
found by the gate as an unknown header.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from xlsxwriter.utility import xl_rowcol_to_cell

from .plant import NINGBO, SUZHOU, Month
from .writing import (
    Formats,
    Item,
    Layout,
    hidden_list,
    months_across,
    months_down,
    open_book,
    open_document,
    records,
)

T, WAN = 1000.0, 10_000.0
DIGIT_TOO_MANY = date(2021, 6, 1)
WASHING_METER = "洗涤用电 (万千瓦时)"
PREPARED = "编制：车间统计　审核：车间主任　（虚构数据 invented data）"

MATERIAL = (
    Item("打包瓶期初库存 Bales, opening stock (t)", "sorting", "pet_bottle_bale", "stock_open", T),
    Item("打包瓶投入 Bales fed (t)", "sorting", "pet_bottle_bale", "input", T, as_text=True),
    Item("打包瓶期末库存 Bales, closing stock (t)", "sorting", "pet_bottle_bale", "stock_close", T),
    Item("铁丝 Metal (t)", "sorting", "waste_metal_recycled", "output", T),
    Item("非PET杂质 Non-PET rejects (t)", "sorting", "waste_mixed_landfilled", "output", T),
    Item("分拣水分损失 Moisture lost in sorting (t)", "sorting", "moisture_loss", "output", T),
    Item("分拣产出 Sorted bottles made (t)", "sorting", "sorted_bottles", "output", T),
    Item("洗涤投入 Sorted bottles washed (t)", "washing", "sorted_bottles", "input", T),
    Item("瓶盖料 Caps and rings (t)", "washing", "waste_plastic_caps_recycled", "output", T),
    Item("标签 Labels and film (t)", "washing", "waste_mixed_incinerated", "output", T),
    Item("PET粉末 Fines (t)", "washing", "waste_pet_fines_recycled", "output", T),
    Item("脱落固形物 Solids washed off, dry (t)", "washing", "wash_solids", "output", T),
    Item("洗涤水分损失 Moisture lost in washing (t)", "washing", "moisture_loss", "output", T),
    Item("洗净片产量 Washed flake made (吨)", "washing", "washed_flake", "output", T),
    Item("洗净片期初库存 Flake, opening stock (吨)", "washing", "washed_flake", "stock_open", T),
    Item("洗净片期末库存 Flake, closing stock (吨)", "washing", "washed_flake", "stock_close", T),
    Item("外售打包投入 Flake into packing (吨)", "flake_packing", "washed_flake", "input", T),
    Item("外售瓶片 Flake packed for sale (吨)", "flake_packing", "washed_flake_sold", "output", T),
)
WASHING_ENERGY = (
    Item("分拣用电 (kWh)", "sorting", "electricity", decimals=0),
    Item(WASHING_METER, "washing", "electricity", per=WAN, decimals=4),
    Item("打包用电 (kWh)", "flake_packing", "electricity", decimals=0),
    Item("热洗蒸汽 (GJ)", "washing", "steam_internal", decimals=0, as_text=True),
    Item("光选机压缩空气 (Nm3)", "sorting", "compressed_air", decimals=0),
    Item("自来水 (立方米)", "washing", "tap_water", decimals=0),
)
CHEMICALS = (
    Item("烧碱（折百） NaOH 100 %", "washing", "caustic_soda", decimals=0, unit="kg"),
    Item("清洗剂 Detergent", "washing", "detergent", decimals=0, unit="公斤"),
    Item("消泡剂 Defoamer", "washing", "defoamer", per=T, decimals=3, unit="吨"),
)


def sorting_washing(path: Path, states: Sequence[Month]) -> dict[tuple[date, str], str]:
    """Returns the cells of the energy sheet, and says which one was typed wrong."""
    book = open_book(path)
    months_down(
        book,
        SUZHOU,
        states,
        Layout(
            "物料 Material",
            5,
            "月份 Month",
            "serial",
            title="分拣清洗月报 Sorting and washing, monthly report",
            subtitle=PREPARED,
            total="合计 Total",
            note="备注 Note",
            notes={
                date(2021, 2, 1): "春节停产12天 Chinese New Year, 12 days down",
                date(2021, 9, 1): "限电 power rationing",
                date(2022, 4, 1): "物流受阻 lorries held up",
            },
            extra=("填表人 Filled in by", "王班长"),
        ),
        MATERIAL,
    )
    typed_wrong = {
        (s.month, WASHING_METER): round(
            s.get(SUZHOU, "washing", "electricity") / WAN * 10, 3
        )
        for s in states
        if s.month == DIGIT_TOO_MANY
    }
    layout = Layout(
        "能耗 Energy",
        4,
        "月份",
        "chinese",
        title="能耗月报",
        two_lines=True,
        total="合计",
        note="备注",
        notes={date(2021, 2, 1): "保温用汽 heat kept on over the holiday"},
        hidden_months=(date(2021, 1, 1), date(2021, 2, 1)),
    )
    cells = months_down(book, SUZHOU, states, layout, WASHING_ENERGY, typed_wrong)
    months_across(
        book,
        SUZHOU,
        states,
        Layout("化学品 Chemicals", 3, "品名 Item", "iso", title="化学品消耗", unit="单位 Unit",
               total="全年 Year" if len(states) > 1 else None, note="备注 Note"),
        CHEMICALS,
    )
    hidden_list(book, "列表", ("kg", "公斤", "t", "吨"))
    book.close()
    return cells


SPINNING = (
    Item("干燥投入洗净片", "drying", "washed_flake", "input", T, unit="t"),
    Item("干燥水分损失", "drying", "moisture_loss", "output", decimals=0, unit="kg"),
    Item("干燥产出", "drying", "dried_flake", "output", T, unit="吨"),
    Item("1、2线投入干片", "extrusion_white", "dried_flake", "input", T, unit="t", as_text=True),
    Item("1、2线投入再生粒子", "extrusion_white", "regranulate", "input", T, unit="t"),
    Item("1、2线投入原生切片（清机）", "extrusion_white", "virgin_pet_chip", "input", T, unit="t"),
    Item("1、2线滤渣（外运焚烧）", "extrusion_white", "waste_pet_incinerated", "output",
         decimals=0, unit="kg"),
    Item("1、2线块料（回造粒）", "extrusion_white", "process_waste_regrind", "output",
         decimals=0, unit="kg"),
    Item("1、2线熔体", "extrusion_white", "polymer_melt", "output", T, unit="t"),
    Item("3线投入干片", "extrusion_dyed", "dried_flake", "input", T, unit="t"),
    Item("3线投入色母粒", "extrusion_dyed", "masterbatch", "input", decimals=0, unit="kg"),
    Item("3线滤渣（外运焚烧）", "extrusion_dyed", "waste_pet_incinerated", "output", decimals=0,
         unit="kg"),
    Item("3线块料（外售）", "extrusion_dyed", "waste_pet_fines_recycled", "output", decimals=0,
         unit="kg"),
    Item("3线熔体", "extrusion_dyed", "polymer_melt_dyed", "output", T, unit="t"),
    Item("本白纺丝投入熔体", "spinning_white", "polymer_melt", "input", T, unit="t"),
    Item("本白纺丝油剂", "spinning_white", "spin_finish", decimals=0, unit="kg"),
    Item("本白废丝（回造粒）", "spinning_white", "process_waste_regrind", "output", decimals=0,
         unit="kg"),
    Item("本白初生丝", "spinning_white", "undrawn_tow", "output", T, unit="t"),
    Item("有色纺丝投入熔体", "spinning_dyed", "polymer_melt_dyed", "input", T, unit="t"),
    Item("有色纺丝油剂", "spinning_dyed", "spin_finish", decimals=0, unit="kg"),
    Item("有色废丝（外售）", "spinning_dyed", "waste_pet_fines_recycled", "output", decimals=0,
         unit="kg"),
    Item("有色初生丝", "spinning_dyed", "undrawn_tow_dyed", "output", T, unit="t"),
)
SPINNING_ENERGY = (
    Item("干燥用电", "drying", "electricity", decimals=0, unit="kWh"),
    Item("1、2线挤出用电", "extrusion_white", "electricity", per=WAN, decimals=4, unit="万千瓦时"),
    Item("3线挤出用电", "extrusion_dyed", "electricity", decimals=0, unit="kWh"),
    Item("本白纺丝用电", "spinning_white", "electricity", decimals=0, unit="kWh", as_text=True),
    Item("有色纺丝用电", "spinning_dyed", "electricity", decimals=0, unit="kWh"),
    Item("干燥蒸汽", "drying", "steam_internal", decimals=0, unit="GJ"),
    Item("本白纺丝压缩空气", "spinning_white", "compressed_air", decimals=0, unit="标方"),
    Item("有色纺丝压缩空气", "spinning_dyed", "compressed_air", decimals=0, unit="标方"),
    Item("氮气", "extrusion_white", "nitrogen_gas", decimals=0, unit="千克"),
)


def extrusion_spinning(path: Path, states: Sequence[Month]) -> None:
    """Months across, Chinese labels, the unit in a column of its own."""
    book = open_book(path)
    total = "合计" if len(states) > 1 else None
    production = Layout(
        "生产", 4, "项目", "chinese", title="纺丝车间生产月报", subtitle=PREPARED, unit="单位",
        total=total, note="备注", extra=("序号", ""),
        notes={"1、2线投入原生切片（清机）": "仅清机时使用，其余月份不填"},
    )
    months_across(book, SUZHOU, states, production, SPINNING)
    energy = Layout("能耗", 3, "项目", "serial", title="纺丝车间能耗", unit="单位", total=total)
    months_across(book, SUZHOU, states, energy, SPINNING_ENERGY)
    book.close()


FINISHING = tuple(
    item
    for line, words, dyed, waste, waste_words in (
        ("white", "raw white", "", "process_waste_regrind", "Waste to regranulation"),
        ("dyed", "dope-dyed", "_dyed", "waste_pet_fines_recycled", "Waste sold"),
    )
    for item in (
        Item(f"Tow in, {words} (t)", f"drawing_{line}", f"undrawn_tow{dyed}", "input", T),
        Item(f"Finish, {words} (kg)", f"drawing_{line}", "spin_finish", decimals=0),
        Item(f"{waste_words}, {words} (kg)", f"drawing_{line}", waste, "output", decimals=0),
        Item(f"Drawn fibre, {words} (t)", f"drawing_{line}", f"drawn_fibre{dyed}", "output", T),
    )
) + tuple(
    item
    for line, words, dyed, product in (
        ("white", "raw white", "", "staple_fibre_raw_white"),
        ("dyed", "dope-dyed", "_dyed", "staple_fibre_dope_dyed"),
    )
    for item in (
        Item(f"Fibre into press, {words} (t)", f"baling_{line}", f"drawn_fibre{dyed}", "input", T),
        Item(f"Bales made, {words} (t)", f"baling_{line}", product, "output", T),
        Item(f"Opening stock, {words} (t)", f"baling_{line}", product, "stock_open", T),
        Item(f"Closing stock, {words} (t)", f"baling_{line}", product, "stock_close", T),
        Item(f"PE film, {words} (kg)", f"baling_{line}", "pe_film", decimals=0),
        Item(f"PP strap, {words} (kg)", f"baling_{line}", "pp_strap", decimals=0),
    )
)
FINISHING_ENERGY = tuple(
    item
    for line, words in (("white", "raw white"), ("dyed", "dope-dyed"))
    for item in (
        Item(f"Electricity drawing, {words} (kWh)", f"drawing_{line}", "electricity", decimals=0),
        Item(f"Electricity press, {words} (kWh)", f"baling_{line}", "electricity", decimals=0),
        Item(f"Steam, {words} (GJ)", f"drawing_{line}", "steam_internal", decimals=0),
        Item(f"Natural gas heat setting, {words} (Nm3)", f"drawing_{line}", "natural_gas",
             decimals=0),
        Item(f"Compressed air, {words} (Nm3)", f"drawing_{line}", "compressed_air", decimals=0),
    )
)


def finishing_baling(path: Path, states: Sequence[Month]) -> None:
    """English headers, months down as text."""
    book = open_book(path)
    production = Layout(
        "Production", 4, "Month", "english", title="Finishing workshop", subtitle="Rev. 3",
        total="Total", note="Remarks",
        notes={date(2021, 8, 1): "line 3 felt changed"},
    )
    months_down(book, SUZHOU, states, production, FINISHING)
    energy = Layout("Energy", 3, "Month", "serial", title="Energy, finishing workshop",
                    total="Total")
    months_down(book, SUZHOU, states, energy, FINISHING_ENERGY)
    hidden_list(book, "lists", ("kWh", "GJ", "Nm3"))
    book.close()


REGRANULATION = (
    Item("期初废料 (公斤)", "regranulation", "process_waste_regrind", "stock_open", decimals=0),
    Item("投入废料 (公斤)", "regranulation", "process_waste_regrind", decimals=0),
    Item("期末废料 (公斤)", "regranulation", "process_waste_regrind", "stock_close", decimals=0),
    Item("损耗（焚烧） (公斤)", "regranulation", "waste_pet_incinerated", "output", decimals=0),
    Item("产出粒子 (吨)", "regranulation", "regranulate", "output", T),
    Item("用电 (千瓦时)", "regranulation", "electricity", decimals=0),
)


def regranulation(path: Path, states: Sequence[Month]) -> None:
    """An OpenDocument sheet: the foreman has no Excel."""
    rows: list[list[object]] = [["废料造粒月报"], []]
    rows.append(["月份", *(item.label for item in REGRANULATION), "备注"])
    rows += [
        [s.month, *(item.typed(s, SUZHOU) for item in REGRANULATION), ""] for s in states
    ]
    open_document(path, "造粒", rows)


BOILER = (
    Item("天然气 Natural gas", "boiler_house", "natural_gas", per=WAN, unit="万Nm3"),
    Item("天然气低位热值 Net calorific value", "boiler_house", "natural_gas", "ncv",
         unit="MJ/Nm3"),
    Item("蒸汽产量 Steam made", "boiler_house", "steam_internal", "output", decimals=0, unit="GJ"),
    Item("补水 Make-up water", "boiler_house", "tap_water", decimals=0, unit="m3"),
    Item("锅炉房用电 Electricity", "boiler_house", "electricity", decimals=0, unit="kWh"),
)
AIR = (
    Item("供气量 Air supplied (Nm3)", "compressed_air", "compressed_air", "output", decimals=0),
    Item("用电 Electricity (kWh)", "compressed_air", "electricity", decimals=0),
)


def energy_utilities(
    path: Path, states: Sequence[Month], register: dict[date, tuple[float, float]]
) -> None:
    """Main meter with formulas, boiler house across, compressed air down."""
    book = open_book(path)
    sheet, formats = book.add_worksheet("总表 Main meter"), Formats(book)
    sheet.merge_range(0, 0, 0, 4, "35kV总进线 Main meter SZ-E-001", formats.title)
    headers = ("抄表月份 Month", "上月示数 Start", "本月示数 End", "倍率 Multiplier",
               "电量 Electricity (kWh)", "备注 Note")
    sheet.write_row(3, 0, headers, formats.header)
    total = 0.0
    for row, state in enumerate(states, start=4):
        start, end = register[state.month]
        kwh = round((end - start) * 4000, 2)
        total += kwh
        sheet.write_string(row, 0, f"{state.month.year}/{state.month.month}")
        sheet.write_row(row, 1, (start, end, 4000))
        sheet.write_formula(row, 4, f"=(C{row + 1}-B{row + 1})*D{row + 1}", None, kwh)
    if len(states) > 1:
        row = 4 + len(states)
        sheet.write_string(row, 0, "合计 Total")
        last = xl_rowcol_to_cell(row - 1, 4)
        sheet.write_formula(row, 4, f"=SUM(E5:{last})", None, round(total, 2))
    months_across(
        book,
        SUZHOU,
        states,
        Layout("锅炉房 Boiler house", 3, "项目 Item", "month_only", title="锅炉房月报",
               unit="单位 Unit", total="合计 Total" if len(states) > 1 else None,
               note="备注 Note",
               notes={"天然气低位热值 Net calorific value": "燃气公司月度检测报告 supplier's lab"}),
        BOILER,
    )
    months_down(book, SUZHOU, states,
                Layout("空压站 Compressed air", 2, "月份 Month", "iso", title="空压站"), AIR)
    book.close()


def wastewater(path: Path, states: Sequence[Month]) -> None:
    """A log with a line a month."""
    book = open_book(path)
    headers = ("月份", "处理水量 (m3)", "进水COD (mg/L)", "厌氧出水COD (mg/L)", "总排口COD (mg/L)",
               "回收燃烧甲烷 (kg)", "进水固形物干基 (吨)", "用电 (kWh)", "记录人", "备注")
    rows = []
    for state in states:
        drivers = state.drivers
        rows.append(
            (
                state.month,
                f"{drivers[SUZHOU, 'effluent']:,.0f}",
                drivers[SUZHOU, "cod_in"],
                drivers[SUZHOU, "cod_mid"],
                drivers[SUZHOU, "cod_out"],
                state.get(SUZHOU, "wastewater_treatment", "methane_recovered", "output"),
                round(state.get(SUZHOU, "wastewater_treatment", "wash_solids") / T, 2),
                state.get(SUZHOU, "wastewater_treatment", "electricity"),
                "赵工",
                "沼气火炬停机2天" if state.month == date(2021, 7, 1) else "",
            )
        )
    records(book, Layout("污水处理台账", 4, "月份", "serial", title="污水处理运行台账"), headers, rows)
    book.close()


DRYING_EXTRUSION = (
    Item("苏州瓶片期初库存 (t)", "drying", "washed_flake", "stock_open", T),
    Item("苏州瓶片投入 (t)", "drying", "washed_flake", "input", T),
    Item("苏州瓶片期末库存 (t)", "drying", "washed_flake", "stock_close", T),
    Item("外购瓶片投入 (t)", "drying", "recycled_pet_flake_bought", "input", T),
    Item("水分损失 (kg)", "drying", "moisture_loss", "output", decimals=0),
    Item("干片产出 (t)", "drying", "dried_flake", "output", T),
    Item("挤出投入 (t)", "extrusion", "dried_flake", "input", T, as_text=True),
    Item("滤渣（焚烧） (kg)", "extrusion", "waste_pet_incinerated", "output", decimals=0),
    Item("块料（外售） (kg)", "extrusion", "waste_pet_fines_recycled", "output", decimals=0),
    Item("熔体 (t)", "extrusion", "polymer_melt", "output", T),
    Item("干燥用电 (万千瓦时)", "drying", "electricity", per=WAN, decimals=4),
    Item("挤出用电 (万千瓦时)", "extrusion", "electricity", per=WAN, decimals=4),
    Item("干燥蒸汽 (GJ)", "drying", "steam_internal", decimals=0),
)


def drying_extrusion(path: Path, states: Sequence[Month]) -> None:
    """Headers on two lines."""
    book = open_book(path)
    layout = Layout(
        "月报", 5, "月份", "serial", title="宁波长丝厂 干燥挤出月报", subtitle=PREPARED,
        two_lines=True, total="合计", note="备注", extra=("审核", "陈主任"),
        hidden_months=(date(2021, 3, 1),),
    )
    months_down(book, NINGBO, states, layout, DRYING_EXTRUSION)
    book.close()


POY = (
    Item("Melt to spinning", "poy_spinning", "polymer_melt", "input", T, unit="t"),
    Item("Spin finish", "poy_spinning", "spin_finish", decimals=0, unit="kg"),
    Item("Waste yarn sold", "poy_spinning", "waste_pet_fines_recycled", "output", T, unit="t"),
    Item("POY made", "poy_spinning", "poy_yarn", "output", T, unit="t"),
    Item("POY opening stock", "poy_spinning", "poy_yarn", "stock_open", T, unit="t"),
    Item("POY closing stock", "poy_spinning", "poy_yarn", "stock_close", T, unit="t"),
    Item("POY to packing", "poy_packing", "poy_yarn", "input", T, unit="t"),
    Item("POY packed for sale", "poy_packing", "poy_yarn_sold", "output", T, unit="t"),
    Item("Cardboard, POY", "poy_packing", "cardboard", decimals=0, unit="kg"),
    Item("Electricity, spinning", "poy_spinning", "electricity", per=T, decimals=3, unit="MWh"),
    Item("Electricity, packing", "poy_packing", "electricity", decimals=0, unit="kWh"),
    Item("Steam, conditioning", "poy_spinning", "steam_internal", decimals=0, unit="GJ"),
    Item("Compressed air", "poy_spinning", "compressed_air", decimals=0, unit="Nm3"),
    Item("Cooling tower make-up", "poy_spinning", "tap_water", decimals=0, unit="m3"),
)
DTY = (
    Item("POY to texturing", "texturing", "poy_yarn", "input", T, unit="t"),
    Item("Coning oil", "texturing", "spin_finish", decimals=0, unit="kg"),
    Item("Waste yarn sold", "texturing", "waste_pet_fines_recycled", "output", T, unit="t"),
    Item("DTY made", "texturing", "dty_yarn", "output", T, unit="t", as_text=True),
    Item("DTY opening stock", "texturing", "dty_yarn", "stock_open", T, unit="t"),
    Item("DTY closing stock", "texturing", "dty_yarn", "stock_close", T, unit="t"),
    Item("Electricity", "texturing", "electricity", per=T, decimals=3, unit="MWh"),
    Item("Steam, conditioning", "texturing", "steam_internal", decimals=0, unit="GJ"),
    Item("Compressed air", "texturing", "compressed_air", per=WAN, decimals=4, unit="万Nm3"),
    Item("Tubes and cartons", "texturing", "cardboard", decimals=0, unit="kg"),
    Item("Pallets", "texturing", "wood_pallet", decimals=0, unit="kg"),
    Item("Stretch film", "texturing", "pe_film", decimals=0, unit="kg"),
)


def spinning_texturing(path: Path, states: Sequence[Month]) -> None:
    """Months across, English."""
    book = open_book(path)
    total = "Sum" if len(states) > 1 else None
    for name, style, items in (("POY", "english", POY), ("DTY", "serial", DTY)):
        layout = Layout(name, 3, "Item", style, title=f"{name} monthly", unit="Unit",
                        total=total, note="Comment")
        months_across(book, NINGBO, states, layout, items)
    book.close()


PURCHASED = (
    Item("外购蒸汽 (GJ)", "steam_station", "purchased_steam", decimals=0),
    Item("蒸汽供出 (GJ)", "steam_station", "steam_internal", "output", decimals=0),
    Item("生物质颗粒 (吨)", "pellet_boiler", "wood_pellets", per=T, decimals=3),
    Item("生物质锅炉供热 (GJ)", "pellet_boiler", "steam_internal", "output", decimals=0),
    Item("办公楼用热 (GJ)", "offices", "steam_internal", decimals=0),
)
NINGBO_AIR = (
    Item("供气量", "compressed_air", "compressed_air", "output", decimals=0, unit="标方"),
    Item("空压机用电", "compressed_air", "electricity", decimals=0, unit="kWh"),
)


def purchased_energy(
    path: Path, states: Sequence[Month], register: dict[date, tuple[float, float]]
) -> None:
    """Main meter, steam and pellets, compressed air."""
    book = open_book(path)
    sheet, formats = book.add_worksheet("电表"), Formats(book)
    sheet.write_string(0, 0, "总表 NB-E-001 倍率3000", formats.title)
    sheet.write_row(2, 0, ("月份", "起数", "止数", "电量(万千瓦时)"), formats.header)
    for row, state in enumerate(states, start=3):
        start, end = register[state.month]
        kwh = round((end - start) * 3000 / WAN, 6)
        sheet.write_string(row, 0, f"{state.month.month}月")
        sheet.write_row(row, 1, (start, end))
        sheet.write_formula(row, 3, f"=(C{row + 1}-B{row + 1})*3000/10000", None, kwh)
    layout = Layout("蒸汽与锅炉", 4, "月份", "chinese", title="外购蒸汽与生物质锅炉", total="合计",
                    note="备注", notes={date(2021, 11, 1): "开始供暖 heating season starts"})
    months_down(book, NINGBO, states, layout, PURCHASED)
    air = Layout("空压", 2, "项目", "iso", title="空压站", unit="单位")
    months_across(book, NINGBO, states, air, NINGBO_AIR)
    book.close()
