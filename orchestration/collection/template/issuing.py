"""Templates: one workbook for each site and stage of a round, from map and master data.

What is written here, the reader reads: the same map is followed both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter
from rich.console import Console

from orchestration.collection.template.cells import Cells
from orchestration.collection.template.cover import write_cover, write_meta
from orchestration.collection.template.entry import Lists
from orchestration.collection.template.instructions import write_instructions, write_last_records
from orchestration.collection.template.last_period import LastPeriod, read_last_period
from orchestration.collection.template.look import TemplateFormats
from orchestration.collection.template.plan import Template, TemplateError
from orchestration.collection.template.sheets import write_sheet
from orchestration.collection.template.words import TemplateWords
from orchestration.company.data_folder import DataFolder, Round
from orchestration.company.source_map import SourceMap
from orchestration.ingest.template_marks import (
    COVER_SHEET,
    INSTRUCTIONS_SHEET,
    LAST_PERIOD_SHEET,
    LISTS_SHEET,
    META_SHEET,
    OWN_SHEETS,
)
from orchestration.lake.hand_ins import HandIn
from orchestration.progress import doing, shown

LONGEST_SHEET_NAME = 31


@dataclass(frozen=True)
class Issued:
    """A template that was written, or one that was there already and stays."""

    hand_in: HandIn
    path: Path
    is_new: bool


def issue_templates(
    data: DataFolder,
    round_: Round,
    out: Path,
    *,
    facility: str | None = None,
    stage: str | None = None,
    warehouse: Path | None = None,
    overwrite: bool = False,
) -> list[Issued]:
    """Write `<out>/<facility>/<file>.xlsx` for every workbook the round expects.

    Args:
        data: the company's data folder.
        round_: the round the templates are for.
        out: folder they go to.
        facility: only this site's.
        stage: only this stage's.
        warehouse: where published marts may say what a figure weighed in the last period.
        overwrite: write anew what is there already; somebody may have filled it in.

    Raises:
        TemplateError: nothing is expected of that site or stage, or the folder holds hand-ins.
    """
    if out.resolve().is_relative_to(data.path / "rounds"):
        raise TemplateError(
            f"{out}: hand-ins lie there, and a template could take the place of one. "
            "Name another folder with --out."
        )
    issued = []
    expected = expected_workbooks(data, round_, facility, stage)
    for number, (source_map, site) in enumerate(expected):
        hand_in = source_map.hand_in(round_.round, site)
        doing(hand_in.name, number, len(expected))
        path = out / site / f"{source_map.file}.xlsx"
        is_new = overwrite or not path.exists()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_template(plan_template(data, source_map, site, round_, warehouse), path)
        issued.append(Issued(hand_in, path, is_new))
    return issued


def print_templates(
    console: Console,
    data: DataFolder,
    round_name: str,
    out: Path,
    warehouse: Path,
    *,
    facility: str | None = None,
    stage: str | None = None,
    overwrite: bool = False,
) -> None:
    """Issue the templates of a round, and say where each one is."""
    round_ = data.round(round_name)
    with shown(f"templates of round {round_.round}"):
        issued = issue_templates(
            data,
            round_,
            out,
            facility=facility,
            stage=stage,
            warehouse=warehouse,
            overwrite=overwrite,
        )
    console.print(f"Templates of round {round_.round}, due {round_.closes_on}", style="bold")
    for one in issued:
        line = f"  {one.hand_in.name}  →  {one.path}"
        if not one.is_new:
            line += "  (there already, left as it is)"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    written = sum(one.is_new for one in issued)
    words = f"{written} written"
    if written < len(issued):
        words += f", {len(issued) - written} there already; --overwrite writes them anew"
    console.print(words, highlight=False)


def expected_workbooks(
    data: DataFolder, round_: Round, facility: str | None = None, stage: str | None = None
) -> list[tuple[SourceMap, str]]:
    """Map and site of every stage workbook a round expects; exports have no template."""
    workbooks = [
        one for one in round_.expected_hand_ins if one.is_workbook and one.source in data.maps
    ]
    chosen = [
        (data.maps[one.source], one.facility_id)
        for one in workbooks
        if facility in (None, one.facility_id) and stage in (None, one.subject)
    ]
    if not chosen:
        due = ", ".join(one.name for one in workbooks) or "no workbook at all"
        raise TemplateError(
            f"Round {round_.round} expects no workbook of "
            f"{facility or 'any site'}/{stage or 'any stage'}. It expects {due}."
        )
    return chosen


def plan_template(
    data: DataFolder,
    source_map: SourceMap,
    facility: str,
    round_: Round,
    warehouse: Path | None = None,
) -> Template:
    """Gather what one workbook is written from."""
    last = read_last_period(data, source_map, facility, round_)
    return Template(
        words=TemplateWords(data.company),
        source_map=source_map,
        layout=source_map.layout_for(round_.round),
        facility_id=facility,
        round=round_,
        last=last,
        emission_shares=emission_shares(warehouse, data, facility, last),
    )


def emission_shares(
    warehouse: Path | None, data: DataFolder, facility: str, last: LastPeriod
) -> Mapping[tuple[str, str], float]:
    """Part of the site's published, location-based kgCO2e of each process and flow.

    Of the months of the last period. Nothing where nothing was published yet.
    """
    lineage = warehouse and warehouse / "published" / "parquet" / "lineage.parquet"
    if not lineage or not lineage.exists() or not last.months:
        return {}
    from orchestration.lake.warehouse import engine

    processes = data.company["processes"]
    mine = set(processes.loc[processes["facility_id"] == facility, "process_id"])
    with engine() as connection:
        rows = connection.execute(
            """
            select split_part(result_id, '/', 1) as process_id, flow_id, sum(part_kgco2e)
            from read_parquet($1)
            where basis = 'location_based' and period_month between $2 and $3
            group by all
            """,
            [str(lineage), last.months[0], last.months[-1]],
        ).fetchall()
    parts = {(process, flow): part for process, flow, part in rows if process in mine}
    total = sum(parts.values())
    return {key: part / total for key, part in parts.items()} if total > 0 else {}


def write_template(template: Template, path: Path) -> None:
    """One workbook; the same input gives the same bytes."""
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    try:
        _write(template, book)
    finally:
        book.close()


def _write(template: Template, book: xlsxwriter.Workbook) -> None:
    look = TemplateFormats(book)
    stage = template.words.name("stages", template.stage_code)
    book.set_properties(
        {
            "title": f"{template.hand_in.name} {template.round.round}",
            "subject": stage.joined(" "),
            "author": "Carbonloom",
            "created": datetime(*template.round.opens_on.timetuple()[:3]),
        }
    )
    names = list(_sheet_names(template))
    cover = book.add_worksheet(COVER_SHEET)
    pages = [book.add_worksheet(name) for name in names]
    instructions = book.add_worksheet(INSTRUCTIONS_SHEET)
    if any(template.last.records.values()):
        write_last_records(book.add_worksheet(LAST_PERIOD_SHEET), template, look)
    lists_page, meta = book.add_worksheet(LISTS_SHEET), book.add_worksheet(META_SHEET)
    write_cover(book, cover, template, look, names)
    lists = Lists(book, lists_page)
    for page, sheet in zip(pages, template.layout.sheets, strict=True):
        write_sheet(Cells(page, sheet, template, look, lists))
    write_instructions(instructions, template, look)
    lists_page.hide()
    write_meta(book, meta, template)
    cover.activate()


def _sheet_names(template: Template) -> Iterator[str]:
    for sheet in template.layout.sheets:
        name = sheet.sheet[0] if sheet.sheet else template.stage_code[:LONGEST_SHEET_NAME]
        if name in OWN_SHEETS or len(name) > LONGEST_SHEET_NAME:
            raise TemplateError(
                f"{template.source_map.source}: a sheet can't be called {name!r}; the name is "
                f"the template's own or longer than {LONGEST_SHEET_NAME} letters. "
                "Rename it in the map."
            )
        yield name
