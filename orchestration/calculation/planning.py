"""What initiatives are worth, after the product system is solved and before its marts are built.

They are held against the newest calendar year that has all its months. A company without
initiatives gets empty tables.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

import pandas as pd
import pyarrow as pa

from orchestration.calculation.solving import Period, system_inputs, wanted_periods
from orchestration.calculation.tracking import tracked_tables
from orchestration.company.tables import TABLES
from orchestration.footprint.assembly import Assembled, assemble
from orchestration.footprint.system_findings import Findings
from orchestration.lake.fingerprints import fingerprint
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, Lake, content_sha256, text_schema
from orchestration.lake.warehouse import Connection, Warehouse
from orchestration.reduction.assessing import Assessment
from orchestration.reduction.base_year import BASES, BaseYear
from orchestration.reduction.costs import read_prices
from orchestration.reduction.findings import Problem, findings_table
from orchestration.reduction.initiatives import Initiative, read_initiatives
from orchestration.reduction.tables import REDUCTION_SCHEMAS
from orchestration.reduction.tracking import TRACKING_SCHEMAS

FULL_YEAR = 12
PLAN_TABLES = ("initiatives", "initiative_changes", "prices")
READ = (*PLAN_TABLES, "baseline_drivers", "facilities", "flows", "flow_properties")
FLOW_PRICES = pa.schema(
    [
        ("facility_id", pa.string()),
        ("flow_id", pa.string()),
        ("price_per_unit", pa.float64()),
        ("currency", pa.string()),
    ]
)
"""What each flow costs at each site, per canonical unit."""

WRITTEN = (*REDUCTION_SCHEMAS, *TRACKING_SCHEMAS, "flow_prices")


ASSESSED = pa.schema(
    [
        ("rests_on", pa.string()),
        ("base_year", pa.string()),
        ("initiatives", pa.int32()),
        ("refused", pa.int32()),
    ]
)
"""One row: a hash of all that the tables beside it were made from, and what was assessed."""


@dataclass(frozen=True)
class Assessed:
    """What one assessment did."""

    base_year: str | None
    initiatives: int
    refused: int


def assess_initiatives(lake: Lake) -> Assessed:
    """Write the effects, costs and findings of the company's initiatives.

    Nothing is done while all that they rest on is as it was.

    Raises:
        SolveError: the first half of dbt didn't build every month with today's inputs.
    """
    rests_on, kept = _rests_on(lake), lake.reduction("assessed")
    for row in lake.read(kept, ASSESSED).to_pylist():
        if row.pop("rests_on") == rests_on and all(lake.reduction(one).exists() for one in WRITTEN):
            return Assessed(**row)
    tables = company_frames(lake)
    initiatives = read_initiatives(tables)
    assessment = assessment_of(lake, initiatives, tables) if initiatives else None
    if assessment is not None:
        written = assessment.tables()
    else:
        written = {name: schema.empty_table() for name, schema in REDUCTION_SCHEMAS.items()}
        written["initiative_findings"] = _without_base_year(initiatives)
    written |= tracked_tables(lake, initiatives, tables["baseline_drivers"])
    written["flow_prices"] = flow_prices(lake, tables)
    done = Assessed(
        assessment.base.reference_period if assessment else None,
        len(initiatives),
        len(initiatives) - (len(assessment.resolved) if assessment else 0),
    )
    kept.unlink(missing_ok=True)  # whatever kills this run, it is assessed again
    for name in WRITTEN:
        lake.write_if_changed(lake.reduction(name), written[name])
    row = {"rests_on": rests_on, **asdict(done)}
    lake.write(kept, pa.Table.from_pylist([row], schema=ASSESSED))
    return done


def _rests_on(lake: Lake) -> str:
    """Fingerprints of all months, which hold the code as well, and the tables of plans."""
    months = lake.read(lake.build_months, BUILD_MONTHS_SCHEMA)
    tables = (lake.read(lake.company(name), _text_of(name)) for name in READ)
    return fingerprint(
        content_sha256(months.select(["period_month", "fingerprint"])),
        *(content_sha256(table) for table in tables),
    )


def _text_of(table: str) -> pa.Schema:
    return text_schema(TABLES[table].all_columns)


def flow_prices(lake: Lake, tables: Mapping[str, pd.DataFrame]) -> pa.Table:
    """What a unit of each flow costs at each site, in `FLOW_PRICES`."""
    newest = _newest_day(lake)
    if tables["prices"].empty or newest is None:
        return FLOW_PRICES.empty_table()
    prices, currency = read_prices(tables, newest), tables["prices"]["currency"].iloc[0]
    rows = [
        {
            "facility_id": facility,
            "flow_id": flow,
            "price_per_unit": prices.of((facility, flow)),
            "currency": currency,
        }
        for facility in sorted(tables["facilities"]["facility_id"])
        for flow in sorted(set(tables["prices"]["flow_id"]))
        if prices.of((facility, flow)) is not None
    ]
    return pa.Table.from_pylist(rows, schema=FLOW_PRICES)


def company_frames(lake: Lake) -> dict[str, pd.DataFrame]:
    """Validated master data that a plan is read from: text or None; absent tables are empty."""
    frames = {}
    for name in READ:
        frame = lake.read(lake.company(name), _text_of(name)).to_pandas()
        frames[name] = frame.astype(object).where(frame.notna(), None)
    return frames


def assessment_of(
    lake: Lake, initiatives: Sequence[Initiative], tables: dict[str, pd.DataFrame]
) -> Assessment | None:
    """Initiatives on the newest full calendar year; None where no year is full and solved."""
    brought = {
        (change.facility_id, change.other_flow_id)
        for initiative in initiatives
        for change in initiative.changes
        if change.other_flow_id is not None
    }
    base, newest = base_year(lake, brought), _newest_day(lake)
    if base is None or newest is None:
        return None
    return Assessment(base, initiatives, read_prices(tables, newest))


def _newest_day(lake: Lake) -> date | None:
    """The last day of the newest month with data: prices that were over by then count no more."""
    months = lake.read(lake.build_months, BUILD_MONTHS_SCHEMA)["period_month"].to_pylist()
    if not months:
        return None
    newest = max(months)
    return newest.replace(day=monthrange(newest.year, newest.month)[1])


def base_year(lake: Lake, brought: Collection[tuple[str, str]]) -> BaseYear | None:
    """The newest calendar year with all its months, if its product system has a solution.

    `brought`: facility and flow of what initiatives bring in, whose factors they may need.
    """
    wanted = wanted_periods(lake)
    full = [period for period in wanted.periods if _is_full_year(period)]
    if not full:
        return None
    period = max(full, key=lambda one: one.reference_period)
    ((_, inputs),) = system_inputs(lake, [period], wanted)
    assembled = assemble(period.reference_period, inputs, Findings(period.reference_period))
    if assembled is None:
        return None
    with Warehouse(lake).reading() as connection:
        wanted_factors = pd.DataFrame(sorted(brought), columns=["facility_id", "flow_id"])
        connection.register("wanted", wanted_factors.astype(str))
        return _measured(connection, period, assembled, inputs.exchanges)


def _is_full_year(period: Period) -> bool:
    return period.period_type == "year" and len(period.months) == FULL_YEAR


def _measured(
    connection: Connection, period: Period, assembled: Assembled, exchanges: pa.Table
) -> BaseYear:
    months = list(period.months)
    owned = connection.execute(
        "select facility_id, consolidation_share from staging.stg_company__facilities"
    ).fetchall()
    flows = connection.execute(
        "select distinct flow_id from intermediate.int_required_components"
    ).fetchall()
    return BaseYear(
        reference_period=period.reference_period,
        months=months,
        assembled=assembled,
        lines=connection.execute(LINES, [months]).df(),
        factors=connection.execute(FACTORS, [months, len(months)]).df(),
        exchanges=exchanges.to_pandas(),
        stocks=carried_by_stocks(connection, period, assembled),
        owned_share=dict(owned),
        flows=frozenset(flow for (flow,) in flows),
    )


# lines without a figure are exempted flows, in no figure anywhere; a missing factor stops the build
LINES = """
    select
        lines.facility_id,
        lines.flow_id,
        lines.component,
        lines.ghg_category,
        lines.ghg_scope,
        lines.process_id,
        lines.supplier_key,
        categories.in_product_boundary,
        any_value(lines.consolidation_share) as consolidation_share,
        sum(lines.quantity * lines.consolidation_share) as quantity,
        coalesce(sum(lines.location_based_kgco2e), 0.0) as location_based,
        coalesce(sum(lines.market_based_kgco2e), 0.0) as market_based
    from intermediate.int_emissions as lines
    inner join reference.ghg_categories as categories
        on lines.ghg_category = categories.ghg_category
    where list_contains($1, lines.period_month)
    group by all
    order by all
"""

FACTORS = """
    with choices as (
        select
            facility_id, flow_id, component,
            case when count(*) = $2 then avg(location_based_kgco2e_per_unit) end
                as location_based,
            case when count(*) = $2 then avg(market_based_kgco2e_per_unit) end as market_based
        from intermediate.int_factor_choices
        where
            supplier_key = ''
            and list_contains($1, period_month)
            and flow_id in (select wanted.flow_id from wanted)
        group by all
    )
    select
        wanted.facility_id,
        required.flow_id,
        required.component,
        required.ghg_category,
        required.ghg_scope,
        categories.in_product_boundary,
        choices.location_based,
        choices.market_based
    from wanted
    inner join intermediate.int_required_components as required
        on wanted.flow_id = required.flow_id
    inner join reference.ghg_categories as categories
        on required.ghg_category = categories.ghg_category
    left join choices
        on
            wanted.facility_id = choices.facility_id
            and required.flow_id = choices.flow_id
            and required.component = choices.component
    order by all
"""

CARRIED = """
    select
        stocks.stock_id as process_id,
        sum(stocks.requirement * lines.location_based_kgco2e / lines.consolidation_share)
            as location_based,
        sum(stocks.requirement * lines.market_based_kgco2e / lines.consolidation_share)
            as market_based
    from stocks
    inner join intermediate.int_emissions as lines
        on
            stocks.process_id = lines.process_id
            and starts_with(strftime(lines.period_month, '%Y-%m'), stocks.operation_period)
    inner join reference.ghg_categories as categories
        on lines.ghg_category = categories.ghg_category
    where categories.in_product_boundary
    group by stocks.stock_id
"""

STATED = """
    select
        stocks.process_id,
        sum(stocks.quantity * choices.location_based_kgco2e_per_unit) as location_based,
        sum(stocks.quantity * choices.market_based_kgco2e_per_unit) as market_based
    from stated as stocks
    inner join intermediate.int_factor_choices as choices
        on
            stocks.facility_id = choices.facility_id
            and stocks.flow_id = choices.flow_id
    where choices.supplier_key = '' and choices.period_month = $1
    group by stocks.process_id
"""


def carried_by_stocks(connection: Connection, period: Period, assembled: Assembled) -> pd.DataFrame:
    """What stocks of earlier periods carry, whole processes: see `BaseYear.stocks`."""
    connection.register("stocks", assembled.stocks.carried)
    connection.register("stated", assembled.stocks.stated)
    parts = [
        connection.execute(CARRIED).df(),
        connection.execute(STATED, [period.months[0]]).df(),
    ]
    # null is a sum of lines that are all exempted: in no figure. A stock without a stated factor is
    # in neither part: it isn't solved
    return pd.concat(parts, ignore_index=True).fillna(dict.fromkeys(BASES, 0.0))


def _without_base_year(initiatives: Sequence[Initiative]) -> pa.Table:
    problems = [
        Problem("initiative_without_base_year", initiative, None, None, None)
        for initiative in initiatives
    ]
    return findings_table(problems, "")
