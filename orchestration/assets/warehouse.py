"""The dbt project as assets: one invocation before and one after the product system is solved.

Tests are asset checks.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MetadataValue,
    Output,
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableSchema,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import DBT_DEFAULT_SELECT, get_subset_selection_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.assets.emission_factors import FACTORS
from orchestration.assets.gate import COMPANY, VERDICTS
from orchestration.assets.initiatives import EMISSIONS, FACTOR_CHOICES, INITIATIVES
from orchestration.assets.metadata import bar_picture, shown_as_table
from orchestration.assets.product_system import INVENTORY_MONTHS, PRODUCT_SYSTEM, SYSTEM_EXCHANGES
from orchestration.assets.publication import BUILT_MONTHS, WRITER_POOL
from orchestration.assets.uncertainty import FACTOR_MIX, READINGS, SENSITIVITIES
from orchestration.calculation.dbt import Dbt, DbtRun
from orchestration.calculation.halves import INVENTORY_MODELS, PRODUCT_MODELS, Half
from orchestration.calculation.product_figures import FOOTPRINTS_SHOWN, STAGES, newest_footprints
from orchestration.calculation.solving import SolveError
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import Warehouse, tables_in
from orchestration.resources import Folders
from orchestration.steps import build, failed

ONE_ASSET = {
    "company": COMPANY,
    "solved": PRODUCT_SYSTEM,
    "reduction": INITIATIVES,
    "uncertainty": SENSITIVITIES,
}
"""dbt sources whose tables are written together."""

WITH_VERDICTS = ("judgements", "as_of")
"""Tables of the source `quality` that are written with the verdicts."""

READ_OUTSIDE_DBT = {
    SYSTEM_EXCHANGES,
    INVENTORY_MONTHS,
    BUILT_MONTHS,
    EMISSIONS,
    FACTOR_CHOICES,
    FACTOR_MIX,
    READINGS,
}
"""What is read, beside the marts, by assets that are no part of dbt."""

STANDS = {"tested": "when its tables were built; what they are made of is the same since"}
"""Beside a check whose tables were not built anew: dbt didn't run it, and it holds as before."""

EMISSIONS_BY_PROCESS = AssetKey(["marts", "emissions_by_process"])
EMISSIONS_BY_PRODUCT = AssetKey(["marts", "emissions_by_product"])
LARGEST_PROCESSES = 12
OWN_GROUPS = ("reduction", "uncertainty")
"""Groups of marts that stand apart: their folders in the dbt project."""


Shown = Mapping[AssetKey, Callable[[Lake], dict[str, Any]]]
"""What is shown beside a mart that was built, read from the working file."""


class SourcesAreAssets(DagsterDbtTranslator):
    """Groups models by layer, and takes each dbt source for the asset that writes it."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Company tables are one asset, factors and their gases another."""
        if dbt_resource_props["resource_type"] != "source":
            return super().get_asset_key(dbt_resource_props)
        source, table = dbt_resource_props["source_name"], dbt_resource_props["name"]
        if source in ONE_ASSET:
            return ONE_ASSET[source]
        if source == "quality" and table in WITH_VERDICTS:
            return VERDICTS
        return FACTORS if table == "emission_factor_gases" else AssetKey([source, table])

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema with units, and what is never null."""
        metadata = dict(super().get_metadata(dbt_resource_props))
        columns = dbt_resource_props.get("columns", {}).values()
        if columns:
            metadata["dagster/column_schema"] = TableSchema([_column(column) for column in columns])
        return metadata

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """staging, intermediate, marts, reference; of the marts, `OWN_GROUPS` apart."""
        if dbt_resource_props["schema"] == "marts":
            for group in OWN_GROUPS:
                if group in dbt_resource_props["fqn"]:
                    return group
        return dbt_resource_props["schema"]


def _column(column: Mapping[str, Any]) -> TableColumn:
    """A column as the UI shows it: the unit is a tag, which stands under the name."""
    unit = column.get("meta", {}).get("unit")
    constraints = {constraint["type"] for constraint in column.get("constraints", ())}
    return TableColumn(
        name=column["name"],
        type=column.get("data_type") or "?",
        description=" ".join(column["description"].split()),
        constraints=TableColumnConstraints(nullable="not_null" not in constraints),
        tags={"unit": unit} if unit else {},
    )


def warehouse_assets(manifest: Mapping[str, Any]) -> list[AssetsDefinition]:
    """Every seed, model and test of the dbt project, in the two halves around the solve."""
    translator = SourcesAreAssets()

    def half_of(half: Half, shown: Shown) -> AssetsDefinition:
        @dbt_assets(
            manifest=manifest,
            name=half.name,
            select=half.select or DBT_DEFAULT_SELECT,
            exclude=half.exclude or "",
            dagster_dbt_translator=translator,
            pool=WRITER_POOL,
        )
        def models(context: AssetExecutionContext, folders: Folders) -> Iterator[Any]:
            yield from _built(context, folders, half, manifest, translator, shown)

        return models

    return [
        half_of(INVENTORY_MODELS, {EMISSIONS_BY_PROCESS: emissions_metadata}),
        half_of(PRODUCT_MODELS, {EMISSIONS_BY_PRODUCT: footprint_metadata}),
    ]


def _built(
    context: AssetExecutionContext,
    folders: Folders,
    half: Half,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    shown: Shown,
) -> Iterator[Any]:
    """One dbt invocation over what was chosen of a half; a failed node fails the step."""
    selection, _ = get_subset_selection_for_context(
        context, manifest, half.select, half.exclude, None, translator, None
    )
    try:
        run = build(folders.run(), half, selection)
    except SolveError as error:
        raise Failure(str(error), allow_retries=False) from None
    metadata: dict[str, dict[str, Any]] = {}
    if not run.problems:
        with folders.lake.only_writer():
            metadata = _row_counts(folders.lake)
            # somebody may look; the statements of a cluster aren't read
            if not context.instance.is_ephemeral and not folders.lake.engine.is_cluster:
                built = {event["data"]["node_info"]["unique_id"] for event in run.events}
                _add_column_lineage(metadata, Dbt(folders.lake), manifest, translator, built)
            for key in shown.keys() & context.selected_asset_keys:
                metadata[key.to_python_identifier()].update(shown[key](folders.lake))
    is_whole = selection == half.selection
    for result in _events(context, run, manifest, translator, is_whole=is_whole):
        yield _with_metadata(result, metadata)
    if run.problems:
        raise Failure(failed(run.problems), allow_retries=False)


def _events(
    context: AssetExecutionContext,
    run: DbtRun,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    *,
    is_whole: bool,
) -> Iterator[Any]:
    """What Dagster is told of each node that was built, parents first.

    A table that read nothing new keeps its last materialization, but for those that another step
    waits for: Dagster passes over whatever waits for an output that doesn't come. Where the whole
    half was asked for (`is_whole`), its checks hold as they did: a test that failed is among what
    is built the next time. Of some tables alone nothing is said of checks that were not run.
    """
    waited_for = awaited(context.assets_def.keys, manifest, translator)
    open_checks = set(context.selected_asset_check_keys)
    built = defaultdict(list)
    for event in run.events:
        built[event["data"]["node_info"]["unique_id"]].append(event)
    nodes = manifest["nodes"]
    graph = {name: node["depends_on"].get("nodes", ()) for name, node in nodes.items()}
    for name in TopologicalSorter(graph).static_order():
        for event in built[name]:
            message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
            for result in message.to_default_asset_events(manifest, translator, context):
                if isinstance(result, AssetCheckResult) and result.asset_key and result.check_name:
                    open_checks.discard(AssetCheckKey(result.asset_key, result.check_name))
                yield result
        if name in nodes and not built[name] and not run.problems:
            key = translator.get_asset_key(nodes[name])
            if key in waited_for and key in context.selected_asset_keys:
                identifier = key.to_python_identifier()
                yield Output(None, output_name=identifier, metadata={"read": "nothing new"})
    if is_whole and not run.problems:
        for check in sorted(open_checks):
            yield AssetCheckResult(
                passed=True, asset_key=check.asset_key, check_name=check.name, metadata=STANDS
            )


def awaited(
    keys: Collection[AssetKey], manifest: Mapping[str, Any], translator: DagsterDbtTranslator
) -> set[AssetKey]:
    """What of a half, whose keys these are, other steps read: those of dbt and all the others."""
    nodes = manifest["nodes"]
    key_of = {
        name: translator.get_asset_key(node)
        for name, node in nodes.items()
        if node["resource_type"] in ("model", "seed")
    }
    read = {
        key_of[parent]
        for name, key in key_of.items()
        if key not in keys
        for parent in nodes[name]["depends_on"].get("nodes", ())
        if parent in key_of
    }
    marts = {key for name, key in key_of.items() if nodes[name]["schema"] == "marts"}
    return (read | marts | READ_OUTSIDE_DBT) & set(keys)


def _add_column_lineage(
    metadata: dict[str, dict[str, Any]],
    dbt: Dbt,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    built: Collection[str],
) -> None:
    """As Dagster keeps it, and as a table: Dagster's own web page draws assets, not columns."""
    from orchestration.assets.column_lineage import column_lineage

    for key, lineage in column_lineage(dbt, manifest, translator, built).items():
        shown = metadata.setdefault(key.to_python_identifier(), {})
        shown["dagster/column_lineage"] = lineage
        shown["made_of"] = shown_as_table(
            [
                {"column": column, "made of": ", ".join(_origin(dep) for dep in deps)}
                for column, deps in lineage.deps_by_column.items()
            ],
            ("column", "made of"),
            limit=None,
        )


def _origin(dep: TableColumnDep) -> str:
    return f"{dep.asset_key.to_user_string()}.{dep.column_name}"


def _with_metadata(result: Any, metadata: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(result, Output) and result.output_name in metadata:
        return result.with_metadata({**result.metadata, **metadata[result.output_name]})
    return result


def _row_counts(lake: Lake) -> dict[str, dict[str, Any]]:
    """Metadata of each mart by output name; tables only, a view would be computed for it."""
    with Warehouse(lake).reading() as connection:
        names = tables_in(connection, "marts")
        return {
            AssetKey(["marts", name]).to_python_identifier(): {
                "dagster/row_count": connection.execute(
                    f'select count(*) from marts."{name}"'
                ).fetchall()[0][0]
            }
            for name in sorted(names)
        }


def emissions_metadata(lake: Lake) -> dict[str, Any]:
    """The largest processes of the newest twelve months, as a table and a picture."""
    with Warehouse(lake).reading() as connection:
        rows = connection.execute(
            """
            with newest as (
                select max(period_month) as last_month from marts.emissions_by_process
            )
            select
                facility_id,
                process_id,
                sum(location_based_kgco2e) filter (where ghg_scope = 1) / 1000,
                sum(location_based_kgco2e) filter (where ghg_scope = 2) / 1000,
                sum(location_based_kgco2e) filter (where ghg_scope = 3) / 1000
            from marts.emissions_by_process, newest
            where period_month > last_month - interval 12 month
            group by facility_id, process_id
            order by sum(location_based_kgco2e) desc nulls last, facility_id, process_id
            limit ?
            """,
            [LARGEST_PROCESSES],
        ).fetchall()
    columns = ("facility", "process", "scope 1 tCO2e", "scope 2 tCO2e", "scope 3 tCO2e")
    if not rows:
        return {}
    table = [dict(zip(columns, row, strict=True)) for row in rows]
    picture = bar_picture(
        "Largest processes, newest twelve months, location-based tCO2e",
        {f"scope {scope}": [row[scope + 1] or 0.0 for row in rows] for scope in (1, 2, 3)},
        [row[1] for row in rows],
    )
    return {
        "largest_processes": shown_as_table(table, columns),
        "picture": MetadataValue.md(picture),
    }


def footprint_metadata(lake: Lake) -> dict[str, Any]:
    """Footprints of the newest year by life cycle stage, as a table and a picture."""
    with Warehouse(lake).reading() as connection:
        footprints = newest_footprints(connection)
    if not footprints:
        return {}
    shown = footprints[:FOOTPRINTS_SHOWN]
    rows = [
        {
            "product": one.product_id,
            "to the gate": one.gate_location,
            "to the grave": one.grave_location,
            **{words: one.stages.get(stage) for stage, words in STAGES.items()},
            "gate, market": one.gate_market,
            "grave, market": one.grave_market,
        }
        for one in shown
    ]
    year, months = shown[0].reference_period, shown[0].month_count
    title = f"{year} ({months} months), cut-off, location-based kgCO2e per declared unit"
    picture = bar_picture(
        title,
        {
            words: [one.stages.get(stage, 0.0) for one in shown]
            for stage, words in STAGES.items()
            if any(stage in one.stages for one in shown)
        },
        [one.product_id for one in shown],
    )
    return {
        "footprints": shown_as_table(rows, tuple(rows[0])),
        "footprints_are": title,
        "contributions": MetadataValue.md(picture),
    }
