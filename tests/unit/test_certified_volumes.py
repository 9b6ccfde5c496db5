"""What the tables of scope and transaction certificates must not say."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.company.certificate_checks import certificate_contradictions
from orchestration.company.tables import TABLES

SCOPE = {
    "scope_certificate": "S", "standard": "GRS", "facility_id": "mill", "flow_id": "fibre",
    "yield_share": "0.9", "source": "product list", "valid_from": "2021-01-01",
    "valid_to": "2022-01-01",
}  # fmt: skip
OUT = {
    "transaction_certificate": "T", "scope_certificate": "S", "direction": "out",
    "facility_id": "mill", "flow_id": "fibre", "shipped_on": "2021-05-01",
    "certified_quantity": "5", "unit": "t",
}  # fmt: skip


def problems_of(scope: dict, transaction: dict) -> list[str]:
    rows = {"scope_certificates": [SCOPE | scope], "transaction_certificates": [OUT | transaction]}
    return certificate_contradictions(
        {
            name: pd.DataFrame(lines, columns=list(TABLES[name].all_columns), dtype=object).replace(
                float("nan"), None
            )
            for name, lines in rows.items()
        }
    )


def test_a_covered_transaction_is_accepted():
    assert problems_of({}, {}) == []
    assert problems_of({}, {"direction": "in", "flow_id": "flake"}) == []


@pytest.mark.parametrize(
    ("scope", "transaction", "told"),
    [
        ({"yield_share": "1.2"}, {}, "scope_certificates.csv line 2: yield_share 1.2 is no share"),
        ({"source": None}, {}, "scope_certificates.csv line 2: source is blank"),
        ({"opening_kg": "-1"}, {}, "opening_kg -1 is not a number of 0 or more"),
        ({}, {"direction": "sold"}, "line 2: direction sold is not known"),
        ({}, {"unit": "kWh"}, "line 2: unit kWh is not known"),
        ({}, {"certified_quantity": "0"}, "line 2: certified_quantity 0 is not a number above 0"),
        ({}, {"scope_certificate": "X"}, "line 2: X of mill is not in company/scope_certificates"),
        ({}, {"flow_id": "yarn"}, "line 2: S of mill does not list yarn"),
        ({}, {"shipped_on": "2022-01-01"}, "shipped_on 2022-01-01 lies outside the validity"),
        ({}, {"shipped_on": "May"}, "line 2: shipped_on May is no date"),
    ],
)
def test_what_would_lose_a_volume_is_refused(scope, transaction, told):
    (problem,) = problems_of(scope, transaction)
    assert told in problem
