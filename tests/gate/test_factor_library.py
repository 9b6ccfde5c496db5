"""Each rule on factor libraries finds the cell, refuses that library and no other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from expectations.factor_judgement import COLUMNS, PROVENANCE, judge_factors
from orchestration.company.table_checks import country_codes

FACTOR = {
    "factor_id": "gas", "edition": "2021", "flow_id": "gas", "boundary": "direct", "basis": "both",
    "geography": "CN", "valid_from": "2021-01-01", "valid_to": "2022-01-01", "unit": "TJ",
    "carbon_content_tc_per_tj": "15.32", "oxidation_fraction": "0.99", "ncv": "389.31",
    "ncv_unit": "GJ/10^4 Nm3", "kg_ch4_fossil": "1", "source_id": "gb", "source_locator": "C.1",
}  # fmt: skip
GRID = {
    "factor_id": "grid", "edition": "2021", "flow_id": "power", "boundary": "generation",
    "basis": "location", "geography": "CN", "valid_from": "2021-01-01", "unit": "MWh",
    "kg_co2_fossil": "580", "source_id": "gb", "source_locator": "annex",
}  # fmt: skip
OIL_DENSITY = ("oil", "density", "0.84", "kg/L")
NCV, RATIO = ("gas", "ncv", "36", "MJ/Nm3"), ("gas", "net_per_gross", "0.9", "MJ/MJ")
GAS_PER_KWH = FACTOR | {
    "unit": "kWh", "ncv": None, "ncv_unit": None, "carbon_content_tc_per_tj": None,
    "oxidation_fraction": None, "kg_co2_fossil": "0.2", "kg_ch4_fossil": None,
}  # fmt: skip
FLOWS = {
    "gas": ("Nm3", "fuel_stationary"), "power": ("kWh", "electricity"), "steam": ("GJ", "heat"),
    "oil": ("kg", "fuel_stationary"), "plastic": ("t", "waste"), "r32": ("kg", "refrigerant"),
}  # fmt: skip
FLOW_COLUMNS = ("flow_id", "name_en", "name_zh", "unit_code", "flow_kind", "components")


def text_table(rows: list[dict], columns) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.Table.from_pylist([{c: row.get(c) for c in columns} for row in rows], schema=schema)


def library(name: str, rows: list[dict], columns=COLUMNS) -> pa.Table:
    placed = [
        row
        | {"source_file": f"emission_factors/{name}.csv", "source_sha256": "f", "source_line": n}
        for n, row in zip(map(str, range(2, 99)), rows, strict=False)
    ]
    return text_table(placed, (*columns, *PROVENANCE))


def judged(rows: list[dict], properties: tuple[tuple[str, ...], ...] = (), **tables):
    landed = {
        "fuels": library("fuels", rows),
        "grid": library("grid", [GRID]),
        "sources": text_table(
            [{"source_id": "gb", "publisher": "SAC", "title": "GB", "licence": "official"},
             {"source_id": "nobody", "publisher": "X", "title": "Y"}],
            ("source_id", "publisher", "title", "licence"),
        ),
        "libraries": text_table(
            [{"library": "fuels", "priority": "2"}, {"library": "grid", "priority": "1"}],
            ("library", "priority"),
        ),
    } | tables  # fmt: skip
    flows = [dict(zip(FLOW_COLUMNS, (k, k, k, *v, None), strict=True)) for k, v in FLOWS.items()]
    columns = ("flow_id", "property", "value", "unit")
    stated = [dict(zip(columns, row, strict=True)) for row in (OIL_DENSITY, *properties)]
    return judge_factors(
        landed,
        flows=text_table(flows, FLOW_COLUMNS),
        flow_properties=text_table(stated, columns),
        facilities=text_table(
            [{"facility_id": "mill", "country": "CN", "grid_region": "CN-EAST"}],
            ("facility_id", "country", "grid_region"),
        ),
        suppliers=text_table([{"supplier_id": "acme"}], ("supplier_id",)),
    )


def found(judgement) -> list[tuple]:
    return [
        (row["rule_id"], row["severity"], row["hand_in"].split("/")[1], row["source_cell"])
        for row in judgement.findings.to_pylist()
    ]


def test_clean_libraries_give_factors_per_flow_unit():
    litre = GRID | {"factor_id": "oil", "flow_id": "oil", "boundary": "direct", "unit": "L"}
    litre |= {"kg_co2_fossil": "2.6"}
    heat = GRID | {"factor_id": "steam", "flow_id": "steam", "unit": "kWh", "kg_co2_fossil": "0.2"}
    judgement = judged([FACTOR, litre, heat])
    assert found(judgement) == []
    rows = {row["factor_version_id"]: row for row in judgement.factors.to_pylist()}
    gas = rows["fuels:gas@2021"]
    assert gas["is_energy_based"]
    assert gas["tj_per_flow_unit"] == pytest.approx(3.8931e-5)
    assert gas["factor_units_per_flow_unit"] == pytest.approx(3.8931e-5)
    assert rows["grid:grid@2021"]["factor_units_per_flow_unit"] == pytest.approx(1e-3)
    assert rows["fuels:oil@2021"]["factor_units_per_flow_unit"] == pytest.approx(1 / 0.84)
    assert rows["fuels:steam@2021"]["factor_units_per_flow_unit"] == pytest.approx(277.777778)
    assert not rows["fuels:steam@2021"]["is_energy_based"]
    assert gas["publisher"] == "SAC" and gas["library_priority"] == 2
    gases = {(r["factor_version_id"], r["gas_code"]) for r in judgement.gases.to_pylist()}
    assert ("fuels:gas@2021", "ch4_fossil") in gases
    assert ("fuels:gas@2021", "co2_fossil") not in gases  # the warehouse derives it


@pytest.mark.parametrize(
    ("unit", "ncv", "ncv_unit", "kwh_per_nm3", "net_mj"),
    [
        ("kWh (Net CV)", None, None, 10, 36),
        ("kWh (Gross CV)", None, None, 10 / 0.9, 36),  # 1 Nm3 holds more gross than net kWh
        ("kWh (Gross CV)", "40", "MJ/Nm3 (Gross CV)", 40 / 3.6, 36),
        ("kWh (Net CV)", "40", "MJ/Nm3 (Gross CV)", 10, 36),
        ("kWh", "40", "MJ/Nm3", 40 / 3.6, None),  # one basis, whichever: the row states both
    ],
)
def test_gross_and_net_meet_through_the_ratio_of_the_fuel(unit, ncv, ncv_unit, kwh_per_nm3, net_mj):
    row = GAS_PER_KWH | {"unit": unit, "ncv": ncv, "ncv_unit": ncv_unit}
    judgement = judged([row], (NCV, RATIO))
    assert found(judgement) == []
    gas = next(one for one in judgement.factors.to_pylist() if one["flow_id"] == "gas")
    assert gas["factor_units_per_flow_unit"] == pytest.approx(kwh_per_nm3)
    assert gas["tj_per_flow_unit"] == (net_mj and pytest.approx(net_mj * 1e-6))


@pytest.mark.parametrize(
    ("unit", "ncv", "ncv_unit", "properties", "cell", "expected"),
    [
        ("kWh", None, None, (NCV, RATIO), "L2:unit", "kWh (Gross CV) or kWh (Net CV)"),
        ("kWh", "40", "MJ/Nm3 (GCV)", (RATIO,), "L2:unit", "kWh (Gross CV) or kWh (Net CV)"),
        ("kWh (HHV)", "40", "MJ/Nm3", (RATIO,), "L2:ncv_unit", "MJ/Nm3 (Gross CV) or"),
        ("kWh (HHV)", None, None, (NCV,), "L2:unit", "net_per_gross of gas"),
    ],
)
def test_a_calorific_basis_that_cannot_be_told_is_refused(
    unit, ncv, ncv_unit, properties, cell, expected
):
    row = GAS_PER_KWH | {"unit": unit, "ncv": ncv, "ncv_unit": ncv_unit}
    judgement = judged([row], properties)
    assert found(judgement) == [("factor_calorific_basis", "critical", "fuels", cell)]
    assert expected in judgement.findings["expected"][0].as_py()


PLASTIC = GRID | {
    "factor_id": "plastic", "flow_id": "plastic", "boundary": "upstream", "basis": "both",
    "unit": "t", "kg_co2_fossil": None, "kg_co2e": "9", "gwp_set": "AR5",
}  # fmt: skip
REFRIGERANT = PLASTIC | {
    "factor_id": "r32", "flow_id": "r32", "boundary": "direct", "unit": "kg", "kg_co2e": None,
    "gwp_set": None, "other_gases": "hfc_32=1",
}  # fmt: skip
CARBON_PER_GJ = FACTOR | {"carbon_content_tc_per_tj": "0.01532", "kg_ch4_fossil": None}


def grid_of(year: int, figure: str, **more) -> dict:
    """The grid's average of a year, in kg per MWh."""
    held = {"valid_from": f"{year}-01-01", "valid_to": f"{year + 1}-01-01"}
    return GRID | held | {"edition": str(year), "kg_co2_fossil": figure} | more


def out_of_line(*rows: dict) -> list[tuple]:
    judgement = judged(list(rows), grid=library("grid", [GRID | {"valid_to": "2022-01-01"}]))
    return [one for one in found(judgement) if one[0] == "factor_out_of_line"]


def test_an_edition_ten_times_its_neighbours_is_refused_and_they_are_not():
    """The slip alone is named, whether it stands among others or is the newer of two."""
    slip = ("factor_out_of_line", "critical", "fuels")
    assert out_of_line(grid_of(2022, "56")) == [(*slip, "L2:unit")]
    years = grid_of(2022, "55"), grid_of(2023, "560"), grid_of(2024, "550")
    assert out_of_line(*years) == [(*slip, "L2:unit")]
    assert out_of_line(*(grid_of(2022 + n, text) for n, text in enumerate(("560", "400")))) == []


def test_another_place_ten_times_above_the_usual_is_told_and_one_below_is_not():
    """A grid of water power is a hundredth of one of coal, and none is ten times the usual."""
    places = [grid_of(2021, "550", geography=place, factor_id=place) for place in ("FR", "DE")]
    dirty = grid_of(2021, "1400", geography="PL", factor_id="PL")
    clean = grid_of(2021, "5", geography="NO", factor_id="NO")
    assert out_of_line(*places, dirty, clean) == []
    cheap = [one | {"kg_co2_fossil": "100"} for one in places]
    warned = out_of_line(*cheap, dirty, clean)
    assert warned == [("factor_out_of_line", "warning", "fuels", "L4:unit")]


def test_a_place_that_nothing_lies_in_is_told():
    assert found(judged([GRID | {"geography": "China"}])) == [
        ("factor_place_met", "warning", "fuels", "L2:geography")
    ]
    assert (
        found(
            judged(
                [
                    GRID | {"factor_id": f"{one}", "geography": one}
                    for one in ("GB", "US-RFCW", None)
                ]
            )
        )
        == []
    )


def test_a_factor_that_is_possible_and_unusual_is_told():
    assert found(judged([GRID | {"geography": "XK", "kg_co2_fossil": "1800"}])) == [
        ("factor_unusual", "warning", "fuels", "L2:kg_co2_fossil")
    ]


NEXT = FACTOR | {"edition": "2022", "valid_from": "2022-01-01", "valid_to": None}


COUNTRIES = sorted(country_codes() - {"CN"})
BROKEN_LIBRARIES = [
    ("factor_source_present", "L2:source_id", [FACTOR | {"source_id": None}]),
    ("factor_source_present", "L2:source_id", [FACTOR | {"source_id": "gb;elsewhere"}]),
    ("factor_source_present", "L2:source_locator", [FACTOR | {"source_locator": None}]),
    ("factor_licence_present", "L2:source_id", [FACTOR | {"source_id": "nobody"}]),
    ("factor_validity_parses", "L2:valid_from", [FACTOR | {"valid_from": "2021"}]),
    ("factor_validity_parses", "L2:valid_from", [FACTOR | {"valid_from": None}]),
    ("factor_validity_parses", "L2:valid_to", [FACTOR | {"valid_to": "2020-01-01"}]),
    ("factor_identified", "L3:factor_id", [FACTOR, NEXT | {"edition": "2021"}]),
    ("factor_words_known", "L2:boundary", [FACTOR | {"boundary": "scope 1"}]),
    ("factor_no_overlap", "L3:valid_from", [FACTOR, NEXT | {"valid_from": "2021-12-01"}]),
    ("factor_no_gap", "L3:valid_from", [FACTOR, NEXT | {"valid_from": "2022-02-01"}]),
    ("factor_unit_parses", "L2:unit", [GRID | {"unit": "furlong"}]),
    ("factor_unit_parses", "L2:ncv", [GRID | {"flow_id": "gas"}]),
    ("factor_unit_parses", "L2:ncv_unit", [FACTOR | {"ncv_unit": "GJ/kWh"}]),
    ("factor_numbers_parse", "L2:kg_ch4_fossil", [FACTOR | {"kg_ch4_fossil": "ca. 1"}]),
    ("factor_gas_known", "L2:other_gases", [FACTOR | {"other_gases": "hfc_9000=1"}]),
    ("factor_has_value", "L2:kg_co2_fossil", [GRID | {"kg_co2_fossil": None}]),
    ("factor_has_value", "L2:kg_co2e", [GRID | {"kg_co2e": "1", "basis": "market"}]),
    (
        "factor_fuel_parameters",
        "L2:oxidation_fraction",
        [FACTOR | {"oxidation_fraction": "99"}],
    ),
    ("factor_fuel_parameters", "L2:kg_co2_fossil", [FACTOR | {"kg_co2_fossil": "56100"}]),
    ("factor_place_known", "L2:geography", [GRID | {"geography": "Cn"}]),
    ("factor_place_known", "L2:geography", [GRID | {"geography": "cn-east"}]),
    ("factor_supplier_known", "L2:supplier_id", [GRID | {"supplier_id": "ACME"}]),
    ("factor_supplier_known", "L2:supplier_id", [GRID | {"supplier_id": "stranger"}]),
    ("factor_words_known", "L2:gwp_set", [GRID | {"gwp_set": "AR9"}]),
    ("factor_possible", "L2:kg_co2_fossil", [GRID | {"kg_co2_fossil": "177", "unit": "kWh"}]),
    ("factor_possible", "L2:kg_co2e", [PLASTIC | {"kg_co2e": "9", "unit": "mg"}]),
    ("factor_possible", "L2:ncv", [FACTOR | {"ncv": "8640", "ncv_unit": "MJ/Nm3"}]),
    ("factor_possible", "L2:carbon_content_tc_per_tj", [CARBON_PER_GJ]),
    ("factor_possible", "L2:other_gases", [REFRIGERANT | {"other_gases": "hfc_32=2"}]),
    ("factor_unit_parses", "L2:unit", [PLASTIC | {"unit": "Mg"}]),
    ("factor_removal_declared", "L2:kg_co2e", [PLASTIC | {"kg_co2e": "-2"}]),
    ("factor_removal_declared", "L2:kg_ch4_fossil", [FACTOR | {"kg_ch4_fossil": "-0.001"}]),
]


@pytest.fixture(scope="module")
def broken_libraries():
    """Many libraries, each for its own country and broken in its own way."""
    broken = {
        f"lib{number}": library(
            f"lib{number}",
            [
                row if row.get("geography") != "CN" else row | {"geography": COUNTRIES[number]}
                for row in rows
            ],
        )
        for number, (_, _, rows) in enumerate(BROKEN_LIBRARIES)
    }
    names = ["fuels", "grid", *broken]
    priorities = [{"library": name, "priority": str(n)} for n, name in enumerate(names)]
    return judged([FACTOR], libraries=text_table(priorities, ("library", "priority")), **broken)


@pytest.mark.parametrize("number", range(len(BROKEN_LIBRARIES)))
def test_broken_cell_is_named(broken_libraries, number):
    rule_id, source_cell, _ = BROKEN_LIBRARIES[number]
    mine = [finding for finding in found(broken_libraries) if finding[2] == f"lib{number}"]
    assert mine == [(rule_id, "critical", f"lib{number}", source_cell)]


def test_broken_libraries_stop_no_other(broken_libraries):
    refused = {f"lib{number}" for number in range(len(BROKEN_LIBRARIES))}
    assert set(broken_libraries.refused_libraries) == refused
    assert set(broken_libraries.factors["library"].to_pylist()) == {"fuels", "grid"}


def test_a_factor_below_zero_is_a_removal_or_biogenic_uptake():
    columns = (*COLUMNS, "removal")
    removed = PLASTIC | {"kg_co2e": "-2", "removal": "true"}
    assert found(judged([removed], fuels=library("fuels", [removed], columns))) == []
    nothing = PLASTIC | {"removal": "true"}
    assert found(judged([nothing], fuels=library("fuels", [nothing], columns))) == [
        ("factor_removal_declared", "critical", "fuels", "L2:removal")
    ]
    uptake = PLASTIC | {"kg_co2_biogenic": "-1.8"}
    assert found(judged([uptake])) == []


def test_versions_that_follow_each_other_are_fine():
    assert found(judged([NEXT, FACTOR])) == []


def test_columns_and_priority_belong_to_the_file():
    short = library("fuels", [FACTOR], [c for c in COLUMNS if c != "status"])
    assert found(judged([], fuels=short)) == [("factor_columns", "critical", "fuels", "L1:header")]
    libraries = text_table([{"library": "grid", "priority": "1"}], ("library", "priority"))
    assert found(judged([FACTOR], libraries=libraries)) == [
        ("library_declared", "critical", "fuels", "L1:library")
    ]


def test_libraries_that_disagree_are_both_named():
    judgement = judged([GRID | {"kg_co2_fossil": "600"}])
    assert found(judgement) == [("factor_libraries_disagree", "warning", "fuels", "L2:flow_id")]
    message = judgement.findings["message_en"][0].as_py()
    assert "0.6 kg co2_fossil per kWh" in message and "grid:grid@2021 says 0.58" in message
    assert judgement.factors.num_rows == 2


def test_libraries_that_tie_are_refused():
    tie = text_table(
        [{"library": "fuels", "priority": "1"}, {"library": "grid", "priority": "1"}],
        ("library", "priority"),
    )
    assert ("factor_priority_declared", "critical", "grid", "L2:flow_id") in found(
        judged([GRID], libraries=tie)
    )


def test_factor_of_an_unknown_flow_is_left_out():
    judgement = judged([FACTOR, GRID | {"flow_id": "moonlight"}])
    assert found(judgement) == [("factor_not_used", "info", "fuels", "L3:flow_id")]
    assert "fuels:grid@2021" not in judgement.factors["factor_version_id"].to_pylist()


def test_fuel_measured_in_energy_keeps_its_carbon():
    heat = FACTOR | {"factor_id": "heat", "flow_id": "steam"}
    judgement = judged([heat])
    assert found(judgement) == []
    row = judgement.factors.to_pylist()[0]
    assert row["tj_per_flow_unit"] == row["factor_units_per_flow_unit"] == pytest.approx(1e-3)
    assert not row["is_energy_based"]
