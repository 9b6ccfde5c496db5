"""Chinese texts that people read use the punctuation of Chinese: full-width, without a space."""

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAN = "[\u3400-\u9fff]"
FILLED_IN = "\ue000"
"""Stands for what a text has filled in; not Chinese in itself."""
HALF_WIDTH = re.compile(
    rf"{HAN} ?[,;:!?()]|[,;:!?()] ?{HAN}|(?:{HAN}|{FILLED_IN})[,;:!?()](?:{HAN}|{FILLED_IN})"
)
HALF_WIDTH_BETWEEN = re.compile(rf"{HAN} ?[,;:!?()] ?{HAN}")
REGULAR_EXPRESSION = re.compile(r"\(\?|\(\.\*|\[0-9\]")
ENGLISH = re.compile(r"[A-Za-z]+,? [a-z]+,? [a-z]+")
"""Three words in a row: an English sentence may name a Chinese unit between commas."""

PROGRAMS = sorted(
    path for folder in ("expectations", "orchestration") for path in (ROOT / folder).rglob("*.py")
)
SEEDS = sorted((ROOT / "dbt_project" / "seeds").glob("*.csv"))
WORD_LISTS = "starting"
"""Words that files are recognised by, which nobody reads as a text."""

PAGES = sorted(
    path
    for pattern in (
        "orchestration/report/**/*.md",
        "orchestration/**/*.yml",
        "dbt_project/**/*.sql",
    )
    for path in ROOT.glob(pattern)
    if path.parent.name != WORD_LISTS
)


def texts_of(program: Path) -> Iterator[tuple[int, str]]:
    """Each string of a program that isn't a docstring; what is filled in is one sign."""
    tree = ast.parse(program.read_text("utf-8"))
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            said = (
                part.value if isinstance(part, ast.Constant) else FILLED_IN for part in node.values
            )
            yield node.lineno, "".join(said)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.lineno, re.sub(r"\{\w+\}", FILLED_IN, node.value)


def half_width(text: str) -> bool:
    """Whether a Chinese line or sentence of a text has half-width punctuation."""
    return any(
        re.search(HAN, line) and HALF_WIDTH.search(line)
        for line in re.split(r"\n|(?<=。) ?(?=[A-Z0])", text)
        if not ENGLISH.search(line)
    )


@pytest.mark.parametrize("text", ["请检查,再提交", "{cell}:不是数字", "说明(可选)", "工厂 : 苏州"])
def test_half_width_punctuation_is_seen(text):
    assert half_width(re.sub(r"\{\w+\}", FILLED_IN, text))


def test_texts_of_programs_use_full_width_punctuation():
    wrong = [
        f"{program.relative_to(ROOT)}:{line}: {text}"
        for program in PROGRAMS
        for line, text in texts_of(program)
        if not REGULAR_EXPRESSION.search(text) and half_width(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_seeds_use_full_width_punctuation():
    wrong = [
        f"{seed.name}: {cell}"
        for seed in SEEDS
        for row in csv.reader(seed.read_text("utf-8").splitlines())
        for cell in row
        if half_width(cell)
    ]
    assert not wrong, "\n".join(wrong)


def test_pages_words_and_models_use_full_width_punctuation():
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in PAGES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if HALF_WIDTH_BETWEEN.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def badly_closed(line: str) -> bool:
    """Whether bold ends behind a mark and before a word: CommonMark leaves its stars."""
    parts = line.split("**")
    return any(
        re.search(r"[，。：；！？）”]$", bold) and re.match(r"\w|\{\{", behind)
        for bold, behind in zip(parts[1::2], parts[2::2], strict=False)
    )


def test_bold_is_closed_where_markdown_takes_it_for_closed():
    assert badly_closed("- **何事逾期。**无：") and not badly_closed("- **何事逾期**：无")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in PAGES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if badly_closed(line)
    ]
    assert not wrong, "\n".join(wrong)
