"""`carbonloom`: the same assets as in the UI, run here and summed up on screen.

Which commands there are and under which heading; what each does is in `orchestration/commands/`.
"""

from __future__ import annotations

import typer

from orchestration.commands import calculating, collecting, reading, releasing, serving
from orchestration.commands.ending import help_on_ending

COMMANDS = {
    "Collect": [
        collecting.template,
        collecting.check,
        collecting.status,
        collecting.sign,
        collecting.rules,
    ],
    "Calculate": [calculating.run, calculating.what_if],
    "Report": [releasing.release, releasing.verify, releasing.compare],
    "Read and send": [reading.report, reading.sql, reading.exchange, serving.postgres],
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carbon accounts of a plant: from the workbook cell to the published figure.",
)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel, epilog=help_on_ending(command))(command)


def main() -> None:
    """Entry point of the script `carbonloom`."""
    app()


if __name__ == "__main__":
    main()
