"""A company that buys coal and oil, judged round after round by the gate: no dbt, one export."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.company.data_folder import DataFolder
from orchestration.gate import waivers, withdrawals
from orchestration.gate.acceptance import RoundResult, accept_company, judge_and_accept
from orchestration.gate.statements import in_force, newest_rows
from orchestration.ingest.landing import land_source
from orchestration.lake.paths import Lake
from tests.conftest import write_csv

TODAY = date(2024, 12, 31)
HAND_IN = "erp/buys"
COLUMNS = ("Doc", "Month", "Site", "Supplier", "Item", "Qty")

MAP = """\
source: erp_buys
kind: erp
layouts:
  - from_round: "2024-1"
    sheets:
      - layout: records
        period: Month
        every_month: {every_month}
        facility: {{column: Site}}
        document: Doc
        supplier: {{column: Supplier}}
        readings:
          - {{flow: {{column: Item}}, process: "{{facility}}_ops", direction: input,
             quantity: Qty, unit: t, method: invoiced}}
"""


class Buyer:
    """The data folder, its warehouse, and what is in force in it."""

    def __init__(self, folder: Path, every_month: bool = False) -> None:
        self.path, self.lake = folder / "data", Lake(folder / "warehouse")
        sites = ("north", "south")
        flow = {"flow_kind": "fuel_stationary", "unit_code": "t", "components": "direct"}
        tables: dict[str, list[dict[str, Any]]] = {
            "facilities": [{"facility_id": s, "name_en": s, "country": "CN"} for s in sites],
            "stages": [{"stage_code": "ops", "name_en": "Operations", "stage_order": 1}],
            "processes": [
                {"process_id": f"{site}_ops", "facility_id": site, "stage_code": "ops",
                 "name_en": site, "process_type": "non_product"}
                for site in sites
            ],
            "flows": [{"flow_id": f, "name_en": f.title(), **flow} for f in ("coal", "oil")],
            "people": [{"person_id": p, "name_en": p} for p in ("ann", "bob")],
        }  # fmt: skip
        for name, rows in tables.items():
            write_csv(self.path / "company" / f"{name}.csv", rows)
        settings = "company_id: buyer\nname_en: Buyer (invented)\ngwp_set: AR6\n"
        (self.path / "company" / "company.yml").write_text(settings, encoding="utf-8")
        (self.path / "maps").mkdir()
        text = MAP.format(every_month=str(every_month).lower())
        (self.path / "maps" / "erp_buys.yml").write_text(text, encoding="utf-8")
        self._calendar: list[dict[str, str]] = []

    def hand_in(self, round_: str, months: str, lines: Iterable[str]) -> RoundResult:
        """An export of these lines for a round of `first-last` months of 2024, judged.

        A line: document, month, site, supplier or -, item, quantity.
        """
        first, _, last = months.partition("-")
        self._calendar = [row for row in self._calendar if row["round"] != round_]
        self._calendar.append(
            {
                "round": round_, "opens_on": "2024-01-02", "closes_on": "2024-12-30",
                "first_month": f"2024-{first}", "last_month": f"2024-{last or first}",
                "expected": HAND_IN,
            }
        )  # fmt: skip
        write_csv(self.path / "rounds.csv", self._calendar)
        rows = []
        for line in lines:
            document, month, *rest = line.split()
            values = ("" if text == "-" else text for text in (document, f"2024-{month}", *rest))
            rows.append(dict(zip(COLUMNS, values, strict=True)))
        write_csv(self.path / "rounds" / round_ / "erp" / "buys.csv", rows, COLUMNS)
        return self.judge(round_)

    def judge(self, round_: str) -> RoundResult:
        """Land and judge a round as it lies there."""
        data = DataFolder(self.path)
        accept_company(data, self.lake)
        for source_map in data.maps.values():
            land_source(data, self.lake, source_map, data.round(round_))
        return judge_and_accept(data, self.lake, data.round(round_), TODAY)

    def withdraw(self, round_: str, **line: str) -> None:
        """A line of withdrawals.csv."""
        usual = {
            "hand_in": HAND_IN, "first_month": "2024-01", "reason": "booked by mistake",
            "decided_by": "ann", "decided_on": "2024-07-01",
        }  # fmt: skip
        path = self.path / "rounds" / round_ / withdrawals.FILE
        write_csv(path, [usual | line], withdrawals.COLUMNS)

    def waive(self, round_: str, rule_id: str) -> None:
        """A line of waivers.csv for all findings of a rule."""
        line = {
            "rule_id": rule_id, "hand_in": HAND_IN, "object": "*", "reason": "it still holds",
            "requested_by": "ann", "approved_by": "bob", "approved_on": "2024-07-01",
            "valid_until": "2025-12-31",
        }  # fmt: skip
        write_csv(self.path / "rounds" / round_ / waivers.FILE, [line], waivers.COLUMNS)

    def counting(self) -> dict[str, float]:
        """Tonnes that count, by month and item."""
        found: dict[str, float] = {}
        counts = in_force(self.lake, newest_rows(self.lake.registry()))
        for row in counts.rows:
            if row["row_count"]:
                for one in counts.readings(self.lake, row).to_pylist():
                    name = f"{row['period_month']:%m} {one['flow_id']}"
                    found[name] = found.get(name, 0) + one["quantity"]
        return found


def found(result: RoundResult) -> list[str]:
    """Rule ids of the findings, in order."""
    return [row["rule_id"] for row in result.findings.to_pylist()]


def state(result: RoundResult) -> str:
    """What became of the export."""
    return next(row["state"] for row in result.verdicts if row["hand_in"] == HAND_IN)
