"""The worked pages method/by_hand.md and method/uncertainty.md against the whole pipeline.

Nothing of the product system is used here: the year's sums of cells and of emission lines, and
then divisions, shares and, for the regrind, going round the loop until nothing moves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from orchestration.lake.warehouse import published_marts
from orchestration.report.method_text import FOLDER
from tests.built import EXAMPLE, Builder

WORKSHOPS = (
    *("sorting", "washing", "flake_packing", "drying", "regranulation"),
    *(f"{step}_{colour}" for step in ("extrusion", "spinning", "drawing", "baling")
      for colour in ("white", "dyed")),
)  # fmt: skip
REGRIND = "process_waste_regrind"
VALUED = ("intermediate", "product")


class Year:
    """What the workshops of Suzhou took, gave and emitted in 2021."""

    def __init__(self, working_file: Path) -> None:
        self.quantity: dict[tuple[str, str, str], float] = defaultdict(float)
        self.turned_out: dict[str, float] = defaultdict(float)
        with duckdb.connect(str(working_file), read_only=True) as connection:
            self.emitted = dict(
                connection.execute(
                    "select substr(process_id, 15), sum(location_based_kgco2e) "
                    "from intermediate.int_emissions where facility_id = 'suzhou_staple' "
                    "and extract(year from period_month) = 2021 group by all"
                ).fetchall()
            )
            exchanges = connection.execute(
                "select substr(process_id, 15), flow_id, flow_kind, direction, sum(quantity) "
                "from intermediate.int_process_exchanges where facility_id = 'suzhou_staple' "
                "and extract(year from period_month) = 2021 group by all"
            ).fetchall()
        for process, flow, kind, direction, quantity in exchanges:
            self.quantity[process, flow, direction] += quantity
            if direction == "output" and kind in VALUED:
                self.turned_out[process] += quantity

    def taken(self, process: str, flow: str) -> float:
        return self.quantity[process, flow, "input"]

    def made(self, process: str, flow: str) -> float:
        return self.quantity[process, flow, "output"]

    def share(self, process: str, flow: str, takers: tuple[str, ...]) -> float:
        return self.taken(process, flow) / sum(self.taken(taker, flow) for taker in takers)


@pytest.fixture(scope="module")
def warehouse(built: Builder) -> Path:
    return built(EXAMPLE).warehouse


def burden_of_workshops(year: Year) -> dict[str, float]:
    """Steps 1 and 2: what each workshop emits, buys and uses of the services, in kg CO2e."""
    takers = tuple({process for process, _, _ in year.quantity})
    halls = ("spinning_white", "spinning_dyed", "offices")
    mass = sum(year.turned_out[workshop] for workshop in WORKSHOPS)
    burden = {}
    for workshop in WORKSHOPS:
        shares = {
            "boiler_house": year.share(workshop, "steam_internal", takers),
            "compressed_air": year.share(workshop, "compressed_air", takers),
            "common_areas": year.share(workshop, "electricity", WORKSHOPS),
            "maintenance": year.share(workshop, "electricity", WORKSHOPS),
            "internal_transport": year.turned_out[workshop] / mass,
            "wastewater_treatment": float(workshop == "washing"),
            "cooling": (year.share(workshop, "electricity", halls) if workshop in halls else 0.0),
        }
        burden[workshop] = year.emitted[workshop] + sum(
            share * year.emitted[service] for service, share in shares.items()
        )
    return burden


def fibre_by_hand(year: Year) -> dict[str, float]:
    """Steps 2 to 4: kg CO2e per kg of each intermediate and of the fibre."""
    burden = burden_of_workshops(year)
    made, taken = year.made, year.taken
    bottles = burden["sorting"] / made("sorting", "sorted_bottles")
    flake = (burden["washing"] + bottles * taken("washing", "sorted_bottles")) / made(
        "washing", "washed_flake"
    )
    dried = (burden["drying"] + flake * taken("drying", "washed_flake")) / made(
        "drying", "dried_flake"
    )
    lines = ("extrusion_white", "spinning_white", "drawing_white")
    regrind = {line: made(line, REGRIND) for line in lines}
    granulate = before = 0.0
    for _ in range(100):
        before = granulate
        melt = (
            burden["extrusion_white"]
            + dried * taken("extrusion_white", "dried_flake")
            + granulate * taken("extrusion_white", "regranulate")
        ) / year.turned_out["extrusion_white"]
        tow = (
            burden["spinning_white"] + melt * taken("spinning_white", "polymer_melt")
        ) / year.turned_out["spinning_white"]
        drawn = (
            burden["drawing_white"] + tow * taken("drawing_white", "undrawn_tow")
        ) / year.turned_out["drawing_white"]
        mixed = sum(
            mass * each for mass, each in zip(regrind.values(), (melt, tow, drawn), strict=True)
        ) / sum(regrind.values())
        granulate = (burden["regranulation"] + mixed * taken("regranulation", REGRIND)) / made(
            "regranulation", "regranulate"
        )
    assert granulate == pytest.approx(before, abs=1e-15)
    fibre = (burden["baling_white"] + drawn * taken("baling_white", "drawn_fibre")) / made(
        "baling_white", "staple_fibre_raw_white"
    )
    return {
        "sorting": bottles,
        "washing": flake,
        "drying": dried,
        "m": melt,
        "t": tow,
        "d": drawn,
        "g": granulate,
        "fibre": fibre,
    }


def test_the_solve_gives_what_the_page_works_out_by_hand(warehouse):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse}/published/marts.duckdb' as made (read_only)")
        solved = connection.execute(
            "select kgco2e_per_declared_unit from made.marts.product_footprints "
            "where product_id = 'rpsf_raw_white' and reference_period = '2021' "
            "and method = 'cut_off' and basis = 'location_based' and boundary = 'cradle_to_gate'"
        ).fetchall()
    by_hand = fibre_by_hand(Year(warehouse / "carbonloom.duckdb"))
    assert solved == [(pytest.approx(by_hand["fibre"], rel=1e-12),)]


def test_the_page_shows_the_figures_of_today(warehouse):
    text = (FOLDER / "by_hand.md").read_text(encoding="utf-8")
    page = text.partition("## One product by hand")[2].partition("{% enddocs %}")[0]
    by_hand = fibre_by_hand(Year(warehouse / "carbonloom.duckdb"))
    for process in ("sorting", "washing", "drying"):
        shown = re.search(rf"^\| {process} .*\*\*([\d.]+)\*\* \|$", page, re.MULTILINE)
        assert shown and shown[1] == f"{by_hand[process]:.6f}"
    for letter in "mtdg":
        assert f"{letter} = {by_hand[letter]:.6f}" in page
    assert f"**{by_hand['fibre']:.6f} kg CO2e per kg**" in page


STEP = 1e-5
TOW = {
    "data_method:suzhou_staple_drawing_white/undrawn_tow/input/calculated":
        ("drawing_white", "undrawn_tow", "input"),
    "data_method:suzhou_staple_spinning_white/undrawn_tow/output/calculated":
        ("spinning_white", "undrawn_tow", "output"),
}  # fmt: skip
"""Two causes of the fibre's interval that no emission line rests on: yields alone."""


def interval_of_the_fibre(
    warehouse: Path, fibre: str = "rpsf_raw_white"
) -> list[tuple[str, float, float, float]]:
    """Cause, s, σ and (s σ)² of the fibre, the largest first."""
    with published_marts(warehouse / "published" / "marts.duckdb") as connection:
        return connection.execute(
            "select cause_id, sensitivity, deviation, standard_deviation * standard_deviation "
            "from sensitivities where subject = ? and figure_kind = 'product' "
            "and reference_period = '2021' and basis = 'location_based' and deviation is not null "
            "order by 4 desc, 1",
            [fibre],
        ).fetchall()


def test_a_yield_moves_the_fibre_by_what_the_page_works_out_by_hand(warehouse):
    derived = {cause: s for cause, s, _, _ in interval_of_the_fibre(warehouse)}
    for cause, exchange in TOW.items():
        sides = []
        for step in (STEP, -STEP):
            year = Year(warehouse / "carbonloom.duckdb")
            more = year.quantity[exchange] * step
            year.quantity[exchange] += more
            if exchange[2] == "output":
                year.turned_out[exchange[0]] += more
            sides.append(fibre_by_hand(year)["fibre"])
        assert derived[cause] == pytest.approx((sides[0] - sides[1]) / (2 * STEP), rel=1e-6)


def test_the_page_shows_the_interval_of_today(warehouse):
    text = (FOLDER / "uncertainty.md").read_text(encoding="utf-8")
    page = text.partition("### One product by hand")[2].partition("###")[0]
    rows = interval_of_the_fibre(warehouse)
    largest = sorted(rows[:5], key=lambda row: (-round(row[3], 6), -row[1]))
    for _, s, deviation, part in largest:
        written = f"{s:.4f}".replace("-", "\N{MINUS SIGN}")
        assert re.search(rf"\| {re.escape(written)} \| .*\| {part:.6f} \|", page), written
        assert f"{deviation:.5f}" in page
    rest = sum(part for *_, part in rows[5:])
    assert f"| {len(rows) - 5} more | | | {rest:.6f} |" in page
    variance = sum(part for *_, part in rows)
    assert f"**{variance:.6f}**" in page
    half = 1.959964 * variance**0.5
    assert f"× 1.96 = {half:.4f}: **1.9265 ± {half:.4f} ({half / 1.926495:.1%})**" in page.replace(
        " %", "%"
    )


def test_the_page_shows_the_difference_of_today(warehouse):
    text = (FOLDER / "uncertainty.md").read_text(encoding="utf-8")
    page = text.partition("### One difference by hand")[2].partition("###")[0]
    white, dyed = (
        {cause: (s, deviation) for cause, s, deviation, _ in interval_of_the_fibre(warehouse, one)}
        for one in ("rpsf_raw_white", "rpsf_dope_dyed")
    )
    parts = {
        cause: (
            (dyed.get(cause, (0.0, 0.0))[0] - white.get(cause, (0.0, 0.0))[0])
            * (dyed.get(cause) or white[cause])[1]
        )
        ** 2
        for cause in white.keys() | dyed.keys()
    }
    largest = sorted(parts.values(), reverse=True)
    for part in largest[:5]:
        assert f"| {part:.6f} |" in page
    electricity = max(dyed, key=lambda cause: (dyed[cause][0] * dyed[cause][1]) ** 2)
    cells = f"{dyed[electricity][0]:.4f} | {white[electricity][0]:.4f}"
    assert f"| {cells} |" in page and f"| {parts[electricity]:.6f} |" in page
    rest = sum(largest[5:]) - parts[electricity]
    assert f"| {len(parts) - 6} more | | | | | {rest:.6f} |" in page
    variance = sum(largest)
    half = 1.959964 * variance**0.5
    assert f"**{variance:.6f}**" in page and f"**0.1550 ± {half:.4f}**" in page
    alone = [
        1.959964 * sum((s * deviation) ** 2 for s, deviation in one.values()) ** 0.5
        for one in (dyed, white)
    ]
    by_squares = sum(one * one for one in alone) ** 0.5
    shown = f"has ±{alone[0]:.4f} and ±{alone[1]:.4f}, by squares ±{by_squares:.4f}"
    assert shown in " ".join(page.split())
