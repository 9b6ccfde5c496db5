"""Causes of error: what each emission line and each quantity rests on, and how far it may be wrong.

A cause is named once and shared by all that rests on it: a factor version by all lines that it
multiplies, a meter by all its readings, a data method by all readings of one process and flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from orchestration.company.spreads import read_spread
from orchestration.company.tables import CAUSE_SELECTORS
from orchestration.uncertainty.tables import CAUSES, KNOWN_OF_CAUSE

DIFFERENCE, PRODUCT = " - ", " × "
"""In the id of a factor version that is made of two others."""

FIRST_LINE = 2
MEASURED = ("metered", "weighed")
SUPPLIER_VALUE = "supplier_value"
"""What a factor of a library can be replaced by."""


def factor_parts(lines: pd.DataFrame, values: Mapping[str, float]) -> pd.DataFrame:
    """Emission lines by the published factor versions that they rest on.

    A line of a difference of two factors rests on both, on one of them the other way; a line of a
    product of two on each in full. `values`: kgCO2e per unit of published versions. Adds
    `cause_id` and `part_kgco2e`, the derivative of the line by the logarithm of the factor.
    """
    version = lines["factor_version_id"]
    made_of = {name: two_of(name, values) for name in version.unique()}
    between = version.map({name: two[1] for name, two in made_of.items() if two is not None})
    is_difference, is_product = between == DIFFERENCE, between == PRODUCT
    whole = lines[~is_difference & ~is_product]
    parts = [whole.assign(version=whole["factor_version_id"], part_kgco2e=whole["kgco2e"])]
    for side, sign in ((0, 1.0), (1, -1.0)):
        rows = lines[is_difference]
        names = _side(rows, made_of, side)
        value = sign * rows["quantity"] * names.map(values).astype(float)
        parts.append(rows.assign(version=names, part_kgco2e=value))
        rows = lines[is_product]
        names = _side(rows, made_of, side)
        parts.append(rows.assign(version=names, part_kgco2e=rows["kgco2e"]))
    found = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True)
    return found.assign(cause_id="factor:" + found["version"])


def gwp_parts(parts: pd.DataFrame, gases: pd.DataFrame) -> pd.DataFrame:
    """What of each part of `factor_parts` moves with the GWP of each gas.

    `gases`: factor_version_id, cause_id, gas_code and gas_share of published versions: the part of
    a unit's kgCO2e that the gas makes. Carbon dioxide is what others are measured in, and what a
    source publishes as CO2e says nothing of its gases: neither has a row.
    """
    of_gas = gases[["factor_version_id", "cause_id", "gas_code", "gas_share"]]
    shared = parts.merge(of_gas.rename(columns={"factor_version_id": "version"}), on="version",
                         suffixes=("_of_factor", ""))  # fmt: skip
    return shared.assign(part_kgco2e=shared["part_kgco2e"] * shared["gas_share"]).drop(
        columns=["cause_id_of_factor", "gas_share"]
    )


def two_of(version: str, values: Mapping[str, float]) -> tuple[str, str, str] | None:
    """The two factor versions that one is made of, and what stands between them.

    None of one that is published itself, or states its own figure, as a certificate does: their
    ids may hold the same characters. `values`: of published versions; a loss rate has none.
    """
    if version in values:
        return None
    for between in (PRODUCT, DIFFERENCE):
        parts = version.split(between)
        for count in range(1, len(parts)):
            first, second = between.join(parts[:count]), between.join(parts[count:])
            if second in values and (between == PRODUCT or first in values):
                return first, between, second
    return None


def _side(
    rows: pd.DataFrame, made_of: Mapping[str, tuple[str, str, str] | None], side: int
) -> pd.Series:
    """The first or the second of the two that each row's factor is made of."""
    ends = {name: two[2 * side] for name, two in made_of.items() if two is not None}
    return rows["factor_version_id"].map(ends)


def data_causes(readings: pd.DataFrame) -> pd.DataFrame:
    """Of each year's quantity of a process, flow and direction: the part that rests on each cause.

    `readings`: quantities by year, process, flow, direction, data method and meter. A meter that is
    named is a cause of its own, whatever its readings are used for.
    """
    has_meter = readings["meter_id"].notna()
    of_method = (
        "data_method:" + readings["process_id"] + "/" + readings["flow_id"]
        + "/" + readings["direction"] + "/" + readings["data_method"].fillna("not_stated")
    )  # fmt: skip
    named = readings.assign(
        cause_id=of_method.where(~has_meter, "meter:" + readings["meter_id"].fillna("")),
        cause_kind=pd.Series("data_method", readings.index).where(~has_meter, "meter"),
    )
    key = ["reference_period", "process_id", "flow_id", "direction"]
    total = named.groupby(key, sort=False)["quantity"].transform("sum")
    # a quantity of which nothing is left rests on nothing: its lines are zero, too
    return named.assign(share=(named["quantity"] / total.where(total != 0)).fillna(0.0))


def causes_table(described: pd.DataFrame, stated: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Causes in the schema `CAUSES`, each with the narrowest line of the company that is about it.

    `described`: cause_id, cause_kind and what is known of each; `stated`: the lines of
    expectations/uncertainties.csv, text or None.
    """
    rows = []
    unique = described.drop_duplicates("cause_id").sort_values("cause_id")
    for cause in unique.astype(object).where(unique.notna(), None).to_dict("records"):
        line, row = _stated_of(cause, stated)
        found = {name: cause.get(name) for name in KNOWN_OF_CAUSE}
        if row is not None:
            spread = read_spread(row["spread"])
            found |= {name: row[name] for name in ("spread", "source_id", "source_locator")}
            found |= {"distribution": spread.distribution, "deviation": spread.deviation}
            found["source_line"] = line
        rows.append(found | _replacement(cause, stated))
    return pa.Table.from_pylist(rows, schema=CAUSES)


Line = tuple[int | None, Mapping[str, Any] | None]
"""A line's number and cells; both None where no line is about a cause."""


def _stated_of(cause: Mapping[str, Any], stated: Sequence[Mapping[str, Any]]) -> Line:
    """A supplier's own value is not the library's: what is said of the flow's factor in general
    counts for it only where nothing is said of suppliers' values."""
    line, row = _narrowest(cause, stated)
    if cause.get("is_of_supplier") and (row is None or row["factor_version_id"] is None):
        of_suppliers = _narrowest({**cause, "cause_kind": "supplier_factor"}, stated)
        return (line, row) if of_suppliers[1] is None else of_suppliers
    return line, row


def _replacement(cause: Mapping[str, Any], stated: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What could take the place of a cause, and the spread that the company states for that."""
    if cause["cause_kind"] == "data_method" and cause.get("data_method") not in MEASURED:
        replaced_by = "weighed" if cause.get("is_mass") else "metered"
        line, row = _narrowest({**cause, "data_method": replaced_by}, stated)
        if row is not None and row["data_method"] is None:
            return {}  # said of every method: another one is no surer
    elif cause["cause_kind"] == "factor" and not cause.get("is_of_supplier"):
        replaced_by = SUPPLIER_VALUE
        line, row = _narrowest({**cause, "cause_kind": "supplier_factor"}, stated)
    else:
        return {}
    if row is None:
        return {}
    return {
        "replaced_by": replaced_by,
        "replacement_spread": row["spread"],
        "replacement_deviation": read_spread(row["spread"]).deviation,
        "replacement_line": line,
    }


def _narrowest(cause: Mapping[str, Any], stated: Sequence[Mapping[str, Any]]) -> Line:
    """The line that says most about a cause; what is named first in its selectors goes before."""
    selectors = CAUSE_SELECTORS[cause["cause_kind"]]
    best: tuple[int, int | None, Mapping[str, Any] | None] = (-1, None, None)
    for line, row in enumerate(stated, start=FIRST_LINE):
        if row["cause_kind"] != cause["cause_kind"]:
            continue
        named = [name for name in selectors if row[name] is not None]
        if any(row[name] != cause.get(name) for name in named):
            continue
        rank = sum(2 ** (len(selectors) - selectors.index(name)) for name in named)
        if rank > best[0]:
            best = (rank, line, row)
    return best[1], best[2]
