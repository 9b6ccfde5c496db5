"""One place describes every rule: whatever a finding can name stands in the rule book."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expectations.rule_book import SEED, described_rules, seed_text
from orchestration.commands.cli import app
from orchestration.gate.waivers import CALCULATION_RULES

ROOT = Path(__file__).parents[2]


def described() -> set[str]:
    return {rule.rule_id for rule in described_rules()}


def test_each_rule_is_described_once_and_in_both_languages():
    rules = described_rules()
    assert len(rules) == len(described())
    for rule in rules:
        words = (rule.title_en, rule.title_zh, rule.remedy_en, rule.remedy_zh, rule.object_kind)
        assert all(words), rule.rule_id
        assert "{" not in "".join(words), rule.rule_id
        assert re.search("[\u4e00-\u9fff]", rule.title_zh + rule.remedy_zh), rule.rule_id


def test_the_seed_of_the_mart_is_the_rule_book():
    assert SEED.read_text(encoding="utf-8") == seed_text(), (
        "Renew it with: python -m expectations.rule_book"
    )


def test_every_rule_that_the_models_name_is_described():
    """A model says `'name' as rule_id`, or takes the id from a model that does."""
    models = (ROOT / "dbt_project" / "models").rglob("*.sql")
    named = {
        rule_id
        for path in models
        for rule_id in re.findall(r"'(\w+)' as rule_id", path.read_text(encoding="utf-8"))
    }
    assert {"mass_balance", "flow_exempted", "estimated_share"} <= named
    assert named - described() == set()


def test_every_rule_that_the_code_names_is_described():
    files = [*(ROOT / "expectations").glob("*.py"), *(ROOT / "orchestration").rglob("*.py")]
    named = {
        rule_id
        for path in files
        for rule_id in re.findall(
            r"""rule_id["']?(?: = |: |=)["']([a-z_0-9]+)["']""", path.read_text(encoding="utf-8")
        )
    }
    assert named - described() == set()


def test_what_a_waiver_may_waive_is_what_the_book_says():
    waivable = {rule.rule_id for rule in described_rules() if rule.is_waivable}
    assert waivable >= CALCULATION_RULES
    assert not waivable & {"value_is_number", "unit_known", "hand_in_missing", "recycled_balance"}


@pytest.mark.parametrize(("names", "code"), [([], 0), (["year_on_year"], 0), (["no_rule"], 2)])
def test_rules_are_listed_on_screen(names, code):
    shown = CliRunner().invoke(app, ["rules", *names], env={"COLUMNS": "200"})
    assert shown.exit_code == code, shown.output
    if code == 0:
        assert "year_on_year" in shown.output
