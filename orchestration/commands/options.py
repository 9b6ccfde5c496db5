"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.ending import broken
from orchestration.company import GWP_SETS
from orchestration.places import DATA_VARIABLE, REPOSITORY, WAREHOUSE_VARIABLE

DATA, WAREHOUSE = REPOSITORY / "raw_data", REPOSITORY / "warehouse"

DataOption = Annotated[Path, typer.Option(help="The company's data folder.", envvar=DATA_VARIABLE)]
WarehouseOption = Annotated[
    Path, typer.Option(help="Where results are; made if missing.", envvar=WAREHOUSE_VARIABLE)
]


def _known_gwp_set(gwp_set: str) -> str:
    if gwp_set and gwp_set not in GWP_SETS:
        raise broken(f"--gwp-set {gwp_set}: use one of {', '.join(GWP_SETS)}.")
    return gwp_set


GwpSetOption = Annotated[
    str,
    typer.Option(
        help=f"One of {', '.join(GWP_SETS)}; default: the company's own.",
        callback=_known_gwp_set,
        show_default=False,
    ),
]


def existing(data: Path) -> Path:
    """The data folder, or the end of the command when there is none."""
    if not data.is_dir():
        raise broken(f"{data}: no such folder. Name the data folder with --data.")
    return data
