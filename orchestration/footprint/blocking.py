"""What has no figure: processes that something critical is known of, and all that rests on them.

One process never holds back the others: whatever doesn't need a blocked process is solved, and what
a blocked one took and emitted stays outside the products, on the bridge line `not_solved`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from orchestration.footprint.exchanges import Flags
from orchestration.footprint.markets import Markets
from orchestration.footprint.system_tables import PRODUCT


@dataclass(frozen=True)
class Blocked:
    """Flags of processes and of markets; one blocked maker blocks its market."""

    process: Flags
    market: Flags
    leaves_no_product: bool
    """Something is blocked, and no product of the period can be solved."""


def block(markets: Markets, process_ids: Collection[str]) -> Blocked:
    """The named processes, and downstream of them all that take what they make."""
    names, supplies, takings = markets.names, markets.supplies, markets.takings
    is_inside = markets.has_output & ~names.is_non_product
    process = np.isin(names.processes, list(process_ids)) & ~names.is_non_product
    market = np.zeros(markets.count, bool)
    reached = 0
    while process.sum() > reached:
        reached = process.sum()
        market[supplies.market[process[supplies.process]]] = True
        takers = takings.process[market[takings.market]]
        process[takers[is_inside[takers]]] = True
    has_product = (~market & (markets.kind == PRODUCT)).any()
    return Blocked(process, market, bool(reached and not has_product))
