"""When each hand-in came, came back and was accepted: a log that is only ever added to.

The gate adds a line whenever its verdict on a hand-in is another than the last one, or is about
another file. A copy is *returned* once for each file that was refused, however often it is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from orchestration.lake.paths import Lake

JUDGEMENT_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("entry_number", pa.int32()),
        ("state", pa.string()),
        ("source_sha256", pa.string()),
        ("critical_count", pa.int64()),
        ("warning_count", pa.int64()),
        ("waived_count", pa.int64()),
        ("judged_on", pa.date32()),
        ("judged_at", pa.timestamp("us")),
    ]
)
"""`entry_number` counts the entries of a hand-in from 1; `judged_on` is the day where the company
is, `judged_at` the same moment in UTC."""

AS_OF_SCHEMA = pa.schema([("as_of", pa.date32())])

WHAT_IS_SAID = ("state", "source_sha256", "critical_count", "warning_count", "waived_count")
"""What makes a verdict another than the last one."""


def moment_of(today: date) -> datetime:
    """This time of day on that day, in UTC and without a time zone."""
    local = datetime.combine(today, datetime.now().time())
    return local.astimezone(UTC).replace(tzinfo=None)


def add_judgements(
    lake: Lake, round_: str, verdicts: Iterable[Mapping[str, Any]], today: date
) -> None:
    """Add what is new in the verdicts of a round; nobody is logged for never having come.

    `verdicts`: rows with hand_in and what is said (`WHAT_IS_SAID`).
    """
    path = lake.judgements(round_)
    log = lake.read(path, JUDGEMENT_SCHEMA)
    last = {row["hand_in"]: row for row in log.to_pylist()}
    judged_at = moment_of(today)
    new = []
    for verdict in verdicts:
        before = last.get(verdict["hand_in"])
        if before is None and verdict["state"] == "missing":
            continue
        said = {name: verdict[name] for name in WHAT_IS_SAID}
        if before is not None and said == {name: before[name] for name in WHAT_IS_SAID}:
            continue
        new.append(
            {
                "round": round_,
                "hand_in": verdict["hand_in"],
                "entry_number": before["entry_number"] + 1 if before else 1,
                **said,
                "judged_on": today,
                "judged_at": judged_at,
            }
        )
    if new:
        added = pa.Table.from_pylist(new, schema=JUDGEMENT_SCHEMA)
        lake.write(path, pa.concat_tables([log, added]))


def write_as_of(lake: Lake, today: date) -> None:
    """The day up to which the marts follow the rounds."""
    table = pa.Table.from_pylist([{"as_of": today}], schema=AS_OF_SCHEMA)
    lake.write_if_changed(lake.as_of, table)
