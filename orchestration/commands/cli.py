"""`carbonloom`: the same assets as in the UI, run here and summed up on screen.

Which commands there are and under which heading; what each does is in `orchestration/commands/`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

import typer

from orchestration.commands import (
    calculating,
    collecting,
    documents,
    factors,
    reading,
    reducing,
    releasing,
    serving,
    starting,
)
from orchestration.commands.ending import FAULT, MEANING, help_on_ending, listed

COMMANDS: dict[str, list[Callable[..., None]]] = {
    "Start": [starting.init, starting.map_, starting.doctor, factors.factors_import],
    "Collect": [
        collecting.round_open,
        collecting.template,
        collecting.handbook,
        collecting.check,
        collecting.status,
        collecting.sign,
        reading.rules,
    ],
    "Calculate": [
        calculating.run,
        calculating.what_if,
        calculating.uncertainty,
        factors.factors_compare,
    ],
    "Reduce": [reducing.explain, reducing.plan, reducing.scenario],
    "Report": [releasing.release, releasing.seal, releasing.verify, releasing.compare],
    "Read and send": [
        reading.report,
        documents.documents,
        reading.sql,
        reading.exchange,
        serving.postgres,
        serving.superset,
        serving.dictionary,
    ],
}
HELP = """Carbon accounts of a plant: from the workbook cell to the published figure.

A round, from the first workbook to what is reported:

    carbonloom round open                  # its months, workbooks to fill in, who gets what
    carbonloom check FILE                  # before handing one in
    carbonloom run                         # read, judge, calculate, publish
    carbonloom status                      # who still owes what
    carbonloom sign --round ROUND --role ROLE --person PERSON
    carbonloom release --round ROUND       # signed, never changed

`carbonloom COMMAND --help` says what a command reads, what it writes and how it ends.
"""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=HELP,
    epilog=f"Exit codes:\n\n{listed(MEANING)}",
)
GROUPS = {
    "round": typer.Typer(no_args_is_help=True, help="Open a round."),
    "factors": typer.Typer(no_args_is_help=True, help="Import and compare factor libraries."),
}
"""Commands of two words: the function `round_open` is `carbonloom round open`."""


def spelled(command: Callable[..., None]) -> list[str]:
    """The words that call a command."""
    group, _, name = command.__name__.partition("_")
    return [group, name] if group in GROUPS else [command.__name__.replace("_", "-")]


for panel, commands in COMMANDS.items():
    for command in commands:
        *group, name = spelled(command)
        registered = GROUPS[group[0]] if group else app
        own_panel = None if group else panel
        registered.command(name, epilog=help_on_ending(command), rich_help_panel=own_panel)(command)
        if group and all(one.name != group[0] for one in app.registered_groups):
            app.add_typer(registered, name=group[0], rich_help_panel=panel)


def main() -> None:
    """Entry point of the script `carbonloom`."""
    try:
        app()
    except Exception:  # Python itself would end with 1, which says that something is refused
        traceback.print_exc()
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
