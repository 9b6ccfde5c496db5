"""A workbook says whose it is: another's is refused by name, an older template still reads."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from orchestration.collection.template.issuing import issue_templates
from orchestration.company.data_folder import DataFolder
from orchestration.gate.acceptance import accept_company, judge_and_accept
from orchestration.ingest.landing import land_source
from orchestration.ingest.mapping import read_hand_in
from orchestration.ingest.template_marks import META_SHEET, read_stamps, without_annotation
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import Lake
from orchestration.spreadsheets.workbook import read_workbook
from tests.collection.filling import type_in

FILLED = {("Energy", cell): value for cell, value in (("B3", 1000), ("C3", 10), ("D3", 2))}


@pytest.fixture
def data(tiny_company) -> DataFolder:
    return DataFolder(tiny_company.path)


@pytest.fixture
def template(data, tmp_path) -> Path:
    """The boiler house's workbook of round 2022-03, filled in."""
    issued = issue_templates(data, data.round("2022-03"), tmp_path / "out")[0]
    type_in(issued.path, FILLED)
    return issued.path


def kinds(data: DataFolder, path: Path, round_name: str, hand_in: str) -> list[tuple]:
    round_, handed_in = data.round(round_name), HandIn.named(round_name, hand_in)
    source_map = data.maps["stage_boiler"]
    rows = read_hand_in(path, source_map, round_, handed_in, path.parent).to_pylist()
    return [(row["row_kind"], row["value_text"], row["item_text"]) for row in rows]


def without_meta(path: Path) -> Path:
    book = load_workbook(path)
    del book[META_SHEET]
    book.save(path)
    return path


def without_properties(path: Path) -> Path:
    """As programs do that know no custom properties."""
    kept = path.with_name("kept.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(kept, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/custom.xml":
                continue
            if name in ("_rels/.rels", "[Content_Types].xml"):
                content = b"".join(
                    part
                    for part in content.replace(b"<", b"\0<").split(b"\0")
                    if b"custom" not in part
                )
            new.writestr(name, content)
    return kept.replace(path)


@pytest.mark.parametrize("stamped", [lambda path: path, without_meta, without_properties])
def test_a_file_of_another_round_is_named_and_not_read(data, template, stamped):
    path = stamped(template)
    assert kinds(data, path, "2022-02", "mill/boiler") == [
        ("wrong_file", "mill/boiler, 2022-03", "mill/boiler, 2022-02")
    ]


@pytest.mark.parametrize("stamped", [lambda path: path, without_meta, without_properties])
def test_a_file_of_another_site_is_named_and_not_read(data, template, stamped):
    path = stamped(template)
    assert kinds(data, path, "2022-03", "depot/boiler") == [
        ("wrong_file", "mill/boiler, 2022-03", "depot/boiler, 2022-03")
    ]


def test_a_file_of_another_stage_is_named_and_not_read(data, template):
    text = (data.path / "maps" / "stage_boiler.yml").read_text(encoding="utf-8")
    other = data.path / "maps" / "stage_weaving.yml"
    other.write_text(text.replace("stage_boiler", "stage_weaving"), encoding="utf-8")
    source_map = DataFolder(data.path).maps["stage_weaving"]
    rows = read_hand_in(
        template,
        source_map,
        data.round("2022-03"),
        HandIn("2022-03", "mill", "weaving"),
        template.parent,
    ).to_pylist()
    assert [(row["row_kind"], row["value_text"]) for row in rows] == [
        ("wrong_file", "mill/boiler, 2022-03")
    ]


def test_a_file_that_no_template_wrote_is_read_as_ever(data):
    path = data.path / "rounds" / "2022-03" / "mill" / "boiler.xlsx"
    assert read_stamps(read_workbook(path)) == []
    assert {kind for kind, _, _ in kinds(data, path, "2022-02", "mill/boiler")} == {"reading"}


def test_both_stamps_say_the_same(template):
    first, second = read_stamps(read_workbook(template))
    assert first == second
    assert first["template_code"] == "stage_boiler"
    assert (first["round"], first["facility_id"], first["stage_code"]) == (
        "2022-03", "mill", "boiler",
    )  # fmt: skip
    assert len(first["map_sha256"]) == 64


def verdict(data: DataFolder, path: Path, warehouse: Path) -> tuple[str, list[tuple]]:
    """State of the boiler house's hand-in of 2022-03 when this file is handed in, and why."""
    shutil.copy(path, data.path / "rounds" / "2022-03" / "mill" / "boiler.xlsx")
    lake, round_ = Lake(warehouse), data.round("2022-03")
    accept_company(data, lake)
    for source_map in data.maps.values():
        land_source(data, lake, source_map, round_)
    result = judge_and_accept(data, lake, round_)
    state = next(row["state"] for row in result.verdicts if row["hand_in"] == "mill/boiler")
    mine = [row for row in result.findings.to_pylist() if row["hand_in"] == "mill/boiler"]
    return state, [(row["rule_id"], row["severity"], row["message_en"]) for row in mine]


def test_last_month_s_file_is_refused_with_one_finding(data, tmp_path):
    last = issue_templates(data, data.round("2022-02"), tmp_path / "last")[0].path
    type_in(last, FILLED)
    assert verdict(data, last, tmp_path / "warehouse") == (
        "refused",
        [
            (
                "file_belongs_here",
                "critical",
                "rounds/2022-03/mill/boiler.xlsx is the workbook of mill/boiler, 2022-02; here "
                "that of mill/boiler, 2022-03 is due.",
            )
        ],
    )


def test_an_older_template_is_read_as_it_was_and_mentioned(data, template, tmp_path):
    path = data.path / "maps" / "stage_boiler.yml"
    text = path.read_text(encoding="utf-8")
    head, layout = text.split("layouts:\n")
    newer = layout.replace('"2022-01"', '"2022-03"').replace("Electricity (kWh)", "Power (kWh)")
    path.write_text(f"{head}layouts:\n{layout}{newer}", encoding="utf-8")
    data = DataFolder(data.path)
    state, findings = verdict(data, template, tmp_path / "warehouse")
    assert state == "accepted"
    assert [(rule, severity) for rule, severity, _ in findings] == [("template_version", "info")]
    assert "template version 2022-01 (" in findings[0][2]
    assert "the present one is 2022-03 (" in findings[0][2]


def test_an_annotation_is_passed_over_and_nothing_else():
    assert without_annotation("干燥用电\n〔Purchased electricity〕") == "干燥用电"
    assert without_annotation("分拣用电〔Electricity〕 (kWh)") == "分拣用电 (kWh)"
    assert without_annotation("1、2线（本白）") == "1、2线(本白)"
    assert without_annotation("〔open") == "〔open"
