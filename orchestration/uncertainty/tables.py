"""The tables of uncertainty, as they are written beside the solved product system."""

from __future__ import annotations

import pyarrow as pa

CAUSES = pa.schema(
    [
        ("cause_id", pa.string()),
        ("cause_kind", pa.string()),  # one of `company.tables.CAUSES_OF_ERROR`
        ("factor_version_id", pa.string()),
        ("component", pa.string()),
        ("meter_id", pa.string()),
        ("data_method", pa.string()),
        ("process_id", pa.string()),
        ("flow_id", pa.string()),
        ("direction", pa.string()),
        ("owner", pa.string()),  # of the source map, or the factor library; null if unknown
        ("spread", pa.string()),  # as the company writes it; null where none is stated
        ("distribution", pa.string()),
        ("deviation", pa.float64()),  # relative, of a lognormal that of the logarithm
        ("source_id", pa.string()),
        ("source_locator", pa.string()),
        ("source_line", pa.int32()),  # of expectations/uncertainties.csv
        ("gas_code", pa.string()),
        ("replaced_by", pa.string()),  # metered, weighed or supplier_value; null if by nothing
        ("replacement_spread", pa.string()),
        ("replacement_deviation", pa.float64()),
        ("replacement_line", pa.int32()),  # of expectations/uncertainties.csv
    ]
)
"""One row a cause that some figure rests on, and what could take its place, with the spread that
the company states for that."""

KNOWN_OF_CAUSE = (
    "cause_id", "cause_kind", "factor_version_id", "component", "meter_id", "data_method",
    "process_id", "flow_id", "direction", "owner", "gas_code",
)  # fmt: skip
"""What a cause is about, whoever says how far it may be wrong."""

INVENTORY_SENSITIVITIES = pa.schema(
    [
        ("inventory_year", pa.int32()),
        ("facility_id", pa.string()),
        ("ghg_scope", pa.int32()),
        ("ghg_category", pa.string()),
        ("basis", pa.string()),  # location_based | market_based
        ("cause_id", pa.string()),
        ("kgco2e", pa.float64()),
    ]
)
"""Derivative of a year's emissions, the company's share, by the logarithm of each cause."""

MARKET_SENSITIVITIES = pa.schema(
    [
        ("reference_period", pa.string()),
        ("flow_id", pa.string()),
        ("facility_id", pa.string()),
        ("boundary", pa.string()),  # cradle_to_gate | gate_to_gate
        ("basis", pa.string()),
        ("cause_id", pa.string()),
        ("kgco2e_per_unit", pa.float64()),
    ]
)
"""The same of what one canonical unit of a product's flow carries to the gate, in a calendar year:
yields, shares of co-products and loops move with it. From which site a flow comes is kept."""

BRIDGE_SENSITIVITIES = pa.schema(
    [
        ("reference_period", pa.string()),
        ("bridge_line", pa.string()),  # as in marts.reconciliation
        ("basis", pa.string()),
        ("cause_id", pa.string()),
        ("kgco2e", pa.float64()),
    ]
)
"""The same of the lines between the inventory of a calendar year and its products, without freight
to customers; none of a year in which something isn't solved, or belongs to others in part."""

DELIVERY_CAUSES = pa.schema(
    [
        ("reference_period", pa.string()),
        ("process_id", pa.string()),  # blank of what was delivered of a product, by whomever
        ("flow_id", pa.string()),
        ("component", pa.string()),  # null: of the quantity, so of every component and basis
        ("basis", pa.string()),
        ("cause_id", pa.string()),
        ("share", pa.float64()),
    ]
)
"""Of freight to customers, and of what was delivered, the part that rests on each cause."""

UNCERTAINTY_SCHEMAS = {
    "causes": CAUSES,
    "inventory_sensitivities": INVENTORY_SENSITIVITIES,
    "market_sensitivities": MARKET_SENSITIVITIES,
    "bridge_sensitivities": BRIDGE_SENSITIVITIES,
    "delivery_causes": DELIVERY_CAUSES,
}
MONTE_CARLO = pa.schema(
    [
        ("figure_kind", pa.string()),
        ("subject", pa.string()),
        ("reference_period", pa.string()),
        ("basis", pa.string()),
        ("draws", pa.int32()),
        ("seed", pa.int64()),
        ("mean", pa.float64()),
        ("low_95", pa.float64()),
        ("high_95", pa.float64()),
        ("skewed_causes", pa.string()),  # "; " between them, the largest share first; null if none
        ("rests_on", pa.string()),  # hash of the tables above that it was drawn beside
    ]
)
"""Intervals by Monte Carlo, of the figures of `figure_uncertainty`; empty until it is drawn, and
again as soon as anything that figures rest on is other than it was."""

MONTE_CARLO_DIFFERENCES = pa.schema(
    [
        ("comparison", pa.string()),
        ("figure_kind", pa.string()),
        ("subject", pa.string()),
        ("reference_period", pa.string()),
        ("other_subject", pa.string()),
        ("other_reference_period", pa.string()),
        ("basis", pa.string()),
        ("draws", pa.int32()),
        ("seed", pa.int64()),
        ("mean", pa.float64()),
        ("low_95", pa.float64()),
        ("high_95", pa.float64()),
        ("rests_on", pa.string()),
    ]
)
"""The same of the differences of `difference_significance`: each draw of both figures from the same
draws of their causes."""

DRAWN_SCHEMAS = {
    "monte_carlo": MONTE_CARLO,
    "monte_carlo_differences": MONTE_CARLO_DIFFERENCES,
}
