"""Rules and test vectors have an address: whatever cites one finds its heading in docs/method."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from orchestration.lake.places import REPOSITORY
from orchestration.report.method_text import FOLDER, PAGES

NAME = r"(?:[RV]\d+|PDS|DQR)"
CITATION = re.compile(rf"\b[Mm]ethod ({NAME}(?:(?:, | and | to ){NAME})*)\b")
HEADING = re.compile(rf"^### ({NAME})$", re.MULTILINE)
CITING = (".py", ".sql", ".yml", ".csv", ".md")
FOLDERS = ("orchestration", "expectations", "dbt_project", "raw_data", "tests")


def test_every_cited_rule_has_exactly_one_heading():
    headings = Counter(name for page in PAGES for name in HEADING.findall(_text(page)))
    assert {name for name, count in headings.items() if count > 1} == set()
    dangling = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in _files()
        for cited in CITATION.findall(_text(path))
        for name in _names(cited)
        if name not in headings
    ]
    assert dangling == []


def test_no_rule_is_cited_from_elsewhere():
    """A rule that lives in no file of the repository can't be looked up."""
    foreign = re.compile(r"\bMETHOD (?:[RVP]\d|\d|§|part)")
    assert [str(path) for path in _files() if foreign.search(_text(path))] == []


def test_every_page_of_the_method_is_shown():
    assert {path.name for path in FOLDER.glob("*.md")} == {page.name for page in PAGES} | {
        "README.md"
    }


def _names(cited: str) -> list[str]:
    """`R22 to R25, R28` is R22, R23, R24, R25 and R28."""
    names: list[str] = []
    for part in re.split(r", | and ", cited):
        first, _, last = part.partition(" to ")
        names += (
            [f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1)]
            if last
            else [first]
        )
    return names


def _files() -> list[Path]:
    found = [
        path
        for folder in FOLDERS
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.suffix in CITING and path.is_file() and "target" not in path.parts
    ]
    return [path for path in found if path != Path(__file__).resolve()]


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")
