"""Every figure that is published, as it was when somebody last looked: the house may be rebuilt.

`figures.csv` holds a line for each column of each mart of a few companies: how many rows have a
value and, of numbers, their sum, the sum of their absolute values and a sum in which each row has a
weight of its own, so that a figure which moved to another row is seen, too; of anything else, a
fingerprint of all values. Whoever changes figures on purpose renews it, and reads what changed.
"""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from orchestration.publication.descriptions import described_marts
from tests.built import Builder, build

COMPANIES = ("example", "cn_grid_certificates", "co_products_by_price", "spinning_with_regrind")
SNAPSHOT = Path(__file__).with_name("figures.csv")
RENEW = "Wanted? Renew it with: python -m tests.warehouse.test_figures"
TOLERANCE = 1e-12
"""Of the sum of absolute values: another order of adding up is no other figure."""
ROUNDING = 1e-9
"""What is smaller is what rounding left over of larger figures, and counts as nothing."""

DEPENDS_ON_THE_DAY = {"made_on", "as_of", "accepted_on", "days_late"}
WORDING = {"message_en", "message_zh"}
"""What findings say may be said better; which there are is seen by the other columns."""
NO_FIGURES = {"quality_rules"}
"""The rule book, whatever the company."""


class Line(NamedTuple):
    """What is known of one column; a column that is empty in every row has no line."""

    company: str
    mart: str
    column: str
    rows: int
    sum: float | None = None
    absolute: float | None = None
    weighted: float | None = None
    fingerprint: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        return self.company, self.mart, self.column

    @property
    def numbers(self) -> tuple[float | None, float | None, float | None]:
        return self.sum, self.absolute, self.weighted

    def is_as(self, other: Line) -> bool:
        """Whether both say the same figures."""
        if (self.rows, self.fingerprint) != (other.rows, other.fingerprint):
            return False
        if self.absolute is None or other.absolute is None:
            return self.absolute is other.absolute
        allowed = TOLERANCE * max(self.absolute, other.absolute) + ROUNDING
        pairs = zip(self.numbers, other.numbers, strict=True)
        return all(math.isclose(a, b, rel_tol=0, abs_tol=allowed) for a, b in pairs)

    def __str__(self) -> str:
        if self.absolute is None:
            return f"{self.rows} rows, values {self.fingerprint}"
        return f"{self.rows} rows, sum {self.sum:.15g}, absolute {self.absolute:.15g}"


def lines_of(company: str, publication: Path) -> Iterator[Line]:
    """What is published of a company, column by column."""
    with duckdb.connect() as connection:
        for path in sorted((publication / "parquet").glob("*.parquet")):
            if path.stem not in NO_FIGURES:
                connection.execute(
                    "create or replace temp table mart as select *, "
                    f"{_weight(path.stem)} as weight from read_parquet($1)",
                    [str(path)],
                )
                yield from _lines_of_mart(connection, company, path.stem)


def _weight(mart: str) -> str:
    """Between 0 and 1, by what tells rows apart."""
    grain = [f"coalesce({name}::varchar, '')" for name in described_marts()[mart].grain]
    return (
        f"(md5_number_lower(concat_ws('|', {', '.join(grain) or repr(mart)})) % 1000003) / 1000003"
    )


def _lines_of_mart(connection: duckdb.DuckDBPyConnection, company: str, mart: str):
    columns = connection.execute("describe mart").fetchall()
    for name, type_ in ((name, type_) for name, type_, *_ in columns):
        if type_ == "TIMESTAMP" or name in {"weight", *DEPENDS_ON_THE_DAY, *WORDING}:
            continue
        if type_ == "DOUBLE":
            value = f"case when abs({name}) < {ROUNDING} then 0 else {name} end"
            found = f"fsum({value}), fsum(abs({value})), fsum({value} * weight)"
        else:
            found = (
                f"null, null, null, left(md5(string_agg({name}::varchar, '|' order by {name})), 8)"
            )
        (row,) = connection.execute(f"select count({name}), {found} from mart").fetchall()
        if row[0]:
            yield Line(company, mart, name, *row)


def read() -> list[Line]:
    """The lines of the file."""
    with SNAPSHOT.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return [
        Line(*row[:3], int(row[3]), *(float(one) if one else None for one in row[4:7]), row[7])
        for row in rows
    ]


def write(lines: list[Line]) -> None:
    """The file, from what is published now."""
    with SNAPSHOT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Line._fields)
        for line in lines:
            numbers = ("" if one is None else f"{one:.15g}" for one in line.numbers)
            writer.writerow([*line.place, line.rows, *numbers, line.fingerprint])


def differences(before: list[Line], after: list[Line]) -> list[str]:
    """One line of text for every column that isn't what it was."""
    was, now = ({line.place: line for line in lines} for lines in (before, after))
    return [
        f"{'.'.join(place)}: {was.get(place, 'empty')} -> {now.get(place, 'empty')}"
        + (", in other rows" if _moved(was.get(place), now.get(place)) else "")
        for place in sorted(was.keys() | now.keys())
        if place not in was or place not in now or not was[place].is_as(now[place])
    ]


def _moved(was: Line | None, now: Line | None) -> bool:
    """The same total of the same rows, and yet another figure."""
    return bool(was and now and was._replace(weighted=now.weighted).is_as(now))


@pytest.mark.parametrize("company", COMPANIES)
def test_every_published_figure_is_what_it_was(company: str, built: Builder):
    before = [line for line in read() if line.company == company]
    assert before, f"figures.csv has nothing of {company}. {RENEW}"

    after = list(lines_of(company, built(company).published))

    assert "\n".join(differences(before, after)) == "", RENEW


def test_a_figure_that_changed_or_moved_is_named_and_rounding_is_not(tmp_path: Path):
    def lines(values: str) -> list[Line]:
        folder = tmp_path / "parquet"
        folder.mkdir(exist_ok=True)
        path = folder / "emissions_by_hand_in.parquet"
        duckdb.sql(
            "select '2022-02' as round, hand_in, date '2022-01-01' as period_month, "
            f"kgco2e_carried from (values {values}) as v(hand_in, kgco2e_carried)"
        ).write_parquet(str(path))
        return list(lines_of("mill", tmp_path))

    before = lines("('a', 1e6), ('b', 2.0), ('c', 1e-15)")
    assert differences(before, lines("('b', 2.0), ('c', -1e-13), ('a', 1e6 + 1e-7)")) == []
    place = "mill.emissions_by_hand_in.kgco2e_carried"
    (changed,) = differences(before, lines("('a', 1e6), ('b', 2.00001), ('c', 0.0)"))
    assert changed.startswith(f"{place}: 3 rows, sum 1000002, ")
    assert "-> 3 rows, sum 1000002.00001," in changed
    (moved,) = differences(before, lines("('a', 2.0), ('b', 1e6), ('c', 0.0)"))
    assert moved.startswith(place) and moved.endswith("in other rows")
    lost = differences(before, lines("('a', 1e6), ('b', null::double)"))
    assert [text.split(":")[0].rpartition(".")[2] for text in lost] == [
        "hand_in", "kgco2e_carried", "period_month", "round",
    ]  # fmt: skip


def main() -> None:
    """Renew the file, and say what changed."""
    with tempfile.TemporaryDirectory() as folder:
        now = [
            line
            for company in COMPANIES
            for line in lines_of(company, build(company, Path(folder) / company).published)
        ]
    changed = differences(read() if SNAPSHOT.exists() else [], now)
    write(now)
    print("\n".join([*changed, f"{len(changed)} columns changed."]))


if __name__ == "__main__":
    main()
