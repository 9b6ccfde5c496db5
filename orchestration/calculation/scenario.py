"""A folder of overlays held against the warehouse on demand; nothing of it is kept."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from orchestration.calculation.planning import PLAN_TABLES, assessment_of
from orchestration.company.checks import contradictions
from orchestration.company.data_folder import DataFolder, read_table
from orchestration.company.tables import TABLES, CompanyDataError
from orchestration.lake.paths import Lake
from orchestration.reduction.assessing import Assessment
from orchestration.reduction.initiatives import read_initiatives


def scenario_of(data: DataFolder, lake: Lake, folder: Path) -> Assessment | None:
    """The initiatives of a folder on the newest full calendar year; None where there is none.

    The folder holds initiatives.csv and initiative_changes.csv, and may hold prices.csv; without it
    those of the company count. Sources need not be listed: nothing of a scenario is reported.

    Raises:
        CompanyDataError: the tables contradict themselves or the company; by line.
        SolveError: the inventory isn't built with today's inputs.
    """
    tables = scenario_tables(data, folder)
    return assessment_of(lake, read_initiatives(tables), tables)


def scenario_tables(data: DataFolder, folder: Path) -> dict[str, pd.DataFrame]:
    """The company's master tables with those of the folder in their place, checked as a whole."""
    problems: list[str] = []
    tables = dict(data.company.tables)
    for name in PLAN_TABLES:
        path = folder / f"{name}.csv"
        if path.exists():
            tables[name] = read_table(path, TABLES[name], problems)
        elif name != "prices":
            problems.append(f"{path.name}: missing. It needs {', '.join(TABLES[name].columns)}.")
    problems += contradictions(tables, None)
    if problems:
        raise CompanyDataError("\n".join(problems))
    return tables
