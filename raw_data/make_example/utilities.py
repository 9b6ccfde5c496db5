"""Energy, water, air, wastewater and people, driven by what was made."""

from __future__ import annotations

from .state import NINGBO, SUMMER, SUZHOU, WINTER, Month, Plant, chance

AIR_LEAKS, STEAM_LOSSES, BOILER_EFFICIENCY, STATION_EFFICIENCY = 0.10, 0.07, 0.915, 0.96
UNMETERED = {SUZHOU: 0.016, NINGBO: 0.018}
MULTIPLIER = {SUZHOU: 4000, NINGBO: 3000}
FIRST_REGISTER = {SUZHOU: 10233.40, NINGBO: 48120.75}
NCV_MJ_PER_NM3 = (35.6, 36.7)
EFFLUENT_M3_PER_KG_FLAKE = 0.0044  # USLCI: 4.40 L/kg
COD_MG_PER_L = {"cod_in": 4600, "cod_mid": 1150, "cod_out": 92}
METHANE_PER_COD, METHANE_CAUGHT = 0.25 * 0.8, 0.78  # IPCC 2006: B0 times MCF of a reactor
HEAT_OF_PELLETS_GJ_PER_KG = 0.0146
SEWAGE_SHARE = 0.85
HEADS = {SUZHOU: (448, 74), NINGBO: (262, 46)}  # production, administration


def run_utilities(plant: Plant, state: Month) -> None:
    """Users first, then what supplies them, then the rest and the main meter."""
    for where in (SUZHOU, NINGBO):
        state.drivers[where, "heating"] = float(WINTER[state.month.month - 1] > 0)
        _use(plant, state, where, ("compressed_air", "steam_internal", "wood_pellets"))
        air = float(round(state.total(where, "compressed_air") / (1 - AIR_LEAKS)))
        state.put(where, "compressed_air", "compressed_air", "output", air)
        state.drivers[where, "air"] = air
    _boiler_house(plant, state)
    _park_steam(state)
    for where in (SUZHOU, NINGBO):
        _use(plant, state, where, None)
        water = state.get(where, "offices", "tap_water")
        state.put(
            where, "offices", "effluent_to_sewer", "output", float(round(SEWAGE_SHARE * water))
        )
        for process, heads in zip(("commuting", "offices"), HEADS[where], strict=True):
            present = heads + chance("heads", where, process, state.month).randrange(-4, 5)
            state.put(where, process, "headcount", "input", float(present))
    _wastewater(plant, state)


def read_main_meter(plant: Plant, state: Month, where: str, register: float) -> float:
    """The unmetered rest belongs to the common areas; returns the register at the month's end."""
    metered = state.total(where, "electricity")
    rest = round(plant.about(UNMETERED[where] * metered, 0.15) / 100) * 100.0
    state.put(where, "common_areas", "electricity", "input", rest)
    state.drivers[where, "main_kwh"] = metered + rest
    end = round(register + (metered + rest) / MULTIPLIER[where], 2)
    state.put(where, "common_areas", "electricity", "meter_start", register)
    state.put(where, "common_areas", "electricity", "meter_end", end)
    return end


def _use(plant: Plant, state: Month, where: str, flows: tuple[str, ...] | None) -> None:
    index = state.month.month - 1
    for row in plant.intensities:
        key = (where, row["process"], row["flow"], "input")
        if row["facility_id"] != where or (flows and row["flow"] not in flows):
            continue
        if key in state.facts:
            continue
        value = float(row["base_per_month"])
        if row["driver"]:
            value += float(row["per_driver"]) * state.drivers[where, row["driver"]]
        value *= 1 + float(row["summer_swing"]) * SUMMER[index]
        value *= 1 + float(row["winter_swing"]) * WINTER[index]
        state.facts[key] = float(round(plant.about(value, 0.015)))


def _boiler_house(plant: Plant, state: Month) -> None:
    steam = float(round(state.total(SUZHOU, "steam_internal") / (1 - STEAM_LOSSES)))
    state.put(SUZHOU, "boiler_house", "steam_internal", "output", steam)
    state.drivers[SUZHOU, "steam"] = steam
    ncv = round(plant.noise.uniform(*NCV_MJ_PER_NM3), 2)
    state.put(SUZHOU, "boiler_house", "natural_gas", "ncv", ncv)
    efficiency = plant.about(BOILER_EFFICIENCY, 0.006)
    gas = round(steam / efficiency / ncv * 1000 / 100) * 100.0
    state.put(SUZHOU, "boiler_house", "natural_gas", "input", gas)


def _park_steam(state: Month) -> None:
    """The pellet boiler heats the offices; everything else takes steam of the park."""
    used = state.total(NINGBO, "steam_internal")
    pellets = state.get(NINGBO, "pellet_boiler", "wood_pellets")
    heat = float(round(pellets * HEAT_OF_PELLETS_GJ_PER_KG))
    state.put(NINGBO, "pellet_boiler", "steam_internal", "output", heat)
    state.put(NINGBO, "offices", "steam_internal", "input", heat)
    bought = float(round(used / STATION_EFFICIENCY))
    state.put(NINGBO, "steam_station", "purchased_steam", "input", bought)
    state.put(NINGBO, "steam_station", "steam_internal", "output", used)


def _wastewater(plant: Plant, state: Month) -> None:
    flake = state.drivers[SUZHOU, "washed_flake"]
    water = float(round(plant.about(EFFLUENT_M3_PER_KG_FLAKE * flake, 0.015)))
    state.drivers[SUZHOU, "effluent"] = water
    for name, usual in COD_MG_PER_L.items():
        state.drivers[SUZHOU, name] = float(round(plant.about(usual, 0.05)))
    removed = water * (state.drivers[SUZHOU, "cod_in"] - state.drivers[SUZHOU, "cod_mid"]) / 1000
    methane = removed * METHANE_PER_COD * plant.about(METHANE_CAUGHT, 0.04)
    state.put(SUZHOU, "wastewater_treatment", "methane_recovered", "output", float(round(methane)))
