"""The rules on screen: what must hold, who judges it, and what to do when it does not."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from expectations.rule_book import DescribedRule, described_rules
from orchestration.commands.table_columns import add_names

SEVERITY_STYLE = {"critical": "red", "warning": "yellow", "info": "dim"}


def print_rules(console: Console, rule_ids: list[str]) -> bool:
    """Print every rule, or those named in full; returns whether all of the named are known."""
    rules = {rule.rule_id: rule for rule in described_rules()}
    if not rule_ids:
        console.print(_overview(list(rules.values())))
        return True
    for rule_id in rule_ids:
        if rule_id in rules:
            _print_rule(console, rules[rule_id])
        else:
            console.print(f"{escape(rule_id)}: no such rule. Without a name, all are listed.")
    return all(rule_id in rules for rule_id in rule_ids)


def _overview(rules: list[DescribedRule]) -> Table:
    table = Table(box=SIMPLE, show_edge=False)
    add_names(table, "Rule", [rule.rule_id for rule in rules])
    for header in ("Severity", "Waivable", "What must hold 须满足"):
        table.add_column(header, overflow="fold")
    suite = None
    for rule in rules:
        if suite is not None and rule.suite != suite:
            table.add_section()
        suite = rule.suite
        severity = rule.severity.split(",")[0]  # the second threshold is told with the rule
        table.add_row(
            rule.rule_id,
            f"[{SEVERITY_STYLE[severity]}]{severity}[/]",
            "yes" if rule.is_waivable else "",
            f"{escape(rule.title_en)}\n{escape(rule.title_zh)}",
        )
    return table


def _print_rule(console: Console, rule: DescribedRule) -> None:
    console.print(f"[bold]{escape(rule.rule_id)}[/]  {escape(rule.severity)}")
    for name, text in (
        ("judged by", f"{rule.judged_by}, {rule.suite}"),
        ("object", rule.object_kind),
        ("tolerance", rule.tolerance_rules or "none"),
        ("waivable", "by a signed line of waivers.csv" if rule.is_waivable else "no"),
        ("must hold", f"{rule.title_en}\n{rule.title_zh}"),
        ("remedy", f"{rule.remedy_en}\n{rule.remedy_zh}"),
    ):
        shown = text.replace("\n", "\n" + " " * 13)
        console.print(f"  {name:<10} {shown}", markup=False, highlight=False, soft_wrap=True)
