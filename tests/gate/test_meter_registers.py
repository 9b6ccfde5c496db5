"""A register agrees with itself and with the consumption; rollover and exchange are stated."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.gate.gate_round import BOILER, MAY, cell, reading

METER = {"flow_id": "electricity", "unit_text": "kWh", "meter_id": "M-1", "item_text": "Main"}
COLUMNS = [
    "meter_id", "facility_id", "multiplier", "replaced_on", "final_reading", "first_reading",
    "rolls_over_at",
]  # fmt: skip


def main_meter(start, end, consumed, *, meter=True, **stated):
    """A meter of the boiler house in May, what it measured, and its line in meters.csv."""

    def change(rows, tables):
        own = METER if meter else METER | {"meter_id": None}
        rows.append(reading(BOILER, "N5", MAY, start, role="meter_start", **METER))
        rows.append(reading(BOILER, "O5", MAY, end, role="meter_end", **METER))
        if consumed is not None:
            sheet = {"source_sheet": "Energy" if meter else "Main"}
            rows.append(reading(BOILER | sheet, "P5", MAY, consumed, role="check", **own))
            for row in rows[-3:]:
                row.update(sheet)
        line = {"meter_id": "M-1", "facility_id": "mill"} | stated
        tables["meters"] = pd.DataFrame([line], columns=COLUMNS, dtype=object)

    return change


EXCHANGED = {"replaced_on": "2022-05-20", "final_reading": "130", "first_reading": "3"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(main_meter(100, 112, 48000, multiplier="4000"), None, id="it agrees"),
        pytest.param(main_meter(100, 112, 48900, multiplier="4000"), None, id="to its last step"),
        pytest.param(
            main_meter(100, 112, 4800, multiplier="4000"),
            "times 4000 is 48000 kWh; stated are 4800 kWh in P5, as if the multiplier were 400.",
            id="a multiplier of 400 for 4,000",
        ),
        pytest.param(main_meter(100, 112, 48000), "as if the multiplier were 4000.", id="none"),
        pytest.param(
            main_meter(100, 90, 48000, multiplier="4000"),
            "ends at 90, below its start 100 in N5. With the 48000 kWh stated in P5 it would end "
            "at 112.",
            id="an end below its start",
        ),
        pytest.param(main_meter(100, 90, None), "below its start 100", id="and nothing beside it"),
        pytest.param(main_meter(100, 112, None), None, id="nothing to compare with"),
        pytest.param(main_meter(9990, 2, 12, rolls_over_at="10000"), None, id="began again at 0"),
        pytest.param(main_meter(112, 100, None, rolls_over_at="10000"), "below", id="hardly"),
        pytest.param(main_meter(100, 13, 40, **EXCHANGED), None, id="exchanged"),
        pytest.param(main_meter(100, 13, 80, **EXCHANGED), "moves on by 40", id="but not so much"),
        pytest.param(
            main_meter(100, 112, 480, meter=False, multiplier="4"),
            "stated are 480 kWh",
            id="the only register beside a consumption",
        ),
    ],
)
def test_a_register_and_its_consumption(findings, change, words):
    found = [row for row in findings(change) if row["rule_id"] == "meter_register"]

    assert [row["source_cell"] for row in found] == ([] if words is None else ["O5"])
    assert all(words in row["message_en"] for row in found)
    assert all(row["severity"] == "critical" for row in found)


def test_the_month_after_a_wrong_end_is_not_blamed(findings):
    def change(rows, tables):
        cell(rows, "mill/boiler", "H5")["quantity"] = -5.0

    assert [(row["rule_id"], row["source_cell"]) for row in findings(change)] == [
        ("meter_register", "H5")
    ]
