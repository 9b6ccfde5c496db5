"""Masses of the bottle-to-staple plant: bales to flake, flake to fibre, waste back to granules."""

from __future__ import annotations

from .state import SUZHOU, Month, Plant, tens

BALES_PER_MONTH = 3_424_000  # kg; 40 kt a year over the seasons of 2021
SHARE_OF_DYED, SHARE_OF_FLAKE_SOLD = 0.26, 0.035
CLEANING_MONTHS, CLEANING_CHIP = (3, 9), 12_000.0
FROM_BALES = {
    "sorting": (
        ("waste_metal_recycled", "metal"),
        ("waste_mixed_landfilled", "non_pet"),
        ("moisture_loss", "moisture"),
    ),
    "washing": (
        ("waste_plastic_caps_recycled", "caps"),
        ("waste_mixed_incinerated", "labels"),
        ("waste_pet_fines_recycled", "fines"),
        ("wash_solids", "solids"),
        ("moisture_loss", "moisture"),
    ),
}


def bales_to_flake(plant: Plant, state: Month, season: float) -> None:
    """Sorting and washing."""
    bales = tens(plant.about(BALES_PER_MONTH * season, 0.01))
    state.put(SUZHOU, "sorting", "pet_bottle_bale", "input", bales)
    plant.open_stock(state, SUZHOU, "sorting", "pet_bottle_bale")
    bought = tens(plant.about(bales, 0.03) - 0.1 * plant.surplus(SUZHOU, "pet_bottle_bale"))
    plant.close_stock(state, SUZHOU, "sorting", "pet_bottle_bale", bought, bales)
    rest = bales
    for process, losses in FROM_BALES.items():
        if process == "washing":
            state.put(SUZHOU, "washing", "sorted_bottles", "input", rest)
        for flow, share in losses:
            lost = plant.share(SUZHOU, process, share, bales)
            rest -= state.put(SUZHOU, process, flow, "output", lost)
        made = "sorted_bottles" if process == "sorting" else "washed_flake"
        state.put(SUZHOU, process, made, "output", rest)
    solids = state.get(SUZHOU, "washing", "wash_solids", "output")
    state.put(SUZHOU, "wastewater_treatment", "wash_solids", "input", solids)
    state.drivers[SUZHOU, "bales_bought"], state.drivers[SUZHOU, "washed_flake"] = bought, rest


def share_out_flake(plant: Plant, state: Month, to_ningbo: float) -> None:
    """Flake goes to sale, to Ningbo, and the rest to the own dryers."""
    flake = state.drivers[SUZHOU, "washed_flake"]
    plant.open_stock(state, SUZHOU, "washing", "washed_flake")
    sold = tens(plant.about(SHARE_OF_FLAKE_SOLD * flake, 0.2))
    state.put(SUZHOU, "flake_packing", "washed_flake", "input", sold)
    state.put(SUZHOU, "flake_packing", "washed_flake_sold", "output", sold)
    rest = plant.about(flake - sold - to_ningbo, 0.015)
    dried = tens(rest + 0.4 * plant.surplus(SUZHOU, "washed_flake"))
    state.put(SUZHOU, "drying", "washed_flake", "input", dried)
    plant.close_stock(state, SUZHOU, "washing", "washed_flake", flake, sold + to_ningbo + dried)
    state.drivers[SUZHOU, "flake_packed"] = sold


def flake_to_fibre(plant: Plant, state: Month) -> None:
    """Drying, regranulation, and both colours to the bale."""
    flake = state.get(SUZHOU, "drying", "washed_flake")
    lost = plant.share(SUZHOU, "drying", "moisture", flake)
    state.put(SUZHOU, "drying", "moisture_loss", "output", lost)
    dried = state.put(SUZHOU, "drying", "dried_flake", "output", flake - lost)
    state.drivers[SUZHOU, "dried_flake"] = dried
    # the waste of last month is melted down this month: this month's comes later
    plant.open_stock(state, SUZHOU, "regranulation", "process_waste_regrind")
    regrind = tens(0.9 * plant.stocks[SUZHOU, "process_waste_regrind"])
    granules = _regranulate(plant, state, regrind)
    virgin = CLEANING_CHIP if state.month.month in CLEANING_MONTHS else 0.0
    if virgin:
        state.put(SUZHOU, "extrusion_white", "virgin_pet_chip", "input", virgin)
    state.put(SUZHOU, "extrusion_white", "regranulate", "input", granules)
    dyed = tens(plant.about(SHARE_OF_DYED, 0.05) * dried)
    state.put(SUZHOU, "extrusion_dyed", "dried_flake", "input", dyed)
    state.put(SUZHOU, "extrusion_white", "dried_flake", "input", dried - dyed)
    masterbatch = plant.share(SUZHOU, "extrusion_dyed", "masterbatch", dyed)
    state.put(SUZHOU, "extrusion_dyed", "masterbatch", "input", masterbatch)
    waste = _fibre_line(plant, state, "white", dried - dyed + granules + virgin)
    _fibre_line(plant, state, "dyed", dyed + masterbatch)
    plant.close_stock(state, SUZHOU, "regranulation", "process_waste_regrind", waste, regrind)
    plant.deliver(state, SUZHOU, "baling_white", "staple_fibre_raw_white")
    plant.deliver(state, SUZHOU, "baling_dyed", "staple_fibre_dope_dyed")


def _regranulate(plant: Plant, state: Month, regrind: float) -> float:
    state.put(SUZHOU, "regranulation", "process_waste_regrind", "input", regrind)
    scrap = plant.share(SUZHOU, "regranulation", "loss", regrind)
    state.put(SUZHOU, "regranulation", "waste_pet_incinerated", "output", scrap)
    state.drivers[SUZHOU, "regranulate"] = regrind - scrap
    return state.put(SUZHOU, "regranulation", "regranulate", "output", regrind - scrap)


def _fibre_line(plant: Plant, state: Month, colour: str, charge: float) -> float:
    """Extrusion to baling of one colour; returns the waste that can be regranulated.

    Coloured waste would spoil raw white fibre, so it is sold.
    """
    dyed = "_dyed" if colour == "dyed" else ""
    waste_flow = "waste_pet_fines_recycled" if dyed else "process_waste_regrind"
    step = f"extrusion_{colour}"
    cake = plant.share(SUZHOU, step, "filter_cake", charge)
    state.put(SUZHOU, step, "waste_pet_incinerated", "output", cake)
    wasted = plant.share(SUZHOU, step, "lumps", charge)
    state.put(SUZHOU, step, waste_flow, "output", wasted)
    flow, mass = f"polymer_melt{dyed}", charge - cake - wasted
    state.put(SUZHOU, step, flow, "output", mass)
    state.drivers[SUZHOU, f"melt_{colour}"] = mass
    for process, made, driver in (
        ("spinning", "undrawn_tow", "tow"),
        ("drawing", "drawn_fibre", "drawn"),
    ):
        step = f"{process}_{colour}"
        state.put(SUZHOU, step, flow, "input", mass)
        finish = plant.share(SUZHOU, step, "finish", mass)
        waste = plant.share(SUZHOU, step, "waste", mass)
        state.put(SUZHOU, step, "spin_finish", "input", finish)
        state.put(SUZHOU, step, waste_flow, "output", waste)
        flow, mass = f"{made}{dyed}", mass + finish - waste
        state.put(SUZHOU, step, flow, "output", mass)
        state.drivers[SUZHOU, f"{driver}_{colour}"] = mass
        wasted += waste
    product = "staple_fibre_dope_dyed" if dyed else "staple_fibre_raw_white"
    state.put(SUZHOU, f"baling_{colour}", flow, "input", mass)
    state.put(SUZHOU, f"baling_{colour}", product, "output", mass)
    state.drivers[SUZHOU, f"fibre_{colour}"] = mass
    return wasted
