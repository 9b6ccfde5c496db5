"""Hand-ins come back marked at exactly the cells that are wrong, and nothing else is changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from expectations.rules import FINDING_SCHEMA
from orchestration.collection.returned.marked_workbook import mark_workbook
from orchestration.collection.returned.notice import Notice, Remark, notice_of
from orchestration.collection.returned.returning import return_hand_ins
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company, judge_and_accept
from orchestration.ingest.landing import land_source
from orchestration.ingest.template_marks import ISSUES_SHEET
from orchestration.lake.paths import Lake
from orchestration.spreadsheets.cell_comments import OPENING
from orchestration.spreadsheets.cell_styles import FILLS
from tests.collection.broken_workbook import (
    DUE,
    MARKED,
    MONTHS,
    ROUND,
    write_rounds,
    write_workbook,
)
from tests.conftest import ERP_MAP, TinyCompany, write_company
from tests.system_programs import system_program

HAND_IN = f"rounds/{ROUND}/mill/boiler.xlsx"
ENERGY, WATER = "能耗 Energy", "It's water"


@pytest.fixture
def mill(tmp_path: Path) -> TinyCompany:
    """A company whose only hand-in of the round is broken in many ways."""
    company = write_company(tmp_path / "data")
    write_rounds(company.path)
    write_workbook(company.path / HAND_IN, broken=True)
    return company


def judge(company: TinyCompany, warehouse: Path) -> tuple[str, list[Path]]:
    """Land, judge and give back; the state of the hand-in and what was returned."""
    data, lake = DataFolder(company.path), Lake(warehouse)
    round_ = data.round(ROUND)
    accept_company(data, lake)
    for source_map in data.maps.values():
        land_source(data, lake, source_map, round_)
    result = judge_and_accept(data, lake, round_)
    findings = result.findings.to_pylist()
    returned = return_hand_ins(data, lake, round_, result.verdicts, findings)
    state = next(row["state"] for row in result.verdicts if row["hand_in"] == "mill/boiler")
    return state, returned


def marks(path: Path) -> set[tuple[str, str]]:
    """Sheet and address of every marked cell."""
    book = openpyxl.load_workbook(path)
    return {
        (sheet.title, cell.coordinate)
        for sheet in book
        if not sheet.title.startswith(ISSUES_SHEET)
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb in FILLS.values() and cell.border.left.style == "thick"
    }


def comments(path: Path) -> dict[tuple[str, str], str]:
    """The text of every comment."""
    return {
        (sheet.title, cell.coordinate): cell.comment.text
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }


def repair(path: Path) -> None:
    """What the author does: put right what is marked, and save in another program's own way."""
    book = openpyxl.load_workbook(path)
    energy = book[ENERGY]
    energy["B3"], energy["C4"], energy["D3"], energy["C5"] = 1000, 40, 2, 12.5
    energy["F2"] = None
    energy.delete_cols(7)
    book[WATER]["B2"] = "m3"
    book[WATER]["F2"] = 180  # openpyxl stores no result of a formula; Excel would
    meters = book.create_sheet("Meters")
    meters.append(["Month", "Start"])
    for row, month in enumerate(MONTHS, start=1):
        meters.append([month, 100 * row])
    book.save(path)


def parts(path: Path) -> dict[str, bytes]:
    """Every part of a package."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_exactly_the_wrong_cells_are_marked_and_the_corrected_copy_is_accepted(
    mill: TinyCompany, tmp_path: Path
) -> None:
    state, (returned,) = judge(mill, tmp_path / "warehouse")
    assert state == "refused"
    assert returned == tmp_path / "warehouse" / "returned" / ROUND / "mill" / "boiler.xlsx"
    assert marks(returned) == set(MARKED)
    told = comments(returned)
    assert all(OPENING in told[cell] for cell in MARKED)

    issues = openpyxl.load_workbook(returned)[ISSUES_SHEET]
    rows = list(issues.iter_rows(min_row=6, max_col=7))
    links = {
        tuple(row[2].hyperlink.location.rsplit("!", 1)): row[6].value
        for row in rows
        if row[2].hyperlink
    }
    assert {
        (f"'{s.replace(chr(39), chr(39) * 2)}'", c): r for (s, c), r in MARKED.items()
    }.items() <= (links.items())
    assert "sheet_present" in {row[6].value for row in rows}

    repair(returned)
    shutil.copy(returned, mill.path / HAND_IN)
    assert judge(mill, tmp_path / "warehouse") == ("accepted", [])
    kept = list((tmp_path / "warehouse" / "returned").rglob("*.xlsx"))
    assert kept == [returned], "the author's own work is not removed"


def test_what_the_author_made_stays_byte_for_byte(mill: TinyCompany, tmp_path: Path) -> None:
    _, (returned,) = judge(mill, tmp_path / "warehouse")
    before, after = parts(mill.path / HAND_IN), parts(returned)
    ours = {
        "[Content_Types].xml", "docProps/custom.xml", "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml", "xl/worksheets/_rels/sheet2.xml.rels", "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
    }  # fmt: skip
    assert {name for name in before if after[name] != before[name]} == ours
    assert "xl/charts/chart1.xml" in before

    book, was = openpyxl.load_workbook(returned), openpyxl.load_workbook(mill.path / HAND_IN)
    energy, old = book[ENERGY], was[ENERGY]
    assert energy["C4"].number_format == old["C4"].number_format
    assert energy["C5"].number_format == old["C5"].number_format == "General"
    assert energy["B3"].number_format == "#,##0.00"
    assert not energy["B3"].protection.locked
    assert energy.protection.sheet
    assert energy["B3"].value == "=NA()"
    assert book[WATER]["F2"].value == "=SUM(C2:E2)"
    assert openpyxl.load_workbook(returned, data_only=True)[WATER]["F2"].value == 180
    assert [rule.sqref for rule in energy.data_validations.dataValidation] == [
        rule.sqref for rule in old.data_validations.dataValidation
    ]
    assert book.defined_names["months"].value == was.defined_names["months"].value
    assert energy.print_area == old.print_area
    assert energy.freeze_panes == old.freeze_panes
    assert book["Lists"].sheet_state == "hidden"
    assert b"sparkline" in after["xl/worksheets/sheet1.xml"]
    assert comments(returned)[ENERGY, "A1"] == "Read on the last day."
    assert comments(returned)[ENERGY, "C4"].startswith("Weighed twice.\n\n" + OPENING)


def test_a_second_return_replaces_the_marks_of_the_first(mill: TinyCompany, tmp_path: Path) -> None:
    _, (returned,) = judge(mill, tmp_path / "warehouse")
    book = openpyxl.load_workbook(returned)
    book[ENERGY]["C5"] = 12.5
    book[WATER]["B2"] = "m3"
    book[WATER]["F2"] = 180
    book.save(mill.path / HAND_IN)
    state, (again,) = judge(mill, tmp_path / "warehouse")
    assert state == "refused"
    right_now = {(ENERGY, "C5"), (WATER, "B2")}
    assert marks(again) == set(MARKED) - right_now
    told = comments(again)
    assert told[ENERGY, "C4"].count(OPENING) == 1
    assert told[ENERGY, "C4"].startswith("Weighed twice.")
    assert not right_now & told.keys()
    second = openpyxl.load_workbook(again)
    assert [name for name in second.sheetnames if name.startswith(ISSUES_SHEET)] == [ISSUES_SHEET]


def test_a_right_cell_looks_as_its_author_made_it(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "boiler.xlsx")
    first = mark_workbook(path.read_bytes(), _notice(Remark("warning", "x", ENERGY, "B4", *_WORDS)))
    (tmp_path / "marked.xlsx").write_bytes(first)
    assert marks(tmp_path / "marked.xlsx") == {(ENERGY, "B4")}
    (tmp_path / "clean.xlsx").write_bytes(mark_workbook(first, _notice()))
    assert marks(tmp_path / "clean.xlsx") == set()
    old, new = (openpyxl.load_workbook(p)[ENERGY]["B4"] for p in (path, tmp_path / "clean.xlsx"))
    assert new.fill.fgColor.rgb == old.fill.fgColor.rgb == "FFFFFF99"
    assert new.border.left.style is None
    assert new.number_format == old.number_format
    assert comments(tmp_path / "clean.xlsx") == comments(path)


def test_cells_and_rows_that_are_not_stored_can_be_marked(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "boiler.xlsx")
    cells = ("H1", "A3", "D40", "AB2", "C3")
    remarks = [Remark("critical", "x", ENERGY, cell, *_WORDS) for cell in cells]
    remarks.append(Remark("critical", "x", "Lists", "B7", *_WORDS))
    remarks.append(Remark("critical", "x", "no such sheet", "B7", *_WORDS))
    path.write_bytes(mark_workbook(path.read_bytes(), _notice(*remarks)))
    assert marks(path) == {(ENERGY, cell) for cell in cells} | {("Lists", "B7")}
    assert openpyxl.load_workbook(path)[ENERGY]["C3"].value == 10


def test_the_same_hand_in_gives_the_same_bytes(mill: TinyCompany, tmp_path: Path) -> None:
    _, (returned,) = judge(mill, tmp_path / "warehouse")
    first, when = returned.read_bytes(), returned.stat().st_mtime_ns
    judge(mill, tmp_path / "warehouse")
    assert returned.read_bytes() == first
    assert returned.stat().st_mtime_ns == when


def test_a_copy_somebody_worked_in_is_set_aside(mill: TinyCompany, tmp_path: Path) -> None:
    _, (returned,) = judge(mill, tmp_path / "warehouse")
    book = openpyxl.load_workbook(returned)
    book[ENERGY]["C4"] = 41
    book.save(returned)
    judge(mill, tmp_path / "warehouse")
    aside = returned.with_name("boiler.edited-1.xlsx")
    assert openpyxl.load_workbook(aside)[ENERGY]["C4"].value == 41
    assert marks(returned) == set(MARKED)


@pytest.mark.parametrize("content", [b"", b"no workbook at all", b"PK\x03\x04 cut off"])
def test_a_file_nobody_can_open_comes_back_as_a_list(
    mill: TinyCompany, tmp_path: Path, content: bytes
) -> None:
    (mill.path / HAND_IN).write_bytes(content)
    state, (returned,) = judge(mill, tmp_path / "warehouse")
    assert (state, returned.name) == ("refused", "boiler.issues.xlsx")
    book = openpyxl.load_workbook(returned)
    assert book.sheetnames == [ISSUES_SHEET]
    assert "file_readable" in {row[6].value for row in book.active.iter_rows(min_row=6)}


def test_the_corrected_copy_is_accepted_after_libreoffice_saved_it(
    mill: TinyCompany, tmp_path: Path
) -> None:
    office = system_program("soffice")
    _, (returned,) = judge(mill, tmp_path / "warehouse")
    repair(returned)
    saved = tmp_path / "saved"
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(saved), str(returned)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    shutil.copy(saved / "boiler.xlsx", mill.path / HAND_IN)
    state, _ = judge(mill, tmp_path / "warehouse")
    assert state == "accepted"


def test_a_waived_finding_asks_nothing_of_the_author(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "boiler.xlsx")
    finding = dict.fromkeys(FINDING_SCHEMA.names) | {
        "rule_id": "hard_bounds", "severity": "critical", "source_file": "boiler.xlsx",
        "source_sheet": ENERGY, "source_cell": "B3", "message_en": f"{ENERGY}!B3: too much",
        "message_zh": f"{ENERGY}!B3：太多",
    }  # fmt: skip
    waived = finding | {"waived_by": "bob", "source_cell": "C3"}
    for findings, cells in (([waived], set()), ([finding, waived], {(ENERGY, "B3")})):
        notice = notice_of(
            findings, hand_in="mill/boiler", round_name=ROUND, source_file="boiler.xlsx",
            file_name="boiler.xlsx", closes_on=DUE, is_refused=bool(cells),
        )  # fmt: skip
        assert notice.has_something_to_look_at == bool(cells)
        (tmp_path / "marked.xlsx").write_bytes(mark_workbook(path.read_bytes(), notice))
        assert marks(tmp_path / "marked.xlsx") == cells
    assert [remark.message_zh for remark in notice.remarks][0] == "太多"


def test_check_marks_a_copy_and_accepts_the_corrected_one(mill: TinyCompany) -> None:
    path = mill.path / HAND_IN
    command = ["check", str(path), "--data", str(mill.path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1, result.output
    checked = path.with_name("boiler.checked.xlsx")
    assert marks(checked) == set(MARKED)
    assert "能耗 Energy!C4" in result.output

    repair(checked)
    result = CliRunner().invoke(app, ["check", str(checked), "--data", str(mill.path)])
    assert result.exit_code == 0, result.output
    assert checked.exists(), "the author's own work is not removed"


def test_check_lists_the_lines_of_an_export(mill: TinyCompany) -> None:
    (mill.path / "maps" / "erp_water.yml").write_text(
        ERP_MAP.replace("every_month: true", "every_month: false"), encoding="utf-8"
    )
    path = mill.path.parent / "water.csv"
    path.write_text(
        "Plant,Month,Invoice,Quantity,Unit\n1000,2022-01,A1,50,m3\n1000,2022-02,A2,fifty,m3\n",
        encoding="utf-8",
    )
    command = ["check", str(path), "--data", str(mill.path), "--round", ROUND]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1, result.output
    issues = openpyxl.load_workbook(path.with_name("water.checked.xlsx")).active
    assert [row[2].value for row in issues.iter_rows(min_row=6)][:1] == ["L3:Quantity"]


def test_check_refuses_the_template_of_another_round(mill: TinyCompany) -> None:
    path = write_workbook(mill.path / HAND_IN)
    book = openpyxl.load_workbook(path)
    book[WATER]["F2"] = 180
    stamp = {
        "template_code": "stage_boiler", "round": "2021-04", "facility_id": "mill",
        "stage_code": "boiler",
    }  # fmt: skip
    meta = book.create_sheet("_meta")
    for line in stamp.items():
        meta.append(line)
    meta.sheet_state = "hidden"
    book.save(path)
    result = CliRunner().invoke(app, ["check", str(path), "--data", str(mill.path)])
    assert result.exit_code == 1, result.output
    assert "2021-04" in result.output
    copy = openpyxl.load_workbook(path.with_name("boiler.checked.xlsx"))
    assert {row[6].value for row in copy[ISSUES_SHEET].iter_rows(min_row=6)} >= {
        "file_belongs_here"
    }


def test_check_takes_its_copy_away_when_all_is_right(mill: TinyCompany) -> None:
    path = mill.path / HAND_IN
    command = ["check", str(path), "--data", str(mill.path)]
    CliRunner().invoke(app, command)
    write_workbook(path)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert not path.with_name("boiler.checked.xlsx").exists()


def test_check_starts_without_dagster() -> None:
    command = "import sys, orchestration.commands.cli, orchestration.commands.check_on_screen; "
    command += "import orchestration.collection.check; print('dagster' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    assert result.stdout.strip() == b"False"


def test_check_says_what_it_needs_to_know(mill: TinyCompany, tmp_path: Path) -> None:
    elsewhere = write_workbook(tmp_path / "desk" / "my file.xlsx")
    data = ["--data", str(mill.path)]
    for more, wanted in (
        ([], "--stage"),
        (["--stage", "boiler"], "--round"),
        (["--stage", "boiler", "--round", "2031-01"], "no round 2031-01"),
        (["--stage", "boiler", "--round", ROUND, "--facility", "moon"], "--facility"),
    ):
        result = CliRunner().invoke(app, ["check", str(elsewhere), *data, *more])
        assert result.exit_code == 2, result.output
        assert wanted in result.output
    options = ["--stage", "boiler", "--round", ROUND]
    result = CliRunner().invoke(app, ["check", str(elsewhere), *data, *options])
    assert result.exit_code == 0, result.output


_WORDS = ("错", "Wrong", "改", "Mend", "a number")


def _notice(*remarks: Remark) -> Notice:
    return Notice("mill/boiler", ROUND, "boiler.xlsx", DUE, True, False, remarks)
