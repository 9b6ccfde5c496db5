"""How results are shown beside an asset: a row count, a schema, a short table, a picture."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from dagster import (
    MetadataValue,
    TableColumn,
    TableMetadataValue,
    TableRecord,
    TableSchema,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from orchestration.collection.round_status import RoundStatus

PREVIEW_ROWS = 12
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def owners(owner: str | None) -> list[str]:
    """An owner as the UI knows it: an e-mail address or a team.

    A name that the UI can't show, such as one without Latin letters, is no owner there.
    """
    if owner and EMAIL.fullmatch(owner):
        return [owner]
    words = re.findall(r"[A-Za-z0-9]+", owner or "")
    return [f"team:{'-'.join(words).lower()}"] if words else []


def table_schema(schema: pa.Schema) -> TableSchema:
    """Columns and types of a table."""
    return TableSchema(
        columns=[TableColumn(name=field.name, type=str(field.type)) for field in schema]
    )


def shown_as_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], limit: int | None = PREVIEW_ROWS
) -> TableMetadataValue:
    """Rows as a table that stands open in the UI; all of them without a `limit`."""
    records = [
        TableRecord({name: _plain(row.get(name)) for name in columns}) for row in rows[:limit]
    ]
    schema = TableSchema(columns=[TableColumn(name=name, type="string") for name in columns])
    return MetadataValue.table(records=records, schema=schema)


def shown_as_markdown(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Rows as a Markdown table; `columns` maps a key to its heading."""
    lines = [
        f"| {' | '.join(columns.values())} |",
        f"|{' --- |' * len(columns)}",
    ]
    for row in rows:
        cells = (str(_plain(row.get(key))).replace("|", "\\|") for key in columns)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table_metadata(
    table: pa.Table, count: int | None = None, preview: Sequence[str] = ()
) -> dict[str, Any]:
    """Row count, column schema and, for chosen columns, the first rows."""
    metadata: dict[str, Any] = {
        "dagster/row_count": table.num_rows if count is None else count,
        "dagster/column_schema": table_schema(table.schema),
    }
    if preview:
        rows = table.slice(0, PREVIEW_ROWS).select(list(preview)).to_pylist()
        metadata["preview"] = shown_as_table(rows, preview)
    return metadata


def bar_picture(title: str, values: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    """Stacked horizontal bars as Markdown with the picture inside; largest on top."""
    from matplotlib.figure import Figure

    height = 0.35 * max(len(names), len(values) // 2) + 1.2
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.subplots()
    left = [0.0] * len(names)
    for label, numbers in values.items():
        axes.barh(names, numbers, left=left, label=label)
        left = [start + number for start, number in zip(left, numbers, strict=True)]
    axes.invert_yaxis()
    figure.suptitle(title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return _as_markdown(figure, title)


def coverage_picture(status: RoundStatus) -> str:
    """What of a round was accepted by the end of which day, against its deadline, as Markdown."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure

    steps = status.covered_by_day()
    closing = status.closes_on + timedelta(days=1)  # its own day is still in time
    last = max(closing, steps[-1][0], *([] if status.is_complete else [status.as_of]))
    days = [day for day, _, _ in steps]
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    axes = figure.subplots()
    for label, values, line in (
        ("hand-ins, by number", [number for _, _, number in steps], ":"),
        ("kgCO2e at risk", [weight for _, weight, _ in steps], "-"),
    ):
        shares = [100 * value for value in values if value is not None]
        if len(shares) == len(values):
            axes.step(
                date2num([*days, last]), [*shares, shares[-1]], line, where="post", label=label
            )
    label = f"deadline: end of {status.closes_on}"
    axes.axvline(date2num(closing), color="tab:red", linewidth=1, label=label)
    axes.set_ylim(-3, 103)
    axes.set_ylabel("accepted, %", fontsize=8)
    axes.xaxis_date()
    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    title = f"Round {status.round}: what is accepted, day by day"
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    return _as_markdown(figure, title)


def _as_markdown(figure: Figure, title: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    picture = base64.b64encode(buffer.getvalue()).decode()
    return f"![{title}](data:image/png;base64,{picture})"


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}"
    return value if isinstance(value, (int, str, bool)) else str(value)
