"""`carbonloom init` and `doctor` on screen: questions, next steps, what is missing for what."""

from __future__ import annotations

from functools import partial

import typer
from rich.console import Console

from orchestration.company.data_folder import DataFolder
from orchestration.company.units import parse
from orchestration.starting.doctor import FIGURES, lacks_of
from orchestration.starting.new_folder import (
    Answers,
    Bought,
    Made,
    PersonAnswer,
    SiteAnswer,
    StageAnswer,
    Started,
    kind_of,
    wrong_kind,
    wrong_unit,
)

END = ""
ROLES = {"preparer": "fills in and signs as preparer", "reviewer": "reviews",
         "approver": "approves"}  # fmt: skip


def ask() -> Answers:
    """Ask what a terminal can ask. An empty name ends a list; a wrong answer is asked again."""
    name = typer.prompt("Name of the company")
    country = typer.prompt("Country (two capitals, such as CN)", value_proc=_country)
    year = typer.prompt("First year to account", type=int)
    sites = []
    while site := _next("Name of a site"):
        stages = []
        while stage := _next(f"  {site}: name of a stage (such as Bakery; it hands in a workbook)"):
            stages.append(_stage(stage))
        sites.append(SiteAnswer(name=site, stages=stages))
    return Answers(name=name, country=country, year=year, sites=sites, people=_people())


def _stage(name: str) -> StageAnswer:
    buys, makes = [], []
    while bought := _next(f"    {name} buys or gives away (such as Electricity)"):
        kind = typer.prompt(
            "      of which kind (? lists them)", default=kind_of(bought), value_proc=_kind
        )
        buys.append(Bought(name=bought, unit=_unit(kind), kind=kind))
    while made := _next(f"    {name} makes"):
        makes.append(Made(name=made, unit=_unit("")))
    because = ""
    if len(makes) > 1 and all(parse(one.unit).dimension.get("[mass]") for one in makes):
        because = _ask("    each kilogram of these carries the same, because (Enter: not so)")
    return StageAnswer(name=name, buys=buys, makes=makes, split_by_mass_because=because)


def _unit(kind: str) -> str:
    return str(typer.prompt("      in which unit", value_proc=partial(_right_unit, kind=kind)))


def _people() -> list[PersonAnswer]:
    """Who signs: three people, as nobody reviews or approves their own."""
    found: dict[str, list[str]] = {}
    for role, does in ROLES.items():
        if name := _ask(f"Who {does}, before a release (Enter: say it later)"):
            found.setdefault(name, []).append(role)
    return [PersonAnswer.model_validate({"name": n, "signs": roles}) for n, roles in found.items()]


def _country(text: str) -> str:
    country = text.strip().upper()
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise typer.BadParameter(f"{text}: two letters, such as CN, DE or GB.")
    return country


def _kind(text: str) -> str:
    if wrong := wrong_kind(text.strip()):
        raise typer.BadParameter(wrong)
    return text.strip()


def _right_unit(text: str, kind: str) -> str:
    if wrong := wrong_unit(text.strip(), kind):
        raise typer.BadParameter(wrong)
    return text.strip()


def _next(question: str) -> str:
    return _ask(f"{question} (Enter: no more)")


def _ask(question: str) -> str:
    return str(typer.prompt(question, default=END, show_default=False))


def print_started(console: Console, started: Started, *, runs_at_once: bool) -> None:
    """What was written, and the next commands in their order."""
    folder = started.folder
    _say(console, f"Written: {folder}", "green")
    for flow, component in started.without_factor:
        _say(console, f"  no factor yet: {flow}, {component}", "yellow")
    if started.without_factor:
        _say(
            console, "  A run that uses one of them fails. Import a table that has it; or leave it"
        )
        _say(
            console, "  out on purpose: in company/flows.csv, take it out of components, and write"
        )
        _say(console, "  the reason into exempted_because.")
    results = f"--data {folder} --warehouse {folder}-results"
    steps = []
    if started.without_factor:
        steps.append((f"carbonloom factors import TABLE --data {folder}", "a published table"))
    if not runs_at_once:
        steps += [
            (f"carbonloom map FILE --data {folder}", "a map of each workbook or bill you have,"),
            (f"carbonloom template --round {started.round} {results}", "or workbooks to fill in"),
            (f"cp FILE {folder}/rounds/{started.round}/SITE/STAGE.xlsx", "hand each one in"),
        ]
    steps += [
        (f"carbonloom doctor --data {folder}", "what is missing for which figure"),
        (f"carbonloom run {results}", "read, judge, calculate, publish"),
    ]
    _say(console, "Next:")
    for command, why in steps:
        _say(console, f"  {command}    # {why}")


def print_lacks(console: Console, data: DataFolder) -> bool:
    """What is missing, figure by figure; returns whether the inventory lacks nothing."""
    lacks = lacks_of(data)
    for figure in FIGURES:
        own = [one for one in lacks if one.figure == figure]
        _say(console, f"{figure}: {'nothing is missing' if not own else ''}", "bold")
        for one in own:
            _say(console, f"  {one.what}", "yellow")
            _say(console, f"      {one.remedy}", "dim")
    return not any(one.figure == "inventory" for one in lacks)


def _say(console: Console, words: str, style: str | None = None) -> None:
    console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)
