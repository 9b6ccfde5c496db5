"""Write the audit trail of a release: where a figure starts, and a sample for who verifies it.

`index.html` names every figure. A figure leads to its lines, a line to its cell, shown in the sheet
as it was handed in with the factor beside it. Nothing needs a server or a network, and every page
is in both languages. What is written is the same for the same release: nothing of it is of today.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from orchestration.report import formats
from orchestration.report.audit_trail.sample import Sample, drawn
from orchestration.report.audit_trail.sheets import (
    HandedIn,
    headers_of,
    headings,
    link,
    read_handed_in,
    shown_rows,
)
from orchestration.report.audit_trail.trail import Trail, coefficient_beside
from orchestration.report.marts import Marts
from orchestration.report.names import Names
from orchestration.report.rendering import template

HERE = Path(__file__).parent
STATIC = ("audit.css", "audit.js")
FOLDER = "audit"
INDEX, README = "index.html", "README.md"
FACTORS = f"{FOLDER}/factors.html"
SAMPLE = f"{FOLDER}/sample.csv"
SAMPLE_COLUMNS = (
    "number", "chosen", "source_file", "source_sheet", "source_cell", "multiplier_cell",
    "value_text", "unit_text", "month", "process_id", "flow_id", "component",
    "factor_version_id", "mix_share", "measured_cell", "location_based_kgco2e",
    "evidence_seen", "agrees", "remark", "checked_by", "checked_on",
)  # fmt: skip
FILLED_IN = 5
"""Columns at the end of the sample that who verifies fills in."""


def write_audit_trail(release: Path, head: Mapping[str, Any]) -> None:
    """Write the pages into a release that holds its marts, master data and files as handed in.

    `head`: what the manifest says of the release.
    """
    with Marts(release) as marts:
        _Writer(release, head, marts).write()


def sample_of(trail: Trail, seed: str) -> tuple[list[dict[str, Any]], Sample]:
    """Location-based lines in the order they are drawn in, and what was drawn of them."""
    lines = [line for line in trail.lines if line["location_based_kgco2e"] is not None]
    return lines, drawn([line["location_based_kgco2e"] for line in lines], seed)


class _Writer:
    def __init__(self, release: Path, head: Mapping[str, Any], marts: Marts) -> None:
        self.release, self.head = release, head
        self.trail = Trail(marts)
        self._numbers = {key: number for number, key in enumerate(self.trail.factors, 1)}
        self.names = Names(release / "accepted" / "company")
        cells: dict[str, list[str]] = {}
        for line in self.trail.lines:
            cells.setdefault(line["source_file"], []).append(line["source_cell"])
        paths = (path for path in sorted((release / "rounds").rglob("*")) if path.is_file())
        names = [path.relative_to(release).as_posix() for path in paths]
        self.files = {
            name: read_handed_in(release, name, headers_of(cells.get(name, ()))) for name in names
        }

    def write(self) -> None:
        (self.release / FOLDER).mkdir()
        for name in STATIC:
            shutil.copyfile(HERE / name, self.release / FOLDER / name)
        for figure in self.trail.figures:
            if figure.lines:
                self._page(figure.page, "figure", figure=figure)
        for product in self.trail.products:
            if product.cells or product.assumed:
                self._page(product.page, "product", product=product)
        self._sheets()
        assumed = [line for product in self.trail.products for line in product.assumed]
        lines = [*self.trail.lines, *assumed]
        used = {(line["factor_version_id"], line["component"]) for line in lines}
        rows = [row for key, row in self.trail.factors.items() if key in used]
        self._page(FACTORS, "factors", rows=rows)
        lines, sample = sample_of(self.trail, self.head["content_sha256"])
        chosen = [(place in sample.certain, lines[place]) for place in sample.chosen]
        self._sample_csv(chosen)
        self._page(
            f"{FOLDER}/sample.html", "sample", chosen=chosen, sample=sample, of=len(lines),
            total=sum(abs(line["location_based_kgco2e"]) for line in lines),
        )  # fmt: skip
        self._page(INDEX, "index", trail=self.trail, files=list(self.files.values()))
        called = dict.fromkeys(self.names.company(language) for language in ("zh", "en"))
        # people read it as it stands, so nothing in a name is escaped
        company = Markup(" · ".join(called))
        text = template(HERE / "readme.md.j2").render(head=self.head, company=company)
        (self.release / README).write_text(text, encoding="utf-8")

    def _sheets(self) -> None:
        by_file: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for line in self.trail.lines:
            places = by_file.setdefault(line["source_file"], {})
            place = self._place(line)
            if place is not None:
                places.setdefault(place, []).append(line)
        for file in self.files.values():
            used = by_file.get(file.name, {})
            rows = [list(shown_rows(number, grid, used)) for number, grid in enumerate(file.sheets)]
            shown = [
                (grid.name, headings(grid, mine), mine)
                for grid, mine in zip(file.sheets, rows, strict=True)
            ]
            self._page(file.page, "sheet", file=file, used=used, shown=shown)

    def _sample_csv(self, chosen: Sequence[tuple[bool, Mapping[str, Any]]]) -> None:
        with (self.release / SAMPLE).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(SAMPLE_COLUMNS)
            for number, (is_certain, line) in enumerate(chosen, 1):
                stated = [line[name] for name in SAMPLE_COLUMNS[2:-FILLED_IN]]
                writer.writerow(
                    [number, "certain" if is_certain else "random", *stated, *[""] * FILLED_IN]
                )

    def _page(self, page: str, kind: str, **content: Any) -> None:
        target = self.release / page
        target.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * page.count("/")
        text = template(HERE / f"{kind}.html.j2").render(
            up=up,
            head=self.head,
            company=self._both(self.names.company("zh"), self.names.company("en")),
            both=self._both,
            plain=_plain,
            name=self._name,
            number=_number,
            kgco2e=_kgco2e,
            cell=lambda line: self._cell_link(line, up),
            factor=lambda line: self._factor(line, up),
            at=link,
            figure_of=self._figure_page,
            corrected=self._in_the_file,
            value=self._value,
            coefficient=self._coefficient,
            times=_times,
            place_of=lambda row: self._factor_place(row["factor_version_id"], row["component"]),
            **content,
        )
        target.write_text(text, encoding="utf-8")

    @staticmethod
    def _both(chinese: str, english: str) -> Markup:
        """A text in both languages, of which one is shown; without script both are."""
        if chinese == english:
            return escape(english)
        return Markup(f"<i lang=zh>{escape(chinese)}</i><i lang=en>{escape(english)}</i>")

    @cache  # noqa: B019 - as long as one release is written
    def _name(self, column: str, value: Any) -> Markup:
        """A thing as the reader calls it."""
        zh, en = (self.names.shown(column, value, language) for language in ("zh", "en"))
        return self._both(zh, en)

    def _place(self, line: Mapping[str, Any]) -> str | None:
        file = self.files.get(line["source_file"])
        return None if file is None else file.place(line["source_sheet"], line["source_cell"])

    def _in_the_file(self, line: Mapping[str, Any]) -> Markup | str:
        """What stands in the file where another figure was put in force; else nothing."""
        file = self.files.get(line["source_file"])
        if file is None or self._place(line) is None:
            return ""
        typed = file.text(line["source_sheet"], line["source_cell"])
        if typed == line["value_text"]:
            return ""
        return escape(typed) if typed else self._both("空白", "a blank")

    def _value(self, line: Mapping[str, Any]) -> Markup:
        """The figure in force, and what the file says instead where it was corrected."""
        typed = self._in_the_file(line)
        value = escape(line["value_text"] or "")
        if not typed:
            return value
        return Markup(f"{value} ({self._both('文件中为 ', 'in the file: ')}{escape(typed)})")

    def _coefficient(self, line: Mapping[str, Any]) -> Markup | str:
        """What one unit as typed counts, where that isn't what the factor says; else nothing."""
        row = self.trail.factors.get((line["factor_version_id"], line["component"]))
        if row is None or row["kgco2e_per_unit"] is None:
            return ""
        coefficient = coefficient_beside(line, row["kgco2e_per_unit"])
        if coefficient is None:
            return ""
        said = self._both("折合每填报单位：", "per unit as typed:")
        return Markup(f"{said} {_number(coefficient)} kg CO2e/{escape(line['unit_text'] or '')}")

    def _cell_link(self, line: Mapping[str, Any], up: str) -> Markup:
        """The address of a cell, leading to its place in its sheet."""
        file: HandedIn | None = self.files.get(line["source_file"])
        sheet = f"#{line['source_sheet']}!" if line["source_sheet"] else "#"
        shown = f"{line['source_file'].removeprefix('rounds/')}{sheet}{line['source_cell']}"
        if file is None:
            return escape(shown)
        place = self._place(line)
        address = self._near(file.page, up) + (f"#{place}" if place else "")
        return Markup(f'<a href="{escape(address)}">{escape(shown)}</a>')

    def _factor(self, line: Mapping[str, Any], up: str) -> Markup:
        """Value, unit and version of a factor, leading to where it was published."""
        version, component = line["factor_version_id"], line["component"]
        row = self.trail.factors.get((version, component))
        if row is None:
            return escape(version or "")
        value = ""
        if row["kgco2e_per_unit"] is not None:
            value = f"{_number(row['kgco2e_per_unit'])} kg CO2e/{row['unit_code']} "
        address = f"{self._near(FACTORS, up)}#{self._factor_place(version, component)}"
        return Markup(f'{escape(value)}<a href="{escape(address)}">{escape(version)}</a>')

    def _factor_place(self, version: str, component: str) -> str:
        """The id of a factor in its page."""
        return f"f{self._numbers[version, component]}"

    @staticmethod
    def _near(page: str, up: str) -> str:
        """The address of a page of the folder, from the folder itself or from above it."""
        return link(page.removeprefix(f"{FOLDER}/") if up else page)

    def _figure_page(self, line: Mapping[str, Any]) -> str:
        return (
            f"inventory_{line['inventory_year']}_{line['facility_id']}_{line['ghg_category']}.html"
        )


def _times(line: Mapping[str, Any]) -> list[str]:
    """The cells that a line's cell is multiplied with; what stands in no cell isn't among them."""
    return [cell for cell in (line["multiplier_cell"] or "").split("|") if cell]


def _plain(text: Markup) -> str:
    """A text without its tags, where none may stand: both languages, one after the other."""
    return Markup(str(text).replace("</i><i", "</i> · <i")).striptags()


def _number(value: float | None) -> str:
    """A figure as it can be calculated with by hand: six significant digits."""
    return "–" if value is None else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _kgco2e(values: Iterable[float | None]) -> str:
    """The sum of what is known, with as many decimals as suit it."""
    known = [value for value in values if value is not None]
    return formats.number(sum(known), formats.decimals_for([sum(known)])) if known else "–"
