"""Maps, and what the three layouts make of a hand-in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from orchestration.company.data_folder import Round
from orchestration.ingest.mapping import MapError, SourceMap, read_hand_in
from orchestration.ingest.reading import READING_SCHEMA

QUARTER = Round(
    "2022-04", date(2022, 4, 15), date(2022, 4, 30), date(2021, 1, 1), date(2021, 3, 1), ()
)

DOWN = """
source: stage_washing
kind: workbook
layouts:
  - from_round: "2022-04"
    sheets:
      - sheet: ["能耗 Energy", "Energy"]
        layout: months_down
        header_row: 3
        period: 月份 Month
        total_rows: [合计]
        note: 备注
        ignored: [填表人]
        columns:
          "电 (万千瓦时)": {flow: electricity, process: "{facility}_washing", direction: input,
                          unit: 万千瓦时, method: metered}
          水 (吨): {flow: water, process: "{facility}_washing", direction: input, unit: t,
                   required: false}
"""

ACROSS = """
source: stage_washing
kind: workbook
layouts:
  - sheets:
      - sheet: Energy
        layout: months_across
        header_row: 1
        item: 项目
        unit: 单位
        total: 合计
        ignored: [审核]
        rows:
          电: {flow: electricity, process: "{facility}_washing", direction: input}
          人数: {flow: headcount, process: "{facility}_washing", direction: input, unit: 人,
                 times: [天数], sign: -1}
          天数: {flow: days, process: "{facility}_washing", direction: property, property: days,
                 unit: d}
"""

RECORDS = """
source: erp_receipts
kind: erp
layouts:
  - csv: {decimal: ",", thousands: "."}
    sheets:
      - layout: records
        date: 日期
        every_month: true
        total_rows: [合计]
        facility: {column: 工厂, lookup: {0010: suzhou}}
        document: 凭证
        supplier: {column: 供应商}
        ignored: [自提]
        readings:
          - {flow: {column: 物料, lookup: {M1: bale}}, process: "{facility}_sorting",
             direction: input, quantity: 净重, unit: {column: 单位}, method: weighed}
          - {flow: freight, process: "{facility}_sorting", direction: input, quantity: 净重,
             times: [运距], unit: t*km, when: {方式: [汽运]}}
"""

CSV = """日期;工厂;凭证;供应商;物料;净重;单位;运距;方式
"""


@pytest.fixture
def hand_in(tmp_path):
    """Write a map and a hand-in, and read it."""

    def read(text: str, content, name: str = "washing.xlsx"):
        source_map = load(tmp_path, text)
        folder = "erp" if source_map.kind == "erp" else "suzhou"
        path = tmp_path / "rounds" / "2022-04" / folder / name
        path.parent.mkdir(parents=True)
        if isinstance(content, (str, bytes)):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            book = openpyxl.Workbook()
            book.active.title = "Energy"
            for row in content:
                book.active.append(row)
            book.save(path)
        hand_in = source_map.hand_in(QUARTER.round, "suzhou")
        table = read_hand_in(path, source_map, QUARTER, hand_in, tmp_path)
        assert table.schema == READING_SCHEMA
        return table.to_pylist()

    return read


def load(folder: Path, text: str) -> SourceMap:
    path = folder / "map.yml"
    path.write_text(text, encoding="utf-8")
    return SourceMap.load(path)


def pick(rows: list[dict], *names: str, **wanted) -> list[tuple]:
    """The named columns of the rows that match."""
    return [
        tuple(row[name] for name in names)
        for row in rows
        if all(row[name] == value for name, value in wanted.items())
    ]


HEADER = [
    ["Energy of the washing line"],
    [],
    ["月份  Month", "电\n(万千瓦时)", "水 （吨）", "备注"],
]
BODY = [
    [date(2021, 1, 1), 10.5, 7, "meter 3"],
    ["2021年2月", "1,234.5", None, None],
    ["3月", "约40", "n/a", None],
]


def test_months_down_gives_every_item_and_month(hand_in):
    rows = hand_in(DOWN, HEADER + BODY)
    columns = ("period_month", "value_text", "value_type", "quantity", "source_cell")
    assert pick(rows, *columns, flow_id="electricity") == [
        (date(2021, 1, 1), "10.5", "number", 10.5, "B4"),
        (date(2021, 2, 1), "1,234.5", "text_number", 1234.5, "B5"),
        (date(2021, 3, 1), "约40", "text", None, "B6"),
    ]
    assert pick(rows, "value_type", flow_id="water") == [("number",), ("blank",), ("text",)]
    assert pick(rows, "evidence", "is_required", source_cell="C4") == [("meter 3", False)]
    first = rows[0]
    assert first["process_id"] == "suzhou_washing"
    assert (first["source_file"], first["hand_in"]) == (
        "rounds/2022-04/suzhou/washing.xlsx",
        "suzhou/washing",
    )
    assert (first["stage_code"], first["unit_text"], first["data_method"]) == (
        "washing",
        "万千瓦时",
        "metered",
    )


def test_a_month_without_a_row_is_missing(hand_in):
    rows = hand_in(DOWN, HEADER + BODY[:2])
    missing = pick(rows, "flow_id", "period_month", value_type="missing")
    assert missing == [("electricity", date(2021, 3, 1)), ("water", date(2021, 3, 1))]


def test_totals_notes_and_signatures_are_told_apart(hand_in):
    footer = [["合计", 99, None], [], ["签字: 王"], [None, 5]]
    rows = hand_in(DOWN, HEADER + BODY + footer)
    assert pick(rows, "source_cell", "period_month", role="row_total") == [("B7", None)]
    assert pick(rows, "source_cell", "period_month", "quantity", period_text=None) == [
        ("B10", None, 5.0),
        ("C10", None, None),
    ]


def test_a_month_stated_twice_and_a_month_outside_the_round_are_kept(hand_in):
    rows = hand_in(DOWN, HEADER + [*BODY, ["2021-01", 1, 1], ["2020-12", 2, 2], ["2021-1x", 3, 3]])
    months = pick(rows, "period_month", flow_id="electricity")
    assert months.count((date(2021, 1, 1),)) == 2
    assert (date(2020, 12, 1),) in months
    assert pick(rows, "period_month", "quantity", period_text="2021-1x") == [
        (None, 3.0),
        (None, 3.0),
    ]


def test_unknown_and_absent_headers_become_rows(hand_in):
    header = [[], [], ["月份 Month", "电(万千瓦时)", "Surprise", "填表人"]]
    rows = hand_in(DOWN, [["x"], *header[1:], ["2021-01", 1, 2]])
    assert pick(rows, "item_text", "source_cell", row_kind="unmapped_header") == [
        ("电(万千瓦时)", "B3"),
        ("Surprise", "C3"),
    ]
    assert pick(rows, "item_text", "flow_id", "is_required", row_kind="missing_header") == [
        ("电 (万千瓦时)", "electricity", True),
        ("水 (吨)", "water", False),
        ("备注", None, False),
    ]


def test_numbers_under_a_blank_header_are_told_of(hand_in):
    header = [*HEADER[:2], [*HEADER[2], None]]
    rows = hand_in(DOWN, header + [["2021-01", 1, 2, None, 77]])
    assert pick(rows, "source_cell", row_kind="unmapped_header") == [("E3",)]


def test_an_absent_period_column_is_one_row(hand_in):
    rows = hand_in(DOWN, [[], [], ["x", "电 (万千瓦时)", "水 (吨)", "备注"], ["2021-01", 1, 2]])
    assert pick(rows, "item_text", row_kind="missing_header") == [("月份 Month",)]


def test_an_absent_sheet_is_one_row(hand_in):
    rows = hand_in(DOWN.replace('["能耗 Energy", "Energy"]', '["能耗", "Power"]'), HEADER)
    assert pick(rows, "row_kind", "item_text", "value_text", "source_sheet") == [
        ("missing_sheet", "能耗 / Power", "The file has: Energy", "能耗")
    ]


def test_an_unreadable_file_is_one_row(hand_in):
    rows = hand_in(DOWN, b"not a workbook")
    assert pick(rows, "row_kind", "facility_id") == [("unreadable", "suzhou")]
    assert "not a workbook" in rows[0]["value_text"]
    assert len(rows[0]["source_sha256"]) == 64


def test_nothing_handed_in_is_no_row(tmp_path):
    source_map = load(tmp_path, DOWN)
    hand_in = source_map.hand_in(QUARTER.round, "suzhou")
    table = read_hand_in(None, source_map, QUARTER, hand_in, tmp_path)
    assert (table.num_rows, table.schema) == (0, READING_SCHEMA)


def test_header_lines_are_joined(hand_in):
    text = DOWN.replace("header_row: 3", "header_rows: [2, 3]")
    header = [["x"], ["月份", "电", "水"], ["Month", "(万千瓦时)", "(吨)", "备注"]]
    assert len(pick(hand_in(text, header + BODY), "row_kind", row_kind="reading")) == 6


ACROSS_HEADER = ["项目", "单位", "1月", "2021-02", date(2021, 3, 1), "合计", "审核"]


def test_months_across_gives_every_item_and_month(hand_in):
    rows = hand_in(ACROSS, [ACROSS_HEADER, ["A. 能源"], ["电", "度", 1, 2, None, 3, "王"]])
    columns = ("period_month", "value_type", "quantity", "unit_text", "source_cell", "role")
    assert pick(rows, *columns, flow_id="electricity", row_kind="reading") == [
        (date(2021, 1, 1), "number", 1.0, "度", "C3", "activity"),
        (date(2021, 2, 1), "number", 2.0, "度", "D3", "activity"),
        (date(2021, 3, 1), "blank", None, "度", "E3", "activity"),
        (None, "number", 3.0, "度", "F3", "row_total"),
    ]
    assert pick(rows, "item_text", row_kind="missing_header") == [("人数",), ("天数",)]


def test_months_across_tells_unknown_labels_and_keeps_nameless_values(hand_in):
    items = [["电", "度", 1, 2, 3], ["水", "t", 1], [None, None, 5], ["电", "度", 4, 5, 6]]
    rows = hand_in(ACROSS, [ACROSS_HEADER, *items])
    assert pick(rows, "item_text", "source_cell", row_kind="unmapped_header") == [("水", "A3")]
    assert pick(rows, "quantity", "period_month", flow_id=None, row_kind="reading") == [(5.0, None)]
    assert len(pick(rows, "quantity", flow_id="electricity", period_month=date(2021, 1, 1))) == 2


def test_months_across_tells_an_absent_month(hand_in):
    rows = hand_in(ACROSS, [["项目", "单位", "1月", "二月", "合计"], ["电", "度", 1, 2, 3]])
    assert pick(rows, "period_month", value_type="missing") == [(date(2021, 3, 1),)]


def test_times_multiplies_the_row_of_the_same_month(hand_in):
    rows = hand_in(ACROSS, [ACROSS_HEADER, ["人数", None, 10, 11, 12], ["天数", "d", 20, "x", 22]])
    columns = ("sign_multiplier", "multiplier_text", "multiplier_cell", "unit_text")
    assert pick(rows, *columns, flow_id="headcount", role="activity") == [
        (-20.0, "20|-1", "C3|", "人"),
        (None, "x|-1", "D3|", "人"),
        (-22.0, "22|-1", "E3|", "人"),
    ]
    assert set(pick(rows, "role", "property", flow_id="days")) == {("property", "days")}


def test_divided_by_takes_a_share(hand_in):
    text = ACROSS.replace("times: [天数], sign: -1", "times: [天数], divided_by: [总天数]")
    items = [["人数", None, 10, 11, 12], ["天数", "d", 20, 21, 22], ["总天数", "d", 40, 0, "y"]]
    total = "{flow: days, process: p, direction: property, property: days, unit: d}"
    text = text.replace("          天数:", f"          总天数: {total}\n          天数:")
    rows = hand_in(text, [ACROSS_HEADER, *items])
    columns = ("sign_multiplier", "multiplier_text", "multiplier_cell")
    assert pick(rows, *columns, flow_id="headcount", role="activity") == [
        (0.5, "20|/40", "C3|C4"),
        (None, "21|/0", "D3|D4"),
        (None, "22|/y", "E3|E4"),
    ]


def test_a_record_gives_its_readings(hand_in):
    rows = hand_in(RECORDS, CSV + "2021-01-05;0010;D1;S1;M1;1.234,5;t;100;汽运\n", "receipts.csv")
    columns = ("flow_id", "process_id", "quantity", "sign_multiplier", "unit_text", "source_cell")
    assert pick(rows, *columns, period_month=date(2021, 1, 1)) == [
        ("bale", "suzhou_sorting", 1234.5, 1.0, "t", "L2:净重"),
        ("freight", "suzhou_sorting", 1234.5, 100.0, "t*km", "L2:净重"),
    ]
    first = rows[0]
    assert (first["supplier_id"], first["document_no"], first["stage_code"]) == ("S1", "D1", None)
    assert rows[1]["multiplier_cell"] == "L2:运距"
    assert pick(rows, "period_month", value_type="missing") == [
        (date(2021, 2, 1),),
        (date(2021, 3, 1),),
    ]


def test_a_supplier_that_the_lookup_lacks_is_kept_for_the_gate(hand_in):
    text = RECORDS.replace(
        "supplier: {column: 供应商}", "supplier: {column: 供应商, lookup: {S1: acme}}"
    )
    lines = "2021-01-05;0010;D1;S1;M1;1;t;9;汽运\n2021-01-06;0010;D2;S9;M1;2;t;9;汽运\n"
    rows = hand_in(text, CSV + lines, "receipts.csv")
    stated = pick(rows, "supplier_id", "unknown_supplier", flow_id="bale")
    assert stated[:2] == [("acme", None), (None, "S9")]


def test_unknown_texts_of_a_record_are_kept(hand_in):
    lines = [
        "2021-01-05;9999;D1;S1;M1;1;t;100;汽运",
        "2021-01-06;0010;D1;S1;M7;2;t;100;自提",
        "2021-01-07;0010;D1;S1;M1;3;t;100;马车",
        "2021-01-xx;0010;D1;S1;M1;4;t;km;汽运",
        "",
        "合计;;;;;10;t;;",
        "制表人: 王;;;;;;;;",
    ]
    rows = hand_in(RECORDS, CSV + "\n".join(lines), "receipts.csv")
    assert pick(rows, "facility_id", "process_id", quantity=1.0, flow_id="bale") == [(None, None)]
    assert pick(rows, "item_text", quantity=1.0, flow_id="bale") == [("M1 | 9999",)]
    assert pick(rows, "flow_id", "item_text", quantity=2.0) == [(None, "M7")]
    assert (None, "方式: 马车") in pick(rows, "flow_id", "item_text", quantity=3.0)
    assert pick(rows, "period_month", "period_text", quantity=4.0, flow_id="freight") == [
        (None, "2021-01-xx")
    ]
    assert pick(rows, "sign_multiplier", "multiplier_text", quantity=4.0, flow_id="freight") == [
        (None, "km")
    ]
    assert pick(rows, "quantity", "source_cell", role="row_total") == [(10.0, "L7:净重")]


def test_a_file_with_headers_and_no_rows_was_handed_in(hand_in):
    records = RECORDS.replace("        every_month: true\n", "")
    (row,) = hand_in(records, CSV.splitlines()[0] + "\n", "receipts.csv")
    assert row["row_kind"] == "no_records"
    assert row["source_file"].endswith("receipts.csv")


@pytest.mark.parametrize(
    ("name", "places"),
    [("receipts.xlsx", ["A", "B", "E", "G"]), ("receipts.csv", ["日期", "工厂", "物料", "单位"])],
)
def test_month_site_flow_and_unit_of_a_record_have_a_column_of_their_own(hand_in, name, places):
    header = CSV.strip().splitlines()[0].split(";")
    record = [date(2021, 1, 5), "0010", "D1", "S1", "M1", 2, "t", 100, "汽运"]
    lines = CSV + "2021-01-05;0010;D1;S1;M1;1;t;100;汽运\n"
    row = hand_in(RECORDS, [header, record] if name.endswith("x") else lines, name)[0]
    columns = ("period_column", "facility_column", "flow_column", "unit_column")
    assert [row[column] for column in columns] == places


def test_a_line_with_too_many_fields_is_named(hand_in):
    line = "2021-01-05;0010;D1;S1;M1;1;t;100;汽运;extra;\n"
    rows = hand_in(RECORDS, CSV + line, "receipts.csv")
    assert pick(rows, "source_cell", row_kind="unreadable") == [("L2",)]


def test_an_erp_source_may_be_a_workbook(hand_in):
    header = CSV.strip().split(";")
    record = [date(2021, 1, 5), "0010", "D1", "S1", "M1", 2, "t", 100, "汽运"]
    rows = hand_in(RECORDS, [header, record], "receipts.xlsx")
    assert pick(rows, "quantity", "source_cell", flow_id="bale") == [(2.0, "F2")]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("direction: input,\n", "direction: in,\n", "direction"),
        ("header_row: 3", "header_rwo: 3", "header_rwo"),
        ("period: 月份 Month", "x: y", "period"),
        ("required: false", "required: perhaps", "required"),
        ("kind: workbook", "kind: erp", "kind: erp"),
        ("source: stage_washing", "source: stage_洗涤", "letters from a to z, digits and _ alone"),
        ("note: 备注", "note: 备注\n        note: 备注", "note"),
        ("水 (吨):", '"电  (万千瓦时)":', "occurs twice"),
        ("ignored: [填表人]", "ignored: [填表人", "YAML"),
    ],
)
def test_a_wrong_map_names_file_and_key(old, new, named, tmp_path):
    assert old in DOWN
    with pytest.raises(MapError) as error:
        load(tmp_path, DOWN.replace(old, new, 1))
    assert "map.yml" in str(error.value)
    assert named in str(error.value)


def test_the_newest_layout_that_applies_is_used(tmp_path):
    newer = DOWN.split("layouts:\n")[1].replace("2022-04", "2022-06").replace("header_row: 3", "")
    source_map = load(tmp_path, DOWN + newer)
    assert source_map.layout_for("2022-05").sheets[0].header_row == 3
    assert source_map.layout_for("2022-07").sheets[0].header_row == 1
    with pytest.raises(MapError, match="2021-12"):
        source_map.layout_for("2021-12")
