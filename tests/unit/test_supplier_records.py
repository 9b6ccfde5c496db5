"""Suppliers' PACT records: read, checked, attached, and made factors without counting twice."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.factor_judgement import FactorJudgement, judge_factors
from expectations.factor_rows import COLUMNS, OPTIONAL_COLUMNS, PROVENANCE, RECEIVED
from expectations.factor_rows import LIBRARY_OF_RECORDS as LIBRARY
from orchestration.company.checks import wrong_supplier_records
from orchestration.company.data_folder import DataFolder
from orchestration.company.tables import TABLES
from orchestration.gate.acceptance import accept_company
from orchestration.gate.factors import accept_factors
from orchestration.ingest.landing import (
    land_factor_libraries,
    supplier_files,
    supplier_files_landed,
)
from orchestration.lake.paths import Lake, text_schema
from orchestration.pact.received import Row, read_file, rows_by_library, sources_of
from tests.conftest import write_complete_company
from tests.unit.test_exchange import record

PRODUCT = "urn:pact:mill.example:product-id:fibre"
LINE = {
    "product_id": PRODUCT, "supplier_id": "acme", "flow_id": "chip", "terms": "contract 7",
    "packaging": "included", "delivery": "own",
}  # fmt: skip
OLDER, NEWER = "44e61171-8c09-5225-93d4-3148d05ecee1", "0a1b2c3d-8c09-5225-93d4-3148d05ecee2"
LIBRARY_OF_ACME = f"{LIBRARY}_acme"


def newer(**changes: object) -> dict:
    """A record of 2022 that follows the one of 2021."""
    return record(
        referencePeriodStart="2022-01-01T00:00:00Z",
        referencePeriodEnd="2023-01-01T00:00:00Z",
        validityPeriodStart="2023-01-01T00:00:00Z",
        validityPeriodEnd="2025-12-31T00:00:00Z",
        precedingPfIds=[OLDER],
        **changes,
    ) | {"id": NEWER, "created": "2023-02-01T00:00:00Z"}


def rows_of(folder: Path, *records: object, line: dict | None = None) -> list[Row]:
    """Rows of all libraries that come of these files, each with what is wrong with it."""
    received = []
    for number, content in enumerate(records):
        path = folder / f"{number}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        received += read_file(path, f"emission_factors/suppliers/{path.name}", "f" * 64)
    lines = [LINE | (line or {})]
    found = rows_by_library(received, lines, date(2023, 12, 1))
    return [row | {"library": name} for name, rows in found.items() for row in rows]


def told(row: Row) -> list[tuple[str, str]]:
    return [tuple(one[:2]) for one in json.loads(row["record_problems"] or "")]


def test_a_record_becomes_its_suppliers_factor(tmp_path):
    (row,) = rows_of(tmp_path, record())
    assert row["library"] == LIBRARY_OF_ACME and told(row) == []
    assert (row["valid_from"], row["valid_to"]) == ("2021-01-01", "2025-01-01")
    assert (row["unit"], row["data_year"], row["data_geography"]) == ("kg", "2021", "CN-JS")
    assert row["primary_data_share"] == "0.238778" and row["technological_dqr"] == "2.665"
    parts = Decimal(row["kg_co2e"]) + 27 * Decimal(row["kg_ch4_biogenic"])
    assert float(parts) == pytest.approx(1.80011529612, rel=1e-9)
    assert "delivery is not in it" in row["note"] and "CO2e by AR6" in row["note"]


def test_per_declared_unit_becomes_per_one_unit(tmp_path):
    whole = record(
        declaredUnitAmount="1000",
        productMassPerDeclaredUnit="1000",
        fossilCarbonContent="622.5",
        recycledCarbonContent="610",
    )
    (row,) = rows_of(tmp_path, whole)
    assert Decimal(row["kg_co2e"]) == Decimal("0.0017824671194")


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ({"packaging": "taken_out"}, "-0.01"),
        ({"delivery": "added"}, "0.15"),
        ({"packaging": "taken_out", "delivery": "added"}, "0.14"),
    ],
)
def test_packaging_and_delivery_count_once(tmp_path, line, change):
    (row,) = rows_of(tmp_path, record(), line=line)
    assert Decimal(row["kg_co2e"]) == Decimal("1.7824671194") + Decimal(change)
    assert told(row) == []


@pytest.mark.parametrize(
    ("changes", "line", "field"),
    [
        ({}, {"packaging": None}, "packaging"),
        ({"packagingEmissionsIncluded": None, "packagingGhgEmissions": None}, {"packaging": None},
         "packaging"),
        ({"packagingEmissionsIncluded": False, "packagingGhgEmissions": None}, {}, "packaging"),
        ({"packagingEmissionsIncluded": False, "packagingGhgEmissions": None},
         {"packaging": "taken_out"}, "packaging"),
        ({}, {"delivery": None}, "delivery"),
        ({"outboundLogisticsGhgEmissions": None}, {"delivery": "added"}, "delivery"),
    ],
)  # fmt: skip
def test_what_is_unclear_is_refused(tmp_path, changes, line, field):
    (row,) = rows_of(tmp_path, record(**changes), line=line)
    assert told(row) == [("supplier_record_boundary", field)]


def test_a_record_that_breaks_a_rule_gives_no_factor(tmp_path):
    (row,) = rows_of(tmp_path, record(primaryDataShare="250"))
    assert row["library"] == LIBRARY_OF_ACME and row.get("factor_id") is None
    assert told(row) == [("supplier_record_fit", "S7")]


def test_what_is_no_record_and_what_nobody_attached_stand_apart(tmp_path):
    rows = rows_of(tmp_path, "{", "[]", record(), line={"product_id": "urn:other"})
    assert {row["library"] for row in rows} == {LIBRARY}
    fit, attached = "supplier_record_fit", "supplier_record_attached"
    assert [told(row)[0][0] for row in rows] == [fit, fit, attached]


def test_a_newer_record_takes_over_from_its_own_period(tmp_path):
    older = record() | {"status": "Deprecated"}
    first, second = rows_of(tmp_path, older, {"data": [newer()]})
    assert told(first) == [("supplier_record_superseded", "id")]
    assert (first["valid_to"], second["valid_from"]) == ("2022-01-01", "2022-01-01")
    assert first["superseded_by"] == NEWER


def test_a_correction_of_the_same_period_leaves_nothing_of_the_record_before(tmp_path):
    correction = record(precedingPfIds=[OLDER]) | {"id": NEWER}
    first, second = rows_of(tmp_path, record() | {"status": "Deprecated"}, correction)
    assert first.get("factor_id") is None and second["edition"] == NEWER


def test_a_deprecated_record_without_its_successor_is_not_used(tmp_path):
    (row,) = rows_of(tmp_path, record() | {"status": "Deprecated"})
    assert row.get("factor_id") is None
    assert told(row) == [("supplier_record_deprecated", "status")]


@pytest.mark.parametrize(
    ("until", "field"),
    [("2022-07-01", "validityPeriodEnd"), ("2022-12-31", None), ("2023-02-01", None)],
)
def test_months_between_two_records_are_told(tmp_path, until, field):
    older = record(validityPeriodEnd=f"{until}T00:00:00Z") | {"status": "Deprecated"}
    later = newer()
    later["pcf"] |= {
        "referencePeriodStart": "2023-01-01T00:00:00Z",
        "referencePeriodEnd": "2024-01-01T00:00:00Z",
    }
    later |= {"validityPeriodStart": "2024-01-01T00:00:00Z", "created": "2024-02-01T00:00:00Z"}
    first, _ = rows_of(tmp_path, older, later)
    expired = [("supplier_record_expired", field)] if field else []
    assert told(first) == [("supplier_record_superseded", "id"), *expired]
    if expired:
        assert "2022-07 to 2022-12" in first["record_problems"]


def test_records_that_follow_each_other_in_a_circle_are_refused(tmp_path):
    rows = rows_of(tmp_path, record(precedingPfIds=[NEWER]), newer())
    assert [told(row) for row in rows] == [[("supplier_record_fit", "precedingPfIds")]] * 2


def test_packaging_is_part_of_what_is_emitted(tmp_path):
    (row,) = rows_of(tmp_path, record(packagingGhgEmissions="2"), line={"packaging": "taken_out"})
    assert told(row) == [("supplier_record_fit", "S20")]


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (("electricity", "generation;upstream;losses"), "component generation and losses"),
        (("freight_inbound", "direct;upstream"), "component direct, which a supplier's record"),
        (("fuel_mobile", "direct"), "no component upstream"),
        (("fuel_mobile", "direct;upstream"), None),
        (("material", "upstream"), None),
        (("product", None), None),
    ],
)
def test_what_a_record_holds_is_no_component_beside_it(flow, words):
    tables = {name: pd.DataFrame(columns=list(table.all_columns)) for name, table in TABLES.items()}
    row = {"flow_id": "chip", "flow_kind": flow[0], "components": flow[1]}
    tables |= {"supplier_records": pd.DataFrame([LINE]), "flows": pd.DataFrame([row])}
    problems = wrong_supplier_records(tables)
    assert len(problems) == (words is not None) and all(words in one for one in problems)


def test_one_record_is_used_on_one_set_of_terms():
    tables = {name: pd.DataFrame(columns=list(table.all_columns)) for name, table in TABLES.items()}
    lines = [LINE, {**LINE, "flow_id": "flake"}, {**LINE, "flow_id": "bale", "terms": "free"}]
    (problem,) = wrong_supplier_records(tables | {"supplier_records": pd.DataFrame(lines)})
    assert "line 4: terms of" in problem and "those of" in problem and "line 2" in problem


def test_a_record_that_ends_before_the_collection_is_told(tmp_path):
    (row,) = rows_of(tmp_path, record(validityPeriodEnd="2023-01-01T00:00:00Z"))
    assert told(row) == [("supplier_record_expired", "validityPeriodEnd")]


def version_2(**changes: object) -> dict:
    """A record as version 2.1 writes it."""
    whole = record()
    old = {
        "declaredUnit": "kilogram", "unitaryProductAmount": "1",
        "pCfExcludingBiogenic": "1.5", "fossilGhgEmissions": "1.5", "fossilCarbonContent": "0.62",
        "biogenicCarbonContent": "0", "characterizationFactors": "AR5",
        "crossSectoralStandardsUsed": ["ISO Standard 14067"], "exemptedEmissionsPercent": 0.5,
        "exemptedEmissionsDescription": "", "packagingEmissionsIncluded": True,
        "packagingGhgEmissions": "0.1", "primaryDataShare": 56.12,
        "boundaryProcessesDescription": "all", "geographyCountry": "CN",
        "referencePeriodStart": "2021-01-01T00:00:00Z",
        "referencePeriodEnd": "2022-01-01T00:00:00Z",
        "dqi": {"coveragePercent": 100, "technologicalDQR": 2},
    } | changes  # fmt: skip
    return whole | {"specVersion": "2.1.0", "version": 0, "productCategoryCpc": "3", "pcf": old}


def test_a_record_of_version_2_is_read(tmp_path):
    (row,) = rows_of(tmp_path, version_2())
    assert told(row) == []
    assert (row["kg_co2e"], row["gwp_set"], row["primary_data_share"]) == ("1.5", "AR5", "0.5612")
    assert row["technological_dqr"] is None, "another scale"


def test_figures_of_version_2_are_of_one_unit_however_many_a_product_holds(tmp_path):
    """The decision of PACT on product amounts: a car of 2000 kg with 300 kgCO2e per kilogram."""
    figures = {"pCfExcludingBiogenic": "300", "fossilGhgEmissions": "300"}
    (row,) = rows_of(tmp_path, version_2(unitaryProductAmount="2000", **figures))
    assert told(row) == []
    assert (row["kg_co2e"], row["unit"]) == ("300", "kg")


@pytest.mark.parametrize(
    "changes", [{"declaredUnit": "liter"}, {"landManagementGhgEmissions": "0.2"}]
)
def test_what_version_2_leaves_open_is_refused(tmp_path, changes):
    (row,) = rows_of(tmp_path, version_2(**changes))
    assert told(row) == [("supplier_record_fit", "record")]


def judged(rows: list[Row], sources: list[Row]) -> FactorJudgement:
    columns = (*COLUMNS, *OPTIONAL_COLUMNS, *RECEIVED, *PROVENANCE)

    def text(rows: list[dict], names: tuple[str, ...]) -> pa.Table:
        cells = [{name: row.get(name) for name in names} for row in rows]
        return pa.Table.from_pylist(cells, schema=text_schema(names))

    landed = {
        LIBRARY_OF_ACME: text(rows, columns),
        "sources": text(sources, ("source_id", "publisher", "title", "licence")),
        "libraries": text([{"library": LIBRARY_OF_ACME, "priority": "1"}], ("library", "priority")),
    }
    return judge_factors(
        landed,
        flows=text(
            [{"flow_id": "chip", "unit_code": "t", "flow_kind": "purchased_material"}],
            ("flow_id", "name_en", "name_zh", "unit_code", "flow_kind", "components"),
        ),
        flow_properties=text([], ("flow_id", "property", "value", "unit")),
        facilities=text([{"country": "CN"}], ("facility_id", "country")),
        suppliers=text([{"supplier_id": "acme"}], ("supplier_id",)),
    )


def test_the_gate_accepts_a_sound_record_and_names_its_terms(tmp_path):
    rows = rows_of(tmp_path, record())
    received = read_file(tmp_path / "0.json", "emission_factors/suppliers/0.json", "f")
    sources = sources_of(received, [LINE])
    judgement = judged(rows, sources)
    assert judgement.findings.to_pylist() == []
    (factor,) = judgement.factors.to_pylist()
    assert factor["factor_version_id"] == f"{LIBRARY_OF_ACME}:acme_chip@{OLDER}"
    assert (factor["publisher"], factor["licence"]) == ("A mill", "contract 7")
    assert factor["factor_units_per_flow_unit"] == pytest.approx(1000)
    assert {row["gas_code"] for row in judgement.gases.to_pylist()} == {"co2e", "ch4_biogenic"}


def test_a_broken_record_refuses_its_suppliers_library_alone(tmp_path):
    judgement = judged(rows_of(tmp_path, record(primaryDataShare="250")), [])
    assert judgement.refused_libraries == (LIBRARY_OF_ACME,)
    (finding,) = judgement.findings.to_pylist()
    assert finding["rule_id"] == "supplier_record_fit"
    assert finding["source_cell"] == "L1:S7"


def test_records_of_a_data_folder_are_landed_and_accepted(tmp_path):
    """A file, a line and a declared priority are all it takes; figures name record and terms."""
    data = DataFolder(write_complete_company(tmp_path / "data").path)
    factors, company = data.path / "emission_factors", data.path / "company"
    (company / "suppliers.csv").write_text("supplier_id,name\nacme,Acme\n")
    with (factors / "libraries.csv").open("a") as file:
        file.write(f"{LIBRARY},1,Records that suppliers sent\n")
    (factors / "suppliers").mkdir()
    (factors / "suppliers" / "acme.json").write_text(json.dumps([record()]))
    line = LINE | {"flow_id": "fibre"}
    (factors / "suppliers" / "records.csv").write_text(
        f"{','.join(line)}\n{','.join(line.values())}\n"
    )
    lake = Lake(tmp_path / "warehouse")
    accept_company(data, lake)
    land_factor_libraries(data, lake)
    result = accept_factors(lake)
    assert result.refused == ()
    (factor,) = [row for row in result.factors.to_pylist() if row["record_id"]]
    assert (factor["flow_id"], factor["licence"]) == ("fibre", "contract 7")
    assert factor["source_file"] == "emission_factors/suppliers/acme.json"
    assert supplier_files(data) == supplier_files_landed(lake)
    # what is said twice is one record, and both files were read; a folder a supplier is as good
    (factors / "suppliers" / "acme").mkdir()
    (factors / "suppliers" / "acme" / "AGAIN.JSON").write_text(json.dumps(record()))
    assert len(supplier_files(data)) == 2 and supplier_files(data) != supplier_files_landed(lake)
    land_factor_libraries(data, lake)
    assert supplier_files(data) == supplier_files_landed(lake)
    (factors / "suppliers" / "acme.json").write_text("[]")
    assert supplier_files(data) != supplier_files_landed(lake)


def test_records_are_landed_before_the_first_round_is_opened(tmp_path):
    data = DataFolder(write_complete_company(tmp_path / "data").path)
    rounds = data.path / "rounds.csv"
    rounds.write_text(rounds.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    folder = data.path / "emission_factors" / "suppliers"
    folder.mkdir()
    (folder / "acme.json").write_text(json.dumps(record()))
    lake = Lake(tmp_path / "warehouse")
    land_factor_libraries(data, lake)
    assert supplier_files(data) == supplier_files_landed(lake)


def test_pages_of_an_interface_may_overlap(tmp_path):
    assert len(rows_of(tmp_path, record(), {"data": [record()]})) == 1


def test_two_records_of_one_id_are_both_refused(tmp_path):
    rows = rows_of(tmp_path, record(), record(comment="another"))
    assert [told(row) for row in rows] == [[("supplier_record_fit", "id")]] * 2


WHOLE = (record(), newer(), version_2())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)


@given(st.sampled_from(WHOLE), st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_property_holds_is_told_and_stops_nothing(tmp_path_factory, whole, data):
    folder = tmp_path_factory.mktemp("any")
    broken = copy.deepcopy(whole)
    target = data.draw(st.sampled_from([broken, broken["pcf"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(ANYTHING)
    for row in rows_of(folder, broken):
        assert row.get("factor_id") or told(row)
        assert all(value is None or isinstance(value, str) for value in row.values())
