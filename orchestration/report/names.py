"""What ids, codes and columns are called in the language of the reader.

Names of sites, processes, flows, stages and products are the company's master data, as accepted;
those of codes and columns stand in words.yml, those of categories in the dbt seed.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.lake.hand_ins import HandIn
from orchestration.lake.places import REPOSITORY
from orchestration.lake.warehouse import ONE_THREAD, Connection, engine
from orchestration.report.page_source import PageError

WORDS = Path(__file__).with_name("words.yml")
CATEGORIES = REPOSITORY / "dbt_project" / "seeds" / "ghg_categories.csv"
MASTER_TABLES = {
    "facility": ("facilities", "facility_id"),
    "process": ("processes", "process_id"),
    "flow": ("flows", "flow_id"),
    "stage": ("stages", "stage_code"),
    "product": ("products", "product_id"),
}
"""Kind of thing: its master table and key."""

OPTIONAL_TABLES = {
    "initiative": ("initiatives", "initiative_id"),
    "target": ("targets", "target_id"),
    "person": ("people", "person_id"),
}
"""The same, of tables that a company need not have, and an older release has not."""

KIND_OF_COLUMN = {
    "facility_id": "facility",
    "process_id": "process",
    "flow_id": "flow",
    "stage_code": "stage",
    "product_id": "product",
    "other_product_id": "product",
    "ghg_category": "category",
    "initiative_id": "initiative",
    "target_id": "target",
}
TEXTS_OF_THE_COMPANY = {
    "reason": ("exclusions", "reason"),
    "justification": ("allocation_rules", "justification"),
    "exempted_because": ("flows", "exempted_because"),
    "upper_bound_source": ("flows", "exempted_upper_bound_source"),
    "owner": ("sources", "owner"),
}
"""Column of a mart: the master table and column that its texts come from, with `…_zh` beside."""

LISTS = {
    "facilities": ("facility", "; "),
    "tracked_with": ("initiative", "; "),
    "unpriced_flows": ("flow", ", "),
}
"""Columns of several ids: what they are of, and what stands between them."""

MESSAGES = ("message_en", "message_zh")
"""What was found, in a sentence: it names things by their ids, as the data folder does."""

NAMED_IN_MESSAGES = ("facility", "process", "flow", "product", "stage")
IDS = re.compile(r"(?<![\w./-])[A-Za-z]\w*(?:/[A-Za-z]\w*)*(?![\w/-]|\.\w)", re.ASCII)
"""An id, or several one below the other, where a sentence names them; no part of a file name."""

EDGE = "\0"
"""Where a name was filled into a message, while it is put together."""

SPACE_IN_CHINESE = re.compile(f"(?<=[\u3400-\u9fff]) (?={EDGE})|(?<={EDGE}) (?=[\u3400-\u9fff])")

TYPED_COLUMNS = ("source", "target")
"""Their values say what they are: `flow:electricity`, `process:suzhou_washing`."""


class Names:
    """Names in both languages; a thing without a name is called by its id."""

    def __init__(self, company: Path) -> None:
        """`company`: the folder accepted/company of a warehouse or a release."""
        with engine(ONE_THREAD) as connection:
            self._things = {
                kind: _names_of_table(_rows_of(connection, company / f"{table}.parquet"), key)
                for kind, (table, key) in MASTER_TABLES.items()
            }
            self._things |= {
                kind: _names_of_table(_rows_of(connection, path), key) if path.exists() else {}
                for kind, (table, key) in OPTIONAL_TABLES.items()
                for path in [company / f"{table}.parquet"]
            }
            processes = _rows_of(connection, company / "processes.parquet")
            self._texts = {
                column: _chinese(_rows_of(connection, path), source)
                for column, (table, source) in TEXTS_OF_THE_COMPANY.items()
                if (path := company / f"{table}.parquet").exists()
            }
            settings = _rows_of(connection, company / "settings.parquet")
        _tell_apart(self._things["process"], processes, self._things["facility"])
        with CATEGORIES.open(encoding="utf-8", newline="") as file:
            self._things["category"] = {
                row["ghg_category"]: {"en": row["name_en"], "zh": row["name_zh"]}
                for row in csv.DictReader(file)
            }
        self.settings: dict[str, str] = {row["key"]: row["value"] for row in settings}
        self._words = yaml.load(WORDS.read_text(encoding="utf-8"), yaml.CSafeLoader)

    def company(self, language: str) -> str:
        """The company's name."""
        return self.settings.get(f"name_{language}") or self.settings["name_en"]

    def word(self, key: str, language: str) -> str:
        """A text of the site itself."""
        return self._words["site"][key][language]

    def heading(self, column: str, language: str) -> str:
        """What a column is called, with its unit.

        Raises:
            PageError: words.yml doesn't name it.
        """
        if column not in self._words["columns"]:
            raise PageError(f"words.yml: columns has no {column!r}")
        return self._words["columns"][column][language]

    def heading_or_blank(self, column: str, language: str) -> str:
        """What a column is called where the report has a word for it."""
        return self._words["columns"].get(column, {}).get(language, "")

    def mart(self, table: str, language: str) -> str:
        """What a published table is called; its own name where there is no word for it."""
        return self._words["marts"].get(table, {}).get(language, table)

    def shown(self, column: str, value: Any, language: str) -> str:
        """An id, code or text of a column as the reader calls it."""
        if value is None or value == "":
            return ""
        text = str(value)
        if column in TYPED_COLUMNS:
            kind, _, text = text.partition(":")
            return self._name(kind, text, language)
        if column == "hand_in":
            return self._hand_in(text, language)
        if column in LISTS:
            kind, separator = LISTS[column]
            named = (self._name(kind, one, language) for one in text.split(separator))
            return self.word("list_separator", language).join(named)
        if column in MESSAGES:
            return self._with_names(text, language)
        if column == "unit" and language == "zh":
            return text.replace(" per ", "/")
        if column == "owner" and text in self._things["person"]:
            return self._name("person", text, language)
        if column in KIND_OF_COLUMN:
            return self._name(KIND_OF_COLUMN[column], text, language)
        code = self._words["codes"].get(column, {}).get(text)
        if code is None and language == "zh":
            return self._texts.get(column, {}).get(text, text)
        return code[language] if code else text

    def _with_names(self, message: str, language: str) -> str:
        """A message with things by name; Chinese has no space around a name, as around an id."""

        def named(found: re.Match[str]) -> str:
            name = self._named(found.group(), language)
            return name if name == found.group() else f"{EDGE}{name}{EDGE}"

        text = IDS.sub(named, message)
        return (SPACE_IN_CHINESE.sub("", text) if language == "zh" else text).replace(EDGE, "")

    def _named(self, ids: str, language: str) -> str:
        """`site/process/flow` of a message by name; a lone word that may just be a word stays."""
        parts = ids.split("/")
        kinds = [next((k for k in NAMED_IN_MESSAGES if p in self._things[k]), "") for p in parts]
        if not all(kinds) or ("_" not in ids and len(parts) == 1):
            return ids
        return " · ".join(
            self._name(kind, part, language) for kind, part in zip(kinds, parts, strict=True)
        )

    def _name(self, kind: str, key: str, language: str) -> str:
        if kind == "flow" and key.startswith("service:"):
            kind, key = "process", key.removeprefix("service:")
        if kind == "site":
            return self.word(key, language)
        name: Mapping[str, str] = self._things[kind].get(key, {})
        return name.get(language) or name.get("en") or key

    def _hand_in(self, name: str, language: str) -> str:
        """`suzhou_staple/sorting_washing`: site, then stage."""
        hand_in = HandIn.named("", name)
        owner, subject = hand_in.owner, hand_in.subject
        if owner and not hand_in.is_export:
            parts = self._name("facility", owner, language), self._name("stage", subject, language)
            return " · ".join(parts)
        known = self._words["codes"]["hand_in"].get(subject, {}).get(language, subject)
        return f"ERP{self.word('colon', language)}{known}" if owner else known


def _names_of_table(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, dict[str, str]]:
    return {row[key]: {"en": row["name_en"], "zh": row.get("name_zh") or ""} for row in rows}


def _rows_of(connection: Connection, path: Path) -> list[dict[str, Any]]:
    """Rows of a Parquet file.

    Raises:
        PageError: there is none.
    """
    if not path.exists():
        raise PageError(f"{path} is missing: the report takes names from accepted/company.")
    cursor = connection.execute("select * from read_parquet(?)", [str(path)])
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _chinese(rows: Iterable[Mapping[str, Any]], column: str) -> dict[str, str]:
    """Chinese text by the English one, where the company gave both; an older table has none."""
    pairs = ((row.get(column), row.get(f"{column}_zh")) for row in rows)
    return {text: chinese for text, chinese in pairs if text and chinese}


def _tell_apart(
    named: dict[str, dict[str, str]],
    processes: Iterable[Mapping[str, Any]],
    facilities: Mapping[str, Mapping[str, str]],
) -> None:
    """Processes of one name at several sites get their site's name behind theirs."""
    sites = {row["process_id"]: facilities.get(row["facility_id"], {}) for row in processes}
    for language, form in (("en", "{name} ({site})"), ("zh", "{name}（{site}）")):
        often = Counter(names[language] or names["en"] for names in named.values())
        for process, names in named.items():
            name = names[language] or names["en"]
            site = sites[process].get(language) or sites[process].get("en")
            if often[name] > 1 and site:
                names[language] = form.format(name=name, site=site)
