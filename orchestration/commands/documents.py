"""The command that writes what is sent as a file: reports and studies as HTML and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, broken, ends_with
from orchestration.commands.options import WAREHOUSE, WarehouseOption


@ends_with(
    {
        PASSED: "they are there",
        BROKEN: "nothing of that year or product is published, or the folder holds something else",
    }
)
def documents(
    out: Annotated[
        Path | None, typer.Option(help="Where they go; default: documents of the warehouse.")
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option(help="Of this release, such as warehouse/releases/2022-04/r1; needs --out."),
    ] = None,
    years: Annotated[
        list[int] | None,
        typer.Option("--year", help="Only this one; may be repeated. Default: full years."),
    ] = None,
    products: Annotated[
        list[str] | None, typer.Option("--product", help="Only this one; may be repeated.")
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write the greenhouse gas inventory report and product footprint studies, as HTML and PDF.

    In Chinese and English, over what is published or over one release; the same release gives
    the same bytes. Preliminary figures are marked on every page.
    """
    from orchestration.report.documents.on_screen import print_documents
    from orchestration.report.documents.writing import Wanted
    from orchestration.report.page_source import PageError

    if release is not None and out is None:
        raise broken("--release needs --out: the warehouse shows what is published.")
    wanted = Wanted(tuple(years or ()), tuple(products or ()))
    try:
        print_documents(Console(), warehouse, release, out, wanted)
    except PageError as error:
        raise broken(str(error)) from None
