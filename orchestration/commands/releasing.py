"""Commands about what was reported: release it, verify it, compare two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with
from orchestration.commands.options import (
    DATA,
    WAREHOUSE,
    DataOption,
    GwpSetOption,
    WarehouseOption,
)
from orchestration.company import CompanyDataError


@ends_with(
    {
        PASSED: "released, or released before with the same content",
        REFUSED: "something is missing; all of it is listed, nothing was changed",
        BROKEN: "the data folder or the command is broken",
    }
)
def release(
    round: Annotated[str, typer.Option(help="The round of rounds.csv to release.")],
    data: DataOption = DATA,
    warehouse: WarehouseOption = WAREHOUSE,
    gwp_set: GwpSetOption = "",
) -> None:
    """Release a round: signed, complete, and never changed again."""
    from orchestration.release_summary import print_release

    be_quiet()
    try:
        released = print_release(Console(), data, warehouse, round, gwp_set)
    except CompanyDataError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if released else REFUSED)


@ends_with(
    {
        PASSED: "nothing differs",
        REFUSED: "what differs is listed",
        BROKEN: "the folder is no release",
    }
)
def verify(
    folder: Annotated[
        Path, typer.Argument(help="A release, such as warehouse/releases/2022-04/r1.")
    ],
) -> None:
    """Check every byte of a release, and calculate every figure again from the release alone."""
    from orchestration.release_summary import print_verification
    from orchestration.verifying import NotAReleaseError

    be_quiet()
    try:
        sound = print_verification(Console(), folder)
    except NotAReleaseError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED if sound else REFUSED)


@ends_with(
    {
        PASSED: "compared",
        BROKEN: "a folder is no release",
    }
)
def compare(
    older: Annotated[
        Path, typer.Argument(help="A release, such as warehouse/releases/2022-04/r1.")
    ],
    newer: Annotated[Path, typer.Argument(help="Another one, such as releases/2022-04/r2.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder to write every figure and reason to, as CSV.")
    ] = None,
) -> None:
    """Say by how much every figure moved from one release to another, and why."""
    from orchestration.restatement.on_screen import NotComparableError, print_comparison

    be_quiet()
    try:
        print_comparison(Console(), older, newer, out)
    except NotComparableError as error:
        raise broken(str(error)) from None
    raise typer.Exit(PASSED)
