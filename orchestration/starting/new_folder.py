"""A data folder to begin with: a copy of a starter, or written from a few answers."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from expectations.factor_rows import WORLD
from orchestration.company.data_folder import DataFolder
from orchestration.company.mistakes import typed_yaml
from orchestration.company.tables import FUELS
from orchestration.company.units import Bridges, UnitError, conversion, parse
from orchestration.lake.paths import write_whole
from orchestration.lake.places import REPOSITORY
from orchestration.spreadsheets.text_table import read_text_table
from orchestration.starting.proposing import AHEAD, SURE, CompanyNames, kinds_in

EXAMPLE = REPOSITORY / "raw_data"
STARTERS = {
    "smallest": REPOSITORY / "tests" / "worked_examples" / "cn_grid_average",
    "recycled_fibre": EXAMPLE,
    "factory_only": EXAMPLE,
}
ABOUT_PRODUCTS = (
    "products", "allocation_rules", "scenarios", "recycling_methods", "production_plan",
    "targets", "initiatives", "initiative_changes", "factor_paths",
)  # fmt: skip
"""Tables of the example that a company without products' footprints does without."""
KINDS = REPOSITORY / "dbt_project" / "seeds" / "flow_kinds.csv"
TOLERANCES = """rule_id,source,flow_id,tolerance,reason
row_total_agrees,,,0.0005,"a total is a sum of its cells: half a per mille for rounding"
sheet_agrees_with_erp,,,0.03,"two meters or two scales: 3 %, until you know your own"
"""
COPIED = ("company", "maps", "emission_factors", "expectations", "rounds", "rounds.csv")


class CannotStartError(Exception):
    """A folder that can't be written; the message says why and what to do."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bought(_Answer):
    """What a stage takes, or gives to somebody for treatment."""

    name: str
    unit: str
    kind: str = "material"
    exempted_because: str = ""
    """Why it is left out of the inventory on purpose; it needs no factor then."""


class Made(_Answer):
    """What a stage makes and sells."""

    name: str
    unit: str


class StageAnswer(_Answer):
    """A part of a site that hands in one workbook."""

    name: str
    buys: list[Bought] = Field(min_length=1)
    makes: list[Made] = Field(default_factory=list)
    split_by_mass_because: str = ""
    """Why what is made together carries the same burden for each kilogram."""


class SiteAnswer(_Answer):
    """A place of the company."""

    name: str
    country: str = ""
    stages: list[StageAnswer] = Field(min_length=1)


class PersonAnswer(_Answer):
    """Somebody who signs what is released."""

    name: str
    signs: list[Literal["preparer", "reviewer", "approver"]] = Field(min_length=1)


class Answers(_Answer):
    """What a new company says of itself."""

    name: str
    country: str = Field(pattern="[A-Z]{2}")
    year: int = Field(ge=2000, le=2099)
    gwp_set: str = "AR6"
    sites: list[SiteAnswer] = Field(min_length=1)
    people: list[PersonAnswer] = Field(default_factory=list)


@dataclass(frozen=True)
class Started:
    """A folder that was written, and the factors that it still lacks."""

    folder: Path
    round: str
    without_factor: tuple[tuple[str, str], ...] = ()
    """Flow and component that no factor of the example applies to."""


def read_answers(path: Path) -> Answers:
    """Read a file of answers. Raises `CannotStartError` with each mistake by line."""
    keys = {"": list(Answers.model_fields), "sites": list(SiteAnswer.model_fields),
            "stages": list(StageAnswer.model_fields), "buys": list(Bought.model_fields),
            "makes": list(Made.model_fields),
            "people": list(PersonAnswer.model_fields)}  # fmt: skip
    answers, problems = typed_yaml(path, Answers, keys)
    if answers is None:
        raise CannotStartError("\n".join(problems))
    return answers


def from_starter(folder: Path, starter: str) -> Started:
    """Copy a starter: a whole company with hand-ins, which runs at once."""
    _must_be_new(folder)
    for name in COPIED:
        source = STARTERS[starter] / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    if starter == "factory_only":
        for table in ABOUT_PRODUCTS:
            (folder / "company" / f"{table}.csv").unlink(missing_ok=True)
    data = DataFolder(folder)
    data.validate()
    return Started(folder, data.rounds[0].round)


def from_answers(folder: Path, answers: Answers) -> Started:
    """Write a folder from answers: master data, calendar, maps, and the factors that apply."""
    _must_be_new(folder)
    _check(answers)
    writer = _Writer(folder, answers)
    writer.write()
    DataFolder(folder).validate()
    return Started(folder, writer.round, tuple(writer.without_factor))


def _must_be_new(folder: Path) -> None:
    if not EXAMPLE.is_dir():
        raise CannotStartError(
            "The example, from which a folder is begun, comes with a checkout of the code. "
            "Clone it, and run carbonloom init there."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotStartError(f"{folder} is there already, and not empty. Name a new folder.")


def _check(answers: Answers) -> None:
    problems = []
    for stage in (stage for site in answers.sites for stage in site.stages):
        for bought in stage.buys:
            wrong = wrong_kind(bought.kind) or wrong_unit(bought.unit, bought.kind)
            problems += [f"{bought.name}: {wrong}"] if wrong else []
        units = {made.name: made.unit for made in stage.makes}
        wrongs = {name: wrong_unit(unit) for name, unit in units.items()}
        problems += [f"{name}: {wrong}" for name, wrong in wrongs.items() if wrong]
        if stage.split_by_mass_because and len(units) < 2:
            problems.append(f"{stage.name}: split_by_mass_because, and it makes one thing at most.")
        elif stage.split_by_mass_because and not any(wrongs.values()):
            problems += [
                f"{stage.name}: split_by_mass_because, and {name} is kept in {unit}, which is no "
                "mass. Say it in kg or t, or write company/allocation_rules.csv afterwards."
                for name, unit in units.items()
                if not parse(unit).dimension.get("[mass]")
            ]
    if problems:
        raise CannotStartError("\n".join(problems))


def wrong_kind(kind: str) -> str | None:
    """What is wrong with the kind of something bought; None for nothing."""
    kinds = _components()
    return None if kind in kinds else f"kind {kind} is none of {', '.join(kinds)}."


def wrong_unit(unit: str, kind: str = "") -> str | None:
    """What is wrong with a unit; None for nothing. Energy of a fuel says its calorific basis."""
    try:
        stated = parse(unit)
    except UnitError as error:
        return str(error)
    if kind in FUELS and set(stated.dimension) == {"[energy]"} and not stated.basis:
        return (
            f"{unit} of a fuel are by gross or by net calorific value, which differ by 5 to 11 %. "
            f"Write {unit} (Gross CV), as gas bills mostly mean it, or {unit} (Net CV)."
        )
    return None


def kind_of(name: str) -> str:
    """The kind of flow that a name speaks of; material where it says none, or several."""
    said = sorted(kinds_in(name) & set(_components()))
    return said[0] if len(said) == 1 else "material"


def _components() -> dict[str, list[str]]:
    """The components of each kind of flow that emits."""
    found: dict[str, list[str]] = {}
    for _, row in read_text_table(KINDS).records():
        if row["component"]:
            found.setdefault(row["flow_kind"] or "", []).append(row["component"] or "")
    return found


class _Writer:
    """One company on its way into a folder."""

    def __init__(self, folder: Path, answers: Answers) -> None:
        self._folder, self._answers = folder, answers
        self._example = DataFolder(EXAMPLE)
        self._names = CompanyNames(self._example.company)
        self._flows: dict[str, dict[str, str]] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self.round = f"{answers.year + 1}-01"
        self.without_factor: list[tuple[str, str]] = []

    def write(self) -> None:
        """Write every table; the folder must be new."""
        answers = self._answers
        sites: list[dict[str, str]] = []
        stages: dict[str, dict[str, str]] = {}
        processes: list[dict[str, str]] = []
        products: dict[str, dict[str, str]] = {}
        maps: dict[str, dict[str, dict[str, str]]] = {}
        rules: list[dict[str, str]] = []
        expected = []
        for site in answers.sites:
            site_id = _slug(site.name)
            sites.append({"facility_id": site_id, "name_en": site.name,
                          "country": site.country or answers.country})  # fmt: skip
            for stage in site.stages:
                code = _slug(stage.name)
                process = f"{site_id}_{code}"
                stages.setdefault(code, {"stage_code": code, "name_en": stage.name,
                                         "stage_order": str(10 * len(stages) + 10)})  # fmt: skip
                kind = "production" if stage.makes else "non_product"
                processes.append({"process_id": process, "facility_id": site_id,
                                  "stage_code": code, "name_en": stage.name,
                                  "process_type": kind})  # fmt: skip
                columns = maps.setdefault(code, {})
                for bought in stage.buys:
                    direction = "output" if bought.kind in ("waste", "own_waste") else "input"
                    columns |= self._column(bought.name, bought.unit, bought.kind, code, direction)
                    if bought.exempted_because:
                        exempted = self._flows[self._ids[bought.name, bought.kind]]
                        exempted |= {"components": "", "exempted_because": bought.exempted_because}
                for made in stage.makes:
                    columns |= self._column(made.name, made.unit, "product", code, "output")
                    flow = self._ids[made.name, "product"]
                    products[flow] = {"product_id": flow, "flow_id": flow, "name_en": made.name,
                                      "declared_unit": made.unit}  # fmt: skip
                    if stage.split_by_mass_because:
                        rules.append({"process_id": process, "flow_id": flow, "basis": "mass",
                                      "justification": stage.split_by_mass_because})  # fmt: skip
                expected.append(f"{site_id}/{code}")
        settings = {"company_id": _slug(answers.name), "name_en": answers.name,
                    "gwp_set": answers.gwp_set}  # fmt: skip
        company = self._folder / "company"
        text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)
        write_whole(company / "company.yml", text)
        _write_rows(company / "facilities.csv", sites)
        _write_rows(company / "stages.csv", list(stages.values()))
        _write_rows(company / "processes.csv", processes)
        _write_rows(company / "flows.csv", list(self._flows.values()))
        if products:
            _write_rows(company / "products.csv", list(products.values()))
        if rules:
            _write_rows(company / "allocation_rules.csv", rules)
        if answers.people:
            _write_rows(company / "people.csv", list(map(_person, answers.people)))
        self._write_properties()
        for code, columns in maps.items():
            self._write_map(code, columns)
        self._write_calendar(expected)
        write_whole(self._folder / "expectations" / "tolerances.csv", TOLERANCES)
        self._write_factors()

    def _write_calendar(self, expected: Sequence[str]) -> None:
        """One round about the whole year."""
        year = self._answers.year
        line = {
            "round": self.round, "opens_on": f"{year + 1}-01-05", "closes_on": f"{year + 1}-01-31",
            "first_month": f"{year}-01", "last_month": f"{year}-12",
            "expected": "; ".join(expected),
        }  # fmt: skip
        _write_rows(self._folder / "rounds.csv", [line])

    def _column(
        self, name: str, unit: str, kind: str, stage: str, direction: str
    ) -> dict[str, dict[str, str]]:
        flow = self._flow(name, unit, kind)
        return {f"{name} ({unit})": {"flow": flow, "process": f"{{facility}}_{stage}",
                                     "direction": direction, "unit": unit}}  # fmt: skip

    def _flow(self, name: str, unit: str, kind: str) -> str:
        """The id of a flow; that of the example where it has the same, whose factors apply then."""
        if (name, kind) in self._ids:
            return self._ids[name, kind]
        flow = self._known_flow(name, kind) or _slug(name)
        if flow in self._flows:
            flow = _slug(f"{name}_{kind}")
        is_kept_so = flow in self._names.flows and self._names.fits(flow, unit)
        kept = str(self._names.flows[flow]["unit_code"]) if is_kept_so else unit
        components = "" if kind == "product" else ";".join(self._components_of(kind))
        stage = "raw_material_acquisition" if kind == "material" else "manufacture"
        self._flows[flow] = {"flow_id": flow, "name_en": name, "flow_kind": kind,
                             "unit_code": kept, "components": components,
                             "life_cycle_stage": stage, "exempted_because": ""}  # fmt: skip
        self._ids[name, kind] = flow
        return flow

    def _known_flow(self, name: str, kind: str) -> str | None:
        """The flow of the example that is meant: of that kind, and ahead of all others of it."""
        proposed = self._names.flow(name, None).candidates
        own = [(flow, score) for flow, score in proposed
               if self._names.flows[flow]["flow_kind"] == kind]  # fmt: skip
        ahead = [score for _, score in own[1:2] if own[0][1] - score < AHEAD]
        return own[0][0] if own and own[0][1] >= SURE and not ahead else None

    def _components_of(self, kind: str) -> list[str]:
        """Losses of the grid are in upstream where a life-cycle factor is all there is."""
        found = _components().get(kind, [])
        return [one for one in found if one != "losses"]

    def _write_properties(self) -> None:
        rows = self._example.company["flow_properties"].to_dict("records")
        own = [row for row in rows if row["flow_id"] in self._flows]
        if own:
            kept = [{k: v or "" for k, v in row.items()} for row in own]
            _write_rows(self._folder / "company" / "flow_properties.csv", kept)

    def _write_map(self, stage: str, columns: Mapping[str, Mapping[str, str]]) -> None:
        sheet = {"sheet": ["Data"], "layout": "months_down", "header_row": 1, "period": "Month",
                 "note": "Note", "columns": {k: dict(v) for k, v in columns.items()}}  # fmt: skip
        content = {"source": f"stage_{stage}", "kind": "workbook",
                   "layouts": [{"from_round": self.round, "sheets": [sheet]}]}  # fmt: skip
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
        write_whole(self._folder / "maps" / f"stage_{stage}.yml", text)

    def _write_factors(self) -> None:
        """The example's published factors of these flows that apply in the sites' countries."""
        countries = {site.country or self._answers.country for site in self._answers.sites}
        folder = self._folder / "emission_factors"
        cited: set[str] = set()
        covered: set[tuple[str, str]] = set()
        libraries = []
        for path in sorted((EXAMPLE / "emission_factors").glob("*.csv")):
            if path.stem in ("sources", "libraries"):
                continue
            table = read_text_table(path)
            rows = [{k: v or "" for k, v in row.items()} for _, row in table.records()
                    if row["flow_id"] in self._flows
                    and _applies(row["geography"], countries)
                and self._can_use(row)]  # fmt: skip
            if not rows:
                continue
            _write_rows(folder / path.name, rows)
            libraries.append(path.stem)
            for row in rows:
                cited |= {one.strip() for one in row["source_id"].split(";")}
                if is_for_all_use(row):
                    covered.add((row["flow_id"], component_of(row)))
        for name, key, kept in (("sources", "source_id", cited | self._cited_properties()),
                                ("libraries", "library", set(libraries))):  # fmt: skip
            table = read_text_table(EXAMPLE / "emission_factors" / f"{name}.csv")
            rows = [{k: v or "" for k, v in row.items()} for _, row in table.records()
                    if row[key] in kept]  # fmt: skip
            _write_rows(folder / f"{name}.csv", rows, table.header)
        self.without_factor = [
            (flow, component)
            for flow, one in self._flows.items()
            for component in one["components"].split(";")
            if component and (flow, component) not in covered
        ]

    def _can_use(self, factor: Mapping[str, str | None]) -> bool:
        """Whether a factor's unit meets that of the flow; a fuel kept by mass has its NCV."""
        flow = factor["flow_id"] or ""
        kept = self._flows[flow]["unit_code"]
        if not parse(kept).dimension.get("[energy]"):
            return True
        bridge = self._example.company.bridges.get(flow, Bridges())
        try:
            conversion(factor["unit"], kept, **bridge._asdict())
        except UnitError:
            return False
        return True

    def _cited_properties(self) -> set[str]:
        rows = self._example.company["flow_properties"].to_dict("records")
        return {one.strip() for row in rows if row["flow_id"] in self._flows
                for one in (row["source_id"] or "").split(";") if one.strip()}  # fmt: skip


def is_for_all_use(factor: Mapping[str, str | None]) -> bool:
    """Whether a factor is for ordinary use: that of a technology or a supplier is not."""
    return not (factor.get("technology") or factor.get("supplier_id")) and \
        factor.get("basis") != "market"  # fmt: skip


def component_of(factor: Mapping[str, str | None]) -> str:
    """The component that a factor gives; of a life cycle, what is upstream of generation."""
    boundary = factor.get("boundary") or ""
    return "upstream" if boundary == "life_cycle" else boundary


def _applies(geography: str | None, countries: set[str]) -> bool:
    place = geography or WORLD
    return place == WORLD or place.partition("-")[0] in countries


def _person(one: PersonAnswer) -> dict[str, str]:
    """A line of people.csv; who approves every hand-in approves the round, too."""
    return {
        "person_id": _slug(one.name), "name_en": one.name,
        "prepares": "*" if "preparer" in one.signs else "",
        "reviews": "*" if "reviewer" in one.signs else "",
        "approves": "*; round" if "approver" in one.signs else "",
    }  # fmt: skip


def _slug(name: str) -> str:
    """An id of a name: letters, digits and _; a name in another script is kept as it is."""
    return re.sub(r"[^\w]+", "_", name.strip().lower()).strip("_") or "unnamed"


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]], header: Sequence[str] = ()) -> None:
    columns = list(header) or list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
