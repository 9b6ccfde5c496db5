"""What the tables of certified volumes must not say; one line a problem."""

from __future__ import annotations

from datetime import date

from orchestration.company.table_checks import (
    Tables,
    blanks,
    lines_of,
    number,
    out_of_bounds,
    outside,
    validity,
    wrong_dates,
)
from orchestration.company.tables import TABLES, mass_units

SCOPES, TRANSACTIONS = "scope_certificates", "transaction_certificates"
DIRECTIONS = ("in", "out", "stock")


def certificate_contradictions(tables: Tables) -> list[str]:
    """Every problem of scope and transaction certificates."""
    problems: list[str] = []
    for name in (SCOPES, TRANSACTIONS):
        problems += blanks(tables, name, TABLES[name].columns)
    problems += wrong_dates(tables, SCOPES)
    problems += out_of_bounds(tables, SCOPES, "opening_kg", 0, None, "a number of 0 or more")
    for place, row in lines_of(tables, SCOPES):
        share = number(row["yield_share"])
        if row["yield_share"] is not None and (share is None or not 0 < share <= 1):
            problems.append(
                f"{place}: yield_share {row['yield_share']} is no share. Write kilograms of the "
                "product per kilogram of certified input, above 0 and at most 1."
            )
    problems += outside(tables, TRANSACTIONS, "direction", DIRECTIONS)
    problems += outside(tables, TRANSACTIONS, "unit", sorted(mass_units()))
    return problems + _wrong_transactions(tables)


def _wrong_transactions(tables: Tables) -> list[str]:
    """Quantities and days, and whether a scope certificate covers each."""
    covered: dict[tuple[str, str], dict[str, tuple[date, date]]] = {}
    for _, row in lines_of(tables, SCOPES):
        try:
            period = validity(row)
        except ValueError:  # said of its own line
            continue
        holder = covered.setdefault((row["scope_certificate"], row["facility_id"]), {})
        holder[row["flow_id"]] = period
    problems = []
    for place, row in lines_of(tables, TRANSACTIONS):
        quantity = number(row["certified_quantity"])
        if row["certified_quantity"] is not None and (quantity is None or quantity <= 0):
            problems.append(
                f"{place}: certified_quantity {row['certified_quantity']} is not a number above 0."
            )
        if None in (row["scope_certificate"], row["facility_id"], row["flow_id"]):
            continue
        scope = f"{row['scope_certificate']} of {row['facility_id']}"
        products = covered.get((row["scope_certificate"], row["facility_id"]))
        if products is None:
            problems.append(
                f"{place}: {scope} is not in {TABLES[SCOPES].path}. Add it there or correct it."
            )
        elif row["direction"] == "out" and row["flow_id"] not in products:
            problems.append(
                f"{place}: {scope} does not list {row['flow_id']}, so nothing says what it is made "
                f"of. Add its line with a yield_share to {TABLES[SCOPES].path}."
            )
        else:
            periods = (
                [products[row["flow_id"]]] if row["flow_id"] in products else products.values()
            )
            problems += _wrong_day(place, row["shipped_on"], scope, list(periods))
    return problems


def _wrong_day(
    place: str, text: str | None, scope: str, periods: list[tuple[date, date]]
) -> list[str]:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return [f"{place}: shipped_on {text} is no date. Write YYYY-MM-DD."]
    if day is None or any(start <= day < end for start, end in periods):
        return []
    return [
        f"{place}: shipped_on {day} lies outside the validity of {scope}. Correct the day, or the "
        f"dates in {TABLES[SCOPES].path}."
    ]
