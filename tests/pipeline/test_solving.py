"""Which reference periods are solved anew, which files that touches, and what must come before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration.calculation.control import BUILT_PERIODS, recorded
from orchestration.calculation.solving import (
    SolveError,
    finding_rows,
    period_rows,
    refuse_what_is_not_solved,
    solve_stale_periods,
)
from orchestration.footprint.system_tables import (
    ALLOCATION_RULES,
    FLOW_PROPERTIES,
    SERVICE_KEYS,
    SOLVED_SCHEMAS,
    TOLERANCES,
)
from orchestration.lake.paths import BUILD_MONTHS_SCHEMA, HAND_INS_SCHEMA, NO_PERIOD, Lake
from orchestration.publication.files import PublishError
from orchestration.release.publishing import publish

JANUARY, FEBRUARY = date(2022, 1, 1), date(2022, 2, 1)
LAST_YEAR = date(2021, 12, 1)
EXCHANGES = (
    "period_month date, process_id text, facility_id text, process_type text, flow_id text, "
    "flow_kind text, direction text, quantity double, quantity_kg double, unit_code text"
)


class Warehouse:
    """As much of a warehouse as the solve looks at: one process that makes fibre, by month."""

    def __init__(self, path: Path) -> None:
        self.lake = Lake(path)
        path.mkdir(parents=True, exist_ok=True)
        empty = {
            "allocation_rules": ALLOCATION_RULES,
            "tolerances": TOLERANCES,
            "service_keys": SERVICE_KEYS,
            "flow_properties": FLOW_PROPERTIES,
            "recycling_methods": pa.schema(
                [("recycled_flow_id", pa.string()), ("recycling_eol_flow_id", pa.string())]
            ),
        }
        for name, schema in empty.items():
            self.lake.write(self.lake.company(name), schema.empty_table())
        self.lake.write(self.lake.hand_ins, HAND_INS_SCHEMA.empty_table())
        with duckdb.connect(str(self.lake.working_file)) as connection:
            for schema in ("intermediate", "marts"):
                connection.execute(f"create schema {schema}")
            connection.execute(f"create table intermediate.int_system_exchanges ({EXCHANGES})")
            connection.execute("create table marts.figures as select 1 as kgco2e")
            connection.execute(
                "create table intermediate.int_factor_choices (period_month date, flow_id text, "
                "facility_id text, supplier_key text)"
            )

    def month(self, month: date, made: float, delivered: float = 0.0) -> None:
        """What the spinning mill made of fibre, and what dispatch took."""
        rows = [
            [month, "spinning", "mill", "production", "fibre", "product", "output", made],
            [month, "dispatch", "mill", "non_product", "fibre", "product", "input", delivered],
        ]
        with duckdb.connect(str(self.lake.working_file)) as connection:
            connection.execute(
                "delete from intermediate.int_system_exchanges where period_month = $1", [month]
            )
            for row in (row for row in rows if row[-1]):
                connection.execute(
                    "insert into intermediate.int_system_exchanges "
                    "values ($1, $2, $3, $4, $5, $6, $7, $8, $8, 'kg')",
                    row,
                )

    def inputs(self, fingerprints: dict[date, str], inventory_built: bool = True) -> None:
        """What control wants, and what the first half of dbt recorded."""
        rows = [
            {"period_month": month, "fingerprint": text, "is_stale": True}
            for month, text in fingerprints.items()
        ]
        months = pa.Table.from_pylist(rows, schema=BUILD_MONTHS_SCHEMA)
        self.lake.write(self.lake.build_months, months)
        if inventory_built:
            self._record("int_inventory_months", months.select(["period_month", "fingerprint"]))

    def build_products(self) -> None:
        """What the second half of dbt records as its last deed."""
        rows = [
            {name: row[name] for name in ("reference_period", "fingerprint")}
            for row in period_rows(self.lake)
        ]
        self._record("int_built_periods", pa.Table.from_pylist(rows))
        months = self.lake.read(self.lake.build_months, BUILD_MONTHS_SCHEMA)
        self._record("int_built_months", months.select(["period_month", "fingerprint"]))

    def _record(self, name: str, rows: pa.Table) -> None:
        with duckdb.connect(str(self.lake.working_file)) as connection:
            connection.register("rows", rows)
            connection.execute(f"create or replace table intermediate.{name} as from rows")

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Time and content of every solved file of a period."""
        folder = self.lake.path / "solved"
        return {
            path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(folder.glob("*/*.parquet"))
        }

    def stale(self) -> set[str]:
        """Periods that the second half of dbt has to build."""
        return {row["reference_period"] for row in period_rows(self.lake) if row["is_stale"]}


def touched(before: dict[str, tuple[int, bytes]], after: dict[str, tuple[int, bytes]]) -> set[str]:
    """Periods of which any file is new, gone, changed or only rewritten."""
    names = before.keys() | after.keys()
    return {Path(name).stem for name in names if before.get(name) != after.get(name)}


def names_of(periods: Iterable[dict[str, object]]) -> list[object]:
    return [period["reference_period"] for period in periods]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three months in two years, solved and built."""
    warehouse = Warehouse(tmp_path / "warehouse")
    for month in (LAST_YEAR, JANUARY, FEBRUARY):
        warehouse.month(month, made=100.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c"})
    solve_stale_periods(warehouse.lake)
    warehouse.build_products()
    return warehouse


def test_periods_are_the_months_with_exchanges_and_their_years(warehouse: Warehouse):
    rows = period_rows(warehouse.lake)

    assert names_of(rows) == ["2021", "2021-12", "2022", "2022-01", "2022-02"]
    assert [row["month_count"] for row in rows] == [1, 1, 2, 1, 1]
    assert all(row["is_solved"] for row in rows)
    year = warehouse.lake.solved("final_demand", "2022")
    demand = {
        row["demand_kind"]: row["quantity"]
        for row in warehouse.lake.read(year, SOLVED_SCHEMAS["final_demand"]).to_pylist()
    }
    assert demand == {"delivery": 180.0, "stock_change": 20.0}


def test_solving_a_month_anew_touches_that_month_and_its_year(warehouse: Warehouse):
    before = warehouse.files()
    warehouse.month(FEBRUARY, made=120.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c2"})

    solved = solve_stale_periods(warehouse.lake)

    assert solved.anew == ("2022", "2022-02")
    assert touched(before, warehouse.files()) == {"2022", "2022-02"}
    assert warehouse.stale() == {"2022", "2022-02"}


def test_solving_again_what_is_solved_touches_nothing(warehouse: Warehouse):
    solve_stale_periods(warehouse.lake)
    before, periods = warehouse.files(), warehouse.lake.solved_periods.stat().st_mtime_ns

    solved = solve_stale_periods(warehouse.lake)

    assert (solved.anew, solved.removed, warehouse.stale()) == ((), (), set())
    assert warehouse.files() == before
    assert warehouse.lake.solved_periods.stat().st_mtime_ns == periods


def test_a_month_that_is_withdrawn_goes_with_its_year(warehouse: Warehouse):
    warehouse.month(LAST_YEAR, made=0.0)
    warehouse.inputs({LAST_YEAR: "empty", JANUARY: "b", FEBRUARY: "c"})

    solved = solve_stale_periods(warehouse.lake)

    assert solved.removed == ("2021", "2021-12")
    assert names_of(period_rows(warehouse.lake)) == ["2022", "2022-01", "2022-02"]
    assert {Path(name).stem for name in warehouse.files()} == {
        "2022",
        "2022-01",
        "2022-02",
        NO_PERIOD,
    }


def test_a_lost_file_is_solved_again(warehouse: Warehouse):
    lost = warehouse.lake.solved("links", "2022-01")
    content = lost.read_bytes()
    lost.unlink()

    assert solve_stale_periods(warehouse.lake).anew == ("2022-01",)
    assert lost.read_bytes() == content


def test_the_first_delivery_ever_changes_the_months_before_it(tmp_path: Path):
    """Before it all that was made counts as delivered; after it only what was taken does."""
    warehouse = Warehouse(tmp_path)
    warehouse.month(JANUARY, made=100.0)
    warehouse.inputs({JANUARY: "b"})
    solve_stale_periods(warehouse.lake)
    warehouse.build_products()

    warehouse.month(FEBRUARY, made=100.0, delivered=80.0)
    warehouse.inputs({JANUARY: "b", FEBRUARY: "c"})
    solve_stale_periods(warehouse.lake)

    assert "2022-01" in warehouse.stale()
    january = warehouse.lake.solved("final_demand", "2022-01")
    kinds = warehouse.lake.read(january, SOLVED_SCHEMAS["final_demand"])["demand_kind"]
    assert kinds.to_pylist() == ["stock_change"]


def test_a_month_that_draws_on_stock_is_stale_with_the_month_that_made_it(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    warehouse.month(JANUARY, made=100.0, delivered=60.0)
    warehouse.month(FEBRUARY, made=0.0, delivered=30.0)
    warehouse.inputs({JANUARY: "b", FEBRUARY: "c"})
    solve_stale_periods(warehouse.lake)
    warehouse.build_products()

    def needs(period: str) -> list[tuple[str, str, float]]:
        table = warehouse.lake.read(
            warehouse.lake.solved("requirements", period), SOLVED_SCHEMAS["requirements"]
        )
        names = ("process_id", "operation_period", "requirement")
        return [tuple(row[name] for name in names) for row in table.to_pylist()]

    assert needs("2022-02") == [("spinning", "2022-01", 0.01)]
    assert needs("2022") == [("spinning", "2022", 0.01)]  # the year made it itself

    warehouse.month(JANUARY, made=200.0, delivered=60.0)
    warehouse.inputs({JANUARY: "b2", FEBRUARY: "c"})
    assert solve_stale_periods(warehouse.lake).anew == ("2022", "2022-01", "2022-02")
    assert warehouse.stale() == {"2022", "2022-01", "2022-02"}
    assert needs("2022-02") == [("spinning", "2022-01", 0.005)]
    warehouse.build_products()

    warehouse.month(FEBRUARY, made=0.0, delivered=20.0)
    warehouse.inputs({JANUARY: "b2", FEBRUARY: "c2"})
    assert solve_stale_periods(warehouse.lake).anew == ("2022", "2022-02")


def test_stock_of_before_the_first_month_is_looked_for_among_the_factors(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    warehouse.month(JANUARY, made=0.0, delivered=30.0)
    with duckdb.connect(str(warehouse.lake.working_file)) as connection:
        connection.execute(
            "insert into intermediate.int_factor_choices values ('2022-01-01', 'fibre', 'mill', '')"
        )
    warehouse.inputs({JANUARY: "b"})
    solve_stale_periods(warehouse.lake)

    stocks = warehouse.lake.solved("opening_stocks", "2022-01")
    (row,) = warehouse.lake.read(stocks, SOLVED_SCHEMAS["opening_stocks"]).to_pylist()
    assert (row["process_id"], row["quantity"]) == ("stock:fibre@mill", 30.0)


def test_exchanges_that_contradict_themselves_are_told_and_stop_nothing(warehouse: Warehouse):
    with duckdb.connect(str(warehouse.lake.working_file)) as connection:
        connection.execute(
            "insert into intermediate.int_system_exchanges values ('2022-02-01', 'spinning', "
            "'elsewhere', 'production', 'oil', 'material', 'input', 1, 1, 'kg')"
        )
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c2"})
    solve_stale_periods(warehouse.lake)

    solved = {row["reference_period"]: row["is_solved"] for row in period_rows(warehouse.lake)}
    assert [name for name, is_solved in solved.items() if not is_solved] == ["2022", "2022-02"]
    told = {(row["rule_id"], row["reference_period"]) for row in finding_rows(warehouse.lake)}
    assert ("system_contradicts_itself", "2022-02") in told


def test_tables_can_be_read_when_there_is_nothing_to_solve(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    warehouse.inputs({})

    assert solve_stale_periods(warehouse.lake).rows == ()

    assert set(warehouse.files()) == {f"{table}/{NO_PERIOD}.parquet" for table in SOLVED_SCHEMAS}
    assert warehouse.lake.solved_periods.exists()
    refuse_what_is_not_solved(warehouse.lake)


def test_nothing_is_solved_from_an_inventory_that_is_behind(warehouse: Warehouse):
    before = warehouse.files()
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c2"}, inventory_built=False)

    with pytest.raises(SolveError, match="2022-02"):
        solve_stale_periods(warehouse.lake)

    assert warehouse.files() == before


def test_products_are_not_built_from_what_was_solved_before(warehouse: Warehouse):
    warehouse.month(FEBRUARY, made=120.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c2"})

    with pytest.raises(SolveError, match="2022, 2022-02"):
        refuse_what_is_not_solved(warehouse.lake)

    solve_stale_periods(warehouse.lake)
    refuse_what_is_not_solved(warehouse.lake)


def test_products_behind_the_solve_are_not_published(warehouse: Warehouse, tmp_path: Path):
    warehouse.month(JANUARY, made=120.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b2", FEBRUARY: "c"})
    solve_stale_periods(warehouse.lake)
    months = warehouse.lake.read(warehouse.lake.build_months, BUILD_MONTHS_SCHEMA)
    warehouse._record("int_built_months", months.select(["period_month", "fingerprint"]))

    with pytest.raises(PublishError, match="2022, 2022-01"):
        publish(warehouse.lake, tmp_path, tmp_path)

    warehouse.build_products()
    publish(warehouse.lake, tmp_path, tmp_path)
    assert (warehouse.lake.published / "marts.duckdb").exists()


def test_a_killed_build_stays_stale_when_the_inputs_go_back(warehouse: Warehouse):
    """The rows of the killed build are in the marts; the old fingerprint must not cover them."""
    warehouse.month(FEBRUARY, made=120.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c2"})
    solve_stale_periods(warehouse.lake)  # and the second half dies before it records anything

    warehouse.month(FEBRUARY, made=100.0, delivered=90.0)
    warehouse.inputs({LAST_YEAR: "a", JANUARY: "b", FEBRUARY: "c"})
    solve_stale_periods(warehouse.lake)

    assert warehouse.stale() == {"2022", "2022-02"}
    assert recorded(warehouse.lake, BUILT_PERIODS)["2022-02"] == ""
