"""Files of records, from the map that reads them to what the gate says of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import indent

import duckdb
import openpyxl
import pytest

from expectations.preparation import prepare
from expectations.rules import list_findings
from expectations.verdict import SUITES
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake.hand_ins import HandIn
from tests.gate.gate_round import INVOICE, MAY, ROUND, frames, lay_out, reading

HAND_IN = "erp/deliveries"
FLAKE = """
- {flow: {column: Item, lookup: {F1: flake}}, process: mill_washing, direction: input,
   quantity: Net, unit: t}
"""


@pytest.fixture
def found(tmp_path) -> Callable[..., list[tuple]]:
    """What the gate finds in a file of records: (rule, severity, cell, message) of each finding."""

    def judge(
        records: str,
        content: str | list[list],
        readings: str = FLAKE,
        previous: list[dict] | None = None,
    ) -> list[tuple]:
        rows = read(tmp_path, records, content, readings)
        tables = frames()
        tables["handed_in"].loc[len(tables["handed_in"])] = [
            HAND_IN, "erp_deliveries", None, rows[0]["source_file"], "d4",
        ]  # fmt: skip
        with duckdb.connect() as connection:
            lay_out(connection, rows, tables, previous)
            prepare(connection, ROUND.round, ROUND.months)
            return [
                (rule.rule_id, row["severity"], row["source_cell"], row["message_en"])
                for rules in SUITES.values()
                for rule in rules
                for row in list_findings(connection, rule, "gate_reading", "").to_pylist()
                if row["hand_in"] == HAND_IN and row["rule_id"] != "unexpected_file"
            ]

    return judge


def read(
    folder: Path, records: str, content: str | list[list], readings: str = FLAKE
) -> list[dict]:
    """A file of records as its map reads it; lists of cells become a workbook."""
    path = folder / "rounds" / "2022-05" / "erp" / "deliveries.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        path = path.with_suffix(".xlsx")
        book = openpyxl.Workbook()
        for row in content:
            book.active.append(row)
        book.save(path)
    text = "source: erp_deliveries\nkind: erp\nlayouts:\n  - csv: {decimal: '.'}\n    sheets:\n"
    text += "      - layout: records\n"
    sheet = f"facility: {{column: Site, lookup: {{0010: mill}}}}\n{records}\nreadings:{readings}"
    map_file = folder / "erp_deliveries.yml"
    map_file.write_text(text + indent(sheet, " " * 8), encoding="utf-8")
    source_map, hand_in = SourceMap.load(map_file), HandIn.named(ROUND.round, HAND_IN)
    table = read_hand_in(path, source_map, ROUND, hand_in, folder)
    return table.to_pylist()


def rules(findings: list[tuple]) -> list[tuple]:
    return [(rule_id, cell) for rule_id, _, cell, _ in findings]


# --- identifiers ------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["0010", '="0010"', '"=""0010"""', "００１０"])
def test_a_site_keeps_its_zeros_however_the_export_guards_them(found, site):
    assert found("date: Day", f"Day,Site,Item,Net\n2022-05-03,{site},F1,12\n") == []


def test_a_number_shown_with_zeros_is_the_only_site_it_can_be(found):
    assert found("date: Day", [["Day", "Site", "Item", "Net"], ["2022-05-03", 10, "F1", 12]]) == []


def test_a_number_that_may_be_two_sites_is_neither(tmp_path):
    records = "date: Day\nsupplier: {column: Supplier, lookup: {10: near, 0010: far, 7: other}}"
    rows = read(
        tmp_path,
        records,
        [
            ["Day", "Site", "Item", "Net", "Supplier"],
            ["2022-05-03", "0010", "F1", 12, 10],
            ["2022-05-04", "0010", "F1", 13, "10"],
            ["2022-05-05", "0010", "F1", 14, 7],
        ],
    )
    assert [row["supplier_id"] for row in rows] == [None, "near", "other"]


def test_text_that_lost_its_zeros_is_told_not_guessed(found):
    findings = found("date: Day", "Day,Site,Item,Net\n2022-05-03,10,F1,12\n")
    assert ("facility_known", "L2:Site") in rules(findings)


# --- lines that are there twice ---------------------------------------------------------------

TWICE = "Day,Site,Item,Net,Plate\n2022-05-03,0010,F1,12,A1\n2022-05-03,0010,F1,12,{}\n"


def test_a_line_without_document_is_exported_once(found):
    [(rule_id, severity, cell, message)] = found("date: Day\nignored: [Plate]", TWICE.format("A1"))
    assert (rule_id, severity, cell) == ("no_repeated_lines", "critical", "L3:Net")
    assert "L2:Net" in message


def test_a_line_whose_document_is_blank_is_exported_once(found):
    lines = TWICE.format("A1").replace("A1", "").replace("Plate", "No")
    assert rules(found("date: Day\ndocument: No", lines)) == [("no_repeated_lines", "L3:Net")]


@pytest.mark.parametrize(
    ("records", "lines"),
    [
        ("date: Day\nignored: [Plate]", TWICE.format("B2")),
        ("date: Day\nignored: [Plate]", TWICE.format("A1").replace(",12,", ",0,")),
    ],
)
def test_lines_that_differ_anywhere_or_count_nothing_may_stand_beside_each_other(
    found, records, lines
):
    assert found(records, lines) == []


# --- closing lines and document numbers -------------------------------------------------------

CONTROL = 'date: Day\ncontrol: {line: "Total", rows: Item, sum: Net}'
BODY = "Day,Site,Item,Net\n2022-05-03,0010,F1,12.25\n2022-06-04,0010,F1,7.5\n"


@pytest.mark.parametrize(
    "closing", ["Total,,2,19.75", "Total of the export,,2 records,Sum: 19.8", "Total:,,0002,19.750"]
)
def test_an_export_that_holds_what_its_closing_line_says_passes(found, closing):
    assert found(CONTROL, f"{BODY}{closing}\n") == []


def test_an_export_that_was_cut_off_lacks_its_closing_line(found):
    [(rule_id, severity, cell, _)] = found(CONTROL, BODY)
    assert (rule_id, severity, cell) == ("closing_line_present", "critical", "L3:Item")


def test_a_record_that_got_lost_is_missed_in_number_and_sum(found):
    lost = BODY.replace("2022-06-04,0010,F1,7.5\n", "")
    findings = found(CONTROL, f"{lost}Total,,2,19.75\n")
    assert rules(findings) == [
        ("record_count_agrees", "L3:Item"),
        ("record_sum_agrees", "L3:Net"),
    ]
    assert "“2” records, the file holds 1" in findings[0][3]
    assert "“19.75”, the records add up to 12.25" in findings[1][3]


def test_a_closing_line_that_says_no_number_is_told(found):
    findings = found(CONTROL, f"{BODY}Total,,two,19.75\n")
    assert rules(findings) == [("record_count_agrees", "L4:Item")]
    assert "“two” records" in findings[0][3]


def test_records_that_are_left_out_on_purpose_are_records_all_the_same(found):
    readings = FLAKE.replace("unit: t}", "unit: t, when: {Item: [F1]}}")
    lines = "2022-06-05,0010,X9,100\nTotal,,3,119.75\n"
    assert found(f"{CONTROL}\nignored: [X9]", BODY + lines, readings) == []


def test_two_exports_in_one_file_have_two_closing_lines(found):
    second = "2022-06-09,0010,F1,1\nTotal,,1,1.00\n"
    assert found(CONTROL, f"{BODY}Total,,2,19.75\n{second}") == []


NUMBERED = "date: Day\ndocument: No\ndocument_numbers: consecutive"


def test_a_gap_in_consecutive_document_numbers_is_named(found):
    lines = "".join(
        f"2022-05-0{day},0010,F1,{day},{number}\n"
        for day, number in enumerate(["WB-099", "WB-100", "WB-103", "X7", "WB-104", "X9"], start=1)
    )
    findings = found(NUMBERED, f"Day,Site,Item,Net,No\n{lines}")
    assert rules(findings) == [
        ("document_numbers_complete", "L4:No"),
        ("document_numbers_complete", "L7:No"),
    ]
    assert "WB-101 – WB-102 (2 numbers) are missing" in findings[0][3]
    assert "X8 is missing" in findings[1][3]


def test_numbers_may_repeat_and_come_in_any_order(found):
    lines = "".join(f"2022-05-0{n},0010,F1,{n},{no}\n" for n, no in enumerate((3, 1, 2, 2), 1))
    assert found(NUMBERED, f"Day,Site,Item,Net,No\n{lines}") == []


# --- one record, two document numbers ----------------------------------------------------------

BY_DOCUMENT = "date: Day\ndocument: No"
SHIPPED = FLAKE + FLAKE.replace("unit: t}", "times: [Km], unit: t*km}").replace(
    "{column: Item, lookup: {F1: flake}}", "truck_freight"
)


def test_a_record_booked_again_under_another_number_is_told_once(found):
    lines = "2022-05-03,0010,F1,132.360,A1,40\n2022-05-03,0010,F1,132.360,A9,40\n"
    told = found(BY_DOCUMENT, f"Day,Site,Item,Net,No,Km\n{lines}", SHIPPED)
    assert [one for one in told if one[0] == "record_under_another_number"] == [
        (
            "record_under_another_number",
            "warning",
            "L3:Net",
            "L3:Net: document A9 has the date, item and quantity of A1; both count.",
        )
    ]


def test_it_is_found_among_rows_that_are_fine_one_by_one(findings):
    shipped = {
        "flow_id": "flake", "unit_text": "t", "item_text": "Flake", "role": "activity",
        "period_text": "2022-05-03", "value_text": "132.360",
    }  # fmt: skip

    def book_twice(rows, tables):
        for line, number in ((8, "A1"), (9, "A9")):
            rows.append(
                reading(INVOICE, f"L{line}:Net", MAY, 132.36, document_no=number, **shipped)
            )

    told = [
        (row["source_cell"], row["observed"], row["expected"])
        for row in findings(book_twice)
        if row["rule_id"] == "record_under_another_number"
    ]
    assert told == [("L9:Net", "A9", "A1")]


@pytest.mark.parametrize(
    "line",
    [
        "2022-05-04,0010,F1,132.360,A9",  # another day
        "2022-05-03,0010,F1,132.370,A9",
        "2022-05-03,0010,F1,132.360,A1",  # the same document: told as no_duplicate_lines
    ],
)
def test_another_record_is_no_repetition(found, line):
    lines = f"Day,Site,Item,Net,No\n2022-05-03,0010,F1,132.360,A1\n{line}\n"
    assert "record_under_another_number" not in {one[0] for one in found(BY_DOCUMENT, lines)}


def test_full_trucks_of_a_day_are_no_repetition(found):
    lines = "".join(f"2022-05-03,0010,F1,25.000,A{no}\n" for no in range(3))
    assert found(BY_DOCUMENT, f"Day,Site,Item,Net,No\n{lines}") == []


# --- reversals --------------------------------------------------------------------------------

MOVEMENTS = "date: Day\ndocument: No\nreversals: {when: {Movement: ['102', '122']}, document: Of}"
RECEIPTS = FLAKE.replace("unit: t}", "unit: t, when: {Movement: ['101', '102']}}")
HEADER = "Day,Site,Item,Net,No,Movement,Of\n"
BOOKED = "2022-05-03,0010,F1,132.360,A1,101,\n2022-05-09,0010,F1,20.000,A2,101,\n"


@pytest.mark.parametrize("quantity", ["132.360-", "-132.360", "132.360"])
def test_a_reversal_takes_back_what_was_booked_whichever_sign_it_is_typed_with(
    found, quantity, tmp_path
):
    lines = f"{HEADER}{BOOKED}2022-05-10,0010,F1,{quantity},B1,102,A1\n"
    assert found(MOVEMENTS, lines, RECEIPTS) == []
    rows = read(tmp_path, MOVEMENTS, lines, RECEIPTS)
    assert sum(row["quantity"] * row["sign_multiplier"] for row in rows) == pytest.approx(20)


def test_without_a_word_in_the_map_a_negative_quantity_is_refused(found):
    lines = f"Day,Site,Item,Net\n{BOOKED.replace(',A1,101,', '').replace(',A2,101,', '')}"
    assert rules(found("date: Day", f"{lines}2022-05-10,0010,F1,20-\n")) == [
        ("not_negative", "L4:Net")
    ]


def test_a_negative_receipt_is_no_reversal_where_the_map_knows_them_by_their_text(found):
    lines = f"{HEADER}{BOOKED}2022-05-10,0010,F1,20-,B1,101,\n"
    assert ("not_negative", "L4:Net") in rules(found(MOVEMENTS, lines, RECEIPTS))


NEGATIVE = "date: Day\ndocument: No\nreversals: {when: negative}"
SHORT = "Day,Site,Item,Net,No\n2022-05-03,0010,F1,132.360,A1\n2022-06-09,0010,F1,20.000,A2\n"


@pytest.mark.parametrize(
    ("reversal", "cell"),
    [
        ("2022-06-10,0010,F1,132.360-,B1", None),  # May's booking, but June has no such sum
        ("2022-05-10,0010,F1,132.360-,B1", None),
        ("2022-06-10,0010,F1,5-,B1\n2022-06-11,0010,F1,6-,B2", None),
        ("2022-05-10,0010,F1,20-,B1\n2022-05-11,0010,F1,20-,B2", "L5:Net"),
        ("2022-05-10,0010,F1,133-,B1", "L4:Net"),
    ],
)
def test_a_reversal_of_something_never_booked_is_found(found, reversal, cell):
    findings = found(NEGATIVE, f"{SHORT}{reversal}\n")
    told = [place for rule_id, place in rules(findings) if rule_id == "reversal_has_booking"]
    assert told == ([cell] if cell else [])


def test_a_month_in_which_more_is_taken_back_than_booked_is_refused(found):
    findings = found(NEGATIVE, f"{SHORT}2022-06-10,0010,F1,132.360-,B1\n")
    assert rules(findings) == [("sum_not_negative", "L4:Net")]
    assert "-112360 kg for 2022-06" in findings[0][3]


@pytest.mark.parametrize(
    ("reversals", "cells"),
    [
        ("2022-05-10,0010,F1,20,B1,102,A2\n", []),
        ("2022-05-10,0010,F1,20,B1,102,A9\n", ["L4:Net"]),
        ("2022-05-10,0010,F1,15,B1,102,A2\n2022-05-10,0010,F1,6,B2,102,A2\n", ["L5:Net"]),
    ],
)
def test_a_reversal_that_names_a_document_is_held_against_it(found, reversals, cells):
    findings = found(MOVEMENTS, f"{HEADER}{BOOKED}{reversals}", RECEIPTS)
    assert rules(findings) == [("reversed_document_booked", cell) for cell in cells]


def test_what_an_earlier_round_booked_may_be_taken_back(found):
    earlier = reading(
        {"hand_in": HAND_IN, "source": "erp_deliveries", "facility_id": "mill",
         "process_id": "mill_washing", "flow_id": "flake", "unit_text": "kg"},
        "L9:Net", date(2022, 4, 1), 19000.0, round="2022-04", document_no="Z1",
    )  # fmt: skip
    reversal = f"{SHORT}2022-06-12,0010,F1,19.000-,B1\n2022-05-12,0010,F1,18.500-,B1\n"
    assert rules(found(NEGATIVE, reversal, previous=[earlier])) == []
    twice = f"{SHORT}2022-05-10,0010,F1,19.000-,B1\n2022-05-12,0010,F1,18.500-,B2\n"
    assert rules(found(NEGATIVE, twice)) == [("reversal_has_booking", "L5:Net")]


# --- bills that run across months -------------------------------------------------------------

METERS = "span: {from: From, to: To, to_counts: false}\nreversals: {when: negative}"
POWER = """
- {flow: electricity, process: mill_washing, direction: input, quantity: Peak, unit: kWh,
   meter: {column: Meter}, role: check}
- {flow: electricity, process: mill_washing, direction: input, quantity: Valley, unit: kWh,
   meter: {column: Meter}, role: check}
"""
BILLS = [
    "2022-04-06,2022-05-06,0010,M1,30,60",
    "2022-05-06,2022-06-06,0010,M1,310,620",
    "2022-06-06,2022-07-04,0010,M1,28,56",
]


def bills(*lines: str) -> str:
    return "\n".join(["From,To,Site,Meter,Peak,Valley", *lines]) + "\n"


def told(findings: list[tuple], *rule_ids: str) -> list[tuple]:
    return [(one[0], one[2], one[3]) for one in findings if one[0] in rule_ids]


def test_a_bill_is_split_by_the_days_of_its_months(tmp_path):
    rows = read(tmp_path, METERS, bills(*BILLS), POWER)
    peak = [row for row in rows if row["item_text"] == "Peak"]
    assert [(r["row_kind"], r["period_month"], r["source_cell"]) for r in peak] == [
        ("reading", date(2022, 5, 1), "L2:Peak"),
        ("other_round", date(2022, 4, 1), "L2:Peak"),
        ("reading", date(2022, 5, 1), "L3:Peak"),
        ("reading", date(2022, 6, 1), "L3:Peak"),
        ("reading", date(2022, 6, 1), "L4:Peak"),
        ("other_round", date(2022, 7, 1), "L4:Peak"),
    ]
    quantities = [row["quantity"] * row["sign_multiplier"] for row in peak]
    assert quantities == pytest.approx([5, 25, 260, 50, 25, 3])
    assert {row["period_text"] for row in peak[:2]} == {"2022-04-06 – 2022-05-06"}
    assert all(float(row["multiplier_text"]) == row["sign_multiplier"] for row in peak)


def test_bills_that_follow_each_other_pass_and_parts_of_other_rounds_are_told(found):
    findings = found(METERS, bills(*BILLS), POWER)
    assert {(rule_id, severity) for rule_id, severity, _, _ in findings} == {
        ("bill_in_round", "info"),
        ("check_compared", "warning"),
    }
    [april, *_] = told(findings, "bill_in_round")
    assert "25 of 30 days of the bill of Peak are in 2022-04" in april[2]


@pytest.mark.parametrize(
    ("lines", "rule_id", "cell", "days"),
    [
        (BILLS[1:], "bill_gap", "L2:Peak", "2022-05-01 – 2022-05-05"),
        (BILLS[:1] + BILLS[2:], "bill_gap", "L3:Peak", "2022-05-06 – 2022-06-05"),
        (BILLS[:2], "bill_gap", "L3:Peak", "2022-06-06 – 2022-06-30"),
        ([*BILLS, "2022-05-06,2022-06-06,0010,M1,1,1"], "bill_overlap", "L5:Peak",
         "2022-05-06 – 2022-06-05"),
        ([*BILLS, "2022-06-20,2022-07-20,0010,M1,1,1"], "bill_overlap", "L5:Peak",
         "2022-06-20 – 2022-06-30"),
        (["2022-05-06,2022-04-06,0010,M1,1,1", *BILLS], "bill_days_known", "L2:Peak",
         "2022-05-06 – 2022-04-06"),
    ],
)  # fmt: skip
def test_days_without_a_bill_or_with_two_are_named(found, lines, rule_id, cell, days):
    findings = found(METERS, bills(*lines), POWER)
    [(told_by, place, message)] = told(findings, "bill_gap", "bill_overlap", "bill_days_known")
    assert (told_by, place) == (rule_id, cell)
    assert days in message


@pytest.mark.parametrize(
    "more",
    [
        [line.replace("M1", "M2") for line in BILLS],  # another meter
        ["2022-05-06,2022-06-06,0010,M1,-310,-620", BILLS[1]],  # taken back and billed anew
        ["2022-05-09,2022-05-19,0010,M2,1,1", *[b.replace("M1", "M2") for b in BILLS]],
    ],
)
def test_bills_of_another_meter_or_taken_back_overlap_with_none(found, more):
    overlaps = told(found(METERS, bills(*BILLS, *more), POWER), "bill_gap", "bill_overlap")
    assert [cell for _, cell, _ in overlaps] == (["L5:Peak"] if "05-09" in more[0] else [])


def test_lines_of_one_document_are_one_bill(found):
    lines = [f"{line},{number}" for number, line in enumerate(BILLS)]
    peak, valley = lines[1], "2022-05-06,2022-06-06,0010,M1,9,9,1"
    content = bills(lines[0], peak, valley, lines[2]).replace("Valley", "Valley,No", 1)
    assert told(found(f"{METERS}\ndocument: No", content, POWER), "bill_gap", "bill_overlap") == []


def test_a_bill_of_other_months_is_refused(found):
    findings = found(METERS, bills(*BILLS, "2021-12-06,2022-02-06,0010,M1,1,1"), POWER)
    assert {cell for _, cell, _ in told(findings, "month_in_round")} == {"L5:From"}


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2022-05-06 - 2022-05-31", date(2022, 5, 1)),
        ("2022.05.06-2022.05.31", date(2022, 5, 1)),
        ("20220506~20220531", date(2022, 5, 1)),
        ("2022年5月6日至2022年5月31日", date(2022, 5, 1)),
        ("06.05.2022 – 31.05.2022", date(2022, 5, 1)),
        ("2022-05-06 / 05-31", None),
        ("2022-05-06", None),
    ],
)
def test_both_days_may_stand_in_one_cell(tmp_path, text, month):
    records = "span: {column: Period, to_counts: true}"
    content = f"Period,Site,Item,Net\n{text},0010,F1,5\n"
    assert [row["period_month"] for row in read(tmp_path, records, content)] == [month]


def test_a_total_counts_each_bill_once(found):
    lines = ["2022-05-01,2022-06-15,0010,F1,46", "2022-06-16,2022-06-30,0010,F1,15"]
    records = "span: {from: From, to: To, to_counts: true}\ntotal_rows: [Sum]"
    readings = FLAKE.replace("{column: Item, lookup: {F1: flake}}", "flake")
    records += "\nignored: [Item]"
    for total, rule_ids in (("61", []), ("62", [("row_total_agrees", "L4:Net")])):
        content = "\n".join(["From,To,Site,Item,Net", *lines, f"Sum,,0010,,{total}"]) + "\n"
        assert rules(found(records, content, readings)) == rule_ids
