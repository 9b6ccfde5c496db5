"""Partitions: one a collection round, as rounds.csv lists them."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import BackfillPolicy, StaticPartitionsDefinition

from orchestration.company.data_folder import CompanyDataError, Round

ALL_ROUNDS_IN_ONE_RUN = BackfillPolicy.single_run()
"""A backfill is one run: the framework's cost is paid once, and dbt is called once."""


def rounds_partitions(rounds: Sequence[Round]) -> StaticPartitionsDefinition:
    """The collection rounds of a company."""
    if not rounds:
        raise CompanyDataError("rounds.csv: no round is listed. Add the first collection round.")
    return StaticPartitionsDefinition([round_.round for round_ in rounds])
