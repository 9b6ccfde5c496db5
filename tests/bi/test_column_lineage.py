"""Which columns a column is made of, against what one reads in the models themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, TableColumnLineage, materialize

from orchestration.assets import column_lineage as under_test
from orchestration.assets.column_lineage import column_lineage, origins_of
from orchestration.assets.warehouse import SourcesAreAssets
from orchestration.calculation.dbt import Dbt
from orchestration.definitions import build_definitions
from orchestration.lake.paths import Lake
from orchestration.publication.descriptions import MARTS, described_marts
from orchestration.resources import Folders

STAND_FOR_THEMSELVES = {
    "marts/difference_significance.comparison",  # which branch of the union
    "marts/dim_period.month_count",  # rows counted
    "marts/dim_period.period_type",
    "marts/figure_uncertainty.cause_count",  # rows counted
    "marts/sensitivities.figure_kind",
    "marts/emissions_forecast.is_forecast",
    "marts/emissions_forecast.wedge",
    "marts/initiatives.basis",
    "marts/variance_explained.basis",
    "marts/variance_explained.figure_kind",
    "marts/emissions_by_product.basis",  # each row twice, once a basis
    "marts/product_coefficients.origin",  # which branch of the union
    "marts/product_contributions.origin",
    "marts/product_footprints.boundary",  # stages of a boundary are listed in the model
    "marts/product_footprints.absent_stage_count",  # rows counted
    "marts/reconciliation.followed_by",
    "marts/round_status.is_expected",
}


@pytest.fixture(scope="module")
def dbt(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Of a copy with its models compiled: what was found is kept in the warehouse."""
    copy = tmp_path_factory.mktemp("lineage") / "warehouse"
    dbt = Dbt(Lake(shutil.copytree(warehouse, copy, symlinks=True)))
    shutil.rmtree(dbt.target, ignore_errors=True)  # a run by statements leaves no such files
    dbt.compiled("")
    return dbt


def lineage_of_all(dbt: Dbt) -> dict[AssetKey, TableColumnLineage]:
    manifest = dbt.manifest()
    models = {one for one, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    return column_lineage(dbt, manifest, SourcesAreAssets(), models)


@pytest.fixture(scope="module")
def found(dbt: Dbt) -> dict[str, set[str]]:
    """By `asset.column` of a model: that of each column it is made of."""
    return {
        f"{key.to_user_string()}.{column}": {
            f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps
        }
        for key, lineage in lineage_of_all(dbt).items()
        for column, deps in lineage.deps_by_column.items()
    }


@pytest.mark.parametrize(
    ("column", "made_of"),
    [
        # through a sum over a join
        (
            "marts/product_footprints.kgco2e_per_declared_unit",
            {"marts/emissions_by_product.kgco2e_per_declared_unit"},
        ),
        # the one multiplication: quantity, share of the site, factor
        (
            "intermediate/int_emissions.location_based_kgco2e",
            {
                "intermediate/int_activity_totals.quantity",
                "intermediate/int_activity_totals.consolidation_share",
                "intermediate/int_factor_choices.location_based_kgco2e_per_unit",
            },
        ),
        # both halves of a union
        (
            "marts/emissions_by_product.kgco2e_per_declared_unit",
            {
                "marts/product_contributions.location_based_kgco2e_per_declared_unit",
                "marts/product_contributions.market_based_kgco2e_per_declared_unit",
            },
        ),
        # out of files that no model makes
        ("staging/stg_stages__readings.value_text", {"accepted/stage_readings.value_text"}),
    ],
)
def test_a_column_is_made_of_what_its_model_says(found, column, made_of):
    assert found[column] == made_of


def test_every_column_of_every_mart_is_followed(found):
    followed = {column for column in found if column.startswith("marts/")}
    models = [path.stem for path in MARTS.rglob("*.sql")]
    assert followed == {
        f"marts/{name}.{column}" for name in models for column in described_marts()[name].columns
    }
    assert {column for column in followed if not found[column]} - STAND_FOR_THEMSELVES == set()


def test_an_origin_is_a_column_that_is_there(found):
    """Of models; what lies in files has no list of columns here."""
    models = {column.partition(".")[0] for column in found}
    named = {origin for origins in found.values() for origin in origins}
    made = {origin for origin in named if origin.partition(".")[0] in models}
    assert made
    assert made - found.keys() == set()


def test_windows_subqueries_and_the_model_itself_are_seen_through():
    sql = """
        with ranked as (
            select a, row_number() over (partition by b order by c) as place from db.s.t
        ), held as (select a, d from db.s.itself)
        select
            ranked.a as plain,
            ranked.place,
            (select max(u.e) from db.s.u as u) as most,
            coalesce(held.d, ranked.a) as kept,
            count(*) as number_of
        from ranked left join held on ranked.a = held.a
        group by all
    """
    integer = dict.fromkeys("abcde", "INTEGER")
    assert origins_of(sql, {"db.s.t": ("T", integer), "db.s.u": ("U", integer)}) == {
        "plain": [["T", "a"]],
        "place": [["T", "b"], ["T", "c"]],
        "most": [["U", "e"]],
        "kept": [["T", "a"]],
        "number_of": [],
    }


def test_a_model_is_read_again_only_when_it_changed(dbt, found, monkeypatch):
    read: list[str] = []
    real = under_test.origins_of

    def counted(sql: str, parents: object) -> object:
        read.append(sql)
        return real(sql, parents)

    monkeypatch.setattr(under_test, "origins_of", counted)
    lineage_of_all(dbt)
    assert read == []
    kept = json.loads((dbt.folder / "column_lineage.json").read_text())
    kept["model.carbonloom.product_footprints"]["read_from"] = "another SQL"
    (dbt.folder / "column_lineage.json").write_text(json.dumps(kept))
    lineage_of_all(dbt)
    assert len(read) == 1


def test_what_was_not_built_now_and_what_can_not_be_read_stop_nothing(dbt, found, caplog):
    """The folder may hold SQL of an older model, over tables that are gone or not yet there."""
    manifest = dbt.manifest()
    broken, asked = "model.carbonloom.product_footprints", "model.carbonloom.lineage"
    node = manifest["nodes"][broken]
    file = dbt.target / "compiled" / node["package_name"] / node["original_file_path"]
    sql = file.read_text()
    kept = (dbt.folder / "column_lineage.json").read_text()
    try:
        file.write_text("select from from")
        one = column_lineage(dbt, manifest, SourcesAreAssets(), {asked})
        assert [key.path[-1] for key in one] == ["lineage"]
        both = column_lineage(dbt, manifest, SourcesAreAssets(), {asked, broken})
    finally:
        file.write_text(sql)
    assert both == one
    assert "no column lineage of product_footprints" in caplog.text
    assert (dbt.folder / "column_lineage.json").read_text() == kept


def test_a_run_that_somebody_can_look_at_says_it(built, tmp_path):
    mill = built("spinning_with_regrind").copy(tmp_path / "mill")
    folders = Folders(data=str(mill.data), warehouse=str(mill.warehouse))
    mart = AssetKey(["marts", "product_footprints"])
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        done = materialize(
            list(build_definitions(folders).assets or []),
            selection=[mart],
            instance=instance,
            resources={"folders": folders},
        )
    (made,) = [
        event for event in done.get_asset_materialization_events() if event.asset_key == mart
    ]
    lineage = made.materialization.metadata["dagster/column_lineage"].value
    (dep,) = lineage.deps_by_column["kgco2e_per_declared_unit"]
    assert dep.asset_key == AssetKey(["marts", "emissions_by_product"])
