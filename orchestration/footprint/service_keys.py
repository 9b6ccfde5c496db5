"""Services that nobody meters, shared out by a stated key (method R24)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.footprint.exchanges import Exchanges, Floats, Ints
from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    INTERMEDIATE,
    PRODUCT,
    PRODUCTION,
    TREATMENT,
    UTILITY,
)
from orchestration.footprint.tolerances import Tolerances

OUTPUT_MASS, INPUT_OF_FLOW, SHARE = "output_mass", "input_of_flow", "share"

NOBODY: Ints = np.empty(0, np.int64)


@dataclass(frozen=True)
class Services:
    """Who gives a service, and the share of it that each consumer takes."""

    giver: Ints
    """Processes, sorted; each gives one whole service."""
    position: Ints
    """Of each row: the giver's place in `giver`."""
    consumer: Ints
    share: Floats
    """Adds up to 1 for each giver."""
    without_base: Ints
    """Processes with a key but nobody to charge."""


def share_services(
    exchanges: Exchanges, keys: pa.Table, tolerances: Tolerances, findings: Findings
) -> Services:
    """The services of utilities and treatments without a metered output.

    A stated share holds among the consumers that did anything in the period.
    """
    names = exchanges.names
    has_output = np.zeros(len(names.processes), bool)
    has_output[exchanges.given.process] = True
    can_serve = exchanges.active & ~has_output & np.isin(names.process_type, (UTILITY, TREATMENT))
    if not len(keys):
        return Services(NOBODY, NOBODY, NOBODY, np.empty(0), NOBODY)
    rows = keys.to_pandas()
    rows["giver"] = _positions(rows["process_id"], names.processes)
    rows = rows[rows["giver"] >= 0]
    rows = rows[can_serve[rows["giver"].to_numpy(np.int64)]]
    rows = _with_consumers(rows, exchanges)
    _report_mixed(rows, exchanges, findings)
    rows["weight"] = _weights(rows, exchanges)
    _report_dropped(rows, exchanges, tolerances, findings)
    unknown = rows[rows["weight"].isna()]
    for (giver, basis), group in unknown.groupby(["giver", "basis"], sort=True):
        consumers = ", ".join(names.processes[group["consumer"].to_numpy(np.int64)])
        _report(
            "service_key_not_computable", giver, exchanges, findings, str(basis),
            f"{consumers} has no {basis}", f"{consumers} 没有 {basis}", group,
        )  # fmt: skip
    rows = rows[rows["weight"] > 0]
    rows = rows.groupby(["giver", "consumer"], as_index=False, sort=True)["weight"].sum()
    giver = np.unique(rows["giver"].to_numpy(np.int64))
    asked = np.flatnonzero(can_serve & np.isin(names.processes, keys["process_id"].to_pylist()))
    without_base = np.setdiff1d(asked, np.append(giver, unknown["giver"].to_numpy(np.int64)))
    bases = dict(zip(keys["process_id"].to_pylist(), keys["basis"].to_pylist(), strict=True))
    for process in without_base:
        basis = bases[names.processes[process]]
        _report("service_key_without_base", process, exchanges, findings, str(basis), "no base", "")
    position = np.searchsorted(giver, rows["giver"].to_numpy(np.int64))
    weight = rows["weight"].to_numpy(float)
    total = np.bincount(position, weights=weight, minlength=len(giver))
    consumer = rows["consumer"].to_numpy(np.int64)
    return Services(giver, position, consumer, weight / total[position], without_base)


def _positions(ids: pd.Series, known: np.ndarray) -> np.ndarray:
    return pd.Index(known).get_indexer(ids)


def _with_consumers(rows: pd.DataFrame, exchanges: Exchanges) -> pd.DataFrame:
    """A row for each consumer; a blank one is every production process of the giver's site."""
    names = exchanges.names
    every = pd.DataFrame(
        {
            "consumer": np.arange(len(names.processes)),
            "facility": names.process_facility,
        }
    )
    is_production = (names.process_type == PRODUCTION) & exchanges.active
    is_blank = rows["consumer_process_id"].isna()
    blank = rows[is_blank].assign(
        facility=names.process_facility[rows[is_blank]["giver"].to_numpy(np.int64)]
    )
    blank = blank.merge(every[is_production], on="facility")
    named = rows[~is_blank]
    named = named.assign(consumer=_positions(named["consumer_process_id"], names.processes))
    named = named[named["consumer"] >= 0]
    named = named[exchanges.active[named["consumer"].to_numpy(np.int64)]]
    return pd.concat([blank, named], ignore_index=True)


def _weights(rows: pd.DataFrame, exchanges: Exchanges) -> np.ndarray:
    """What each row's consumer is charged by; NaN when it has outputs without mass."""
    given, inputs, names = exchanges.given, exchanges.inputs, exchanges.names
    is_material = np.isin(names.flow_kind[given.flow], (PRODUCT, INTERMEDIATE))
    output = pd.DataFrame(
        {
            "consumer": given.process[is_material],
            "flow": given.flow[is_material],
            "amount": given.mass_kg[is_material],
        }
    )
    taken = pd.DataFrame(
        {"consumer": inputs.process, "flow": inputs.flow, "amount": inputs.quantity}
    )
    consumer = rows["consumer"].to_numpy(np.int64)
    flow = np.where(rows["flow_id"].isna(), -1, _positions(rows["flow_id"], names.flows))
    unnamed = rows["flow_id"].isna().to_numpy()
    count = len(names.processes)
    mass = np.bincount(output["consumer"], weights=output["amount"], minlength=count)[consumer]
    of_flow = _looked_up(output, consumer, flow)
    weight = np.where(unnamed, mass, of_flow)
    weight = np.where(
        rows["basis"].to_numpy() == INPUT_OF_FLOW, _looked_up(taken, consumer, flow), weight
    )
    return np.where(rows["basis"].to_numpy() == SHARE, rows["share"].to_numpy(float), weight)


def _looked_up(amounts: pd.DataFrame, consumer: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The amount of each pair of consumer and flow; none is zero."""
    indexed = amounts.set_index(["consumer", "flow"])["amount"]
    at = indexed.index.get_indexer(pd.MultiIndex.from_arrays([consumer, flow]))
    return np.where(at >= 0, np.append(indexed.to_numpy(float), 0.0)[at], 0.0)


def _report_dropped(
    rows: pd.DataFrame, exchanges: Exchanges, tolerances: Tolerances, findings: Findings
) -> None:
    """Stated shares of consumers that did nothing, which the others carry."""
    names = exchanges.names
    kept = rows[rows["basis"] == SHARE].groupby("giver", sort=True)["weight"].sum()
    for giver, share in kept.items():
        process = names.processes[giver]
        dropped = 1.0 - share
        if share > 0 and dropped > tolerances.of("service_share_dropped", process=process):
            findings.add(
                "service_share_dropped",
                observed=f"{share:g}",
                share=f"{100 * dropped:.3g} %",
                facility=names.facilities[names.process_facility[giver]],
                process=process,
            )


def _report_mixed(rows: pd.DataFrame, exchanges: Exchanges, findings: Findings) -> None:
    for giver, group in rows.groupby("giver", sort=True):
        bases = sorted(set(group["basis"]))
        if len(bases) > 1:
            _report(
                "service_key_not_computable", giver, exchanges, findings, bases[0],
                f"its lines have several bases ({', '.join(bases)})",
                f"各行基准不一致（{', '.join(bases)}）", group,
            )  # fmt: skip


def _report(
    rule_id: str,
    giver: int,
    exchanges: Exchanges,
    findings: Findings,
    basis: str,
    observed: str,
    observed_zh: str,
    consumers: pd.DataFrame | None = None,
) -> None:
    """One finding; consumers whose charge can't be told have no figure, nor has the giver."""
    names = exchanges.names
    charged = [] if consumers is None else [giver, *consumers["consumer"].to_numpy(np.int64)]
    findings.add(
        rule_id,
        blocks=names.processes[charged],
        observed=observed,
        observed_zh=observed_zh,
        basis=basis,
        facility=names.facilities[names.process_facility[giver]],
        process=names.processes[giver],
    )
