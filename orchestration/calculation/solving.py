"""The product system between the two halves of dbt: which periods are solved anew, and where to.

The first half leaves the process exchanges in the working file; each reference period whose
inputs changed is solved from them and written as Parquet, which the second half reads. A period
is a month with exchanges or a calendar year of such months; its fingerprint is that of its months.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from orchestration.calculation.carried_stocks import (
    Origins,
    carried_stock,
    drawn_flows,
    earlier_periods,
    stated_stocks,
    stock_origins,
)
from orchestration.calculation.control import (
    BUILT_PERIODS,
    INVENTORY_MONTHS,
    invalidate,
    recorded,
)
from orchestration.footprint.system_tables import (
    PERIODS,
    SOLVED_SCHEMAS,
    SolvedPeriod,
    SystemInputs,
)
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, NO_PERIOD, Lake, read_parquet
from orchestration.lake.warehouse import Warehouse, engine
from orchestration.progress import doing

MONTH, YEAR = "month", "year"
CRITICAL = "critical"
CUT_OFF = "cut_off"
RULE_TABLES = ("allocation_rules", "service_keys", "flow_properties", "tolerances")


class SolveError(Exception):
    """The product system can't be solved yet: what it is made from isn't there."""


@dataclass(frozen=True)
class Period:
    """A reference period with its months that have data, and one hash over all its inputs."""

    reference_period: str
    period_type: str
    months: tuple[date, ...]
    fingerprint: str


@dataclass(frozen=True)
class WantedPeriods:
    """What today's inputs ask the solve for."""

    periods: list[Period]
    delivered_flows: frozenset[str]
    """Product flows that a non_product process takes in any month."""
    origins: Origins
    """Where the stock comes from that nobody made in a period, by reference period."""


@dataclass(frozen=True)
class Solved:
    """What one solve did."""

    rows: tuple[dict[str, Any], ...]
    """All reference periods, as written to solved/periods.parquet."""
    anew: tuple[str, ...]
    removed: tuple[str, ...]


def reference_periods(
    months: Iterable[date],
    fingerprints: Mapping[date, str],
    delivered: Iterable[str],
    origins: Origins,
) -> list[Period]:
    """Months and calendar years of the months with exchanges, in the order of their names.

    Which products are delivered at all, and which flows are ever drawn from stock alone, is known
    from all months together, so it is part of every fingerprint: the first delivery ever changes
    the final demand of the months before. A period that draws on stock of an earlier one is stale
    with it.
    """
    shared = "\n".join([*sorted(delivered), "", *sorted(drawn_flows(origins))])
    by_name: dict[str, list[date]] = {}
    for month in sorted(months):
        for name in (f"{month:%Y}", f"{month:%Y-%m}"):
            by_name.setdefault(name, []).append(month)
    found: dict[str, Period] = {}
    for name, inside in sorted(by_name.items()):
        parts = [f"{month} {fingerprints[month]}" for month in inside]
        parts += [found[earlier].fingerprint for earlier in earlier_periods(origins, name)]
        found[name] = Period(
            name,
            YEAR if len(name) == len("YYYY") else MONTH,
            tuple(inside),
            _hash([shared, *parts]),
        )
    return list(found.values())


def solve_stale_periods(lake: Lake) -> Solved:
    """Solve what is stale or missing, remove what no longer exists, leave all else untouched.

    Raises:
        SolveError: the first half of dbt didn't build every month with today's inputs.
    """
    wanted = wanted_periods(lake)
    periods = wanted.periods
    before = {row["reference_period"]: row for row in period_rows(lake)}
    anew = [
        period
        for period in periods
        if before.get(period.reference_period, {}).get("fingerprint") != period.fingerprint
        or not _has_every_table(lake, period.reference_period)
    ]
    # Struck out before a file is touched: whatever kills this run, they are built again.
    invalidate(lake, BUILT_PERIODS, [period.reference_period for period in anew])
    is_solved = {name: row["is_solved"] for name, row in before.items()}
    for solved in _solve(lake, anew, wanted):
        is_solved[solved.reference_period] = solved.is_solved
        for table, content in solved.tables().items():
            lake.write_if_changed(lake.solved(table, solved.reference_period), content)
    names = [period.reference_period for period in periods]
    for table, schema in SOLVED_SCHEMAS.items():
        lake.write_if_changed(lake.solved(table, NO_PERIOD), schema.empty_table())
        kept = [f"{name}.parquet" for name in (*names, NO_PERIOD)]
        lake.keep_only(lake.solved(table, NO_PERIOD).parent, kept)
    built = recorded(lake, BUILT_PERIODS)
    rows = [
        {
            "reference_period": period.reference_period,
            "period_type": period.period_type,
            "first_month": period.months[0],
            "last_month": period.months[-1],
            "month_count": len(period.months),
            "fingerprint": period.fingerprint,
            "is_stale": built.get(period.reference_period) != period.fingerprint,
            "is_solved": is_solved[period.reference_period],
        }
        for period in periods
    ]
    lake.write_if_changed(lake.solved_periods, pa.Table.from_pylist(rows, schema=PERIODS))
    return Solved(
        rows=tuple(rows),
        anew=tuple(period.reference_period for period in anew),
        removed=tuple(sorted(before.keys() - set(names))),
    )


def refuse_what_is_not_solved(lake: Lake) -> None:
    """The second half of dbt may only build on periods that were solved from today's inputs.

    Raises:
        SolveError: a period is missing, or was solved from other inputs.
    """
    solved = {row["reference_period"]: row["fingerprint"] for row in period_rows(lake)}
    behind = [
        period.reference_period
        for period in wanted_periods(lake).periods
        if solved.get(period.reference_period) != period.fingerprint
    ]
    if behind or not lake.solved_periods.exists():
        raise SolveError(
            f"{', '.join(behind) or 'No period'}: not solved with today's inputs. "
            "Materialize solved/product_system first."
        )


def period_rows(lake: Lake) -> list[dict[str, Any]]:
    """All reference periods as last written; none before the first solve."""
    return lake.read(lake.solved_periods, PERIODS).to_pylist()


def finding_rows(lake: Lake) -> list[dict[str, Any]]:
    """What the solve found in any period, critical findings first, then by period."""
    names = [row["reference_period"] for row in period_rows(lake)]
    paths = [lake.solved("findings", name) for name in names]
    found = lake.read_all([path for path in paths if path.exists()], SOLVED_SCHEMAS["findings"])
    return sorted(
        found.to_pylist(),
        key=lambda row: (row["severity"] != CRITICAL, row["reference_period"], row["rule_id"]),
    )


def wanted_periods(lake: Lake) -> WantedPeriods:
    """Today's reference periods, from the exchanges in the working file."""
    fingerprints = {
        row["period_month"]: row["fingerprint"]
        for row in lake.read(lake.build_months, BUILD_MONTHS_SCHEMA).to_pylist()
    }
    built = recorded(lake, INVENTORY_MONTHS)
    behind = [month for month, text in fingerprints.items() if built.get(month) != text]
    if behind or not Warehouse(lake).is_built:
        named = ", ".join(f"{month:%Y-%m}" for month in behind) or "No month"
        raise SolveError(f"{named}: the inventory is not built with today's inputs. Build it.")
    with Warehouse(lake).reading() as connection:
        months = connection.execute(
            "select distinct period_month from intermediate.int_system_exchanges"
        ).fetchall()
        flows = connection.execute(
            """
            select distinct flow_id from intermediate.int_system_exchanges
            where process_type = 'non_product' and flow_kind = 'product' and direction = 'input'
            """
        ).fetchall()
        origins = stock_origins(connection)
    delivered = frozenset(flow for (flow,) in flows)
    periods = reference_periods((month for (month,) in months), fingerprints, delivered, origins)
    return WantedPeriods(periods, delivered, origins)


def _solve(lake: Lake, periods: Sequence[Period], wanted: WantedPeriods) -> Iterable[SolvedPeriod]:
    """One after the other: a period may draw on stock of an earlier one."""
    for number, (period, inputs) in enumerate(system_inputs(lake, periods, wanted)):
        doing(f"solving {period.reference_period}", number, len(periods))
        yield _solved_or_told(period.reference_period, inputs)


def system_inputs(
    lake: Lake, periods: Sequence[Period], wanted: WantedPeriods
) -> Iterator[tuple[Period, SystemInputs]]:
    """What the system of each period is made from; earlier ones must have been solved by then."""
    if not periods:
        return
    rules = {name: read_parquet(lake.company(name)) for name in RULE_TABLES}
    wanted_flows = _wanted_flows(lake) | drawn_flows(wanted.origins)
    exchanges = _exchanges_of(lake, sorted({month for one in periods for month in one.months}))
    with engine() as connection:
        connection.register("exchanges", exchanges)
        for period in periods:
            summed = connection.sql(
                """
                select
                    process_id,
                    any_value(facility_id) as facility_id,
                    any_value(process_type) as process_type,
                    flow_id,
                    any_value(flow_kind) as flow_kind,
                    direction,
                    sum(quantity) as quantity,
                    case when count(*) = count(quantity_kg) then sum(quantity_kg) end
                        as quantity_kg,
                    any_value(unit_code) as unit_code
                from exchanges
                where list_contains($1, period_month)
                group by process_id, flow_id, direction
                order by process_id, flow_id, direction
                """,
                params=[list(period.months)],
            ).to_arrow_table()
            origins = wanted.origins.get(period.reference_period, ())
            carried = carried_stock(lake, origins)
            inputs = SystemInputs(
                exchanges=summed,
                **rules,
                carried=carried.requirements,
                carried_recycled=carried.recycled_requirements,
                carried_content=carried.content,
                stated_stocks=stated_stocks(lake, origins, period.months[0]),
                delivered_flows=wanted.delivered_flows,
                recycled_flows=_recycled_flows(lake, period.months[0]),
                wanted_flows=wanted_flows,
            )
            yield period, inputs


def _solved_or_told(reference_period: str, inputs: SystemInputs) -> SolvedPeriod:
    """The period solved; exchanges that contradict themselves are a finding of it alone."""
    from orchestration.footprint.product_system import solve_period, unsolved_period
    from orchestration.footprint.system_findings import Findings

    try:
        return solve_period(reference_period, inputs)
    except (ValueError, ArithmeticError) as error:
        findings = Findings(reference_period)
        findings.add("system_contradicts_itself", observed=str(error))
        return unsolved_period(findings)


def _exchanges_of(lake: Lake, months: Sequence[date]) -> pa.Table:
    with Warehouse(lake).reading() as connection:
        return connection.sql(
            """
            select
                period_month, process_id, facility_id, process_type, flow_id, flow_kind,
                direction, quantity, quantity_kg, unit_code
            from intermediate.int_system_exchanges
            where list_contains($1, period_month)
            order by period_month, process_id, flow_id, direction
            """,
            params=[list(months)],
        ).to_arrow_table()


def _recycled_flows(lake: Lake, day: date) -> dict[str, frozenset[str]]:
    """What each method in force on a day names as recycled."""
    methods = read_parquet(lake.company("recycling_methods")).to_pylist()
    found: dict[str, set[str]] = {}
    for row in methods:
        since, until = row.get("valid_from") or "", row.get("valid_to") or "9999-12-31"
        if str(since) <= day.isoformat() < str(until):
            found.setdefault(row["method"], set()).add(row["recycled_flow_id"])
    return {method: frozenset(flows) for method, flows in found.items() if method != CUT_OFF}


def _wanted_flows(lake: Lake) -> frozenset[str]:
    """Flows at whose intensity recycling methods give credits, sold or not."""
    methods = read_parquet(lake.company("recycling_methods"))
    flows = (
        flow
        for column in ("recycled_flow_id", "recycling_eol_flow_id")
        for flow in methods[column].to_pylist()
    )
    return frozenset(flow for flow in flows if flow)


def _has_every_table(lake: Lake, reference_period: str) -> bool:
    return all(lake.solved(table, reference_period).exists() for table in SOLVED_SCHEMAS)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
