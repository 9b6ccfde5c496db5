"""Options that several commands share, and the arguments that name a folder or a round."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands import completing
from orchestration.commands.ending import broken
from orchestration.company.tables import GWP_SETS, TABLES
from orchestration.lake.engines import (
    ADDRESS_VARIABLE,
    DUCKDB,
    ENGINE_VARIABLE,
    ENGINES,
    EXAMPLE,
    Engine,
    EngineError,
    engine_named,
)
from orchestration.lake.places import DATA_VARIABLE, WAREHOUSE_VARIABLE

DataOption = Annotated[
    Path, typer.Option(metavar="FOLDER", help="The company's data folder.", envvar=DATA_VARIABLE)
]
WarehouseOption = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER", help="Where results are; made if missing.", envvar=WAREHOUSE_VARIABLE
    ),
]
ROUND = "A round of rounds.csv."
RoundOption = Annotated[
    str,
    typer.Option("--round", metavar="ROUND", help=ROUND, autocompletion=completing.rounds),
]
RoundsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--round",
        metavar="ROUND",
        help=f"{ROUND} May be repeated.",
        autocompletion=completing.rounds,
    ),
]
RELEASE = "A release: a folder such as `warehouse/releases/ROUND/r1`."
ReleaseArgument = Annotated[
    Path,
    typer.Argument(metavar="RELEASE", help=RELEASE, autocompletion=completing.releases),
]
KEY = typer.Option(
    "--key",
    metavar="FILE",
    help="Your ssh key; or its .pub, if an agent or a token holds the key.",
)
KeyOption = Annotated[Path | None, KEY]
AllowedSignersOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Names and public keys, as ssh-keygen and git read them, instead of the release's.",
    ),
]
PersonOption = Annotated[
    str,
    typer.Option(
        metavar="PERSON",
        help="A person_id of company/people.csv.",
        autocompletion=completing.people,
    ),
]
OlderReleaseArgument = Annotated[
    Path,
    typer.Argument(
        metavar="OLDER",
        help=f"{RELEASE} What is compared with.",
        autocompletion=completing.releases,
    ),
]
NewerReleaseArgument = Annotated[
    Path,
    typer.Argument(metavar="NEWER", help="Another one.", autocompletion=completing.releases),
]
ReleaseOption = Annotated[
    Path | None,
    typer.Option(metavar="RELEASE", help=RELEASE, autocompletion=completing.releases),
]


PreliminaryOption = Annotated[
    bool,
    typer.Option("--preliminary", metavar="", help="The newest calculation, signed by nobody."),
]


def marts_folder(release: Path | None, preliminary: bool, warehouse: Path) -> Path:
    """Where the marts lie that a command is asked about; published ones unless it says else."""
    if release and preliminary:
        raise broken("--release and --preliminary exclude each other.")
    return release or warehouse / ("preliminary" if preliminary else "published")


def known_gwp_set(data: Path, gwp_set: str) -> str:
    """The set asked for, or the end of the command where neither a report nor the company has it.

    A table that can't be read has no sets here; the command itself says what is wrong with it.
    """
    if not gwp_set or gwp_set in GWP_SETS:
        return gwp_set
    from orchestration.company.data_folder import read_table

    table = TABLES["gwp_sets"]
    own = read_table(data / table.path, table, [])["gwp_set"].dropna().unique()
    if gwp_set not in own:
        known = ", ".join((*GWP_SETS, *own))
        raise broken(f"--gwp-set {gwp_set}: use one of {known}, or state it in {table.path}.")
    return gwp_set


GwpSetOption = Annotated[
    str,
    typer.Option(
        metavar="SET",
        help=f"One of {', '.join(GWP_SETS)}, or of company/gwp_sets.csv; without it that of "
        "company.yml.",
        show_default=False,
        autocompletion=completing.gwp_sets(*GWP_SETS),
    ),
]


EngineOption = Annotated[
    str,
    typer.Option(
        metavar="ENGINE",
        help=f"What calculates: {' or '.join(ENGINES)}; without it that of company.yml, "
        f"or {DUCKDB}.",
        envvar=ENGINE_VARIABLE,
        show_default=False,
    ),
]
EngineAddressOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help=f"Thrift server of the cluster: `{EXAMPLE}`.",
        envvar=ADDRESS_VARIABLE,
        show_default=False,
    ),
]


def known_engine(data: Path, name: str, address: str) -> Engine:
    """The engine asked for, or that of company.yml; the end of the command where there is none.

    A file that can't be read states none here; the command itself says what is wrong with it.
    """
    import yaml

    try:
        text = (data / "company" / "company.yml").read_text(encoding="utf-8")
        stated = yaml.load(text, yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        stated = None
    try:
        return engine_named(name, address, stated if isinstance(stated, dict) else {})
    except EngineError as error:
        raise broken(str(error)) from None


def existing(data: Path) -> Path:
    """The data folder, or the end of the command when there is none."""
    if not data.is_dir():
        raise broken(f"{data}: no such folder. Name the data folder with --data.")
    return data
