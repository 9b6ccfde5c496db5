"""The command that writes what is sent as a file: reports, studies, the workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands import completing
from orchestration.commands.ending import BROKEN, PASSED, broken, ends_with
from orchestration.commands.options import ReleaseOption, WarehouseOption
from orchestration.lake.places import WAREHOUSE


@ends_with(
    {
        PASSED: "they are there",
        BROKEN: "nothing of that year or product is published, or the folder holds something else",
    }
)
def documents(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where they go; default: documents/ of the warehouse."),
    ] = None,
    release: ReleaseOption = None,
    years: Annotated[
        list[str] | None,
        typer.Option(
            "--year",
            metavar="YYYY",
            help="Only this one; may be repeated. Without it: years of twelve months.",
            autocompletion=completing.years,
        ),
    ] = None,
    products: Annotated[
        list[str] | None,
        typer.Option(
            "--product",
            metavar="PRODUCT",
            help="Studies of this one alone; may be repeated.",
            autocompletion=completing.products,
        ),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write the inventory report, the product footprint studies, and all marts as Excel.

    Reports and studies are HTML and PDF, in Chinese and English; the workbook has a table for each
    mart, with units, descriptions and sources. The same release gives the same bytes; preliminary
    figures are marked as such on every page.

    Reads the published marts, or the release. Writes one folder, and in it `documents.json` with
    what they were made of and the SHA-256 of each; `--release` needs `--out`.

    Examples:

        carbonloom documents
        carbonloom documents --release RELEASE --out FOLDER
        carbonloom documents --year YYYY --product PRODUCT
    """
    from orchestration.commands.documents_on_screen import print_documents
    from orchestration.report.documents.writing import WantedDocuments
    from orchestration.report.page_source import PageError

    if release is not None and out is None:
        raise broken("--release needs --out: the warehouse shows what is published.")
    wanted = WantedDocuments(tuple(years or ()), tuple(products or ()))
    try:
        print_documents(Console(), warehouse, release, out, wanted)
    except PageError as error:
        raise broken(str(error)) from None
