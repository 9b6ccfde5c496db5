"""The Definitions: wiring and nothing else."""

from __future__ import annotations

import warnings

from dagster import BetaWarning, Definitions, PreviewWarning, definitions, in_process_executor

from orchestration.assets.control import control_assets
from orchestration.assets.documents import documents_asset
from orchestration.assets.emission_factors import factor_assets, factor_check
from orchestration.assets.erp_exports import erp_export_assets
from orchestration.assets.exchange import exchange_asset
from orchestration.assets.factor_comparison import factor_comparison_asset
from orchestration.assets.gate import company_asset, gate_asset, gate_checks
from orchestration.assets.initiatives import initiatives_asset
from orchestration.assets.metadata import owners
from orchestration.assets.postgres import postgres_asset
from orchestration.assets.product_system import product_system_asset, product_system_check
from orchestration.assets.publication import publication_asset
from orchestration.assets.releases import release_asset
from orchestration.assets.report import report_asset
from orchestration.assets.returned import returned_asset
from orchestration.assets.rounds import round_status_asset, round_status_checks
from orchestration.assets.stage_workbooks import stage_workbook_assets
from orchestration.assets.uncertainty import monte_carlo_asset, sensitivities_asset
from orchestration.assets.warehouse import warehouse_assets
from orchestration.calculation.dbt import Dbt
from orchestration.lake.paths import Lake
from orchestration.partitions import rounds_partitions
from orchestration.resources import Folders, default_folders
from orchestration.schedules import (
    collect_round_job,
    daily_schedule,
    follow_rounds_job,
    hand_in_sensor,
    monthly_schedule,
)


def build_definitions(folders: Folders) -> Definitions:
    """Everything Dagster knows about one data folder and one warehouse.

    Raises:
        CompanyDataError, MapError: the data folder contradicts itself; the message says where.
    """
    for category in (BetaWarning, PreviewWarning):  # used on purpose; versions are pinned
        warnings.simplefilter("ignore", category)
    data = folders.data_folder
    partitions = rounds_partitions(data.rounds)
    maps = [data.maps[source] for source in sorted(data.maps)]
    landed = [*stage_workbook_assets(maps, partitions), *erp_export_assets(maps, partitions)]
    # the same assets whatever engine builds them
    warehouse = warehouse_assets(Dbt(Lake(folders.warehouse)).manifest())
    marts = sorted(key for half in warehouse for key in half.keys if key.path[0] == "marts")
    job = collect_round_job(partitions)
    follow = follow_rounds_job(partitions)
    calculated = [
        *factor_assets(),
        company_asset(),
        gate_asset([asset.key for asset in landed], partitions),
        *control_assets(partitions),
        *warehouse,
        product_system_asset(),
        initiatives_asset(),
        sensitivities_asset(),
        monte_carlo_asset(),
        returned_asset(),
        publication_asset(marts),
        report_asset(),
        documents_asset(),
        factor_comparison_asset(),
        release_asset(partitions),
        exchange_asset(partitions),
        postgres_asset(),
        round_status_asset(partitions),
    ]
    # what is handed in belongs to who hands it in, everything else to who answers for the figures
    answerable = owners(data.settings.get("figures_owner"))
    owned = [
        asset.map_asset_specs(lambda spec: spec.replace_attributes(owners=answerable))
        for asset in calculated
    ]
    return Definitions(
        assets=[*landed, *owned],
        asset_checks=[
            gate_checks(partitions),
            factor_check(),
            product_system_check(),
            round_status_checks(partitions),
        ],
        jobs=[job, follow],
        schedules=[monthly_schedule(job, folders), daily_schedule(follow, folders)],
        sensors=[hand_in_sensor(job, folders)],
        resources={"folders": folders},
        # one import of everything serves all steps; a process a step would import it anew
        executor=in_process_executor,
    )


@definitions
def defs() -> Definitions:
    """What `dg` loads: the folders of the environment, or the repository's own."""
    return build_definitions(default_folders())
