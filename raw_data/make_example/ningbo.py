"""Masses of the filament plant: flake to POY, POY to textured yarn."""

from __future__ import annotations

from .state import NINGBO, Month, Plant, tens

FLAKE_PER_MONTH = 795_000  # kg
SHARE_OF_BOUGHT_FLAKE, SHARE_TEXTURED = 0.065, 0.84


def flake_to_poy(plant: Plant, state: Month, season: float) -> float:
    """Drying, extrusion, spinning; returns the flake that arrived from Suzhou."""
    plant.open_stock(state, NINGBO, "drying", "washed_flake")
    own = tens(plant.about(FLAKE_PER_MONTH * season, 0.01))
    bought = tens(plant.about(own * SHARE_OF_BOUGHT_FLAKE, 0.1))
    arrived = tens(plant.about(own, 0.02) - 0.5 * plant.surplus(NINGBO, "washed_flake"))
    state.put(NINGBO, "drying", "washed_flake", "input", own)
    state.put(NINGBO, "drying", "recycled_pet_flake_bought", "input", bought)
    plant.close_stock(state, NINGBO, "drying", "washed_flake", arrived, own)
    state.drivers[NINGBO, "flake_arrived"] = arrived
    lost = plant.share(NINGBO, "drying", "moisture", own + bought)
    state.put(NINGBO, "drying", "moisture_loss", "output", lost)
    dried = state.put(NINGBO, "drying", "dried_flake", "output", own + bought - lost)
    state.put(NINGBO, "extrusion", "dried_flake", "input", dried)
    cake = plant.share(NINGBO, "extrusion", "filter_cake", dried)
    lumps = plant.share(NINGBO, "extrusion", "lumps", dried)
    state.put(NINGBO, "extrusion", "waste_pet_incinerated", "output", cake)
    state.put(NINGBO, "extrusion", "waste_pet_fines_recycled", "output", lumps)
    melt = state.put(NINGBO, "extrusion", "polymer_melt", "output", dried - cake - lumps)
    state.put(NINGBO, "poy_spinning", "polymer_melt", "input", melt)
    finish = plant.share(NINGBO, "poy_spinning", "finish", melt)
    waste = plant.share(NINGBO, "poy_spinning", "waste", melt)
    state.put(NINGBO, "poy_spinning", "spin_finish", "input", finish)
    state.put(NINGBO, "poy_spinning", "waste_pet_fines_recycled", "output", waste)
    poy = state.put(NINGBO, "poy_spinning", "poy_yarn", "output", melt + finish - waste)
    state.drivers[NINGBO, "dried_flake"] = dried
    state.drivers[NINGBO, "melt"], state.drivers[NINGBO, "poy"] = melt, poy
    return arrived


def poy_to_yarn(plant: Plant, state: Month) -> None:
    """Texturing, and packing of the POY that is sold."""
    poy = state.drivers[NINGBO, "poy"]
    plant.open_stock(state, NINGBO, "poy_spinning", "poy_yarn")
    surplus = plant.surplus(NINGBO, "poy_yarn")
    textured = tens(plant.about(SHARE_TEXTURED * poy, 0.01) + 0.5 * surplus)
    sold = tens(plant.about((1 - SHARE_TEXTURED) * poy, 0.05))
    state.put(NINGBO, "texturing", "poy_yarn", "input", textured)
    state.put(NINGBO, "poy_packing", "poy_yarn", "input", sold)
    state.put(NINGBO, "poy_packing", "poy_yarn_sold", "output", sold)
    plant.close_stock(state, NINGBO, "poy_spinning", "poy_yarn", poy, textured + sold)
    oil = plant.share(NINGBO, "texturing", "oil", textured)
    waste = plant.share(NINGBO, "texturing", "waste", textured)
    state.put(NINGBO, "texturing", "spin_finish", "input", oil)
    state.put(NINGBO, "texturing", "waste_pet_fines_recycled", "output", waste)
    dty = state.put(NINGBO, "texturing", "dty_yarn", "output", textured + oil - waste)
    state.drivers[NINGBO, "dty"], state.drivers[NINGBO, "poy_sold"] = dty, sold
    plant.deliver(state, NINGBO, "texturing", "dty_yarn")
