"""What follows from the name of a hand-in, and that nothing else takes such names apart."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.lake.hand_ins import HandIn, is_export, place_in_round, sql_is_export, sql_owner
from orchestration.lake.paths import Lake

ROOT = Path(__file__).parents[2]
MONTH = date(2022, 4, 1)

# name: source, site, accepted table, file of its rows
HAND_INS = {
    "suzhou/washing": (
        "stage_washing",
        "suzhou",
        "stage_readings",
        "period_month=2022-04-01/2022-05__suzhou__washing__r2.parquet",
    ),
    "a__b/two__words": (
        "stage_two__words",
        "a__b",
        "stage_readings",
        "period_month=2022-04-01/2022-05__a__b__two__words__r2.parquet",
    ),
    "erp/energy_invoices": (
        "erp_energy_invoices",
        "",
        "erp_records",
        "period_month=2022-04-01/2022-05__erp__energy_invoices__r2.parquet",
    ),
    "instruments": (
        "energy_instruments",
        "",
        "energy_instruments",
        "2022-05__r2.parquet",
    ),
}


@pytest.mark.parametrize(("name", "expected"), HAND_INS.items())
def test_all_follows_from_the_name(tmp_path, name, expected):
    hand_in = HandIn.named("2022-05", name)
    lake = Lake(tmp_path)
    rows = lake.accepted_rows(hand_in, 2, MONTH)
    table, *place = rows.relative_to(lake.path / "accepted").parts
    assert (hand_in.source, hand_in.facility_id, table, "/".join(place)) == expected
    assert str(hand_in) == hand_in.name == name
    assert HandIn.of_row({"round": "2022-05", "hand_in": name}) == hand_in
    assert HandIn.of_source("2022-05", hand_in.source, hand_in.facility_id) == hand_in
    assert is_export(hand_in.source) == hand_in.is_export
    landed = lake.landed(hand_in)
    assert landed.parent == lake.landed_of(hand_in.source, "2022-05")
    if not hand_in.is_instruments:
        assert HandIn.of_slug("2022-05", hand_in.source, landed.stem) == hand_in


def test_sql_says_the_same():
    with duckdb.connect() as connection:
        for name in HAND_INS:
            hand_in = HandIn.named("2022-05", name)
            (row,) = connection.execute(
                f"select {sql_is_export('source')}, {sql_owner('hand_in')} "
                "from (select $1 as source, $2 as hand_in)",
                [hand_in.source, name],
            ).fetchall()
            assert row == (hand_in.is_export, hand_in.owner or name)


def test_place_in_the_folder_of_the_round():
    assert place_in_round("rounds/2022-05/mill/washing.xlsx", "2022-05") == "mill/washing.xlsx"
    assert place_in_round("rounds/2022-04/mill/washing.xlsx", "2022-05").startswith("rounds/")


def test_nothing_else_takes_names_apart():
    apart = re.compile(r"""['"]erp[/_]['"]|partition\("/"\).*hand_in|hand_in\S*split\(""")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in ("orchestration", "expectations")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "hand_ins.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if apart.search(line)
    ]
    assert found == []
