"""What moves if one cell, or one factor version, changes by a percentage?

The query in the README answers by the coefficients of `lineage`: at unchanged masses. A cell that
states a mass also moves yields, shares of co-products and loops. Here all that the change touches
is calculated again, in a copy of the warehouse, so the answer is exact for every cell.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestration.calculation.cluster import is_index
from orchestration.calculation.recomputing import is_up_to_date, recompute, recompute_changed
from orchestration.calculation.sources import sources
from orchestration.company.data_folder import DataFolder
from orchestration.ingest.sheet import DIVIDES
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import HAND_INS_SCHEMA, Lake, read_parquet
from orchestration.lake.scratch import scratch_folder
from orchestration.lake.warehouse import Connection, Warehouse

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
MARTS = ("facility_inventory", "product_footprints")
"""What the figures are read from."""

KEY = ["figure", "period", "unit"]
BASES = ("location_based", "market_based")
DUST = 1e-12


class WhatIfError(Exception):
    """The question names nothing that counts, or nothing was calculated yet."""


@dataclass(frozen=True)
class AssumedChange:
    """One cell as `file#sheet!cell` (`file#cell` in a text file), or one factor version."""

    percent: float
    cell: str | None = None
    factor_version_id: str | None = None

    @property
    def ratio(self) -> float:
        """What the value is multiplied with."""
        return 1.0 + self.percent / 100.0


def what_if(
    data: DataFolder, warehouse: Path, change: AssumedChange, gwp_set: str = ""
) -> pd.DataFrame:
    """Figures that move: figure, period, unit, and before and after on both bases.

    Monthly and yearly figures, largest relative move first; a figure that stays is left out.

    Raises:
        WhatIfError: no accepted cell or factor version of that name, or no calculation yet.
        RecomputeError: the changed figures can't be calculated.
    """
    lake = Lake(warehouse)
    if not Warehouse(lake).is_built:
        raise WhatIfError(f"{lake.working_file} is missing: run `carbonloom run` first.")
    # what the settings say as they stand is enough, unless it is nothing: all master data is judged
    company_set = data.settings.get("gwp_set") or data.company.settings["gwp_set"]
    gwp_sets = gwp_set or company_set, gwp_set
    with scratch_folder("what-if") as scratch:
        changed = Lake(scratch)
        before = _copy(lake, changed)
        if not is_index(lake) and is_up_to_date(changed, gwp_sets[0]):
            _apply(changed, change)
            recompute_changed(changed, *gwp_sets, MARTS)
        else:
            # other code, another GWP set or engine: nothing that was calculated can be gone on from
            changed.working_file.unlink()
            _apply(changed, change)
            recompute(changed, *gwp_sets, tested=False)
        with Warehouse(changed).reading() as connection:
            return moved(before, _figures(connection))


def _copy(lake: Lake, changed: Lake) -> pd.DataFrame:
    """Copy what figures are made of, and read them; no run can write meanwhile."""
    try:
        with Warehouse(lake).reading() as connection:
            for name in sorted({Path(source.files).parts[0] for source in sources()}):
                if (lake.path / name).exists():
                    shutil.copytree(lake.path / name, changed.path / name)
            shutil.copyfile(lake.working_file, changed.working_file)
            return _figures(connection)
    except duckdb.IOException as error:
        raise WhatIfError(f"A run is under way; ask again when it has ended ({error}).") from error


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


def _figures(connection: Connection) -> pd.DataFrame:
    frames = [connection.execute(sql).df() for sql in FIGURES.values()]
    return pd.concat(frames, ignore_index=True)


def _apply(lake: Lake, change: AssumedChange) -> None:
    if (change.cell is None) == (change.factor_version_id is None):
        raise WhatIfError("Name one cell or one factor version.")
    if change.cell is not None:
        _change_cell(lake, change.cell, change.ratio)
    else:
        _change_factor(lake, str(change.factor_version_id), change.ratio)


def _change_cell(lake: Lake, cell: str, ratio: float) -> None:
    """The cell itself, and where it multiplies another, such as a distance."""
    file, _, place = cell.partition("#")
    if not (file and place.rpartition("!")[2]):
        raise WhatIfError(f"{cell}: write the cell as file#sheet!cell, as in `lineage`.")
    registry = lake.registry().to_pylist()
    touched = [
        row
        for row in registry
        if row["source_file"] == file and _change_rows(lake, row, cell, ratio)
    ]
    if not touched:
        raise WhatIfError(
            f"{cell}: no accepted figure was read from there. `lineage` lists the cells that "
            "count, with source_file, source_sheet and source_cell."
        )
    for row in touched:  # what makes its month stale
        marked = f"{row['content_sha256']} {cell} {ratio!r}"
        row["content_sha256"] = hashlib.sha256(marked.encode()).hexdigest()
    lake.write(lake.hand_ins, pa.Table.from_pylist(registry, schema=HAND_INS_SCHEMA))


def _change_rows(lake: Lake, accepted: Mapping[str, Any], cell: str, ratio: float) -> bool:
    """Change the cell in the rows of one month of an accepted hand-in; whether it is there."""
    path = lake.accepted_rows(
        HandIn.of_row(accepted), accepted["revision"], accepted["period_month"]
    )
    if not path.exists():
        return False
    sheet, _, address = cell.partition("#")[2].rpartition("!")
    table = read_parquet(path)
    columns = ("source_sheet", "source_cell", "multiplier_cell", "multiplier_text")
    if "quantity" not in table.column_names:
        return False
    sheets, cells, factors, texts = (table[name].to_pylist() for name in columns)
    here = np.array([(one or "") == sheet for one in sheets])
    is_value = here & np.array([one == address for one in cells])
    powers = here * np.array(
        [_power_of(address, *part) for part in zip(factors, texts, strict=True)]
    )
    if not (is_value | (powers != 0)).any():
        return False
    if ratio == 0 and (powers < 0).any():
        raise WhatIfError(f"{cell} divides other cells: it can't become 0.")
    for column, times in (
        ("quantity", np.where(is_value, ratio, 1.0)),
        ("sign_multiplier", float(ratio) ** powers),
    ):
        scaled = table[column].to_numpy(zero_copy_only=False) * times
        array = pa.array(scaled, type=pa.float64(), from_pandas=True)
        table = table.set_column(table.column_names.index(column), column, array)
    lake.write(path, table)
    return True


def _power_of(address: str, cells: str | None, texts: str | None) -> int:
    """How often a cell multiplies a quantity, less how often it divides it."""
    if not isinstance(cells, str) or not isinstance(texts, str):
        return 0
    marked = zip(cells.split("|"), texts.split("|"), strict=True)
    return sum(-1 if text.startswith(DIVIDES) else 1 for cell, text in marked if cell == address)


def _change_factor(lake: Lake, factor_version_id: str, ratio: float) -> None:
    """Every gas of the version; what is derived from it follows."""
    path = lake.accepted("emission_factor_gases")
    table = read_parquet(path)
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


def print_moves(console: Console, frame: pd.DataFrame, change: AssumedChange, shown: int) -> None:
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
