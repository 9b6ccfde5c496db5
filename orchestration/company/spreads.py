"""How far a value may be wrong, as one line of text: `normal 0.05`, `lognormal 1.24`, `class 1`.

The forms, their parameters and what they mean are in raw_data/README.md. A spread is that of the
true value relative to the one stated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.company.tables import read_csv_as_text

PEDIGREE_VARIANCES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "pedigree_variances.csv"
INDICATORS = ("reliability", "completeness", "temporal", "geographical", "technological")
NORMAL_95 = 1.959963984540054
"""Standard deviations from the mean to the bound of an interval of 95 %."""

FORMS = {
    "normal": "half of the 95 % interval as a share, such as normal 0.05 for ±5 %",
    "lognormal": "the squared geometric standard deviation from 1, such as lognormal 1.24",
    "triangular": "the lowest and highest value over the stated one, such as triangular 0.8 1.5",
    "uniform": "the lowest and highest value over the stated one, such as uniform 0.9 1.1",
    "class": "the largest permissible error of a meter in percent, such as class 1",
    "pedigree": "five scores from 1 to 5 and the basic variance, such as pedigree 2 3 3 3 3 0.0006",
}


class SpreadError(ValueError):
    """A text that states no spread."""


@dataclass(frozen=True)
class Spread:
    """A distribution of the true value over the stated one.

    Attributes:
        distribution: normal, lognormal, triangular or uniform.
        parameters: of a normal the standard deviation, of a lognormal that of the logarithm, of
            the others the lowest and the highest value.
        deviation: the standard deviation that first order takes, relative or of the logarithm.
    """

    distribution: str
    parameters: tuple[float, ...]
    deviation: float


def read_spread(text: str) -> Spread:
    """The spread that a text states.

    Raises:
        SpreadError: it is in none of the forms.
    """
    form, *written = text.split()
    if form not in FORMS:
        raise SpreadError(f"{form} is no form of a spread. Use one of {', '.join(FORMS)}.")
    try:
        values = [float(one) for one in written]
        if not all(math.isfinite(value) for value in values):
            raise ValueError
        return _spread(form, values)
    except ValueError:
        raise SpreadError(f"{text} can't be read. Write {FORMS[form]}.") from None


def _spread(form: str, values: list[float]) -> Spread:
    if form == "pedigree":
        *scores, basic = values
        deviation = math.sqrt(basic + _pedigree_variance(scores))
        return Spread("lognormal", (deviation,), deviation)
    if form == "lognormal":
        (squared,) = values
        if squared < 1:
            raise ValueError
        deviation = math.log(squared) / 2
        return Spread("lognormal", (deviation,), deviation)
    if form == "normal":
        (half,) = values
        if half < 0:
            raise ValueError
        return Spread("normal", (half / NORMAL_95,), half / NORMAL_95)
    if form == "class":
        (percent,) = values
        low, high = 1 - percent / 100, 1 + percent / 100
        form = "uniform"
    else:
        low, high = values
    if not 0 <= low <= 1 <= high:
        raise ValueError
    return Spread(form, (low, high), _bounded_deviation(form, low, high))


def _bounded_deviation(form: str, low: float, high: float) -> float:
    if form == "uniform":
        return (high - low) / math.sqrt(12)
    return math.sqrt((low**2 + high**2 + 1 - low * high - low - high) / 18)


def _pedigree_variance(scores: list[float]) -> float:
    """What the scores add to the variance of the logarithm (method R41)."""
    if len(scores) != len(INDICATORS):
        raise ValueError
    variances = _variances()
    try:
        return math.fsum(
            variances[name, f"{score:g}"] for name, score in zip(INDICATORS, scores, strict=True)
        )
    except KeyError:
        raise ValueError from None


@cache
def _variances() -> dict[tuple[str, str], float]:
    rows = read_csv_as_text(PEDIGREE_VARIANCES).to_dict("records")
    return {
        (row["indicator"], row["score"]): float(row["variance"])
        for row in rows
        if row["variance_set"] == "original"
    }
