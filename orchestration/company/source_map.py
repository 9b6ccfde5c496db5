"""The map of a source as data: which cell of a hand-in is which flow."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from orchestration.company.mistakes import (
    lines_of_mistakes,
    text_of_file,
    undecided,
    yaml_problem,
)
from orchestration.lake.hand_ins import HandIn, is_export, subject_of
from orchestration.spreadsheets.numbers import NumberFormat, fold


class MapError(Exception):
    """A map that can't be followed; the message names its file, key and remedy."""


Folded = Annotated[str, AfterValidator(fold)]
Strings = Annotated[list[Folded], Field(default_factory=list)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FromColumn(_Model):
    """A value that each row states; with `lookup`, the id its text stands for."""

    column: Folded
    lookup: dict[Folded, str] | None = None


FromColumnOrText = FromColumn | str


class Item(_Model):
    """What the cells of one header or label mean."""

    flow: FromColumnOrText
    process: FromColumnOrText
    direction: Literal["input", "output", "property"]
    unit: FromColumnOrText | None = None
    method: Literal["metered", "invoiced", "weighed", "calculated", "estimated"] | None = None
    property_name: str | None = Field(default=None, alias="property")
    role: Literal[
        "activity",
        "check",
        "meter_start",
        "meter_end",
        "stock_open",
        "stock_close",
        "property",
    ] = "activity"
    required: bool = True
    times: Strings
    divided_by: Strings
    sign: Literal[1, -1] = 1
    when: dict[Folded, list[Folded]] = Field(default_factory=dict)
    meter: FromColumnOrText | None = None
    read_from: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_sign(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("sign"), str):
            return values | {"sign": int(values["sign"])}
        return values

    @model_validator(mode="after")
    def _property_is_named(self) -> Item:
        if (self.direction == "property") != (self.property_name is not None):
            raise ValueError("direction: property and a property: name belong together")
        return self

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """What every reading of the item has in common; a property is never an activity."""
        return {
            "direction": self.direction,
            "property": self.property_name,
            "role": "property" if self.direction == "property" else self.role,
            "data_method": self.method,
            "is_required": self.required,
            "flow_id": self.flow if isinstance(self.flow, str) else None,
            "unit_text": self.unit if isinstance(self.unit, str) else None,
            "meter_id": self.meter if isinstance(self.meter, str) else None,
        }

    @property
    def scaled_by(self) -> list[str]:
        """Headers (months_across: labels) whose cells multiply or divide the quantity."""
        return [*self.times, *self.divided_by]

    @cached_property
    def is_fixed(self) -> bool:
        """Whether no row states anything about the item but its quantity."""
        parts = (self.flow, self.process, self.unit, self.meter)
        return not any(isinstance(part, FromColumn) for part in parts)


class ColumnItem(Item):
    """An item of a records sheet: which column holds its quantity."""

    quantity: Folded


class _Sheet(_Model):
    sheet: list[str] = Field(default_factory=list)
    header_row: int = Field(default=1, ge=1)
    header_rows: list[int] = Field(default_factory=list)
    note: Folded | None = None
    ignored: Strings
    total_rows: Strings
    date_format: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_sheet_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("sheet"), str):
            return values | {"sheet": [values["sheet"]]}
        return values

    @property
    def header_lines(self) -> list[int]:
        """Lines that make up the header, counted from 1."""
        return self.header_rows or [self.header_row]


class MonthsDown(_Sheet):
    """Months down the rows, one column an item."""

    layout: Literal["months_down"]
    period: Folded
    columns: dict[Folded, Item]


class MonthsAcross(_Sheet):
    """One row an item, a column a month."""

    layout: Literal["months_across"]
    item: Folded
    unit: Folded | None = None
    total: Folded | None = None
    rows: dict[Folded, Item]


class Control(_Model):
    """What the closing line of an export says of itself: how many records, and their sum.

    `line`: how the first filled cell of that line begins. `rows`: the header under which the
    number of records stands. `sum`: a column, and the header under which its sum stands.
    """

    line: Strings
    rows: Folded | None = None
    sum: dict[Folded, Folded] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        short = dict(values)
        if isinstance(short.get("line"), str):
            short["line"] = [short["line"]]
        if isinstance(short.get("sum"), str):
            short["sum"] = [short["sum"]]
        if isinstance(short.get("sum"), list):
            short["sum"] = {column: column for column in short["sum"]}
        return short

    @model_validator(mode="after")
    def _says_something(self) -> Control:
        if not self.line:
            raise ValueError("line: say how the closing line begins, such as TOTAL or 合计")
        if self.rows is None and not self.sum:
            raise ValueError("give rows: or sum:, the headers under which they stand")
        return self


class Span(_Model):
    """The days a bill is for, in two columns or in one; its quantity is split over them.

    `to_counts`: whether the day in `to` is billed, or the next bill begins on it.
    """

    first: Folded | None = Field(default=None, alias="from")
    last: Folded | None = Field(default=None, alias="to")
    column: Folded | None = None
    to_counts: bool

    @model_validator(mode="after")
    def _one_way(self) -> Span:
        ends = (self.first, self.last)
        if (None in ends) if self.column is None else (ends != (None, None)):
            raise ValueError("give from: and to:, two columns, or column:, in which both stand")
        return self

    @property
    def headers(self) -> list[str]:
        """The columns that say the days, the leading one first."""
        return [header for header in (self.column, self.first, self.last) if header]


class Reversals(_Model):
    """Which records take back what others booked: returns, cancellations, credit notes.

    `when`: negative (a quantity below zero), or the texts that mark such a record; then it counts
    below zero whichever sign it is typed with. `document`: the column of the document taken back.
    """

    when: Literal["negative"] | dict[Folded, list[Folded]]
    document: Folded | None = None


class Records(_Sheet):
    """One record a row."""

    layout: Literal["records"]
    date: Folded | None = None
    period: Folded | None = None
    span: Span | None = None
    every_month: bool = False
    facility: FromColumnOrText | None = None
    document: Folded | None = None
    document_numbers: Literal["any", "consecutive"] = "any"
    control: Control | None = None
    reversals: Reversals | None = None
    supplier: FromColumnOrText | None = None
    readings: list[ColumnItem] = Field(min_length=1)
    unmatched: Literal["refuse", "ignore"] = "refuse"

    @model_validator(mode="after")
    def _one_period(self) -> Records:
        if sum(part is not None for part in (self.date, self.period, self.span)) != 1:
            raise ValueError("give one of date:, period: and span:")
        return self

    @model_validator(mode="after")
    def _only_sums_are_split(self) -> Records:
        if self.span and any(
            one.direction == "property" or one.role not in ("activity", "check")
            for one in self.readings
        ):
            raise ValueError("span: splits quantities by days; a register or property can't be")
        return self

    @model_validator(mode="after")
    def _numbers_have_a_column(self) -> Records:
        if self.document_numbers == "consecutive" and self.document is None:
            raise ValueError("document_numbers: consecutive needs document:, their column")
        return self


class CsvOptions(_Model):
    """How an ERP text file is written."""

    decimal: str = "."
    thousands: str | None = ","
    delimiter: str = "auto"
    encoding: str = "auto"

    @model_validator(mode="after")
    def _marks_differ(self) -> CsvOptions:
        NumberFormat(self.decimal, self.thousands or "")
        if self.delimiter != "auto" and len(self.delimiter) != 1:
            raise ValueError("delimiter: give one character, or auto")
        return self

    @property
    def number_format(self) -> NumberFormat:
        """The decimal and thousands mark; ERP systems write a minus behind the number."""
        is_declared = bool(self.model_fields_set & {"decimal", "thousands"})
        return NumberFormat(self.decimal, self.thousands or "", True, is_declared)


class NumberOptions(_Model):
    """How numbers that are stored as text are written, in a worksheet."""

    decimal: str = "."
    thousands: str | None = ","

    @model_validator(mode="after")
    def _marks_differ(self) -> NumberOptions:
        NumberFormat(self.decimal, self.thousands or "")
        return self

    @property
    def number_format(self) -> NumberFormat:
        """The decimal and thousands mark."""
        return NumberFormat(self.decimal, self.thousands or "", is_declared=True)


Sheet = MonthsDown | MonthsAcross | Records


def items_of(sheet: Sheet) -> list[Item]:
    """Every item of a sheet, whatever its layout."""
    if isinstance(sheet, MonthsDown):
        return list(sheet.columns.values())
    return list(sheet.rows.values()) if isinstance(sheet, MonthsAcross) else list(sheet.readings)


def texts_of(part: FromColumnOrText) -> list[str] | None:
    """Every id a part of an item may become; None when each row states one of its own."""
    if isinstance(part, str):
        return [part]
    return None if part.lookup is None else sorted(set(part.lookup.values()))


class Layout(_Model):
    """The sheets of a source as they were from one round on."""

    from_round: str = ""
    csv: CsvOptions = Field(default_factory=CsvOptions)
    numbers: NumberOptions | None = None
    ignored_sheets: Strings
    sheets: list[Annotated[Sheet, Field(discriminator="layout")]] = Field(min_length=1)

    @property
    def text_number_format(self) -> NumberFormat:
        """How a text export writes its numbers: as `csv` says, else as `numbers` does."""
        declared = self.csv.number_format
        if self.numbers is None or declared.is_declared:
            return declared
        return replace(self.numbers.number_format, trailing_minus=True)

    @property
    def version(self) -> str:
        """What a template calls this layout: the round it holds from."""
        return self.from_round or "first"

    @cached_property
    def sha256(self) -> str:
        """Hash of what the layout says; comments and white space of the map don't count."""
        content = self.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(content.encode("utf-8")).hexdigest()


SOURCE = re.compile(r"(stage|erp)_[A-Za-z0-9_]+")


class SourceMap(_Model):
    """How one source is read, round by round."""

    source: str
    kind: Literal["workbook", "erp"]
    stage_code: str | None = None
    description: str | None = None
    owner: str | None = None
    owner_zh: str | None = None
    file: str = ""
    layouts: list[Layout] = Field(min_length=1)

    @field_validator("source")
    @classmethod
    def _is_a_plain_name(cls, source: str) -> str:
        """Assets are named after it."""
        if not SOURCE.fullmatch(source):
            raise ValueError(
                f"{source}: write stage_ or erp_, then letters from a to z, digits and _ alone. "
                "What the file itself is called, in any script, is said by file:"
            )
        return source

    @model_validator(mode="before")
    @classmethod
    def _defaults_from_source(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "_" not in str(values.get("source")):
            return values
        name = subject_of(str(values["source"]))
        stage_code = {"stage_code": name} if values.get("kind") == "workbook" else {}
        return {"file": name} | stage_code | values

    @model_validator(mode="after")
    def _kind_fits_source(self) -> SourceMap:
        if self.is_export != is_export(self.source):
            raise ValueError("source: stage_… needs kind: workbook, and erp_… needs kind: erp")
        return self

    def owner_in(self, language: str) -> str:
        """Who answers for it, in the language of the reader where that is stated; else blank."""
        return (self.owner_zh if language == "zh" else None) or self.owner or ""

    @property
    def is_export(self) -> bool:
        """Whether an ERP system exports it, rather than a site filling a workbook in."""
        return self.kind == "erp"

    @property
    def subject(self) -> str:
        """The stage or ERP table that it reads: `washing` of `stage_washing`."""
        return subject_of(self.source)

    def hand_in(self, round_name: str, facility_id: str = "") -> HandIn:
        """What is handed in for it; a workbook is a site's."""
        return HandIn.of_source(round_name, self.source, facility_id)

    @classmethod
    def load(cls, path: Path) -> SourceMap:
        """Read a map. Raises `MapError` with each mistake by line."""
        name = f"{path.parent.name}/{path.name}"
        text, problems = text_of_file(path, name)
        if problems:
            raise MapError("\n".join(problems))
        try:
            if open_places := undecided(name, text):
                raise MapError("\n".join(open_places))
            return cls.model_validate(yaml.load(text, _MapLoader))
        except yaml.YAMLError as error:
            raise MapError(yaml_problem(name, error)) from error
        except ValidationError as error:
            found = lines_of_mistakes(name, text, error.errors(), KEYS)
            raise MapError("\n".join(found)) from error

    def layout_for(self, round_name: str) -> Layout:
        """The newest layout that applies to a round."""
        fitting = [layout for layout in self.layouts if layout.from_round <= round_name]
        if not fitting:
            raise MapError(
                f"{self.source}: no layout applies to round {round_name}. "
                f"Add one whose from_round is {round_name} or earlier."
            )
        return max(fitting, key=lambda layout: layout.from_round)

    def layout_of_version(self, version: str) -> Layout | None:
        """The layout a template was written from; None when the map no longer has it."""
        return next((layout for layout in self.layouts if layout.version == version), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


KEYS = {
    "": _keys(SourceMap),
    "layouts": _keys(Layout),
    "csv": _keys(CsvOptions),
    "months_down": _keys(MonthsDown),
    "months_across": _keys(MonthsAcross),
    "records": _keys(Records),
    "columns": _keys(Item),
    "rows": _keys(Item),
    "readings": _keys(ColumnItem),
    "FromColumn": _keys(FromColumn),
}
"""Keys that may stand below a part of a map."""


class _MapLoader(yaml.CSafeLoader):
    """YAML whose scalars stay text (0010 is an id, not 8) and whose keys may not repeat."""


def _scalar(loader: _MapLoader, node: yaml.ScalarNode) -> str | None:
    return None if not node.style and node.value in ("", "~", "null") else node.value


def _mapping(loader: _MapLoader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    folded = set()
    for key_node, value_node in node.value:
        key = key_node.value
        if not isinstance(key, str) or fold(key) in folded:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} occurs twice; keep one", key_node.start_mark
            )
        folded.add(fold(key))
        result[key] = loader.construct_object(value_node, deep=True)
    return result


for _tag in ("null", "bool", "int", "float", "timestamp", "str"):
    _MapLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _scalar)
_MapLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
