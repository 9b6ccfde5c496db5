"""Spreads as they are written, and what uncertainties.csv must not say."""

from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest

from orchestration.company.spreads import SpreadError, read_spread
from orchestration.company.tables import TABLES
from orchestration.company.uncertainty_checks import uncertainty_contradictions
from orchestration.uncertainty.causes import causes_table, data_causes, factor_parts

HEADER = "cause_kind,data_method,process_id,flow_id,meter_id,spread,source_id,source_locator\n"


def test_pedigree_has_the_squared_deviation_of_method_v12():
    spread = read_spread("pedigree 2 3 3 3 3 0.0006")
    assert spread.deviation**2 == pytest.approx(0.0119)
    assert math.exp(2 * spread.deviation) == pytest.approx(1.24380, abs=5e-6)


def test_pedigree_has_the_variances_of_method_v13():
    assert read_spread("pedigree 1 2 3 4 5 0").deviation ** 2 == pytest.approx(0.1227)


@pytest.mark.parametrize(
    ("text", "deviation"),
    [
        ("normal 0.05", 0.05 / 1.959964),
        ("lognormal 1.21", math.log(1.1)),
        ("uniform 0.9 1.1", 0.2 / math.sqrt(12)),
        ("class 1", 0.01 / math.sqrt(3)),
        ("triangular 0.8 1.2", 0.2 / math.sqrt(6)),
    ],
)
def test_a_spread_has_the_standard_deviation_of_its_distribution(text, deviation):
    assert read_spread(text).deviation == pytest.approx(deviation, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["normal", "normal -1", "lognormal 0.9", "uniform 1.1 1.2", "triangular 0.8", "class x",
     "pedigree 1 2 3 4 6 0", "pedigree 1 2 3", "gauss 1", "normal nan"],
)  # fmt: skip
def test_what_states_no_spread_is_refused(text):
    with pytest.raises(SpreadError):
        read_spread(text)


def problems_of(*lines: str) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(HEADER + "\n".join(lines))))
    columns = list(TABLES["uncertainties"].all_columns)
    filled = [{column: row.get(column) or None for column in columns} for row in rows]
    tables = {"uncertainties": pd.DataFrame(filled, columns=columns, dtype=object)}
    return uncertainty_contradictions(tables, {"db"})


def test_a_right_line_is_accepted():
    assert problems_of("data_method,metered,,power,,normal 0.02,db,p. 1") == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("meter,,,,,class 1,db,p. 1", "line 2: meter_id is blank"),
        ("meter,metered,,,m1,class 1,db,p. 1", "line 2: a cause of kind meter has no data_method"),
        ("data_method,guessed,,,,normal 0.1,db,p. 1", "line 2: data_method guessed is not known"),
        ("factor,,,power,,normal,db,p. 1", "line 2: spread normal can't be read"),
        ("factor,,,power,,normal 0.1,other,p. 1", "line 2: source_id other is not in"),
        ("luck,,,power,,normal 0.1,db,p. 1", "line 2: cause_kind luck is not known"),
        ("factor,,,power,,,db,p. 1", "line 2: spread is blank"),
        ("service_key,,,,,normal 0.1,db,p. 1", "line 2: process_id is blank"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(line, told):
    (problem,) = problems_of(line)
    assert told in problem


LINE = {
    "reference_period": "2021", "process_id": "p", "flow_id": "power", "direction": "input",
    "basis": "market_based",
}  # fmt: skip


def test_a_difference_of_two_factors_rests_on_both_one_the_other_way():
    lines = pd.DataFrame(
        [
            LINE | {"factor_version_id": "life - grid", "quantity": 10.0, "kgco2e": 2.0},
            LINE | {"factor_version_id": "rate × grid", "quantity": 10.0, "kgco2e": 0.3},
            LINE | {"factor_version_id": "grid", "quantity": 10.0, "kgco2e": 5.0},
        ]
    )
    parts = factor_parts(lines, {"life": 0.7, "grid": 0.5})
    found = parts.groupby("cause_id")["part_kgco2e"].sum().to_dict()
    assert found == pytest.approx(
        {"factor:life": 7.0, "factor:grid": -5.0 + 0.3 + 5.0, "factor:rate": 0.3}
    )


def test_an_id_that_looks_like_a_difference_is_one_cause():
    """Numbers of certificates and names of factors are their issuers'; nothing forbids a dash."""
    names = ["instrument:GEC 2021 - 001", "lib:coal - washed@1", "life - lib:coal - washed@1"]
    lines = pd.DataFrame(
        [LINE | {"factor_version_id": name, "quantity": 10.0, "kgco2e": 2.0} for name in names]
    )
    parts = factor_parts(lines, {"life": 0.7, "lib:coal - washed@1": 0.5})
    found = parts.groupby("cause_id")["part_kgco2e"].sum().to_dict()
    assert found == pytest.approx(
        {
            "factor:instrument:GEC 2021 - 001": 2.0,
            "factor:lib:coal - washed@1": 2.0 - 5.0,
            "factor:life": 7.0,
        }
    )


def test_a_named_meter_is_one_cause_and_a_method_one_a_process_and_flow():
    of_month = [
        LINE | {"data_method": "metered", "meter_id": "M1", "quantity": 30.0},
        LINE | {"data_method": "invoiced", "meter_id": None, "quantity": 10.0},
        LINE | {"data_method": None, "meter_id": "M1", "flow_id": "heat", "quantity": 7.0},
    ]
    found = data_causes(pd.DataFrame(of_month))
    shares = dict(zip(found["cause_id"] + " " + found["flow_id"], found["share"], strict=True))
    assert shares == {
        "meter:M1 power": 0.75,
        "data_method:p/power/input/invoiced power": 0.25,
        "meter:M1 heat": 1.0,
    }


def test_the_narrowest_line_counts_and_without_one_nothing_is_taken_as_certain():
    blank = dict.fromkeys(TABLES["uncertainties"].all_columns)
    general = blank | {"cause_kind": "data_method", "data_method": "metered"}
    stated = [
        general | {"spread": "normal 0.1", "source_id": "db"},
        general | {"process_id": "p", "spread": "normal 0.02", "source_id": "db"},
        blank | {"cause_kind": "factor", "flow_id": "power", "spread": "lognormal 1.2"},
    ]
    causes = pd.DataFrame(
        [
            {"cause_id": "a", "cause_kind": "data_method", "data_method": "metered",
             "process_id": "p"},
            {"cause_id": "b", "cause_kind": "data_method", "data_method": "metered",
             "process_id": "q"},
            {"cause_id": "c", "cause_kind": "data_method", "data_method": "estimated"},
        ]
    )  # fmt: skip
    rows = {row["cause_id"]: row for row in causes_table(causes, stated).to_pylist()}
    assert [rows[name]["source_line"] for name in "abc"] == [3, 2, None]
    assert rows["c"]["deviation"] is None and rows["a"]["deviation"] < rows["b"]["deviation"]


def test_a_gwp_names_a_gas_that_has_one():
    blank = dict.fromkeys(TABLES["uncertainties"].all_columns)
    line = blank | {"cause_kind": "gwp", "spread": "normal 0.4", "source_id": "db",
                    "source_locator": "p. 1"}  # fmt: skip
    for gas, is_right in (("ch4_fossil", True), (None, True), ("co2_fossil", False)):
        tables = {"uncertainties": pd.DataFrame([line | {"gas_code": gas}], dtype=object)}
        problems = uncertainty_contradictions(tables, {"db"})
        assert (problems == []) is is_right, problems


def test_what_could_take_a_causes_place_comes_with_the_spread_stated_for_that():
    blank = dict.fromkeys(TABLES["uncertainties"].all_columns)
    stated = [
        blank | {"cause_kind": "data_method", "data_method": "metered", "spread": "normal 0.02"},
        blank | {"cause_kind": "data_method", "data_method": "weighed", "spread": "normal 0.01"},
        blank | {"cause_kind": "data_method", "process_id": "q", "spread": "normal 0.3"},
        blank | {"cause_kind": "factor", "spread": "lognormal 1.5"},
        blank | {"cause_kind": "factor", "factor_version_id": "v", "spread": "lognormal 1.1"},
        blank | {"cause_kind": "supplier_factor", "component": "upstream",
                 "spread": "lognormal 1.2"},
    ]  # fmt: skip
    method = {"cause_kind": "data_method", "process_id": "p", "is_mass": False}
    factor = {"cause_kind": "factor", "component": "upstream", "is_of_supplier": False}
    described = [
        {"cause_id": "a bill", "data_method": "invoiced"} | method,
        {"cause_id": "a mass", "data_method": "estimated"} | method | {"is_mass": True},
        {"cause_id": "a meter", "data_method": "metered"} | method,
        {"cause_id": "a supplier's", "factor_version_id": "s"} | factor | {"is_of_supplier": True},
        {"cause_id": "a supplier's that is named", "factor_version_id": "v"} | factor
        | {"is_of_supplier": True},
        {"cause_id": "a library's", "factor_version_id": "l"} | factor,
        {"cause_id": "what burns", "factor_version_id": "b"} | factor | {"component": "direct"},
    ]  # fmt: skip
    found = {
        row["cause_id"]: (row["spread"], row["replaced_by"], row["replacement_line"])
        for row in causes_table(pd.DataFrame(described), stated).to_pylist()
    }
    assert found == {
        "a bill": (None, "metered", 2),
        "a mass": (None, "weighed", 3),
        "a meter": ("normal 0.02", None, None),
        "a supplier's": ("lognormal 1.2", None, None),
        "a supplier's that is named": ("lognormal 1.1", None, None),
        "a library's": ("lognormal 1.5", "supplier_value", 7),
        "what burns": ("lognormal 1.5", None, None),
    }
