"""What lies in a data folder as people leave it: side tables of their Excel, and things no files.

The gate names each; none ends a run, is waited for, or is passed over.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from expectations.factor_rows import COLUMNS as FACTOR_COLUMNS
from orchestration.company.data_folder import (
    INSTRUMENT_COLUMNS,
    CompanyDataError,
    DataFolder,
)
from orchestration.gate import sign_offs, waivers
from orchestration.gate.acceptance import accept_company
from orchestration.gate.factors import accept_factors
from orchestration.ingest.landing import land_factor_libraries, read_instruments
from orchestration.ingest.mapping import read_hand_in
from orchestration.lake.hand_ins import INSTRUMENTS, HandIn
from tests.collection.conftest import BOILER, ROUND, WATER
from tests.conftest import TinyCompany

TODAY = date(2022, 2, 20)


def as_excel_in_china(header: tuple[str, ...], *lines: tuple[str, ...]) -> bytes:
    """A table in GB18030, with semicolons and the blank lines that formatting leaves behind."""
    rows = [header, *lines, ("",) * len(header)]
    return "".join(";".join(row) + "\r\n" for row in rows).encode("gb18030")


def put(company: TinyCompany, name: str, content: bytes) -> Path:
    path = company.path / "rounds" / ROUND / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(result, *rule_ids: str) -> list[tuple]:
    names = ("hand_in", "source_file", "source_cell", "observed")
    return [
        tuple(row[name] for name in names)
        for row in result.findings.to_pylist()
        if row["rule_id"] in rule_ids
    ]


def states(result) -> dict[str, str]:
    return {row["hand_in"]: row["state"] for row in result.verdicts}


def test_side_tables_are_read_as_excel_saves_them(tiny_company, judged):
    put(tiny_company, "corrections.csv", as_excel_in_china(
        ("file", "sheet", "cell", "old_value", "new_value", "reason", "decided_by", "decided_on"),
        ("mill/boiler.xlsx", "Energy", "B3", "1000", "900", "抄错", "李", "2022-02-12"),
    ))  # fmt: skip
    put(tiny_company, waivers.FILE, as_excel_in_china(
        waivers.COLUMNS,
        ("hard_bounds", BOILER, "*", "已核对", "ann", "bob", "2022-02-10", "2022-12-31"),
    ))  # fmt: skip
    put(tiny_company, sign_offs.FILE, as_excel_in_china(
        sign_offs.COLUMNS, (BOILER, "preparer", "ann", "2022-02-11", "0" * 64, ""),
    ))  # fmt: skip
    put(tiny_company, "energy_instruments.csv", as_excel_in_china(
        INSTRUMENT_COLUMNS, ("绿证1", "GEC", "mill", "electricity", "0.1", "MWh", "2022-01-01",
        "2022-01-31", "wind", "0", "R1", "2022-02-01", "本公司", "CN", "true"),
    ))  # fmt: skip
    data = DataFolder(tiny_company.path)
    result = judged(TODAY)
    assert found(result, "correction_applied") == [
        (BOILER, "rounds/2022-02/mill/boiler.xlsx", "B3", "1000")
    ]
    assert [row[3] for row in found(result, "waiver_matches")] == [f"hard_bounds / {BOILER} / *"]
    assert found(result, "sign_off_outdated")[0][0] == BOILER
    ((line, certificate),) = read_instruments(data, data.round(ROUND)).rows
    assert (line, certificate["instrument_id"], certificate["beneficiary"]) == (
        2,
        "绿证1",
        "本公司",
    )
    assert not found(result, "side_table_followed", "paper_readable")


OPEN_QUOTE = b'a,b\r\n1,"2\r\n3,4\r\n'


def test_a_side_table_that_cannot_be_followed_is_named_by_line(tiny_company, judged):
    put(tiny_company, "corrections.csv", OPEN_QUOTE)
    put(tiny_company, "energy_instruments.csv", OPEN_QUOTE)
    put(tiny_company, waivers.FILE, OPEN_QUOTE)
    result = judged(TODAY)
    named = found(result, "side_table_followed")
    assert {row[:3] for row in named} == {
        (BOILER, "rounds/2022-02/corrections.csv", "L2"),
        (WATER, "rounds/2022-02/corrections.csv", "L2"),
        (INSTRUMENTS, "rounds/2022-02/energy_instruments.csv", "L2"),
    }
    assert all("quotation mark is not closed" in row[3] for row in named)
    assert states(result) == dict.fromkeys((BOILER, WATER, INSTRUMENTS), "refused")
    assert "Line 2" in found(result, "paper_readable")[0][3]


def test_lines_and_headers_of_certificates_that_do_not_fit(tiny_company, judged):
    whole = ",".join(INSTRUMENT_COLUMNS)
    put(tiny_company, "energy_instruments.csv", f"{whole}\n{'x,' * 15}too much\n".encode())
    assert found(judged(TODAY), "side_table_followed")[0][2] == "L2"
    put(tiny_company, "energy_instruments.csv", whole.replace("registry_id,", "").encode())
    (finding,) = found(judged(TODAY), "side_table_followed")
    assert (finding[0], finding[2]) == (INSTRUMENTS, "L1")
    assert "registry_id" in finding[3]


def test_a_line_of_waivers_that_does_not_fit_has_no_effect(tiny_company, judged):
    header = ",".join(waivers.COLUMNS)
    put(tiny_company, waivers.FILE, f"{header}\n{'x,' * 9}\nx,y,z,a,b,c,d,e,f\n".encode())
    named = [row[2] for row in found(judged(TODAY), "waiver_complete")]
    assert named == ["L2", "L3"]


def test_master_tables_are_read_as_excel_saves_them(tiny_company):
    path = tiny_company.path / "company" / "facilities.csv"
    path.write_bytes(as_excel_in_china(
        ("facility_id", "name_en", "country", "name_zh"), ("mill", "Mill", "CN", "工厂"),
    ))  # fmt: skip
    assert DataFolder(tiny_company.path).company["facilities"]["name_zh"].tolist() == ["工厂"]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("company/flows.csv", OPEN_QUOTE, "company/flows.csv: Line 2: unexpected end of data"),
        ("company/flows.csv", b"flow_id,flow_id\nx,y\n", "the column flow_id occurs twice"),
        ("company/flows.csv", b"flow_id,unit_code\nx,kg,1\n", "company/flows.csv line 2: 3 fields"),
        ("company/company.yml", b"name_en: \xff\xfe", "company/company.yml: is not UTF-8"),
        ("emission_factors/libraries.csv", b"library\nx\n", "column priority is missing"),
        ("emission_factors/sources.csv", OPEN_QUOTE, "emission_factors/sources.csv: Line 2"),
    ],
)
def test_a_master_table_that_cannot_be_read_is_named(tiny_company, file, content, words):
    (tiny_company.path / file).write_bytes(content)
    with pytest.raises(CompanyDataError, match=words.replace("(", r"\(")):
        _ = DataFolder(tiny_company.path).company


def test_a_calendar_that_cannot_be_read_is_named(tiny_company):
    (tiny_company.path / "rounds.csv").write_bytes(OPEN_QUOTE)
    with pytest.raises(CompanyDataError, match=r"rounds.csv: Line 2: unexpected end of data"):
        _ = DataFolder(tiny_company.path).rounds


def test_a_library_that_cannot_be_read_is_refused_alone(tiny_company, lake):
    folder = tiny_company.path / "emission_factors"
    (folder / "broken.csv").write_bytes(OPEN_QUOTE)
    header = ",".join(FACTOR_COLUMNS)
    (folder / "ragged.csv").write_text(f"{header}\n{'x,' * len(FACTOR_COLUMNS)}y\n")
    (folder / "folder.csv").mkdir()
    data = DataFolder(tiny_company.path)
    accept_company(data, lake)
    land_factor_libraries(data, lake)
    result = accept_factors(lake)
    assert result.refused == ("broken", "folder", "ragged")
    assert result.factors.num_rows > 0
    named = {row[:3] for row in found(result, "factor_library_readable")}
    assert named == {
        ("emission_factors/broken", "emission_factors/broken.csv", "L2:unreadable"),
        ("emission_factors/folder", "emission_factors/folder.csv", "L1:unreadable"),
        ("emission_factors/ragged", "emission_factors/ragged.csv", "L2:unreadable"),
    }


def a_folder(path: Path, outside: Path) -> None:
    path.mkdir()


def a_pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def a_dangling_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing.xlsx")


def a_link_out(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "elsewhere.xlsx")


NO_FILES = [
    (a_folder, "It is a folder"),
    (a_pipe, "It is no file"),
    (a_dangling_link, "a link that leads nowhere"),
    (a_link_out, "leads out of the data folder"),
]


@pytest.mark.parametrize(("make", "words"), NO_FILES)
def test_what_is_no_file_is_unreadable(tiny_company, tmp_path, make, words):
    path = moved_out(tiny_company, tmp_path)
    make(path, tmp_path)
    data = DataFolder(tiny_company.path)
    source_map, round_ = data.maps["stage_boiler"], data.round(ROUND)
    hand_in = HandIn.named(ROUND, BOILER)
    assert dict(data.hand_ins(source_map, round_)) == {hand_in: path}
    (row,) = read_hand_in(path, source_map, round_, hand_in, data.path).to_pylist()
    assert row["row_kind"] == "unreadable"
    assert words in row["value_text"]


def moved_out(company: TinyCompany, folder: Path) -> Path:
    """Where a workbook lay that now lies elsewhere."""
    path = company.path / "rounds" / ROUND / "mill" / "boiler.xlsx"
    path.rename(folder / "elsewhere.xlsx")
    return path


def test_what_is_no_file_is_refused_by_name(tiny_company, judged, tmp_path):
    a_pipe(moved_out(tiny_company, tmp_path), tmp_path)
    result = judged(TODAY)
    ((hand_in, file, _, observed),) = found(result, "file_readable")
    assert (hand_in, file) == (BOILER, "rounds/2022-02/mill/boiler.xlsx")
    assert "It is no file" in observed
    assert states(result) == {BOILER: "refused", WATER: "accepted"}


def test_a_link_to_a_file_of_the_data_folder_is_read(tiny_company, judged):
    path = tiny_company.path / "rounds" / ROUND / "mill" / "boiler.xlsx"
    own = tiny_company.path / "rounds" / ROUND / ".boiler-of-today.xlsx"
    path.rename(own)
    path.symlink_to(own)
    assert states(judged(TODAY))[BOILER] == "accepted"


def in_gbk(name: str) -> str:
    """A file name whose bytes are GBK, as an archive from a Chinese Windows unpacks."""
    return os.fsdecode(name.encode("gb18030"))


def test_names_in_gbk_bytes_and_pipes_nobody_asked_for_are_told(tiny_company, judged):
    folder = tiny_company.path / "rounds" / ROUND / "mill"
    (folder / in_gbk("水表.xlsx")).write_bytes(b"x")
    (folder / in_gbk("车间")).mkdir()
    os.mkfifo(folder / "pipe")
    result = judged(TODAY)
    assert {row[1] for row in found(result, "unexpected_file")} == {
        "rounds/2022-02/mill/水表.xlsx",
        "rounds/2022-02/mill/pipe",
    }
    assert states(result) == dict.fromkeys((BOILER, WATER), "accepted")


def test_a_site_in_gbk_bytes_is_read_under_its_characters(tiny_company):
    mill = tiny_company.path / "rounds" / ROUND / "mill"
    mill.rename(mill.with_name(in_gbk("纺丝")))
    data = DataFolder(tiny_company.path)
    found = data.hand_ins(data.maps["stage_boiler"], data.round(ROUND))
    hand_ins = {hand_in.name: path for hand_in, path in found}
    assert hand_ins["mill/boiler"] is None
    assert hand_ins["纺丝/boiler"].is_file()
