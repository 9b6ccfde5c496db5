"""`carbonloom init` and `doctor` on screen: questions, next steps, what is missing for what."""

from __future__ import annotations

import typer
from rich.console import Console

from orchestration.company.data_folder import DataFolder
from orchestration.starting.doctor import FIGURES, lacks_of
from orchestration.starting.new_folder import (
    Answers,
    Bought,
    Made,
    SiteAnswer,
    StageAnswer,
    Started,
)

END = ""


def ask() -> Answers:
    """Ask what a terminal can ask. An empty name ends a list."""
    name = typer.prompt("Name of the company")
    country = typer.prompt("Country (two capitals, such as CN)").strip().upper()
    year = typer.prompt("First year to account", type=int)
    sites = []
    while site := _next("Name of a site"):
        stages = []
        while stage := _next(f"  {site}: name of a stage (what hands in one workbook)"):
            buys, makes = [], []
            while bought := _next(f"    {stage} buys or gives away (such as Electricity)"):
                unit = typer.prompt("      in which unit")
                kind = typer.prompt("      of which flow_kind", default="material")
                buys.append(Bought(name=bought, unit=unit, kind=kind))
            while made := _next(f"    {stage} makes"):
                makes.append(Made(name=made, unit=typer.prompt("      in which unit")))
            stages.append(StageAnswer(name=stage, buys=buys, makes=makes))
        sites.append(SiteAnswer(name=site, stages=stages))
    return Answers(name=name, country=country, year=year, sites=sites)


def _next(question: str) -> str:
    return str(typer.prompt(f"{question} (Enter: no more)", default=END, show_default=False))


def print_started(console: Console, started: Started, *, runs_at_once: bool) -> None:
    """What was written, and the next commands in their order."""
    folder = started.folder
    _say(console, f"Written: {folder}", "green")
    for flow, component in started.without_factor:
        _say(console, f"  no factor yet: {flow}, {component}", "yellow")
    if started.without_factor:
        _say(console, "  A run that uses one of them fails. What is left out on purpose")
        _say(console, "  has blank components and exempted_because in company/flows.csv.")
    results = f"--data {folder} --warehouse {folder}-results"
    steps = []
    if started.without_factor:
        steps.append((f"carbonloom factors import TABLE --data {folder}", "a published table"))
    if not runs_at_once:
        steps += [
            (f"carbonloom template --round {started.round} {results}", "workbooks to fill in"),
            (f"carbonloom map FILE --data {folder}", "or a map of a workbook you have"),
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
