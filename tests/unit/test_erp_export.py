"""ERP text files in the encodings, delimiters and quoting they come in."""

from __future__ import annotations

import pytest

from orchestration.spreadsheets.numbers import NumberFormat
from orchestration.spreadsheets.text_export import UnreadableErpExportError, read_erp_export

HEADERS = ("过账日期", "净重, kg")


def read(tmp_path, content: bytes | str, **options):
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_erp_export(path, **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found(encoding, tmp_path):
    grid = read(tmp_path, "过账日期;净重\n2021-01-05;汽运\n".encode(encoding))
    assert grid.rows == [["过账日期", "净重"], ["2021-01-05", "汽运"]]


def test_a_declared_encoding_is_used(tmp_path):
    assert read(tmp_path, "Stück;1\n".encode("cp1252"), encoding="cp1252").rows == [["Stück", "1"]]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(delimiter, tmp_path):
    text = "\n".join(delimiter.join(row) for row in (["date", "mass", "note"], ["1", "2", "3"]))
    assert read(tmp_path, text).rows[1] == ["1", "2", "3"]


def test_headers_of_the_map_tell_the_delimiter(tmp_path):
    grid = read(tmp_path, "过账日期;净重, kg;a,b,c,d\n1;2;3\n", headers=HEADERS)
    assert grid.rows[0] == ["过账日期", "净重, kg", "a,b,c,d"]


def test_a_separator_line_is_followed_and_counted(tmp_path):
    grid = read(tmp_path, "sep=|\na|b\n1|2\n")
    assert (grid.rows, list(grid.lines)) == ([["a", "b"], ["1", "2"]], [2, 3])


def test_an_address_names_the_physical_line(tmp_path):
    grid = read(tmp_path, 'a,b\n"two\nlines",1\n\n3,4\n')
    assert grid.address(1, 1, "b") == "L2:b"
    assert grid.address(3, 1, "b") == "L5:b"


def test_numbers_follow_the_map(tmp_path):
    german = NumberFormat(",", ".", trailing_minus=True)
    grid = read(tmp_path, "x\n1.234,5\n12,5-\n1,234.5\n", delimiter=";", number_format=german)
    assert [grid.cell(i, 0).number for i in (1, 2, 3)] == [1234.5, -12.5, None]
    assert grid.cell(1, 0).kind == "number"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a,b\n1,\x002\n", "Line 2 holds a NUL"),
        (b"PK\x03\x04abc", "workbook under a text file's name"),
        (b"a,b\n\xff\xff\xff\n", "not text in UTF-8 or GB18030"),
        (b'a,b\n1,"open\n', "Line 2"),
        (b'a,b\n1,"x"y\n', "Line 2"),
    ],
)
def test_what_cannot_be_read_says_why(content, reason, tmp_path):
    with pytest.raises(UnreadableErpExportError, match=reason):
        read(tmp_path, content)


def test_a_line_with_too_many_fields_is_told_of(tmp_path):
    grid = read(tmp_path, "a,b\n1,2,\n1,234,5\n1\n")
    assert list(grid.ragged_lines) == [2]
    assert "Line 3 has 3 fields where the header has 2" in grid.ragged_lines[2]
