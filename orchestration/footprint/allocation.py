"""Co-products: how a process's burdens are split, and what PACT's decision tree says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.company.units import UnitError, conversion
from orchestration.footprint.exchanges import Floats
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import ALLOCATION

PHYSICAL_BASES = ("mass", "energy", "volume", "carbon")
ECONOMIC_BASES = ("revenue", "unit_price")
PHYSICAL, ECONOMIC, NOT_DECIDABLE = "physical", "economic", "not_decidable"
LARGEST_RATIO = 5.0
"""Of the highest to the lowest price, up to which PACT v3 allocates physically (R23)."""


@dataclass(frozen=True)
class Allocation:
    """The share of its process that each supply carries, and the table that explains it."""

    share: Floats
    """One per supply, in their order; adds up to 1 for each process that isn't blocked."""
    table: pa.Table
    """In the schema `ALLOCATION`."""


def allocate(
    markets: Markets, rules: pa.Table, properties: pa.Table, findings: Findings
) -> Allocation:
    """Split each process with several outputs by its rule."""
    supplies, names = markets.supplies, markets.names
    counts = np.bincount(supplies.process, minlength=len(names.processes))
    is_shared = counts[supplies.process] > 1
    share = np.ones(len(supplies.process))
    if not is_shared.any():
        return Allocation(share, ALLOCATION.empty_table())
    market = supplies.market[is_shared]
    outputs = pd.DataFrame(
        {
            "process": supplies.process[is_shared],
            "process_id": names.processes[supplies.process[is_shared]],
            "flow_id": markets.flow[market],
            "unit_code": markets.unit[market],
            "quantity": supplies.quantity[is_shared],
            "mass_kg": supplies.mass_kg[is_shared],
        }
    )
    stated = rules.to_pandas(strings_to_categorical=False).astype({"basis": object})
    ruled = outputs.merge(stated, how="left", on=["process_id", "flow_id"])
    for name in ("basis", "unit_code", "currency"):
        ruled[f"{name}_number"] = pd.factorize(ruled[name])[0]
    if len(ruled) != len(outputs):
        raise ValueError("Two allocation rules of one process and flow are in force on one day.")
    _report_missing(ruled, findings)
    key = _keys(ruled, properties)
    _report_uncomputable(ruled.assign(key=key), findings)
    total = np.bincount(ruled["process"], weights=key, minlength=len(counts))
    with np.errstate(invalid="ignore", divide="ignore"):  # told as findings
        share[is_shared] = key.to_numpy(float) / total[ruled["process"]]
    is_known = ~ruled["process_id"].isin(list(findings.blocked)).to_numpy()
    known = ruled[is_known].reset_index(drop=True)
    return Allocation(share, _table(known, share[is_shared][is_known], findings.reference_period))


def _report_missing(ruled: pd.DataFrame, findings: Findings) -> None:
    is_missing = ruled["basis"].isna()
    if not is_missing.any():
        return
    made = ruled.groupby("process_id")["flow_id"].agg(", ".join)
    for process, flow in ruled.loc[is_missing, ["process_id", "flow_id"]].itertuples(index=False):
        findings.add(
            "allocation_rule_missing",
            observed=made[process],
            process=process,
            flow=flow,
            blocks=[process],
        )


def _keys(ruled: pd.DataFrame, properties: pa.Table) -> pd.Series:
    """What each output is weighed by; NaN when it isn't known."""
    keys = {
        "mass": lambda: ruled["mass_kg"],
        "energy": lambda: ruled["quantity"] * _per_unit(ruled, properties, "ncv", "MJ"),
        "volume": lambda: _volumes(ruled, properties),
        "carbon": lambda: ruled["mass_kg"] * _per_unit(ruled, properties, "carbon_content", "kg"),
        "revenue": lambda: ruled["quantity"] * ruled["unit_price"],
        "unit_price": lambda: ruled["unit_price"],
        "share": lambda: ruled["share"],
    }
    found = pd.Series(np.nan, index=ruled.index)
    for basis in ruled["basis"].dropna().unique():
        found = found.where(ruled["basis"] != basis, keys[basis]())
    return found


def _per_unit(ruled: pd.DataFrame, properties: pa.Table, wanted: str, numerator: str) -> pd.Series:
    """A property of each flow per its canonical unit (carbon: per kg)."""
    rows = properties.filter(pa.compute.equal(properties["property"], wanted)).to_pylist()
    stated = {row["flow_id"]: row for row in rows}
    values = {}
    for flow_id, unit_code in set(zip(ruled["flow_id"], ruled["unit_code"], strict=True)):
        row = stated.get(flow_id)
        try:
            if row is not None:
                per = "kg" if wanted == "carbon_content" else unit_code
                values[flow_id] = row["value"] * _converted(row["unit"], f"{numerator}/{per}")
            elif wanted == "ncv":
                values[flow_id] = conversion(unit_code, numerator)  # steam is energy itself
        except UnitError:
            continue  # no figure: told as a finding of the process
    return ruled["flow_id"].map(values).astype(float)


def _converted(unit: str | None, wanted: str) -> float:
    return conversion(unit.replace("kgC", "kg") if unit else unit, wanted)


def _volumes(ruled: pd.DataFrame, properties: pa.Table) -> pd.Series:
    """Cubic metres of each output."""
    rows = properties.filter(pa.compute.equal(properties["property"], "density")).to_pylist()
    densities = {row["flow_id"]: row["value"] * conversion(row["unit"], "kg/m3") for row in rows}
    volumes = {}
    for flow_id, unit_code in set(zip(ruled["flow_id"], ruled["unit_code"], strict=True)):
        try:
            volumes[flow_id] = conversion(unit_code, "m3")
        except UnitError:
            continue
    direct = ruled["quantity"] * ruled["flow_id"].map(volumes).astype(float)
    by_density = ruled["mass_kg"] / ruled["flow_id"].map(densities).astype(float)
    return direct.fillna(by_density)


def _suspects(ruled: pd.DataFrame) -> pd.DataFrame:
    """All outputs of the processes whose rule might not work; most companies have none."""
    ruled = ruled[ruled["basis"].notna()]
    grouped = ruled.groupby("process")
    is_odd = (
        ~(ruled["key"] >= 0)
        | ~(grouped["key"].transform("sum") > 0)
        | ~_has_one(ruled, "basis_number")
        | ~_has_one(ruled, "currency_number")
    )
    return ruled[ruled["process"].isin(ruled.loc[is_odd, "process"])]


def _has_one(ruled: pd.DataFrame, column: str) -> pd.Series:
    """Whether all outputs of the row's process say the same."""
    grouped = ruled.groupby("process")[column]
    return grouped.transform("min") == grouped.transform("max")


def _report_uncomputable(ruled: pd.DataFrame, findings: Findings) -> None:
    for process, group in _suspects(ruled).groupby("process_id", sort=True):
        bases = sorted(set(group["basis"]))
        unknown = group[~(group["key"] >= 0)]
        currencies = sorted(set(group["currency"].dropna()))
        if len(bases) > 1:
            problem = (f"several bases: {', '.join(bases)}", f"基准不一致：{', '.join(bases)}")
        elif len(unknown):
            flows = ", ".join(unknown["flow_id"])
            problem = (f"no {bases[0]} is known of {flows}", f"{flows} 缺少 {bases[0]} 数据")
        elif bases[0] in ECONOMIC_BASES and len(currencies) > 1:
            listed = ", ".join(currencies)
            problem = (f"prices in several currencies: {listed}", f"价格币种不一致：{listed}")
        elif not group["key"].sum() > 0:
            problem = (f"{bases[0]} is zero for all outputs", f"所有产出的 {bases[0]} 均为零")
        else:
            continue
        findings.add(
            "allocation_not_computable",
            observed=problem[0],
            observed_zh=problem[1],
            basis=", ".join(bases),
            process=str(process),
            flow=str(group["flow_id"].iloc[0]),
            blocks=[str(process)],
        )


def _table(ruled: pd.DataFrame, share: np.ndarray, reference_period: str) -> pa.Table:
    """The shares with PACT's verdict: physical up to a price ratio of 5, else economic."""
    process = ruled["process"]
    price = ruled["unit_price"].where(ruled["unit_price"] >= 0)
    has_one_unit = _has_one(ruled, "unit_code_number")
    # prices per piece, GJ and kg can only be compared per kg
    price = price.where(has_one_unit, price * ruled["quantity"] / ruled["mass_kg"])
    is_known = (
        (price.notna() & _has_one(ruled, "currency_number")).groupby(process).transform("all")
    )
    highest, lowest = (
        price.groupby(process).transform("max"),
        price.groupby(process).transform("min"),
    )
    ratio = (highest / lowest.where(lowest > 0)).where(is_known)
    has_mass = ruled["mass_kg"].notna().groupby(process).transform("all")
    is_physical = (ratio <= LARGEST_RATIO) & (has_mass | has_one_unit)
    is_decided = is_known & (highest > 0)
    verdict = np.where(~is_decided, NOT_DECIDABLE, np.where(is_physical, PHYSICAL, ECONOMIC))
    family = np.where(
        ruled["basis"].isin(PHYSICAL_BASES),
        PHYSICAL,
        np.where(ruled["basis"].isin(ECONOMIC_BASES), ECONOMIC, NOT_DECIDABLE),
    )
    is_judged = (verdict != NOT_DECIDABLE) & (family != NOT_DECIDABLE)
    return pa.table(
        [
            pa.array([reference_period] * len(ruled), pa.string()),
            pa.array(ruled["process_id"], pa.string()),
            pa.array(ruled["flow_id"], pa.string()),
            pa.array(ruled["basis"], pa.string()),
            pa.array(ruled["quantity"], pa.float64()),
            pa.array(share, pa.float64()),
            pa.array(ratio, pa.float64(), from_pandas=True),
            pa.array(verdict, pa.string()),
            pa.array(verdict == family, pa.bool_(), mask=~is_judged),
            pa.array(ruled["justification"], pa.string()),
        ],
        schema=ALLOCATION,
    )
