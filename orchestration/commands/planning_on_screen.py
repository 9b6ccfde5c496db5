"""Plans and scenarios on screen: what was taken and left, and what each initiative brings."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.reduction.assessing import Assessment, InitiativeStep
from orchestration.reduction.base_year import BASES
from orchestration.reduction.choosing import Choice, Option
from orchestration.reduction.findings import RULES
from orchestration.reduction.findings import findings_table as worded

TONNE = 1000.0


def print_choice(console: Console, choice: Choice, base_year: str, asked: str) -> None:
    """What was asked for, what was taken and left with the reason, and what the set truly saves."""
    wish = choice.wish
    when = "at full effect" if wish.year is None else f"in {wish.year}"
    console.print(f"{asked}, {wish.basis.replace('_', '-')}, {when}, on {base_year} as measured.")
    rows = [
        *((one, "decided") for one in choice.decided),
        *((one, _why(one, choice)) for one in choice.taken),
    ]
    table = _table("Taken", "tCO2e", "Capex", "Cost/year", "Cost/t", "Why")
    for one, why in rows:
        table.add_row(
            escape(one.name),
            _number(one.saved / TONNE, 1),
            _number(one.capex),
            _number(one.annual_cost),
            _number(one.cost_per_tonne),
            why,
        )
    console.print(table if rows else "Nothing was taken.")
    if choice.left:
        left = _table("Left", "Why")
        for name, why in sorted(choice.left.items()):
            left.add_row(escape(name), why)
        console.print(left)
    overlap = choice.saved_alone - choice.saved
    console.print(
        f"Together they save {_number(choice.saved / TONNE, 1)} tCO2e a year, as the product "
        f"system says ({choice.attempts} sets were solved); one by one it would be "
        f"{_number(overlap / TONNE, 1)} more. Capex of planned ones {_number(choice.capex)}, "
        f"their cost a year {_number(choice.annual_cost)}."
    )
    if not choice.is_reached and wish.reach is not None:
        short = (wish.reach - choice.saved) / TONNE
        console.print(f"Not reached: {_number(short, 1)} tCO2e a year are missing.", style="red")


def print_scenario(console: Console, assessment: Assessment, basis: str) -> None:
    """Every initiative alone and in sequence, their joint effect, sites, scopes and products."""
    number = BASES.index(basis)
    order = assessment.orders[number]
    steps = {step.initiative.initiative_id: step for step in assessment.sequences[number]}
    table = _table("Initiative", "tCO2e alone", "in sequence", "Cost a year", "Cost/tCO2e")
    for name in order:
        alone = assessment.alone[name]
        costs, _ = assessment.costs(alone)
        saved = alone.saved(number)
        table.add_row(
            escape(name),
            _number(saved / TONNE, 3),
            _number(steps[name].saved(number) / TONNE, 3) if name in steps else "none",
            _number(costs.annual),
            _number(costs.annual / (saved / TONNE)) if costs.annual and saved > 0.0 else "",
        )
    title = f"{assessment.base.reference_period} at full effect, {basis.replace('_', '-')}"
    console.print(title)
    console.print(table)
    joint = sum(step.saved(number) for step in steps.values())
    console.print(f"Together: {_number(joint / TONNE, 3)} tCO2e a year less.")
    console.print(_by_scope(assessment, list(steps.values()), number))
    console.print(_by_product(assessment, list(steps.values()), number))


def print_problems(console: Console, assessment: Assessment) -> None:
    """What stands against initiatives, by line."""
    for row in worded(assessment.problems, assessment.base.reference_period).to_pylist():
        console.print(
            f"{row['source_line']}: {row['message_en']} {row['remedy_en']}",
            style="red" if RULES[row["rule_id"]].severity == "critical" else "yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _by_scope(assessment: Assessment, steps: Sequence[InitiativeStep], basis: int) -> Table:
    """Change of each site and scope by all in sequence."""
    found: dict[tuple[str, int], float] = {}
    keys = assessment.evaluator.keys
    for step in steps:
        for (facility, _, _, _, scope), values in zip(keys, step.kgco2e, strict=False):
            place = facility, int(scope)
            found[place] = found.get(place, 0.0) + float(values[basis])
    table = _table("Site", "Scope", "Change, tCO2e a year")
    for (facility, scope), change in sorted(found.items()):
        table.add_row(escape(facility), str(scope), _number(change / TONNE, 3))
    return table


def _by_product(assessment: Assessment, steps: Sequence[InitiativeStep], basis: int) -> Table:
    """Cradle-to-gate intensity of each product before the first and after the last."""
    table = _table("Product flow", "Site", "kgCO2e per unit", "with all of it")
    markets = assessment.base.assembled.markets
    if steps:
        first, last = steps[0].before.intensities, steps[-1].after.intensities
        for row, market in enumerate(assessment.base.system.products):
            table.add_row(
                escape(markets.flow[market]),
                escape(markets.names.facilities[markets.facility[market]]),
                _number(float(first[row, basis]), 4),
                _number(float(last[row, basis]), 4),
            )
    return table


def _why(one: Option, choice: Choice) -> str:
    if (one.annual_cost or 0.0) <= 0.0:
        return "pays itself"
    return "needed" if choice.wish.reach is not None else "fits"


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    words = ("Taken", "Left", "Why", "Initiative", "Site", "Product flow")
    for heading in headings:
        is_text = heading in words
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=heading != "Why")
    return table


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{round(value, digits) + 0.0:,.{digits}f}"
