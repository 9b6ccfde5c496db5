"""Two releases that differ for every reason at once: each reason's part is known by heart."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.assets.releases import restatement_metadata
from orchestration.commands.restatement_on_screen import improved_lines
from orchestration.exchange.explaining import reason_since
from orchestration.lake.paths import Lake
from tests.built import Builder, take_the_form
from tests.conftest import (
    COMPANY_YML,
    MONTHS,
    TinyCompany,
    write_company,
    write_complete_company,
    write_csv,
)
from tests.pipeline.test_release import carbonloom, judge, sign
from tests.report.reading import downloads

ROUND, LATER = MONTHS
OLDER, NEWER = f"{ROUND} r1", f"{LATER} r1"
THRESHOLD = "base_year: 2022\nsignificance_threshold_percent: 5\n"


def change(path: Path, where: dict[str, str], **values: str) -> None:
    """Change the lines of a CSV that say what `where` says."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if all(row[name] == value for name, value in where.items()):
            row |= values
    write_csv(path, rows, rows[0].keys() | values.keys())


def sell_fibre(company: TinyCompany) -> None:
    """One product, so that footprints are restated, too."""
    change(company.path / "company" / "flows.csv", {}, life_cycle_stage="manufacture")
    product = {"product_id": "staple", "flow_id": "fibre", "name_en": "Staple", "regain": "0"}
    write_csv(company.path / "company" / "products.csv", [product])


def correct_electricity(company: TinyCompany) -> None:
    """1100 kWh instead of 1000."""
    correction = {
        "file": "mill/boiler.xlsx", "sheet": "Energy", "cell": "B3", "old_value": "1000",
        "new_value": "1100", "reason": "typo", "decided_by": "ann", "decided_on": "2022-02-11",
    }  # fmt: skip
    write_csv(company.path / "rounds" / ROUND / "corrections.csv", [correction])


def state_spread(company: TinyCompany, spread: str) -> None:
    """How far the factor of electricity may be wrong."""
    line = {
        "cause_kind": "factor", "flow_id": "electricity", "spread": spread,
        "source_id": "invented", "source_locator": "none",
    }  # fmt: skip
    write_csv(company.path / "expectations" / "uncertainties.csv", [line])


@pytest.fixture(scope="module")
def released(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """January released; then everything changes, and January and February are."""
    folder = tmp_path_factory.mktemp("restated")
    company, lake = write_company(folder / "data"), Lake(folder / "warehouse")
    take_the_form(built("tiny", write_complete_company), lake.path)
    sell_fibre(company)
    settings = company.path / "company" / "company.yml"
    settings.write_text(COMPANY_YML + THRESHOLD, encoding="utf-8")
    state_spread(company, "normal 0.1")
    company.hand_in_workbook(ROUND)
    company.hand_in_water(ROUND)
    collect_and_release(company, lake, ROUND)

    company.hand_in_water(ROUND, quantity=60)
    correct_electricity(company)
    factors = company.path / "emission_factors" / "round_figures.csv"
    change(factors, {"factor_id": "diesel"}, kg_co2_fossil="3.5")
    flows = company.path / "company" / "flows.csv"
    change(flows, {"flow_id": "diesel_stationary"}, flow_kind="fuel_mobile")
    facilities = company.path / "company" / "facilities.csv"
    change(facilities, {}, consolidation_share="0.5")
    state_spread(company, "normal 0.04")
    company.hand_in_workbook(LATER)
    company.hand_in_water(LATER)
    collect_and_release(company, lake, ROUND, LATER)
    return lake


def collect_and_release(company: TinyCompany, lake: Lake, *rounds: str) -> None:
    """Judge rounds, have them signed, release the last: it calculates for itself."""
    where = ("--data", company.path, "--warehouse", lake.path)
    judge(company, lake, *rounds)
    for name in rounds:
        sign(company, lake, name)
    code, output = carbonloom("release", "--round", rounds[-1], *where)
    assert code == 0, output


def ask(lake: Lake, query: str) -> list[dict[str, Any]]:
    """What an analyst reads in the newest release."""
    with duckdb.connect() as connection:
        file = str(lake.published / "marts.duckdb").replace("'", "''")
        connection.execute(f"attach '{file}' as carbon (read_only)")
        return connection.sql(query).to_arrow_table().to_pylist()


PARTS = (
    "data_change", "correction_change", "factor_change", "method_change", "boundary_change",
    "new_months_change",
)  # fmt: skip


def test_every_cause_has_its_part_of_the_change(released: Lake):
    rows = ask(
        released,
        "select * from carbon.marts.restatements where figure_kind = 'inventory' "
        "and measure = 'location_based_kgco2e'",
    )
    assert {(row["older_release"], row["newer_release"]) for row in rows} == {(OLDER, NEWER)}
    parts = {row["ghg_category"]: [row[name] for name in PARTS] for row in rows}
    expected = {  # data (new months included), correction, factor, method, boundary, new months
        "purchased_electricity": [250, 50, 0, 0, -275, 250],
        "stationary_combustion": [0, 0, 5, -35, 0, 0],
        "mobile_combustion": [17.5, 0, 0, 35, -17.5, 17.5],
        "purchased_goods_and_services": [7, 0, 0, 0, -6, 5],
    }
    assert parts == {name: pytest.approx(values) for name, values in expected.items()}
    assert all(row["joint_causes"] is None for row in rows)


def test_the_causes_of_every_figure_add_up_to_its_change(released: Lake):
    rows = ask(released, "from carbon.marts.restatements")
    assert {row["figure_kind"] for row in rows} == {"inventory", "product"}
    for row in rows:
        causes = sum(row[name] for name in PARTS[:-1])
        difference = (row["newer_value"] or 0) - (row["older_value"] or 0)
        assert row["change"] == pytest.approx(difference, rel=1e-9, abs=1e-12)
        assert causes == pytest.approx(row["change"], rel=1e-9, abs=1e-12)
        assert row["restated_change"] == pytest.approx(causes - row["new_months_change"])


def test_each_cause_names_what_was_changed_and_who_decided_it(released: Lake):
    rows = ask(released, "from carbon.marts.restatement_reasons")
    found = {(row["cause"], row["object"]): (row["was"], row["is_now"]) for row in rows}
    boiler = f"rounds/{ROUND}/mill/boiler.xlsx#Energy!B3"
    assert found["correction", boiler] == ("1000", "1100")
    assert [
        (row["reason"], row["decided_by"], row["decided_on"])
        for row in rows
        if row["cause"] == "correction"
    ] == [("typo", "ann", "2022-02-11")]
    water = [was for (cause, place), was in found.items() if "water.csv" in place]
    assert water == [("50", "60")]
    assert found["data", "2022-02"] == (None, "reported for the first time")
    assert [values for (cause, _), values in found.items() if cause == "factor"] == [
        ("kg_co2_fossil 3; kg_per_factor_unit co2_fossil 3",
         "kg_co2_fossil 3.5; kg_per_factor_unit co2_fossil 3.5")
    ]  # fmt: skip
    assert found["method", "flows diesel_stationary"] == (
        "flow_kind fuel_stationary", "flow_kind fuel_mobile",
    )  # fmt: skip
    assert found["boundary", "facilities mill"] == (
        "consolidation_share",
        "consolidation_share 0.5",
    )
    assert {cause for cause, _ in found} == {"data", "correction", "factor", "method", "boundary"}


def test_products_whose_footprint_moved_are_told(released: Lake):
    rows = ask(
        released,
        "from carbon.marts.restatements where measure = 'kgco2e_per_declared_unit' "
        "and reference_period = '2022-01' and basis = 'location_based' and method = 'cut_off'",
    )
    # 540 kg over 2000 kg of fibre, then 597 kg; a footprint knows no consolidation share
    assert [row["older_value"] for row in rows] == pytest.approx([0.27])
    assert rows[0]["moved_10_percent"]
    assert [rows[0][name] for name in PARTS[:3]] == pytest.approx([0.001, 0.025, 0.0025])


def test_what_was_reported_first_stays_beside_what_is_reported_now(released: Lake):
    rows = ask(
        released,
        "select release, sum(value) as kg from carbon.marts.as_reported "
        "where measure = 'location_based_kgco2e' group by release order by release",
    )
    assert [(row["release"], row["kg"]) for row in rows] == [
        (OLDER, pytest.approx(540)), (NEWER, pytest.approx(597 / 2 + 545 / 2)),
    ]  # fmt: skip
    # the same by SQL over the releases themselves
    folder = released.releases(ROUND) / "r1" / "parquet" / "facility_inventory.parquet"
    query = f"select sum(location_based_kgco2e) as kg from read_parquet('{folder}')"
    assert ask(released, query)[0]["kg"] == pytest.approx(540)


def test_every_release_is_a_row_of_its_dimension_with_names_in_both_languages(released: Lake):
    rows = ask(released, "from carbon.marts.dim_release order by release")
    assert [(row["release"], row["round"], row["release_number"]) for row in rows] == [
        (OLDER, OLDER[:7], 1), (NEWER, NEWER[:7], 1)
    ]  # fmt: skip
    assert rows[1]["release_name_en"] == f"Round {NEWER[:7]}, release 1"
    assert rows[1]["release_name_zh"] == f"{NEWER[:7]} 轮次第 1 版"
    for table, column in (
        ("as_reported", "release"), ("base_year_changes", "release"),
        ("restatements", "older_release"), ("restatements", "newer_release"),
        ("restated_intervals", "older_release"), ("improved_causes", "newer_release"),
    ):  # fmt: skip
        lost = (
            f"from carbon.marts.{table} "
            f"where {column} not in (select release from carbon.marts.dim_release)"
        )
        assert ask(released, lost) == [], table


def test_the_base_year_is_judged_without_its_new_months(released: Lake):
    rows = ask(released, "from carbon.marts.base_year_changes where measure like 'location%'")
    first, second = rows
    assert (first["release"], first["verdict"]) == (OLDER, "below_threshold")
    assert first["cumulative_change_kgco2e"] == 0
    # 540 became 298.5, and 272.5 came with February
    assert second["base_year_kgco2e"] == pytest.approx(571)
    assert second["cumulative_change_kgco2e"] == pytest.approx(-241.5)
    assert second["cumulative_percent"] == pytest.approx(-241.5 / 812.5 * 100)
    assert (second["verdict"], second["threshold_percent"]) == ("recalculate", 5)
    scopes = [second[f"scope_{scope}_change_kgco2e"] for scope in (1, 2, 3)]
    assert scopes == pytest.approx([-12.5, -225, -4])


def test_a_release_says_what_became_surer_and_that_growth_is_no_restatement(released: Lake):
    rows = ask(
        released,
        "from carbon.marts.improved_causes where figure_kind = 'inventory' "
        "and basis = 'location_based' and what_changed = 'narrower'",
    )
    assert [row["cause_id"] for row in rows] == ["factor:round_figures:grid@2021"]
    (row,) = rows
    assert row["older_deviation"] / row["newer_deviation"] == pytest.approx(0.1 / 0.04)
    # of all causes this one alone has a spread: with that of before it were 2.5 times as wide
    assert row["narrower_by"] == pytest.approx(1.5 * 0.04 * row["rests_on_it"])
    assert {(OLDER, NEWER, "other_months")} == {
        (row["older_release"], row["newer_release"], row["verdict"])
        for row in ask(
            released, "from carbon.marts.restated_intervals where figure_kind = 'inventory'"
        )
    }
    line = improved_lines(released.published / "parquet", NEWER)
    assert f"Since {OLDER} the inventory of 2022 went from ±9.3% to ±3.7%" in line[0]
    assert "1 of its causes have a narrower spread, 0 a wider one" in line[0]
    page_of = released.path / "report" / "en"
    assert f"Since {OLDER} 1 cause of the inventory has a narrower spread: ±9.3 %" in " ".join(
        (page_of / "index.html").read_text(encoding="utf-8").split()
    )
    (shown,) = page(released, "sure-2022")["sure_improved"]
    assert shown["cause_id"] == "factor:round_figures:grid@2021"


# --- the same in the report -------------------------------------------------------------------

PARTS_IN_TONNES = tuple(
    f"{part}_change_tco2e"
    for part in ("new_months", "data", "correction", "factor", "method", "boundary")
)


def page(released: Lake, name: str, language: str = "en") -> dict[str, list[dict[str, str]]]:
    """The downloads of a page of the newest release's report."""
    return downloads(released.path / "report" / language / f"{name}.html")


def test_the_report_tells_the_causes_of_each_figure_of_a_year(released: Lake):
    rows = [
        row
        for row in page(released, "factory-2022")["factory_changes"]
        if row["basis"] == "location_based"
    ]
    kilograms = {
        row["ghg_category"]: [1000 * float(row[name]) for name in PARTS_IN_TONNES] for row in rows
    }
    assert kilograms == {
        "purchased_electricity": pytest.approx([250, 0, 50, 0, 0, -275]),
        "stationary_combustion": pytest.approx([0, 0, 0, 5, -35, 0]),
        "mobile_combustion": pytest.approx([17.5, 0, 0, 0, 35, -17.5]),
        "purchased_goods_and_services": pytest.approx([5, 2, 0, 0, 0, -6]),
    }


def test_the_overview_shows_totals_before_and_now_and_the_base_year(released: Lake):
    shown = page(released, "index")
    totals = {
        row["ghg_scope"]: [1000 * float(row[name]) for name in ("older_tco2e", "newer_tco2e")]
        for row in shown["index_changes"]
        if row["basis"] == "location_based"
    }
    expected = {"1": [30, 35], "2": [500, 525], "3": [10, 11]}
    assert totals == {scope: pytest.approx(pair) for scope, pair in expected.items()}
    for row in shown["index_changes"]:
        parts = sum(float(row[name]) for name in PARTS_IN_TONNES)
        assert parts == pytest.approx(float(row["change_tco2e"]), abs=1e-12)
    verdicts = {(row["release"], row["verdict"]) for row in shown["index_base_year"]}
    assert verdicts == {(NEWER, "recalculate")}
    text = (released.path / "report" / "en" / "index.html").read_text(encoding="utf-8")
    assert f"Compared with {OLDER}" in text


def test_a_products_page_names_the_cells_and_factors_that_moved_it(released: Lake):
    shown = page(released, "product-staple-2022")
    restated = {
        row["reference_period"]: row
        for row in shown["product_restated"]
        if row["basis"] == "location_based"
    }
    assert float(restated["2022-01"]["correction_change_kgco2e_per_declared_unit"]) == (
        pytest.approx(0.025)
    )
    weights = {
        row["object"]: float(row["location_kgco2e_per_declared_unit"])
        for row in shown["product_reasons"]
        if row["location_kgco2e_per_declared_unit"]
    }
    # of 4000 kg of fibre: 1100 kWh of 0.5 kg, diesel of both months at 3.5 kg, 60 m3 of 0.2 kg
    assert weights == {
        f"rounds/{ROUND}/mill/boiler.xlsx#Energy!B3": pytest.approx(550 / 4000),
        "round_figures:diesel@2021": pytest.approx(70 / 4000),
        f"rounds/{ROUND}/erp/water.csv#L2:Quantity": pytest.approx(12 / 4000),
    }
    assert {row["cause"] for row in shown["product_reasons"]} >= {"method", "boundary"}


def test_a_rounds_page_says_what_was_corrected_and_who_signed(released: Lake):
    shown = page(released, f"round-{ROUND}", "zh")
    assert [(row["was"], row["is_now"]) for row in shown["round_corrections"]] == [("1000", "1100")]
    signed = {row["hand_in"]: row for row in shown["round_signatures"]}
    assert set(signed) == {"mill/boiler", "erp/water", "round"}
    for hand_in in ("mill/boiler", "erp/water"):
        people = [signed[hand_in][role] for role in ("prepared_by", "reviewed_by", "approved_by")]
        assert len(set(people)) == 3 and all(people)
    assert signed["round"]["approved_by"] and not signed["round"]["prepared_by"]


def test_an_exchanged_record_and_the_release_in_the_ui_tell_the_same_causes(released: Lake):
    (row,) = ask(
        released,
        "select * from carbon.marts.restatements where product_id = 'staple' "
        "and reference_period = '2022' and method = 'cut_off' and basis = 'market_based' "
        "and measure = 'kgco2e_per_declared_unit'",
    )
    marts, given = released.published / "marts.duckdb", ("staple", "2022", "market_based")
    told = reason_since(marts, *given, OLDER, NEWER, Decimal(row["change"]))
    assert told.startswith(f"changed since {OLDER}: ")
    for words, part in (
        ("corrected activity data", row["correction_change"]),
        ("emission factors", row["factor_change"]),
    ):
        assert part and f"{words} {part:+.6f} kgCO2e" in told
    assert not any(inside in told for inside in ("typo", "boiler.xlsx", "ann"))

    shown = restatement_metadata(released.published / "parquet", NEWER)
    assert shown["changed_since"] == OLDER
    footprints = [record.data for record in shown["footprint_changes_kgco2e"].records]
    mine = next(
        one for one in footprints if list(one.values())[:3] == ["staple", "2022", "market-based"]
    )
    assert mine["correction"] == f"{row['correction_change']:+,.4f}"
    inventory = [record.data for record in shown["inventory_changes_tco2e"].records]
    assert {str(one["scope"]) for one in inventory} == {"1", "2", "3"}
    assert restatement_metadata(released.published / "parquet", OLDER) == {}
