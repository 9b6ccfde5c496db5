"""Resources: the two folders everything reads and writes, as settings of one object.

Assets get paths from here and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property

from dagster import ConfigurableResource

from orchestration.company.data_folder import DataFolder
from orchestration.lake.engines import ADDRESS_VARIABLE, ENGINE_VARIABLE, engine_named
from orchestration.lake.paths import Lake
from orchestration.lake.places import (
    DATA,
    DATA_VARIABLE,
    REPOSITORY,
    WAREHOUSE,
    WAREHOUSE_VARIABLE,
)
from orchestration.steps import Run

__all__ = ["DATA_VARIABLE", "REPOSITORY", "WAREHOUSE_VARIABLE", "Folders", "Lake"]


class Folders(ConfigurableResource):
    """The company's data folder, the warehouse folder, and what a user asked for instead of what
    company.yml says: the GWP set, and the engine with its address."""

    data: str
    warehouse: str
    gwp_set: str = ""
    engine: str = ""
    engine_address: str = ""

    @cached_property
    def data_folder(self) -> DataFolder:
        """The company as data."""
        return DataFolder(self.data)

    @cached_property
    def lake(self) -> Lake:
        """Everything that is derived from it."""
        settings = self.data_folder.settings
        return Lake(self.warehouse, engine_named(self.engine, self.engine_address, settings))

    def run(self, rounds: Iterable[str] = ()) -> Run:
        """What a run of these rounds works on; what holds all rounds needs none named."""
        return Run(self.data_folder, self.lake, tuple(rounds), self.gwp_set)


def default_folders() -> Folders:
    """The folders named by the environment, or the repository's own."""
    return Folders(
        data=os.environ.get(DATA_VARIABLE) or str(DATA),
        warehouse=os.environ.get(WAREHOUSE_VARIABLE) or str(WAREHOUSE),
        engine=os.environ.get(ENGINE_VARIABLE, ""),
        engine_address=os.environ.get(ADDRESS_VARIABLE, ""),
    )
