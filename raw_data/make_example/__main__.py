"""Writes rounds/ of the example company: `python -m raw_data.make_example [--data DIR]`.

Reads rounds.csv, so a round added there is written by the next run. The result depends on
nothing but this folder: two runs write the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from . import erp, services, workbooks
from .plant import NINGBO, SUZHOU, Month, Plant, check_balances

MULTIPLIER = {SUZHOU: 4000, NINGBO: 3000}
FIRST_REGISTER = {SUZHOU: 10233.40, NINGBO: 48120.75}
INSTRUMENTS = {
    # id, type, site, MWh, from, to, technology, registry, retired, market
    "2022-04": (
        ("GEC-2021-SZ", "GEC", SUZHOU, 2000, "2021-01-01", "2022-01-01", "wind",
         "GEC-WIND-2021-000001..002000", "2022-03-18", "CN"),
        ("GEC-2021-NB", "GEC", NINGBO, 300, "2021-07-01", "2022-01-01", "pv",
         "GEC-PV-2021-104001..104300", "2022-03-18", "CN"),
    ),
    "2022-07": (
        ("IREC-2022-NB", "I-REC", NINGBO, 250, "2022-05-01", "2022-07-01", "wind",
         "I-REC-CN-2022-0077001..0077250", "2022-07-04", "CN"),
    ),
}


def main() -> None:
    """Simulate, check that the masses close, write every hand-in, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1])
    data = parser.parse_args().data
    history = Plant().run()
    check_balances(history)
    registers = {where: _register(history, where) for where in (SUZHOU, NINGBO)}
    with (data / "rounds.csv").open(encoding="utf-8", newline="") as file:
        rounds = list(csv.DictReader(file))
    for row in rounds:
        first, last = (date.fromisoformat(f"{row[k]}-01") for k in ("first_month", "last_month"))
        states = [state for state in history if first <= state.month <= last]
        folder = data / "rounds" / row["round"]
        shutil.rmtree(folder, ignore_errors=True)
        _write_round(folder, row["round"], states, registers)
    _summary(history, data)


def _register(history: Sequence[Month], where: str) -> dict[date, tuple[float, float]]:
    """Readings of the main meter; each month starts where the last one ended."""
    reading, result = FIRST_REGISTER[where], {}
    for state in history:
        end = round(reading + state.drivers[where, "main_kwh"] / MULTIPLIER[where], 2)
        result[state.month] = (reading, end)
        reading = end
    return result


def _write_round(
    folder: Path,
    name: str,
    states: Sequence[Month],
    registers: Mapping[str, dict[date, tuple[float, float]]],
) -> None:
    suzhou, ningbo, exports = folder / SUZHOU, folder / NINGBO, folder / "erp"
    cells = workbooks.sorting_washing(suzhou / "sorting_washing.xlsx", states)
    _corrections(folder, states, cells)
    workbooks.extrusion_spinning(suzhou / "extrusion_spinning.xlsx", states)
    workbooks.finishing_baling(suzhou / "finishing_baling.xlsx", states)
    workbooks.regranulation(suzhou / "regranulation.ods", states)
    workbooks.energy_utilities(suzhou / "energy_utilities.xlsx", states, registers[SUZHOU])
    workbooks.wastewater(suzhou / "wastewater.xlsx", states)
    workbooks.drying_extrusion(ningbo / "drying_extrusion.xlsx", states)
    workbooks.spinning_texturing(ningbo / "spinning_texturing.xlsx", states)
    workbooks.purchased_energy(ningbo / "purchased_energy.xlsx", states, registers[NINGBO])
    for where, site in ((SUZHOU, suzhou), (NINGBO, ningbo)):
        services.site_services(site / "site_services.xlsx", where, states)
        services.people(site / "people.xlsx", where, states)
    erp.goods_receipts(exports / "goods_receipts.csv", states)
    erp.deliveries(exports / "deliveries.csv", states)
    erp.energy_invoices(exports / "energy_invoices.csv", states)
    erp.waste_movements(exports / "waste_movements.xlsx", states)
    erp.travel(exports / "travel.csv", states)
    _instruments(folder, name)


def _write_csv(path: Path, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headers)
        writer.writerows(rows)


def _corrections(
    folder: Path, states: Sequence[Month], cells: Mapping[tuple[date, str], str]
) -> None:
    """The shift lead's slip, and the total that carries it."""
    wrong = [s for s in states if s.month == workbooks.DIGIT_TOO_MANY]
    if not wrong:
        return
    label = workbooks.WASHING_METER
    wan = [round(s.get(SUZHOU, "washing", "electricity") / 1e4, 4) for s in states]
    right = round(wrong[0].get(SUZHOU, "washing", "electricity") / 1e4, 4)
    typed = round(right * 10, 3)
    total = round(sum(wan), 6)
    cell = cells[workbooks.DIGIT_TOO_MANY, label]
    last = cells[states[-1].month, label]
    column = last.rstrip("0123456789")
    total_cell = f"{column}{int(last[len(column):]) + 1}"
    reason = "小数点多打一位 decimal point one place too far right; meter photo of 2021-06-30"
    _write_csv(
        folder / "corrections.csv",
        ("file", "sheet", "cell", "old_value", "new_value", "reason", "decided_by", "decided_on"),
        [
            (f"{SUZHOU}/sorting_washing.xlsx", "能耗 Energy", at, old, new, why, "王班长 / 李能源",
             "2022-04-21")
            for at, old, new, why in (
                (cell, typed, right, reason),
                (total_cell, round(total - right + typed, 6), total,
                 f"合计随 {cell} 更正 the total follows from {cell}"),
            )
        ],
    )


def _instruments(folder: Path, name: str) -> None:
    if name not in INSTRUMENTS:
        return
    headers = ("instrument_id", "instrument_type", "facility_id", "flow_id", "quantity", "unit",
               "generation_start", "generation_end", "technology", "kgco2_per_kwh", "registry_id",
               "retired_on", "beneficiary", "market", "ccer_excluded")
    rows = [
        (key, kind, where, "electricity", mwh, "MWh", start, end, technology, 0, registry,
         retired, "Huanlian Recycled Fibre Group (invented)", market, "true")
        for key, kind, where, mwh, start, end, technology, registry, retired, market
        in INSTRUMENTS[name]
    ]
    _write_csv(folder / "energy_instruments.csv", headers, rows)


def _summary(history: Sequence[Month], data: Path) -> None:
    """The year 2021 at a glance."""
    totals: dict[tuple[str, str, str], float] = defaultdict(float)
    for state in history:
        if state.month.year == 2021:
            for (where, _, flow, direction), value in state.facts.items():
                totals[where, flow, direction] += value
    print("year 2021 (masses close in every process and month)")
    for where, flow, direction, size, unit in (
        (SUZHOU, "pet_bottle_bale", "input", 1e3, "t"),
        (SUZHOU, "washed_flake", "output", 1e3, "t"),
        (SUZHOU, "staple_fibre_raw_white", "output", 1e3, "t"),
        (SUZHOU, "staple_fibre_dope_dyed", "output", 1e3, "t"),
        (SUZHOU, "washed_flake_sold", "output", 1e3, "t"),
        (SUZHOU, "electricity", "input", 1e6, "GWh"),
        (SUZHOU, "natural_gas", "input", 1e6, "million Nm3"),
        (SUZHOU, "tap_water", "input", 1e3, "thousand m3"),
        (NINGBO, "washed_flake", "input", 1e3, "t"),
        (NINGBO, "dty_yarn", "output", 1e3, "t"),
        (NINGBO, "poy_yarn_sold", "output", 1e3, "t"),
        (NINGBO, "electricity", "input", 1e6, "GWh"),
        (NINGBO, "purchased_steam", "input", 1e3, "TJ"),
    ):
        value = totals[where, flow, direction] / size
        print(f"  {where:16} {flow:24} {direction:7} {value:12,.1f} {unit}")
    files = [p for p in (data / "rounds").rglob("*") if p.is_file()]
    print(f"{len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
