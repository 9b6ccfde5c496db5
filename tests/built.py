"""Warehouses that many tests read: each is built once a session, whoever asks first.

With pytest-xdist the workers share them: the first that needs one builds it under a lock. Nobody
writes into them; a test that goes on from one takes a copy.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd
from typer.testing import CliRunner

from orchestration.calculation.compiled_models import compiled_project, emptied
from orchestration.calculation.up_to_date import strike_out
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.lake.paths import Lake
from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import Warehouse

EXAMPLE = "example"
WORKED = REPOSITORY / "tests" / "worked_examples"
PEOPLE = REPOSITORY / "raw_data" / "company" / "people.csv"
"""Who signs where a company names nobody."""

CAN_BE_EXCHANGED = {
    "domain": "example.com",
    "company_ids": "urn:pact:example.com:supplier-id:1234",
    "packaging_flows": "none",
}


@dataclass(frozen=True)
class Built:
    """A data folder, and the warehouse of a run over all its rounds."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def said(self) -> str:
        """What the run said on screen."""
        return (self.folder / "said.txt").read_text(encoding="utf-8")

    @property
    def published(self) -> Path:
        """The publication itself, not the link to it."""
        return (self.warehouse / "published").resolve()

    def copy(self, folder: Path) -> Built:
        """The same where it may be changed."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Built(folder)


Write = Callable[[Path], object]
"""Writes a company's data folder."""


class Builder(Protocol):
    """The fixture `built`."""

    def __call__(self, company: str, write: Write | None = None, ends: int = 0) -> Built:
        """The warehouse of a company; who writes its data folder, if it is no worked example.

        `ends`: the exit code of its run.
        """


def write_worked(company: Path, data: Path) -> None:
    """A copy of a company, with people who sign and the settings that an exchange needs."""
    shutil.copytree(company, data, ignore=shutil.ignore_patterns("make_example"))
    people = data / "company" / "people.csv"
    if not people.exists():
        # without their mandates, which are for sites of the example: everybody may sign everything
        pd.read_csv(PEOPLE)[["person_id", "name_en"]].to_csv(people, index=False)
    stated = DataFolder(company).settings
    with (data / "company" / "company.yml").open("a", encoding="utf-8") as settings:
        for name, value in CAN_BE_EXCHANGED.items():
            if name not in stated:
                settings.write(f"{name}: {value}\n")


def build(
    company: str,
    folder: Path,
    write: Write | None = None,
    ends: int = 0,
    shaped_like: Built | None = None,
) -> Built:
    """Write a company's data folder and run all its rounds; `shaped_like`: see `take_the_form`."""
    made = Built(folder)
    if shaped_like is not None:
        take_the_form(shaped_like, made.warehouse)
    if write is not None:
        write(made.data)
    else:
        write_worked(REPOSITORY / "raw_data" if company == EXAMPLE else WORKED / company, made.data)
    command = ["run", "--data", str(made.data), "--warehouse", str(made.warehouse)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == ends, result.output
    (folder / "said.txt").write_text(result.output, encoding="utf-8")
    return made


def take_the_form(of: Built, warehouse: Path) -> None:
    """Begin a warehouse with the tables of another one, and no row of them.

    A run then fills them by the statements that dbt compiled, as every run after a first one does;
    a release that is verified is built by dbt all the same.
    """
    lake = Lake(warehouse)
    warehouse.mkdir(parents=True)
    shutil.copyfile(Lake(of.warehouse).working_file, lake.working_file)
    assert emptied(lake, ""), "other code made the tables"
    with Warehouse(lake).writing() as connection:
        strike_out(connection, [one.node for one in compiled_project(lake, "").statements])


def built_once(session: Path, company: str, write: Write | None = None, ends: int = 0) -> Built:
    """What this session built before, here or in another worker, or builds now."""
    folder = session / "built" / company
    folder.parent.mkdir(exist_ok=True)
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a build that failed for another test
            form = None if write or company == EXAMPLE else any_built(session)
            build(company, folder, write, ends, form)
            done.write_text(str(ends))
    return Built(folder)


def any_built(session: Path) -> Built | None:
    """A warehouse that this session built already, by a run that ended well."""
    all_done = (session / "built").glob("*.done")
    done = next((one for one in all_done if one.read_text() == "0"), None)
    return None if done is None else Built(done.with_suffix(""))
