"""Each rule finds the one cell that was broken, and nobody else's hand-in is refused for it."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from expectations.preparation import prepare
from expectations.rules import list_findings
from expectations.verdict import SUITES, judge_round
from tests.gate.gate_round import (
    BOILER,
    INVOICE,
    JUNE,
    MAY,
    ROUND,
    WASHING,
    add_site,
    cell,
    clean_readings,
    frames,
    lay_out,
    of_site,
    reading,
)

WASH, BOIL, ERP = "mill/washing", "mill/boiler", "erp/energy_invoices"


def found(judgement) -> list[tuple]:
    return [
        (row["rule_id"], row["severity"], row["hand_in"], row["source_cell"])
        for row in judgement.findings.to_pylist()
    ]


def states(judgement) -> dict[str, str]:
    return {row["hand_in"]: row["state"] for row in judgement.verdicts.to_pylist()}


def changed(hand_in: str, source_cell: str, **values):
    """A change of one cell."""

    def change(rows, tables):
        cell(rows, hand_in, source_cell).update(values)

    return change


def added(base: dict, source_cell: str, month=MAY, quantity=None, **values):
    """One more row."""

    def change(rows, tables):
        rows.append(reading(base, source_cell, month, quantity, **values))

    return change


def no_number(value_type: str, text: str | None = None, **more) -> dict:
    return {"quantity": None, "value_type": value_type, "value_text": text} | more


def test_clean_round_has_no_findings(judged):
    judgement = judged()
    assert judgement.findings.to_pylist() == []
    assert set(judgement.accepted_hand_ins) == {WASH, BOIL, ERP}
    assert set(states(judgement).values()) == {"accepted"}


POWER = {"flow_id": "electricity", "unit_text": "kWh", "item_text": "Electricity (kWh)"}
BROKEN_CELLS = [
    # rule, broken cell, change
    ("file_readable", "A1", added(WASHING, "A1", row_kind="unreadable", value_text="encrypted")),
    ("file_states_something", "A1", added(WASHING, "A1", row_kind="no_records")),
    ("file_belongs_here", "A1", added(WASHING, "A1", row_kind="wrong_file", value_text="b/c, 1")),
    ("sheet_present", "A1", added(WASHING, "A1", row_kind="missing_sheet", item_text="Waste")),
    ("header_known", "F4", added(WASHING, "F4", row_kind="unmapped_header", item_text="Stean")),
    ("header_present", "A4", added(WASHING, "A4", row_kind="missing_header", item_text="Water")),
    ("figures_below_header", "F4", added(WASHING, "F4", row_kind="shifted_figures")),
    ("header_stands_once", "F4", added(WASHING, "F4", row_kind="repeated_header", item_text="Gas")),
    ("shown_as_stored", "C5", added(WASHING, "C5", row_kind="shown_otherwise", value_text="85 %")),
    ("not_struck_out", "C5", added(WASHING, "C5", row_kind="struck_out", value_text="1000")),
    ("formula_result_current", "C5", added(WASHING, "C5", row_kind="stale_result")),
    ("number_has_one_reading", "C5", changed(WASH, "C5", **no_number("ambiguous_number", "1.234"))),
    ("month_known", "C5", changed(WASH, "C5", period_month=None, period_text="Mai")),
    ("month_in_round", "C8", added(WASHING, "C8", MAY.replace(month=4), 900.0, **POWER)),
    ("month_reported", "C6", changed(WASH, "C6", **no_number("missing"))),
    ("value_present", "C6", changed(WASH, "C6", **no_number("blank"))),
    ("value_is_number", "C6", changed(WASH, "C6", **no_number("text", "约40"))),
    ("value_is_number", "C6", changed(WASH, "C6", **no_number("boolean", "TRUE"))),
    ("value_is_number", "C6", changed(WASH, "C6", **no_number("something new", "?"))),
    ("value_is_number", "C6", changed(WASH, "C6", quantity=float("inf"))),
    ("no_excel_error", "C6", changed(WASH, "C6", **no_number("error", "#N/A"))),
    (
        "formula_calculated",
        "C6",
        changed(WASH, "C6", **no_number("formula_without_value", None, formula="=A1*2")),
    ),
    ("multiplier_is_number", "D6", changed(WASH, "D6", sign_multiplier=None, multiplier_text="x")),
    ("multiplier_is_number", "F6", changed(WASH, "D6", sign_multiplier=None,
        multiplier_text="12|约5|-1", multiplier_cell="E6|F6|")),
    ("flow_known", "D6", changed(WASH, "D6", flow_id="flax")),
    ("flow_known", "D6", changed(WASH, "D6", flow_id=None)),
    ("process_known", "C6", changed(WASH, "C6", process_id="mill_spinning")),
    ("process_known", "C6", changed(WASH, "C6", process_id="depot_hall")),
    ("facility_known", "D9", added(WASHING, "D9", MAY, 1.0, **POWER | {
        "facility_id": None, "direction": "property", "unit_text": None, "role": "property"})),
    ("unit_known", "C6", changed(WASH, "C6", unit_text="furlong")),
    ("unit_known", "C6", changed(WASH, "C6", unit_text=None)),
    ("unit_dimension", "C6", changed(WASH, "C6", unit_text="kg")),
    ("quantity_is_possible", "D6", changed(WASH, "D6", quantity=1e308)),
    ("quantity_is_possible", "D6", changed(WASH, "D6", sign_multiplier=1e300)),
    ("not_negative", "D6", changed(WASH, "D6", quantity=-1.0)),
    ("row_total_agrees", "C7", changed(WASH, "C7", quantity=2010.0)),
    ("hard_bounds", "C6", changed(WASH, "C6", quantity=60000.0)),
]  # fmt: skip
ALSO = {
    "month_in_round": {"row_total_agrees"},
    "quantity_is_possible": {"far_from_other_months", "larger_than_any_site"},
    "hard_bounds": {"row_total_agrees"},
    "process_known": {"row_total_agrees"},
}


def broken_sites():
    """A company of many sites: each hands in the same workbook, each broken in its own way."""
    rows, tables = clean_readings(), frames()
    for number, (_, _, change) in enumerate(BROKEN_CELLS):
        site, own = f"site{number}", clean_readings()
        add_site(site, tables)
        change(own, tables)
        rows += of_site(site, own)
    return rows, tables


@pytest.fixture(scope="module")
def broken_company():
    with duckdb.connect() as connection:
        lay_out(connection, *broken_sites())
        return judge_round(connection, round=ROUND)


@pytest.mark.parametrize("number", range(len(BROKEN_CELLS)))
def test_broken_cell_is_named(broken_company, number):
    rule_id, source_cell, _ = BROKEN_CELLS[number]
    hand_in = f"site{number}/washing"
    critical = [f for f in found(broken_company) if f[1] == "critical" and f[2] == hand_in]
    assert (rule_id, "critical", hand_in, source_cell) in critical
    assert {f[0] for f in critical} - ALSO.get(rule_id, set()) == {rule_id}
    assert states(broken_company)[hand_in] == "refused"


def test_what_is_hidden_or_unread_is_told_and_refuses_nobody(judged):
    def change(rows, tables):
        note = {"value_text": "7", "is_required": False}
        rows.append(reading(WASHING, "C5", MAY, None, row_kind="hidden_figure", **note))
        rows.append(reading(INVOICE, "C9", MAY, None, row_kind="hidden_figure", **note))
        rows.append(reading(WASHING, "B2", None, None, row_kind="unread_sheet", **note))
        twin = note | {"is_required": True, "row_kind": "unread_sheet"}
        rows.append(reading(BOILER, "B2", None, None, **twin))

    judgement = judged(change)
    assert set(found(judgement)) == {
        ("figure_is_visible", "info", WASH, "C5"),
        ("figure_is_visible", "warning", ERP, "C9"),
        ("sheet_is_read", "info", WASH, "B2"),
        ("sheet_is_read", "warning", BOIL, "B2"),
    }
    assert set(judgement.accepted_hand_ins) == {WASH, BOIL, ERP}


def test_broken_cells_stop_nobody_else(broken_company):
    assert set(broken_company.accepted_hand_ins) == {WASH, BOIL, ERP}


def test_findings_have_words_in_both_languages(broken_company):
    for row in broken_company.findings.to_pylist():
        texts = [row[f"{kind}_{lang}"] for kind in ("message", "remedy") for lang in ("en", "zh")]
        assert all(texts), row


def test_nothing_is_overlooked():
    """Rows that are plainly fine are not looked at twice; no rule may depend on them."""

    def all_findings(look_at_every_row: bool) -> list[tuple]:
        with duckdb.connect() as connection:
            lay_out(connection, *broken_sites())
            prepare(connection, ROUND.round, ROUND.months, look_at_every_row=look_at_every_row)
            return [
                (rule.rule_id, *row.values())
                for rules in SUITES.values()
                for rule in rules
                for row in list_findings(connection, rule, "gate_reading", "").to_pylist()
            ]

    every, suspects = all_findings(True), all_findings(False)
    assert sorted(map(repr, every)) == sorted(map(repr, suspects))
    assert len(every) > len(BROKEN_CELLS)


def test_copied_month_is_a_duplicate_and_names_the_first(judged):
    judgement = judged(added(WASHING, "D9", MAY, 10.0, flow_id="flake", unit_text="t",
                             direction="output", item_text="Flake"))  # fmt: skip
    assert found(judgement) == [("no_duplicates", "critical", WASH, "D9")]
    assert "Energy!D5" in judgement.findings.to_pylist()[0]["message_en"]


def test_log_without_documents_may_repeat_itself(judged):
    def change(rows, tables):
        tables["sheet_layouts"].loc[0] = ["stage_washing", "Log", "records"]
        for line in (3, 4):
            rows.append(reading(WASHING | {"source_sheet": "Log"}, f"B{line}", MAY, 10.0,
                flow_id="flake", unit_text="t", direction="input", item_text="Net"))  # fmt: skip

    assert found(judged(change)) == []


def test_document_line_exported_twice(judged):
    def change(rows, tables):
        for line in (20, 21):
            rows.append(reading(INVOICE, f"L{line}:net", MAY, 5.0, document_no="9", role="activity",
                flow_id="flake", unit_text="t", item_text="net"))  # fmt: skip
        rows.append(reading(INVOICE, "L22:net", MAY, 5.0, document_no="10", role="activity",
            flow_id="flake", unit_text="t", item_text="net"))  # fmt: skip

    judgement = judged(change)
    assert found(judgement) == [("no_duplicate_lines", "critical", ERP, "L21:net")]
    assert set(judgement.accepted_hand_ins) == {WASH, BOIL}


def test_statistics_may_fall(judged):
    change = added(WASHING, "K5", MAY, -3.0, flow_id="headcount", unit_text="人", item_text="人数")
    assert found(judged(change)) == []


def test_optional_blank_is_accepted(judged):
    change = changed(BOIL, "C6", **no_number("blank"), is_required=False)
    assert found(judged(change)) == []


def test_number_typed_as_text_is_only_told(judged):
    judgement = judged(changed(WASH, "C6", value_type="text_number", value_text="1,001"))
    assert found(judgement) == [("number_typed_as_text", "info", WASH, "C6")]
    assert states(judgement)[WASH] == "accepted"


def test_usual_range_warns(judged):
    def change(rows, tables):
        cell(rows, WASH, "C6").update(quantity=6000.0)
        cell(rows, WASH, "C7").update(quantity=7000.0)
        cell(rows, ERP, "L6:quantity").update(quantity=0.6)

    judgement = judged(change)
    assert found(judgement) == [("usual_range", "warning", WASH, "C6")]
    assert states(judgement)[WASH] == "accepted_with_warnings"
    assert "6000 kWh" in judgement.findings.to_pylist()[0]["message_en"]


def test_consumption_per_output_is_bounded(judged):
    judgement = judged(changed(BOIL, "C6", quantity=9000.0))
    assert found(judgement) == [("hard_bounds", "critical", BOIL, "C6")]
    assert set(judgement.accepted_hand_ins) == {WASH, ERP}


def test_unreadable_bound_is_named(judged):
    def change(rows, tables):
        tables["ranges"].loc[2, "hard_max"] = "lots"

    judgement = judged(change)
    assert found(judgement) == [("range_readable", "critical", BOIL, "L4")]


def test_check_is_not_refused_for_the_others_broken_cell(judged):
    judgement = judged(changed(WASH, "C6", **no_number("text", "n/a")))
    assert states(judgement)[ERP] == "accepted_with_warnings"
    assert ("check_compared", "warning", ERP, "L6:quantity") in found(judgement)


def test_tolerance_must_be_declared(judged):
    def change(rows, tables):
        tables["tolerances"] = tables["tolerances"].iloc[1:]

    judgement = judged(change)
    assert found(judgement) == [("tolerance_declared", "critical", WASH, None)]
    row = judgement.findings.to_pylist()[0]
    assert row["source_file"] == "expectations/tolerances.csv"
    assert "row_total_agrees" in row["expected"]


def test_meter_starts_where_it_ended(judged):
    judgement = judged(changed(BOIL, "G6", quantity=101.0))
    assert found(judgement) == [("meter_continuity", "critical", BOIL, "G6")]
    assert (
        "rounds/2022-05/mill/boiler.xlsx!Energy!H5" in judgement.findings["message_en"][0].as_py()
    )


def test_meter_continues_the_previous_round(judged):
    april = reading(WASHING, "H9", MAY.replace(month=4), 7.0, role="meter_end", meter_id="E-1")
    judgement = judged(previous=[april])
    assert found(judgement) == [("meter_continuity", "critical", BOIL, "G5")]


def production_of_the_erp(quantity: float):
    """Goods receipts of what the mill made in May, as the ERP booked them: 10 t in the sheet."""

    def change(rows, tables):
        flake = {"flow_id": "flake", "unit_text": "t", "direction": "output", "role": "check"}
        rows.append(reading(INVOICE, "L9:quantity", MAY, quantity, document_no="G-1", **flake))
        allowed = ["sheet_agrees_with_erp", None, "flake", "0.001", "one per mille"]
        tables["tolerances"].loc[len(tables["tolerances"])] = allowed

    return change


@pytest.mark.parametrize(("quantity", "is_told"), [(10.009, False), (10.02, True)])
def test_production_in_the_sheet_is_what_the_erp_received(judged, quantity, is_told):
    both = [(ERP, "L9:quantity"), (WASH, "D5")] if is_told else []
    assert found(judged(production_of_the_erp(quantity))) == [
        ("sheet_agrees_with_erp", "critical", *place) for place in both
    ]


METER_COLUMNS = [
    "meter_id", "facility_id", "replaced_on", "final_reading", "first_reading", "multiplier",
    "rolls_over_at",
]  # fmt: skip


@pytest.mark.parametrize(
    ("replacement", "is_told"),
    [
        (["E-1", "mill", "2022-05-20", "100", "3"], False),
        (["E-1", "mill", "2022-06-01", "100", "3"], False),
        (["E-1", "mill", "2022-05-20", "99", "3"], True),
        (["E-1", "mill", "2022-05-20", "100", "4"], True),
        (["E-1", "mill", "2022-07-02", "100", "3"], True),
        (["E-1", "depot", "2022-05-20", "100", "3"], True),
    ],
)
def test_a_replaced_meter_goes_on_from_its_record(judged, replacement, is_told):
    """The old register ended May at 100; the new one starts June at 3."""
    import pandas as pd

    def change(rows, tables):
        cell(rows, BOIL, "G6")["quantity"] = 3.0
        tables["meters"] = pd.DataFrame(
            [[*replacement, None, None]], columns=METER_COLUMNS, dtype=object
        )

    expected = [("meter_continuity", "critical", BOIL, "G6")] if is_told else []
    assert found(judged(change)) == expected


def test_two_sites_may_number_their_meters_alike(judged):
    elsewhere = reading(WASHING, "H9", MAY.replace(month=4), 7.0, role="meter_end", meter_id="E-1")
    assert found(judged(previous=[elsewhere | {"facility_id": "depot"}])) == []


def test_a_measured_property_needs_a_unit_of_its_own_kind(judged):
    measured = {"flow_id": "gas", "direction": "property", "role": "property", "property": "ncv"}

    def change(rows, tables):
        rows.append(reading(WASHING, "N5", MAY, 389.0, unit_text="Nm3", **measured))

    assert found(judged(change)) == [("unit_dimension", "critical", WASH, "N5")]


def test_a_measured_property_that_cannot_exist_is_refused(judged):
    """8,640 are kcal; and a correction that brings such a value in is judged like a cell."""
    stated = {"N5": 8640.0, "N6": -36.0, "N7": 0.0, "N8": 36.0}

    def change(rows, tables):
        flow = {"flow_id": "gas", "direction": "property", "role": "property", "property": "ncv"}
        conversion = ["gas", "ncv", "MJ/Nm3", "TJ/Nm3", 1e-6, None, None]
        tables["unit_conversions"].loc[len(tables["unit_conversions"])] = conversion
        for place, value in stated.items():
            row = reading(WASHING, place, MAY, value, unit_text="MJ/Nm3", **flow)
            rows.append(row | {"item_text": f"Calorific value {place}", "source_sheet": place})

    judgement = judged(change)
    assert found(judgement) == [
        ("property_possible", "critical", WASH, place) for place in ("N5", "N6", "N7")
    ]
    message = judgement.findings["message_en"][0].as_py()
    assert "8640 MJ/Nm3" in message and "1.5 to 140 MJ/Nm3" in message


def test_a_key_that_nobody_registered_is_told_once(judged):
    """`ACME` is the registered acme, a stranger is told; the map's lookup is a register, too."""

    def change(rows, tables):
        tables["suppliers"] = pd.DataFrame([["acme"], ["bolt"]], columns=["supplier_id"])
        named = [("ACME", None), ("acme", None), ("stranger", None), ("stranger", None),
                 (None, "bolt"), (None, "V-9")]  # fmt: skip
        for number, (supplier, typed) in enumerate(named, start=20):
            line = added(WASHING, f"C{number}", MAY, 0.0, **POWER | {
                "item_text": str(number), "supplier_id": supplier, "unknown_supplier": typed,
                "document_no": str(number),
            })  # fmt: skip
            line(rows, tables)

    judgement = judged(change)
    told = [one for one in found(judgement) if one[0] == "supplier_registered"]
    assert told == [
        ("supplier_registered", "critical", WASH, "C20"),
        ("supplier_registered", "warning", WASH, "C22"),
        ("supplier_registered", "critical", WASH, "C24"),
        ("supplier_registered", "warning", WASH, "C25"),
    ]
    assert "“ACME” is not registered; expected acme" in judgement.findings["message_en"][0].as_py()


def test_a_unit_that_is_refused_says_what_to_write(judged):
    judgement = judged(changed(WASH, "C6", unit_text="furlong"))
    assert judgement.findings["remedy_en"][0].as_py() == "furlong: write kWh"
    assert judgement.findings["remedy_zh"][0].as_py() == "请写 kWh"


def test_stock_continues(judged):
    def change(rows, tables):
        stock = {"flow_id": "flake", "unit_text": "t"}
        rows.append(
            reading(WASHING, "M5", MAY, 4.0, role="stock_close", item_text="close", **stock)
        )
        rows.append(reading(WASHING, "L6", JUNE, 3.0, role="stock_open", item_text="open", **stock))

    assert found(judged(change)) == [("stock_continuity", "warning", WASH, "L6")]


def test_missing_hand_in_stops_nobody_else(judged):
    def change(rows, tables):
        rows[:] = [row for row in rows if row["hand_in"] != BOIL]
        tables["handed_in"] = tables["handed_in"][tables["handed_in"]["hand_in"] != BOIL]

    judgement = judged(change)
    # part of what the invoice is compared with is still to come
    assert set(found(judgement)) == {
        ("hand_in_missing", "critical", BOIL, None),
        ("check_compared", "warning", ERP, "L5:quantity"),
        ("check_compared", "warning", ERP, "L6:quantity"),
    }
    assert states(judgement) == {BOIL: "missing", WASH: "accepted", ERP: "accepted_with_warnings"}


def test_nobody_is_refused_for_somebody_elses_unreadable_file(judged):
    """The boiler house's part of the sum is lost; the invoice can't disagree with the rest."""

    def change(rows, tables):
        rows[:] = [row for row in rows if row["hand_in"] != BOIL]
        rows.append(reading(BOILER, None, None, None, row_kind="unreadable", value_text="cut off"))
        for row in rows:
            if row["hand_in"] == ERP:
                row["quantity"] = row["quantity"] * 2

    judgement = judged(change)
    assert states(judgement)[BOIL] == "refused"
    assert states(judgement)[ERP] == "accepted_with_warnings"


def test_unexpected_file_is_told(judged):
    def change(rows, tables):
        tables["handed_in"].loc[9] = ["mill/canteen", "stage_canteen", "mill", "x.xlsx", "d4"]

    judgement = judged(change)
    assert found(judgement) == [("unexpected_file", "warning", "mill/canteen", None)]


@pytest.mark.parametrize(
    ("typed", "number", "corrected_total", "refused"),
    [
        pytest.param("1000", 1000.0, None, False, id="corrected after the total was written"),
        pytest.param("1,000.0", 1000.0, None, False, id="typed as its map reads numbers"),
        pytest.param("900.0", 900.0, None, True, id="the total agrees with neither"),
        pytest.param("1000", 1000.0, "1999.0", True, id="the total was corrected, not to the sum"),
        pytest.param("× 2", None, None, True, id="a multiplier was corrected: no total counts it"),
    ],
)
def test_a_total_agrees_with_its_cells_as_typed_or_as_corrected(
    judged, typed, number, corrected_total, refused
):
    def change(rows, tables):
        cell(rows, WASH, "C5").update(
            quantity=1010.0, value_text="1010", corrected_from=typed, quantity_as_typed=number
        )
        cell(rows, WASH, "C7").update(corrected_from=corrected_total)

    named = [("row_total_agrees", "critical", WASH, "C7")] if refused else []
    assert found(judged(change)) == named


def test_correction_findings_pass_through(judged):
    import pandas as pd

    from expectations.rules import FINDING_SCHEMA

    def change(rows, tables):
        row = dict.fromkeys(FINDING_SCHEMA.names) | {
            "hand_in": WASH, "source": "stage_washing", "rule_id": "correction_applies",
            "severity": "critical", "source_cell": "C6", "message_en": "The old value is gone.",
        }  # fmt: skip
        tables["correction_findings"] = pd.DataFrame([row], dtype=object)

    judgement = judged(change)
    assert found(judgement) == [("correction_applies", "critical", WASH, "C6")]
    assert judgement.findings["message_en"][0].as_py() == "The old value is gone."


CERTIFICATE = {
    "instrument_id": "G1", "instrument_type": "GEC", "facility_id": "mill",
    "flow_id": "electricity", "quantity": "2", "unit": "MWh", "generation_start": "2022-05-01",
    "generation_end": "2022-06-30", "technology": "wind", "kgco2_per_kwh": "0",
    "registry_id": "R1", "retired_on": "2022-07-01", "beneficiary": "Mill", "market": "CN",
    "ccer_excluded": "true", "round": "2022-05", "source_file": "energy_instruments.csv",
    "source_line": "2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule_id", "source_cell", "values", "earlier"),
    [
        (None, None, {}, []),
        ("instrument_used_once", "L2:registry_id", {}, [{"round": "2022-04", "quantity": "0.001"}]),
        (None, None, {}, [{"round": "2022-05"}]),  # the same line, when the round is run again
        ("instrument_used_once", "L2:registry_id", {"registry_id": None}, []),
        ("instrument_within_metered", "L2:quantity", {"quantity": "2.1"}, []),
        ("instrument_within_metered", "L2:quantity", {"generation_end": "2022-05-31"}, []),
        (
            "instrument_within_metered",
            "L2:quantity",
            {},
            [{"round": "2022-04", "registry_id": "R0", "quantity": "0.1"}],
        ),
        (  # each within its own period, together more than April to June consumed
            "instrument_within_metered",
            "L2:quantity",
            {},
            [
                {
                    "round": "2022-04",
                    "registry_id": "R0",
                    "quantity": "1",
                    "generation_start": "2022-04-01",
                    "generation_end": "2022-06-01",
                }
            ],
        ),
        (None, None, {"registry_id": "W-11..12"}, [{"round": "2022-04", "registry_id": "W-13..14",
            "quantity": "0.001"}]),
        (None, None, {"registry_id": "W-11..12"}, [{"round": "2022-04", "registry_id": "S-11..12",
            "quantity": "0.001"}]),
        ("instrument_numbers_free", "L2:registry_id", {"registry_id": "W-11..12"},
            [{"round": "2022-04", "registry_id": "W-01..11", "quantity": "0.001"}]),
        ("instrument_numbers_counted", "L2:quantity", {"registry_id": "W-011..011"}, []),
        ("instrument_retired", "L2:retired_on", {"retired_on": None}, []),
        ("instrument_retired", "L2:ccer_excluded", {"ccer_excluded": "false"}, []),
        ("instrument_complete", "L2:quantity", {"unit": "furlong"}, []),
        ("instrument_possible", "L2:kgco2_per_kwh", {"kgco2_per_kwh": "12"}, []),
        ("instrument_possible", "L2:kgco2_per_kwh", {"kgco2_per_kwh": "-0.1"}, []),
        ("instrument_possible", "L2:kgco2_per_kwh", {"kgco2_per_kwh": "12 g"}, []),
        (None, None, {"kgco2_per_kwh": "0.012"}, []),
        (None, None, {"kgco2_per_kwh": None}, []),
    ],
)  # fmt: skip
def test_instruments(judged, rule_id, source_cell, values, earlier):
    import pandas as pd

    def change(rows, tables):
        tables["instruments"] = pd.DataFrame([CERTIFICATE | values], dtype=object)
        if earlier:
            tables["previous_instruments"] = pd.DataFrame(
                [CERTIFICATE | row for row in earlier], dtype=object
            )

    judgement = judged(change)
    expected = [(rule_id, "critical", "instruments", source_cell)] if rule_id else []
    assert found(judgement) == expected
    assert ("instruments" in judgement.accepted_hand_ins) is (rule_id is None)
