"""One word a thing, one thing a word: no two classes or modules of the project share a name."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = [
    path
    for package in ("orchestration", "expectations")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def test_one_class_name_is_one_class():
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(ROOT).as_posix())
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_module_of_the_gate_and_one_of_its_rules_have_different_names():
    rules = {path.stem for path in (ROOT / "expectations").glob("*.py")}
    gate = {path.stem for path in (ROOT / "orchestration" / "gate").glob("*.py")}
    assert rules & gate <= {"__init__"}
