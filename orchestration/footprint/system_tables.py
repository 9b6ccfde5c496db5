"""The tables that go into the product system and come out of it, one reference period each.

A reference period is written `YYYY-MM` (a month with data) or `YYYY` (a calendar year: the sum
of its months with data).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

SERVICE_PREFIX = "service:"
"""Flow id of a service nobody meters: the prefix and the process that gives it."""
UNSOLVED_PREFIX = "unsolved:"
"""Flow id of the operation of a process without a figure: the prefix and the process."""
STOCK_PREFIX = "stock:"
"""Process id of what gives a flow that nobody made in the period: the prefix and the flow, at the
site that took it."""

PRODUCTION, UTILITY, TREATMENT, NON_PRODUCT = "production utility treatment non_product".split()
PRODUCT, INTERMEDIATE, UTILITY_FLOW, OWN_WASTE = "product intermediate utility own_waste".split()
VALUED_KINDS = (PRODUCT, INTERMEDIATE, UTILITY_FLOW)
"""Flow kinds whose outputs carry burdens; own_waste leaves burden-free (method R22)."""

DELIVERY, NON_PRODUCT_USE, STOCK_CHANGE = "delivery non_product_use stock_change".split()
WITHOUT_OUTPUT, NOT_TAKEN, NOT_SOLVED = "process_without_output not_taken not_solved".split()
DEMAND_KINDS = (DELIVERY, NON_PRODUCT_USE, STOCK_CHANGE, WITHOUT_OUTPUT, NOT_TAKEN, NOT_SOLVED)
"""What a market's flow is for, beside the takings of processes that make something.

- delivery: a product taken by a non_product process; all net output of a product that never is
- non_product_use: an intermediate, utility or treatment taken by a non_product process
- stock_change: made minus taken, of products and intermediates; negative when stock was used up
- process_without_output: taken by a process that made nothing in the period
- not_taken: a utility or treatment that nobody was metered to take
- not_solved: taken by a process that a critical finding leaves without a figure, and the whole
  operation of such a process, as one unit of the flow `unsolved:` and its id
"""

# What goes in -----------------------------------------------------------------------------------

EXCHANGES = pa.schema(
    [
        ("process_id", pa.string()),
        ("facility_id", pa.string()),
        ("process_type", pa.string()),
        ("flow_id", pa.string()),
        ("flow_kind", pa.string()),
        ("direction", pa.string()),  # input | output
        ("quantity", pa.float64()),  # canonical units of the whole period
        ("quantity_kg", pa.float64()),  # null where the flow has no mass
        ("unit_code", pa.string()),
    ]
)
"""One row per process, flow and direction; several are added up."""

ALLOCATION_RULES = pa.schema(
    [
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("basis", pa.string()),  # mass | energy | volume | carbon | revenue | unit_price | share
        ("share", pa.float64()),
        ("unit_price", pa.float64()),  # currency per canonical unit of the flow
        ("currency", pa.string()),
        ("price_source", pa.string()),
        ("justification", pa.string()),
        ("valid_from", pa.date32()),  # half-open; null: always
        ("valid_to", pa.date32()),
    ]
)
SERVICE_KEYS = pa.schema(
    [
        ("process_id", pa.string()),  # who gives the service
        ("consumer_process_id", pa.string()),  # null: every production process of its site
        ("basis", pa.string()),  # output_mass | input_of_flow | share
        ("flow_id", pa.string()),
        ("share", pa.float64()),
        ("justification", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
    ]
)
FLOW_PROPERTIES = pa.schema(
    [
        ("flow_id", pa.string()),
        ("property", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
    ]
)
TOLERANCES = pa.schema(
    [
        ("rule_id", pa.string()),
        ("source", pa.string()),  # a process; null: every one
        ("flow_id", pa.string()),  # null: every one
        ("tolerance", pa.float64()),
    ]
)
CARRIED = pa.schema(
    [
        ("flow_id", pa.string()),
        ("facility_id", pa.string()),  # that takes it from stock
        ("process_id", pa.string()),
        ("operation_period", pa.string()),
        ("requirement", pa.float64()),
    ]
)
"""What one canonical unit in stock needed of processes in the earlier period that made it."""
CARRIED_RECYCLED = pa.schema([("method", pa.string()), *CARRIED])
"""The same of `RECYCLED_REQUIREMENTS`, by method."""
STATED_STOCKS = pa.schema([("flow_id", pa.string()), ("facility_id", pa.string())])
"""Stocks from before the first period, whose intensity a factor of the flow states."""


@dataclass(frozen=True)
class SystemInputs:
    """All there is to know about the product system of one reference period.

    The tables are read in the schemas above: further columns are left aside, text is cast and
    blank text is null. Of dated rows those count that are in force on the period's last day.
    """

    exchanges: pa.Table
    allocation_rules: pa.Table = field(default_factory=ALLOCATION_RULES.empty_table)
    service_keys: pa.Table = field(default_factory=SERVICE_KEYS.empty_table)
    flow_properties: pa.Table = field(default_factory=FLOW_PROPERTIES.empty_table)
    tolerances: pa.Table = field(default_factory=TOLERANCES.empty_table)
    carried: pa.Table = field(default_factory=CARRIED.empty_table)
    carried_recycled: pa.Table = field(default_factory=CARRIED_RECYCLED.empty_table)
    carried_content: Mapping[str, float] = field(default_factory=dict)
    """Recycled content of the flows in `carried`, where it was known."""
    stated_stocks: pa.Table = field(default_factory=STATED_STOCKS.empty_table)
    delivered_flows: frozenset[str] = frozenset()
    """Product flows a non_product process takes in any month of the accepted data."""
    recycled_flows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By recycling method, what it names as recycled."""
    wanted_flows: frozenset[str] = frozenset()
    """Flows whose requirements are wanted whether or not they have final demand."""


# What comes out ---------------------------------------------------------------------------------

ID = pa.dictionary(pa.int32(), pa.string())
"""A text that comes back often; in Parquet and in SQL it is a plain string."""

REQUIREMENTS = pa.schema(
    [
        ("reference_period", ID),
        ("flow_id", ID),
        ("facility_id", ID),
        ("process_id", ID),
        ("operation_period", ID),
        ("requirement", pa.float64()),
    ]
)
"""Share of a process's operation of the whole operation period that one canonical unit of the
market's flow needs, allocation included: its emissions of that period times this are part of the
footprint of one unit. Markets with final demand, of products and of wanted flows; a maker that
carries nothing of a flow stands there with 0. The operation period is the reference period, or the
earlier one in which stock was made that nobody made in the reference period."""

RECYCLED_REQUIREMENTS = pa.schema(
    [
        ("reference_period", ID),
        ("method", pa.string()),
        ("flow_id", ID),
        ("facility_id", ID),
        ("process_id", ID),
        ("operation_period", ID),
        ("requirement", pa.float64()),
    ]
)
"""As `REQUIREMENTS`, of what takes in the flows that a recycling method names as recycled, without
what lies behind such a flow: recycled material that was recycled before counts once, where it
comes last. Processes that take such a flow, and what stocks carry of them."""

FINAL_DEMAND = pa.schema(
    [
        ("reference_period", ID),
        ("flow_id", ID),
        ("facility_id", ID),
        ("demand_kind", pa.string()),
        ("quantity", pa.float64()),
        ("unit_code", pa.string()),
    ]
)
"""Never zero. For every process that makes something, the sum over all rows of requirement
times quantity is 1; for operations of earlier periods, and for what stocks give, it is 0: what
products carry of them is what the stock change gives back."""

ALLOCATION = pa.schema(
    [
        ("reference_period", pa.string()),
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("basis", pa.string()),
        ("quantity", pa.float64()),
        ("allocation_share", pa.float64()),
        ("price_ratio", pa.float64()),
        ("pact_verdict", pa.string()),  # physical | economic | not_decidable
        ("follows_pact", pa.bool_()),  # null when it can't be told
        ("justification", pa.string()),
    ]
)
"""Processes with two or more co-products only; the shares of a process add up to 1."""

LINKS = pa.schema(
    [
        ("reference_period", ID),
        ("process_id", ID),
        ("flow_id", ID),
        ("supplier_process_id", ID),
        ("supplier_facility_id", ID),
        ("quantity_taken", pa.float64()),
        ("quantity_charged", pa.float64()),
        ("share_of_supplier", pa.float64()),
    ]
)
"""Who took what from whom, non_product takers included. quantity_taken is as recorded,
quantity_charged after utilities are normalised (R20); share_of_supplier is the part of what the
supplier made of the flow. The flow of a service by key is `service:` and its giver, its
quantities are shares of the service."""

RECYCLED_CONTENT = pa.schema(
    [
        ("reference_period", ID),
        ("flow_id", ID),
        ("facility_id", ID),
        ("recycled_content", pa.float64()),  # kg/kg, dry; null when unknown
    ]
)
"""One row per market of a product or intermediate."""

OPENING_STOCKS = pa.schema(
    [
        ("reference_period", pa.string()),
        ("process_id", pa.string()),  # stock: and the flow, at the site
        ("flow_id", pa.string()),
        ("facility_id", pa.string()),
        ("quantity", pa.float64()),
        ("unit_code", pa.string()),
    ]
)
"""One row per flow that only stock gave, and whose intensity a factor of the flow states."""

UTILITY_LOSSES = pa.schema(
    [
        ("reference_period", ID),
        ("flow_id", ID),
        ("facility_id", ID),
        ("made", pa.float64()),
        ("taken", pa.float64()),
        ("utility_loss_ratio", pa.float64()),  # made / taken, what takings are multiplied with
        ("unit_code", pa.string()),
    ]
)
"""One row per market of a utility or own treatment that somebody took."""

PERIODS = pa.schema(
    [
        ("reference_period", pa.string()),
        ("period_type", pa.string()),  # month | year
        ("first_month", pa.date32()),
        ("last_month", pa.date32()),
        ("month_count", pa.int64()),
        ("fingerprint", pa.string()),
        ("is_stale", pa.bool_()),
        ("is_solved", pa.bool_()),
    ]
)
"""One file for all periods; whoever solves them writes it."""

FINDINGS = pa.schema(
    [
        ("reference_period", pa.string()),
        ("rule_id", pa.string()),
        ("severity", pa.string()),  # critical: the period isn't solved | warning
        ("facility_id", pa.string()),
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("observed", pa.string()),
        ("expected", pa.string()),
        ("message_en", pa.string()),
        ("message_zh", pa.string()),
        ("remedy_en", pa.string()),
        ("remedy_zh", pa.string()),
    ]
)

SOLVED_SCHEMAS = {
    "requirements": REQUIREMENTS,
    "recycled_requirements": RECYCLED_REQUIREMENTS,
    "final_demand": FINAL_DEMAND,
    "allocation": ALLOCATION,
    "links": LINKS,
    "recycled_content": RECYCLED_CONTENT,
    "opening_stocks": OPENING_STOCKS,
    "utility_losses": UTILITY_LOSSES,
    "findings": FINDINGS,
}
"""The tables of a period, by the folder they are written to (solved/<table>/<period>.parquet)."""


@dataclass(frozen=True)
class SolvedPeriod:
    """The solved tables of one reference period; all but the findings are empty if unsolved."""

    reference_period: str
    is_solved: bool
    requirements: pa.Table
    recycled_requirements: pa.Table
    final_demand: pa.Table
    allocation: pa.Table
    links: pa.Table
    recycled_content: pa.Table
    opening_stocks: pa.Table
    utility_losses: pa.Table
    findings: pa.Table

    def tables(self) -> dict[str, pa.Table]:
        """By the names of `SOLVED_SCHEMAS`."""
        return {name: getattr(self, name) for name in SOLVED_SCHEMAS}


def read_as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The schema's columns; blank text is null, text is cast.

    Raises:
        KeyError: a column is missing.
        pyarrow.ArrowInvalid: a text is no number or date.
    """
    columns = []
    for wanted in schema:
        column = table.column(wanted.name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
        columns.append(column.cast(wanted.type))
    return pa.table(columns, schema=schema)


def last_day(reference_period: str) -> date:
    """Of a month `YYYY-MM` or a year `YYYY`. Raises ValueError for any other text."""
    form = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", reference_period)
    if form is None:
        raise ValueError(f"{reference_period!r} is no reference period: write YYYY-MM or YYYY.")
    number = int(form[1]) * 12 + int(form[2] or 12)
    return date(number // 12, number % 12 + 1, 1) - timedelta(days=1)


def in_force(table: pa.Table, day: date) -> pa.Table:
    """Rows whose half-open validity holds on the day."""
    moment = pa.scalar(day, pa.date32())
    since = pc.fill_null(pc.less_equal(table["valid_from"], moment), True)
    until = pc.fill_null(pc.greater(table["valid_to"], moment), True)
    return table.filter(pc.and_(since, until))
