"""Quantities are held against each other where there is neither a range nor another month."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.gate.gate_round import BOILER, JUNE, MAY, WASHING, cell, reading
from tests.gate.test_own_history import COLUMNS

HEADS = {"flow_id": "headcount", "unit_text": "人", "item_text": "人数"}


def of_rule(found: list[dict], rule_id: str) -> list[tuple[str, str, str]]:
    return [
        (row["severity"], row["source_cell"], row["message_en"])
        for row in found
        if row["rule_id"] == rule_id
    ]


def added_flow(tables, flow_id: str, kind: str, unit: str) -> None:
    tables["flows"].loc[len(tables["flows"])] = [flow_id, flow_id, flow_id, kind, unit]
    own = [flow_id, "", unit, unit, 1.0, None, None]
    tables["unit_conversions"].loc[len(tables["unit_conversions"])] = own


@pytest.mark.parametrize(("quantity", "is_told"), [(1e5, False), (1e18, True)])
def test_no_site_is_larger_than_the_largest_though_it_be_the_first_month(
    findings, quantity, is_told
):
    def change(rows, tables):
        rows.append(reading(BOILER, "K5", MAY, quantity, **HEADS))

    told = of_rule(findings(change), "larger_than_any_site")
    assert [row[:2] for row in told] == ([("critical", "K5")] if is_told else [])


@pytest.mark.parametrize(
    ("kind", "distances", "cells"),
    [
        ("freight_outbound", (0.0, 0.0), ["L21:t"]),
        ("freight_outbound", (0.0, 40.0), []),
        ("process_emission", (0.0, 0.0), []),
    ],
)
def test_loads_without_any_distance_are_refused(findings, kind, distances, cells):
    def change(rows, tables):
        added_flow(tables, "road", kind, "t*km")
        for line, tonnes, distance in zip((20, 21), (5.0, 8.0), distances, strict=True):
            rows.append(
                reading(WASHING, f"L{line}:t", MAY, tonnes, flow_id="road", unit_text="t*km",
                        sign_multiplier=distance, multiplier_text=str(distance), document_no="D")
            )  # fmt: skip

    told = of_rule(findings(change), "load_goes_some_way")
    # the first of equal cells stands for the lines; none of them counts
    assert [row[0] for row in told] == ["critical"] * len(cells)
    assert all("13 (sum of 2 cells) times 0" in row[2] for row in told)


def delivered(*, from_site: str, tonnes: float):
    """The mill makes 10 t of yarn in May and June each; one site delivers in May."""

    def change(rows, tables):
        added_flow(tables, "yarn", "product", "t")
        tables["processes"].loc[8] = ["mill_dispatch", "mill", "hall", "non_product"]
        yarn = {"flow_id": "yarn", "unit_text": "t"}
        for line, month in ((5, MAY), (6, JUNE)):
            rows.append(reading(WASHING, f"Y{line}", month, 10.0, direction="output", **yarn))
        process = {"mill": "mill_dispatch", "depot": "depot_hall"}[from_site]
        sent = {"facility_id": from_site, "process_id": process, "document_no": "D-1"}
        rows.append(reading(BOILER | sent, "Z5", MAY, tonnes, **yarn))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delivered(from_site="mill", tonnes=19.0), None),
        (delivered(from_site="mill", tonnes=9.0), "9 t were delivered in this round, but 20 t"),
        (delivered(from_site="mill", tonnes=190.0), "190 t were delivered"),
        (delivered(from_site="depot", tonnes=19.0), "from a site that never made it"),
    ],
)
def test_what_is_sold_was_made(findings, change, words):
    told = of_rule(findings(change), "sold_is_made")

    assert [row[:2] for row in told] == ([] if words is None else [("warning", "Z5")])
    assert all(words in row[2] for row in told)


@pytest.mark.parametrize(
    ("gas", "severity", "words"),
    [(12.0, "info", "as at a standstill"), (190.0, "warning", "is an output missing?")],
)
def test_a_standstill_says_what_was_asked_instead_of_the_ratio(findings, gas, severity, words):
    """Gas is bounded per kilogram of flake; in May no flake was made."""

    def change(rows, tables):
        cell(rows, "mill/washing", "D5")["quantity"] = 0.0
        cell(rows, "mill/boiler", "C5")["quantity"] = gas
        months = pd.date_range("2021-07-01", periods=6, freq="MS").date
        series = ["stage_boiler", "activity", "mill", "mill_washing", "gas", "input", "Nm3"]
        tables["history"] = pd.DataFrame(
            [[*series, month, 200.0, 1] for month in months], columns=list(COLUMNS)
        )

    ((found_severity, place, message),) = of_rule(findings(change), "standstill_asked_otherwise")
    assert (found_severity, place) == (severity, "C5")
    assert words in message and "about 200 Nm3" in message


@pytest.mark.parametrize(
    ("by_bus", "by_car", "is_declared", "is_told"),
    [
        (60.0, 20.0, True, False),
        (105.0, 20.0, True, False),
        (600.0, 20.0, True, True),
        (60.0, 5.0, True, True),
        (600.0, 20.0, False, False),
    ],
)
def test_commuters_are_held_against_the_staff(findings, by_bus, by_car, is_declared, is_told):
    """A site of 100 in two departments, told beyond 30 %; nothing is known of June."""

    def change(rows, tables):
        for flow, unit in (("bus", "person*km"), ("car", "km")):
            added_flow(tables, flow, "commuting", unit)
        if is_declared:
            line = ["commuters_are_staff", "stage_washing", "headcount", "0.3", "x"]
            tables["tolerances"].loc[len(tables["tolerances"])] = line
        rows += [
            reading(WASHING, "K5", MAY, 90.0, **HEADS),
            reading(WASHING, "K6", MAY, 10.0, **HEADS, process_id="mill_boiler"),
        ]
        for place, flow, heads, unit in (
            ("L5", "bus", by_bus, "person*km"),
            ("L6", "car", by_car, "km"),
        ):
            trips = {"sign_multiplier": 440.0, "multiplier_text": "22|20"}
            rows.append(reading(WASHING, place, MAY, heads, flow_id=flow, unit_text=unit, **trips))
            rows.append(
                reading(WASHING, f"{place}0", JUNE, heads, flow_id=flow, unit_text=unit, **trips)
            )

    told = of_rule(findings(change), "commuters_are_staff")
    assert [row[:2] for row in told] == ([("warning", "L5")] if is_told else [])
    assert all(f"{by_bus + by_car:g} commute in 2022-05" in row[2] for row in told)
    assert all("are 100 (allowed: 30.0 %" in row[2] for row in told)
