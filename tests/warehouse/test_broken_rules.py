"""A failed data test says which rule of which model is broken, in how many rows, and where."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.calculation.dbt import Dbt
from orchestration.lake.paths import Lake

SEEDS = ["ghg_categories", "gases", "gwp", "flow_kinds", "pedigree_variances"]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A working file of seeds alone."""
    lake = Lake(tmp_path_factory.mktemp("seeded"))
    run = Dbt(lake).build(["--select", *SEEDS, "--indirect-selection", "cautious"], "")
    assert run.problems == []
    return lake.working_file.read_bytes()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "insert into gwp select * from gwp where gas_code = 'n2o' and gwp_set <> 'AR4'",
            "gwp_holds: one row per gwp_set, gas_code: 2 rows are not, such as "
            "gwp_set AR5, gas_code n2o",
        ),
        (
            "update gases set formula = null where gas_code = 'n2o'",
            "gases_holds: formula is never blank: 1 row is not: gas_code n2o",
        ),
        (
            "update gases set origin = 'thin air', formula = null where gas_code = 'n2o'",
            "gases_holds: formula is never blank; origin is one of fossil, biogenic, land_use, "
            "synthetic, any: 1 row is not: gas_code n2o",
        ),
        (
            "update gwp set gas_code = 'ether' where gas_code = 'n2o' and gwp_set = 'AR4'",
            "gwp_holds: gas_code is a gas_code of gases: 1 row is not: "
            "gas_code ether, gwp_set AR4, gas_code ether",
        ),
        (
            "update pedigree_variances set score = 9 where indicator = 'temporal' and score = 5",
            "pedigree_variances_holds: score is at most 5: 1 row is not: "
            "variance_set original, indicator temporal, score 9",
        ),
    ],
)
def test_what_is_broken_is_named(seeded: bytes, tmp_path: Path, damage: str, problem: str) -> None:
    lake = Lake(tmp_path)
    lake.working_file.write_bytes(seeded)
    with duckdb.connect(str(lake.working_file)) as connection:
        connection.execute("use reference")
        connection.execute(damage)

    run = Dbt(lake).build(["--select", *(f"{seed}_holds" for seed in SEEDS)], "")

    assert run.problems == [problem]
