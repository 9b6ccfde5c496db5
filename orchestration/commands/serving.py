"""Commands that put figures where other programs look for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.commands.ending import BROKEN, PASSED, REFUSED, be_quiet, broken, ends_with, say
from orchestration.commands.options import ReleaseOption, WarehouseOption
from orchestration.lake.places import POSTGRES_VARIABLE, WAREHOUSE


@ends_with(
    {
        PASSED: "the schema holds these marts",
        REFUSED: "the schema stands as it was: not ours, still read, or the server refuses",
        BROKEN: "there are no marts there, or no server answers",
    }
)
def postgres(
    url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            envvar=POSTGRES_VARIABLE,
            help="Where the server is, such as postgresql://USER@HOST/DATABASE or service=NAME. "
            "Give the password by PGPASSWORD, ~/.pgpass or a service file, not here: other users "
            "of this machine see the arguments of a command.",
        ),
    ],
    schema: Annotated[
        str,
        typer.Option(metavar="SCHEMA", help="Schema that is replaced as a whole; made if missing."),
    ] = "carbonloom",
    release: ReleaseOption = None,
    preliminary: Annotated[
        bool,
        typer.Option("--preliminary", metavar="", help="The newest calculation, signed by nobody."),
    ] = False,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Seconds to wait for those who still read the old figures.",
            min=0,
        ),
    ] = 60,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Copy the published marts into a schema of a PostgreSQL server, for BI tools.

    Readers see all of the old figures or all of the new ones. Grants stay; tables and columns
    carry their descriptions and units as comments.

    Reads what is published, or the release. Writes the schema and nothing else of the server; what
    carbonloom didn't write is never touched.

    Examples:

        carbonloom postgres --url postgresql://USER@HOST/DATABASE
        psql … -c "grant usage on schema carbonloom to READER"
        psql … -c "grant select on all tables in schema carbonloom to READER"
    """
    from orchestration.bi.asking import NoMartsError
    from orchestration.bi.postgres import NoServerError, PostgresError
    from orchestration.commands.postgres_on_screen import print_copy

    if release and preliminary:
        raise broken("--release and --preliminary exclude each other.")
    folder = release or warehouse / ("preliminary" if preliminary else "published")
    try:
        print_copy(Console(), folder, url, schema, wait)
    except (NoMartsError, NoServerError) as error:
        raise broken(str(error)) from None
    except PostgresError as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None


@ends_with(
    {
        PASSED: "the dashboard is written",
        BROKEN: "there are no marts to copy, or the schema's name has to be quoted",
    }
)
def superset(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where `carbonloom postgres` copied to, as Superset writes it: "
            "postgresql+psycopg2://READER@HOST/DATABASE. Without it, a copy of marts.duckdb.",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="SCHEMA", help="Schema of the marts there.", show_default=False),
    ] = None,
    release: ReleaseOption = None,
    preliminary: Annotated[
        bool,
        typer.Option("--preliminary", metavar="", help="The newest calculation, signed by nobody."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; the warehouse's superset/ if not."),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """A dashboard for Apache Superset, and the commands that start it there.

    Emissions by month and scope, products, hotspots, plan against target: datasets with names,
    metrics and charts, as one file that Superset imports.

    Reads what is published, or the release. Writes `dashboard.zip` and, without --url, a copy of
    the marts beside it. Superset itself is neither installed nor started.

    Examples:

        carbonloom superset
        carbonloom superset --url postgresql+psycopg2://READER@HOST/DATABASE
    """
    from orchestration.bi.asking import NoMartsError
    from orchestration.bi.superset import SchemaNameError
    from orchestration.commands.superset_on_screen import write_bundle

    if release and preliminary:
        raise broken("--release and --preliminary exclude each other.")
    folder = release or warehouse / ("preliminary" if preliminary else "published")
    try:
        write_bundle(Console(), folder, url, schema, out or warehouse / "superset")
    except (NoMartsError, SchemaNameError) as error:
        raise broken(str(error)) from None


@ends_with(
    {
        PASSED: "it is there",
        BROKEN: "nothing was calculated there, or dbt can't read its project",
    }
)
def dictionary(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where it goes; default: dictionary.html of the warehouse."
        ),
    ] = None,
    warehouse: WarehouseOption = WAREHOUSE,
) -> None:
    """Write what every table and column means, as one web page that needs no server.

    It is dbt's documentation: descriptions and units, the SQL of every model, its tests, what
    depends on what, and which page, document or export reads which mart.

    Reads the warehouse of the newest calculation. Writes one HTML file, to be mailed or opened from
    a file share.

    Examples:

        carbonloom dictionary
        carbonloom dictionary --out FILE
    """
    from orchestration.bi.dictionary import NothingCalculatedError, write_dictionary
    from orchestration.calculation.dbt import DbtError
    from orchestration.lake.paths import Lake
    from orchestration.progress import shown

    be_quiet()
    lake = Lake(warehouse)
    target = out or lake.path / "dictionary.html"
    try:
        with shown("writing the dictionary"):
            file = write_dictionary(lake, target.resolve())
    except (NothingCalculatedError, DbtError) as error:
        raise broken(str(error)) from None
    Console().print(f"open {file}", markup=False, highlight=False, soft_wrap=True)
