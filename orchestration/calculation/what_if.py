"""What moves if one cell, or one factor version, changes by a percentage?

The query in the README answers by the coefficients of `lineage`: at unchanged masses. A cell that
states a mass also moves yields, shares of co-products and loops. Here everything is calculated
again with that one change, apart from the warehouse, so the answer is exact for every cell.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestration.calculation.recomputing import recompute
from orchestration.company.data_folder import DataFolder
from orchestration.ingest.sheet import DIVIDES
from orchestration.lake.paths import Lake
from orchestration.lake.scratch import scratch_folder
from orchestration.lake.warehouse import Warehouse

READ = ("accepted", "quality")
FIGURES = {
    "inventory": """
        select facility_id || ', scope ' || ghg_scope as figure,
            cast(inventory_year as varchar) as period, 'kgCO2e' as unit,
            sum(location_based_kgco2e) as location_based,
            sum(market_based_kgco2e) as market_based
        from marts.facility_inventory
        where status = 'reported'
        group by facility_id, ghg_scope, inventory_year
    """,
    "products": """
        select product_id || ', ' || replace(boundary, '_', ' ') as figure,
            reference_period as period, 'kgCO2e/' || declared_unit as unit,
            sum(case when basis = 'location_based' then kgco2e_per_declared_unit end)
                as location_based,
            sum(case when basis = 'market_based' then kgco2e_per_declared_unit end)
                as market_based
        from marts.product_footprints
        where method = 'cut_off'
        group by product_id, boundary, reference_period, declared_unit
    """,
}
KEY = ["figure", "period", "unit"]
BASES = ("location_based", "market_based")
DUST = 1e-12


class WhatIfError(Exception):
    """The question names nothing that counts, or nothing was calculated yet."""


@dataclass(frozen=True)
class Change:
    """One cell as `file#sheet!cell` (`file#cell` in a text file), or one factor version."""

    percent: float
    cell: str | None = None
    factor_version_id: str | None = None

    @property
    def ratio(self) -> float:
        """What the value is multiplied with."""
        return 1.0 + self.percent / 100.0


def what_if(data: DataFolder, warehouse: Path, change: Change, gwp_set: str = "") -> pd.DataFrame:
    """Figures that move: figure, period, unit, and before and after on both bases.

    Monthly and yearly figures, largest relative move first; a figure that stays is left out.

    Raises:
        WhatIfError: no accepted cell or factor version of that name, or no calculation yet.
        RecomputeError: the changed figures can't be calculated.
    """
    lake = Lake(warehouse)
    if not Warehouse(lake).is_built:
        raise WhatIfError(f"{lake.working_file} is missing: run `carbonloom run` first.")
    company_set = data.company.settings["gwp_set"]
    with scratch_folder("what-if") as scratch:
        changed = Lake(scratch)
        for name in READ:
            shutil.copytree(lake.path / name, changed.path / name)
        _apply(changed, change)
        recompute(changed, gwp_set or company_set, gwp_set, tested=False)
        return moved(_figures(lake), _figures(changed))


def moved(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Figures that differ by more than rounding, the largest relative move first.

    A figure that only one side has counts as moved: its other side is null.
    """
    both = before.merge(after, on=KEY, how="outer", suffixes=("_before", "_after"))
    relative = []
    for basis in BASES:
        old, new = both[f"{basis}_before"], both[f"{basis}_after"]
        share = (new - old) / old.abs().where(old != 0.0, 1.0)
        one_sided = old.isna() != new.isna()
        both[f"{basis}_change_percent"] = 100.0 * share
        relative.append(share.abs().mask(one_sided, np.inf).fillna(0.0))
    largest = np.maximum(*relative)
    order = largest.sort_values(ascending=False, kind="stable").index
    return both.loc[order][largest[order] > DUST].reset_index(drop=True)


def _figures(lake: Lake) -> pd.DataFrame:
    with Warehouse(lake).reading() as connection:
        frames = [connection.execute(sql).df() for sql in FIGURES.values()]
    return pd.concat(frames, ignore_index=True)


def _apply(lake: Lake, change: Change) -> None:
    if (change.cell is None) == (change.factor_version_id is None):
        raise WhatIfError("Name one cell or one factor version.")
    if change.cell is not None:
        _change_cell(lake, change.cell, change.ratio)
    else:
        _change_factor(lake, str(change.factor_version_id), change.ratio)


def _change_cell(lake: Lake, cell: str, ratio: float) -> None:
    """The cell itself, and where it multiplies another, such as a distance."""
    file, _, place = cell.partition("#")
    sheet, _, address = place.rpartition("!")
    if not (file and address):
        raise WhatIfError(f"{cell}: write the cell as file#sheet!cell, as in `lineage`.")
    found = 0
    for path in lake.readings():
        table = pq.read_table(path, partitioning=None)
        frame = table.select(
            ["source_file", "source_sheet", "source_cell", "multiplier_cell", "multiplier_text"]
        )
        rows = frame.to_pandas()
        here = rows["source_file"].eq(file) & rows["source_sheet"].fillna("").eq(sheet)
        is_value = here & rows["source_cell"].eq(address)
        parts = zip(rows["multiplier_cell"], rows["multiplier_text"], strict=True)
        powers = here.to_numpy() * np.array([_power_of(address, *part) for part in parts])
        is_multiplier = powers != 0
        if not (is_value | is_multiplier).any():
            continue
        if ratio == 0 and (powers < 0).any():
            raise WhatIfError(f"{cell} divides other cells: it can't become 0.")
        for column, times in (
            ("quantity", np.where(is_value, ratio, 1.0)),
            ("sign_multiplier", float(ratio) ** powers),
        ):
            values = table[column].to_numpy(zero_copy_only=False)
            scaled = values * times
            index = table.column_names.index(column)
            array = pa.array(scaled, type=pa.float64(), from_pandas=True)
            table = table.set_column(index, column, array)
        lake.write(path, table)
        found += int((is_value | is_multiplier).sum())
    if not found:
        raise WhatIfError(
            f"{cell}: no accepted figure was read from there. `lineage` lists the cells that "
            "count, with source_file, source_sheet and source_cell."
        )


def _power_of(address: str, cells: str | None, texts: str | None) -> int:
    """How often a cell multiplies a quantity, less how often it divides it."""
    if not isinstance(cells, str) or not isinstance(texts, str):
        return 0
    marked = zip(cells.split("|"), texts.split("|"), strict=True)
    return sum(-1 if text.startswith(DIVIDES) else 1 for cell, text in marked if cell == address)


def _change_factor(lake: Lake, factor_version_id: str, ratio: float) -> None:
    """Every gas of the version; what is derived from it follows."""
    path = lake.accepted("emission_factor_gases")
    table = pq.read_table(path)
    where = np.array(table["factor_version_id"].to_pylist(), dtype=object) == factor_version_id
    if not where.any():
        raise WhatIfError(
            f"{factor_version_id}: no such factor version. `factor_gases` lists them; one that "
            "is derived (a difference of two) changes with the versions it is made of."
        )
    values = table["kg_per_factor_unit"].to_numpy(zero_copy_only=False)
    index = table.column_names.index("kg_per_factor_unit")
    scaled = pa.array(np.where(where, values * ratio, values), from_pandas=True)
    lake.write(path, table.set_column(index, "kg_per_factor_unit", scaled))


def print_moves(console: Console, frame: pd.DataFrame, change: Change, shown: int) -> None:
    """What moves, the largest relative move first; how many more there are is said."""
    what = change.cell or change.factor_version_id
    table = Table(
        title=f"What moves if {what} changes by {change.percent:g} %",
        title_justify="left",
        box=SIMPLE,
        pad_edge=False,
    )
    for heading in ("Figure", "Period", "Unit"):
        table.add_column(heading)
    for heading in ("Before", "After", "Change %", "Market-based %"):
        table.add_column(heading, justify="right")
    for row in frame.head(shown).to_dict("records"):
        table.add_row(
            row["figure"],
            row["period"],
            row["unit"],
            *(_shown(row[f"location_based_{side}"], ",.6g") for side in ("before", "after")),
            *(_shown(row[f"{basis}_change_percent"], "+.4f") for basis in BASES),
        )
    console.print(table if len(frame) else "No figure moves.")
    if len(frame) > shown:
        console.print(f"and {len(frame) - shown} more figures; --all shows them")


def _shown(value: float, form: str) -> str:
    return "none" if pd.isna(value) else format(value, form)
