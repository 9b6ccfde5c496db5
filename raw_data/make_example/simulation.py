"""The months of both plants in order, and the proof that their masses close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from .ningbo import flake_to_poy, poy_to_yarn
from .state import Month, Plant
from .suzhou import bales_to_flake, flake_to_fibre, share_out_flake
from .utilities import FIRST_REGISTER, read_main_meter, run_utilities

FIRST = date(2021, 1, 1)
SEASON = (0.97, 0.64, 1.00, 1.02, 1.03, 1.01, 0.99, 0.98, 1.02, 0.97, 1.03, 1.02)
# lorries of the Yangtze delta stood still in spring 2022
SPRING_2022 = {date(2022, 4, 1): 0.80, date(2022, 5, 1): 0.90}
# flows of the production processes that are weighed in kg; energy, air and packaging are not
WEIGHED = frozenset(
    {
        *("pet_bottle_bale", "sorted_bottles", "washed_flake", "washed_flake_sold"),
        *("recycled_pet_flake_bought", "dried_flake", "virgin_pet_chip", "masterbatch"),
        *("regranulate", "process_waste_regrind", "polymer_melt", "polymer_melt_dyed"),
        *("undrawn_tow", "undrawn_tow_dyed", "drawn_fibre", "drawn_fibre_dyed", "spin_finish"),
        *("staple_fibre_raw_white", "staple_fibre_dope_dyed"),
        *("poy_yarn", "poy_yarn_sold", "dty_yarn", "moisture_loss", "wash_solids"),
        *("waste_metal_recycled", "waste_mixed_landfilled", "waste_mixed_incinerated"),
        *("waste_plastic_caps_recycled", "waste_pet_fines_recycled", "waste_pet_incinerated"),
    }
)
OPEN_ENDED = {"wastewater_treatment"}  # its solids leave as wet sludge, weighed at the gate


def simulate(last: date) -> list[Month]:
    """Every month from the first to the last, also those no round asks for."""
    plant = Plant()
    registers = dict(FIRST_REGISTER)
    count = (last.year - FIRST.year) * 12 + last.month - FIRST.month + 1
    history = []
    for month in (date(FIRST.year + i // 12, i % 12 + 1, 1) for i in range(count)):
        season = SEASON[month.month - 1] * SPRING_2022.get(month, 1.0)
        state = Month(month)
        arrived = flake_to_poy(plant, state, season)
        poy_to_yarn(plant, state)
        bales_to_flake(plant, state, season)
        share_out_flake(plant, state, arrived)
        flake_to_fibre(plant, state)
        run_utilities(plant, state)
        for where, register in registers.items():
            registers[where] = read_main_meter(plant, state, where, register)
        history.append(state)
    check_balances(history)
    check_stocks(history)
    return history


def check_balances(history: Sequence[Month]) -> None:
    """Refuse a month in which a process gains or loses mass, or a fact is negative."""
    for state in history:
        balance: dict[tuple[str, str], float] = defaultdict(float)
        for (where, process, flow, direction), value in state.facts.items():
            if value < 0:
                raise ValueError(f"{state.month} {where} {process} {flow}: {value} is negative")
            if flow in WEIGHED and direction in ("input", "output"):
                balance[where, process] += value if direction == "input" else -value
        for (where, process), residue in balance.items():
            if process not in OPEN_ENDED and abs(residue) > 0.001:
                raise ValueError(f"{state.month} {where} {process}: {residue} kg don't close")


def check_stocks(history: Sequence[Month]) -> None:
    """Refuse a stock that doesn't open with what it closed with."""
    for before, after in zip(history, history[1:], strict=False):
        for (where, process, flow, role), level in after.facts.items():
            if role == "stock_open" and level != before.get(where, process, flow, "stock_close"):
                raise ValueError(f"{after.month} {where} {flow}: opens with another stock")
