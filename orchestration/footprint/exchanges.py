"""The exchanges of a period as arrays: what each process gives and what it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.footprint.system_findings import Findings
from orchestration.footprint.system_tables import (
    EXCHANGES,
    NON_PRODUCT,
    OWN_WASTE,
    VALUED_KINDS,
    read_as,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

SERVICE = "service"
"""Kind of a flow that stands for a service shared out by key."""


@dataclass(frozen=True)
class SystemNames:
    """Ids, and what goes with them; all else refers to them by position, sorted by id."""

    processes: Texts
    process_facility: Ints
    process_type: Texts
    facilities: Texts
    flows: Texts
    flow_kind: Texts
    flow_unit: Texts

    @property
    def is_non_product(self) -> Flags:
        """Of each process: outside the product system."""
        return self.process_type == NON_PRODUCT


@dataclass(frozen=True)
class Amounts:
    """Rows of process, flow, quantity in canonical units and kilograms (NaN: no mass)."""

    process: Ints
    flow: Ints
    quantity: Floats
    mass_kg: Floats

    def where(self, rows: Flags | Ints) -> Amounts:
        """Some of the rows."""
        return Amounts(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Exchanges:
    """Sorted by process and flow; one row for each pair."""

    names: SystemNames
    given: Amounts
    """What processes of the product system made, treatments of own waste included."""
    taken: Amounts
    """What all processes took; of non_product ones, less what they gave back."""
    inputs: Amounts
    """All inputs of all processes, bought flows included."""
    active: Flags
    """Of each process: it has any quantity in the period."""


def read_exchanges(table: pa.Table, findings: Findings) -> Exchanges:
    """Encode a table in the schema `EXCHANGES`; impossible quantities are findings.

    Raises:
        ValueError: a process stands in two facilities, or a flow has two kinds or units.
    """
    table = read_as(table, EXCHANGES)
    process, processes = _encode(table["process_id"])
    flow, flows = _encode(table["flow_id"])
    facility, facilities = _encode(table["facility_id"])
    names = SystemNames(
        processes,
        _one_each(process, facility, len(processes), processes, "facilities"),
        _texts_of(process, table["process_type"], processes, "process types"),
        facilities,
        flows,
        _texts_of(flow, table["flow_kind"], flows, "flow kinds"),
        _texts_of(flow, table["unit_code"], flows, "units"),
    )
    is_output = table["direction"].to_numpy(zero_copy_only=False) == "output"
    rows = Amounts(
        process,
        flow,
        table["quantity"].to_numpy(zero_copy_only=False).astype(float),
        table["quantity_kg"].to_numpy(zero_copy_only=False).astype(float),
    )
    is_own_waste = names.flow_kind[flow] == OWN_WASTE
    is_counted = is_own_waste | np.isin(names.flow_kind[flow], VALUED_KINDS)
    # own waste runs against the money: who takes it in gives a treatment (R22)
    gives = is_output ^ is_own_waste
    is_outside = names.is_non_product[process]
    limit = np.where(is_outside, -np.inf, 0.0)
    is_wrong = is_counted & ~(np.isfinite(rows.quantity) & (rows.quantity >= limit))
    for row in np.flatnonzero(is_wrong):
        findings.add(
            "invalid_exchange",
            observed="no quantity" if np.isnan(rows.quantity[row]) else f"{rows.quantity[row]:g}",
            facility=facilities[facility[row]],
            process=processes[process[row]],
            blocks=[processes[process[row]]],
            flow=flows[flow[row]],
            direction="output" if is_output[row] else "input",
            direction_zh="产出" if is_output[row] else "投入",
        )
    is_right = is_counted & ~is_wrong
    sign = np.where(is_outside & gives, -1.0, 1.0)
    net = Amounts(process, flow, rows.quantity * sign, rows.mass_kg * sign)
    active = np.zeros(len(processes), bool)
    active[process[rows.quantity != 0]] = True
    return Exchanges(
        names,
        _added_up(rows.where(is_right & gives & ~is_outside & (rows.quantity > 0)), len(flows)),
        _added_up(net.where(is_right & (is_outside | ~gives) & (rows.quantity != 0)), len(flows)),
        _added_up(rows.where(~is_output), len(flows)),
        active,
    )


def sums(position: Ints, values: Floats, count: int) -> Floats:
    """Values added up by position."""
    return np.bincount(position, weights=values, minlength=count).astype(np.float64, copy=False)


def _added_up(rows: Amounts, flow_count: int) -> Amounts:
    keys, position = np.unique(rows.process * flow_count + rows.flow, return_inverse=True)
    count = len(keys)
    return Amounts(
        keys // flow_count,
        keys % flow_count,
        sums(position, rows.quantity, count),
        sums(position, rows.mass_kg, count),
    )


def _encode(column: pa.ChunkedArray) -> tuple[Ints, Texts]:
    """Positions among the sorted texts, and the texts."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    order = np.argsort(texts.astype(str), kind="stable")
    rank = np.empty(len(texts), np.int64)
    rank[order] = np.arange(len(texts))
    return rank[encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)], texts[order]


def _one_each(owner: Ints, value: Ints, count: int, ids: Texts, what: str) -> Ints:
    found = np.zeros(count, np.int64)
    found[owner] = value
    wrong = owner[found[owner] != value]
    if len(wrong):
        raise ValueError(f"{ids[wrong[0]]} has two {what} in the exchanges of one period.")
    return found


def _texts_of(owner: Ints, column: pa.ChunkedArray, ids: Texts, what: str) -> Texts:
    values, texts = _encode(column)
    return texts[_one_each(owner, values, len(ids), ids, what)]
