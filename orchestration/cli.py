"""`carbonloom`: the same assets as in the UI, run here and summed up on screen.

Which commands there are and under which heading; what each does is in `orchestration/commands/`.
"""

from __future__ import annotations

import sys
import traceback

import typer

from orchestration.commands import (
    calculating,
    collecting,
    documents,
    reading,
    releasing,
    serving,
)
from orchestration.commands.ending import FAULT, MEANING, help_on_ending, listed

COMMANDS = {
    "Collect": [
        collecting.template,
        collecting.check,
        collecting.status,
        collecting.sign,
        reading.rules,
    ],
    "Calculate": [calculating.run, calculating.what_if],
    "Report": [releasing.release, releasing.verify, releasing.compare],
    "Read and send": [
        reading.report,
        documents.documents,
        reading.sql,
        reading.exchange,
        serving.postgres,
        serving.dictionary,
    ],
}
HELP = """Carbon accounts of a plant: from the workbook cell to the published figure.

A round, from the first workbook to what is reported:

    carbonloom template --round ROUND      # workbooks to fill in
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
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel, epilog=help_on_ending(command))(command)


def main() -> None:
    """Entry point of the script `carbonloom`."""
    try:
        app()
    except Exception:  # Python itself would end with 1, which says that something is refused
        traceback.print_exc()
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
