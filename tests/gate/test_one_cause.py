"""A finding points at the cell that is wrong, and one cause is one finding."""

from __future__ import annotations

import pyarrow as pa
import pytest

from expectations.folding import fold, name_of
from expectations.rules import FINDING_SCHEMA
from orchestration.collection.returned.notice import notice_of
from tests.gate.gate_round import BOILER, JUNE, MAY, WASHING, cell, reading

WASH, BOIL, ERP = "mill/washing", "mill/boiler", "erp/energy_invoices"
FLAKE = {"flow_id": "flake", "unit_text": "t", "direction": "output", "item_text": "Flake"}
GAS = {"flow_id": "gas", "unit_text": "Nm3", "item_text": "Gas", "process_id": "mill_washing"}


def told(judgement) -> list[tuple]:
    """Rule, severity, hand-in and cell of each cause, and the cells it is made of beside it.

    Of two months, each is unlike the other: that warning is not what these tests are about.
    """
    return [
        (row["rule_id"], row["severity"], row["hand_in"], row["source_cell"],
         [one.rpartition("!")[2] for one in (row["other_cells"] or "").splitlines()])
        for row in judgement.findings.to_pylist()
        if row["caused_by"] is None and row["rule_id"] != "unlike_other_months"
    ]  # fmt: skip


def with_steam(rows, tables):
    """A second quantity that is bounded per output: 5,000 GJ of steam for 10,000 kg of flake."""
    tables["flows"].loc[len(tables["flows"])] = ["steam", "Steam", "蒸汽", "steam", "GJ"]
    conversion = ["steam", "", "GJ", "GJ", 1.0, None, None]
    tables["unit_conversions"].loc[len(tables["unit_conversions"])] = conversion
    bound = ["steam", None, "input", "output_kg", "GJ/kg", "0.4", "0.6", "0.1", "2", "x"]
    tables["ranges"].loc[len(tables["ranges"])] = bound
    steam = {"flow_id": "steam", "unit_text": "GJ", "item_text": "Steam"}
    for line, month in ((5, MAY), (6, JUNE)):
        rows.append(reading(WASHING, f"E{line}", month, 5000.0, **steam))


def test_an_output_that_puts_every_ratio_out_is_the_cell_to_look_at(judged):
    def change(rows, tables):
        with_steam(rows, tables)
        cell(rows, WASH, "D6").update(quantity=0.1)  # 100 kg for 10,000

    judgement = judged(change)
    assert told(judgement) == [
        ("output_fits_its_ratios", "critical", WASH, "D6", ["E6", "C6"]),
    ]
    rows = judgement.findings.to_pylist()
    row = next(row for row in rows if row["rule_id"] == "output_fits_its_ratios")
    assert "gas 2 Nm3/kg (0.001 – 0.2), steam 50 GJ/kg (0.4 – 0.6)" in row["message_en"]
    # who stated the gas rightly isn't refused for the output
    assert set(judgement.accepted_hand_ins) == {BOIL, ERP}


def test_of_two_ratios_the_one_that_is_out_alone_is_itself_to_blame(judged):
    def change(rows, tables):
        with_steam(rows, tables)
        cell(rows, WASH, "E6").update(quantity=50000.0)

    assert told(judged(change)) == [("hard_bounds", "critical", WASH, "E6", ["D6"])]


def test_a_single_ratio_is_the_fault_of_what_is_further_from_its_other_months(judged):
    def lower_output(rows, tables):
        tables["ranges"].loc[2, ["usual_max", "hard_max"]] = ["0.03", "0.1"]
        cell(rows, WASH, "D6").update(quantity=1.0)  # t, for 10

    def with_earlier_months(rows, tables):
        lower_output(rows, tables)
        for line, month in ((3, MAY.replace(month=3)), (4, MAY.replace(month=4))):
            rows.append(reading(WASHING, f"D{line}", month, 10.0, **FLAKE))
            rows.append(reading(BOILER, f"C{line}", month, 200.0, **GAS))

    # two months can't tell which is the odd one: what is bounded is named, and the output with it
    assert told(judged(lower_output)) == [("hard_bounds", "critical", BOIL, "C6", ["D6"])]
    assert ("output_fits_its_ratios", "critical", WASH, "D6", ["C6"]) in told(
        judged(with_earlier_months)
    )


@pytest.mark.parametrize(
    ("values", "rule_id", "own_cell"),
    [
        ({"unit_text": "furlong", "unit_column": "B"}, "unit_known", "B6"),
        ({"unit_text": "kg", "unit_column": "B"}, "unit_dimension", "B6"),
        ({"flow_id": None, "flow_column": "AC"}, "flow_known", "AC6"),
        ({"period_month": None, "period_text": "Mai", "period_column": "A"}, "month_known", "A6"),
    ],
)
def test_a_finding_on_unit_flow_or_month_points_at_its_own_cell(judged, values, rule_id, own_cell):
    def change(rows, tables):
        cell(rows, WASH, "C6").update(values)

    causes = [finding[:4] for finding in told(judged(change))]
    assert (rule_id, "critical", WASH, own_cell) in causes


def test_in_an_export_the_cell_is_line_and_header(judged):
    def change(rows, tables):
        cell(rows, ERP, "L6:quantity").update(unit_text="furlong", unit_column="unit")

    assert ("unit_known", "critical", ERP, "L6:unit", []) in told(judged(change))


def test_a_month_that_is_missing_is_one_finding(judged):
    def change(rows, tables):
        blank = {"flow_id": None, "unit_text": None, "item_text": "Month", "process_id": None}
        nothing = {"value_type": "missing", "is_required": True, **blank}
        rows.append(reading(WASHING, "A4", JUNE, None, **nothing))
        rows.append(reading(WASHING, "B4", JUNE, None, **nothing | {"item_text": "Steam"}))

    judgement = judged(change)
    assert [finding[:4] for finding in told(judgement)] == [
        ("month_reported", "critical", WASH, "A4")
    ]
    verdict = next(v for v in judgement.verdicts.to_pylist() if v["hand_in"] == WASH)
    assert (verdict["state"], verdict["critical_count"]) == ("refused", 1)
    assert judgement.findings["caused_by"].to_pylist() == [None, "month_reported Energy!A4"]


def finding(rule_id: str, cell_: str, **more) -> dict:
    row = dict.fromkeys(FINDING_SCHEMA.names) | {
        "hand_in": WASH, "rule_id": rule_id, "severity": "critical", "source_sheet": "Energy",
        "source_cell": cell_, "source_file": "washing.xlsx", "observed": "blank",
        "message_en": f"Energy!{cell_}: {rule_id}", "message_zh": f"Energy!{cell_}：{rule_id}",
        "remedy_en": "Mend it.", "remedy_zh": "请更正。",
    }  # fmt: skip
    return row | more


def folded(*rows: dict) -> list[str | None]:
    return fold(pa.Table.from_pylist(rows, schema=FINDING_SCHEMA))["caused_by"].to_pylist()


def test_what_is_blank_beside_a_blank_month_follows_from_it():
    month = finding("month_known", "A7")
    blanks = [finding("value_present", "C7"), finding("unit_known", "B7")]
    assert folded(month, *blanks) == [None, name_of(month), name_of(month)]
    # another row, and a unit that is wrong by itself
    assert folded(month, finding("value_present", "C8")) == [None, None]
    assert folded(month, finding("unit_known", "B7", observed="furlong")) == [None, None]


def test_what_is_worse_or_waived_stands_for_itself():
    month = finding("month_known", "A7")
    assert folded(month | {"severity": "warning"}, finding("value_present", "C7")) == [None, None]
    waived = {"waived_by": "ann"}
    assert folded(month | waived, finding("value_present", "C7")) == [None, None]
    assert folded(month, finding("value_present", "C7", **waived)) == [None, None]
    assert folded(month, finding("value_present", "C7", hand_in=BOIL)) == [None, None]


def test_a_unit_that_is_wrong_in_every_line_is_told_once_and_marked_everywhere():
    rows = [finding("unit_known", f"B{line}", observed="ton", flow_id="gas") for line in (5, 6, 7)]
    table = fold(pa.Table.from_pylist(rows, schema=FINDING_SCHEMA))
    notice = notice_of(
        table.to_pylist(), hand_in=WASH, round_name="2022-05", source_file="washing.xlsx",
        file_name="washing.xlsx", closes_on=MAY, is_refused=True,
    )  # fmt: skip
    (remark,) = notice.remarks
    assert remark.message_en == "Unit_known The same 2 more times: Energy!B6, Energy!B7."
    assert remark.message_zh.endswith("同样的问题另有 2 项：Energy!B6, Energy!B7。")
    assert [cell for _, cell in notice.by_cell] == ["B5", "B6", "B7"]
    assert notice.count("critical") == 1


def test_a_remedy_belongs_to_the_case(judged):
    def change(rows, tables):
        cell(rows, WASH, "D5").update(quantity=-1.0, data_method="calculated")
        cell(rows, WASH, "C6").update(quantity=60000.0)
        cell(rows, BOIL, "C5").update(quantity=-200.0)
        blank = {"quantity": None, "value_type": "blank", "value_text": None}
        cell(rows, BOIL, "H6").update(blank)

    remedies = {row["source_cell"]: row["remedy_en"] for row in judged(change).findings.to_pylist()
                if row["rule_id"] in ("not_negative", "hard_bounds", "value_present")}  # fmt: skip
    assert remedies["D5"].startswith("It is worked out")
    assert remedies["C5"].startswith("Meters only count up")
    assert remedies["C6"] == "Check decimal point and unit (kg or t, kWh or 万千瓦时) of the cell."
    assert remedies["H6"].startswith("Read the meter")


def test_figures_one_row_off_are_one_finding(judged):
    """Every figure was typed a row too high: the row above has no month, and June is blank."""

    def change(rows, tables):
        for name in ("C", "D"):
            june = cell(rows, WASH, f"{name}6")
            above = june | {"source_cell": f"{name}4", "period_month": None, "period_text": None}
            rows.append(above | {"period_column": "A"})
            june.update(quantity=None, value_type="blank", value_text=None)

    judgement = judged(change)
    causes = [finding[:4] for finding in told(judgement)]
    assert ("figures_beside_their_months", "critical", WASH, "A4") in causes
    assert not {"month_known", "value_present"} & {rule_id for rule_id, *_ in causes}
    named = {row["rule_id"] for row in judgement.findings.to_pylist() if row["caused_by"]}
    assert named >= {"month_known", "value_present"}
    rows = judgement.findings.to_pylist()
    remark = next(row for row in rows if row["rule_id"] == "figures_beside_their_months")
    assert "the row of 2022-06 is blank throughout" in remark["message_en"]
