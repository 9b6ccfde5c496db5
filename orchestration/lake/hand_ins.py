"""A hand-in: what one owner hands in for a round, and everything that follows from its name.

Its name is public, in columns, approvals and on the command line: `suzhou/washing` is the workbook
of a stage of a site, `erp/energy_invoices` an export of an ERP table, `instruments` the list of
certificates. Nothing else takes such a name apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ERP = "erp"
"""Owner of what an ERP system exports: no site, for its rows name their own."""

INSTRUMENTS = "instruments"
"""Name of the hand-in that lists certificates and contracts on energy; it has no owner."""

INSTRUMENTS_SOURCE = "energy_instruments"
STAGE_READINGS, ERP_RECORDS = "stage_readings", "erp_records"
READING_TABLES = (STAGE_READINGS, ERP_RECORDS)
"""Tables of `accepted/` that hold readings, a file a month."""


def subject_of(source: str) -> str:
    """Stage or ERP table of a source: `washing` of `stage_washing`."""
    return source.partition("_")[2]


def is_export(source: str) -> bool:
    """Whether a source is an export of an ERP table."""
    return source.partition("_")[0] == ERP


def sql_is_export(source: str) -> str:
    """The same as a condition on a column, in SQL."""
    return f"starts_with({source}, '{ERP}_')"


def sql_owner(hand_in: str) -> str:
    """Owner of the hand-in that a column names, in SQL."""
    return f"split_part({hand_in}, '/', 1)"


def slug_of(name: str) -> str:
    """Name of a hand-in as a file is called: `suzhou__washing`."""
    return name.replace("/", "__")


def place_in_round(source_file: str, round_: str) -> str:
    """Place of a file in the folder of its round: `suzhou/washing.xlsx`."""
    return source_file.removeprefix(f"rounds/{round_}/")


@dataclass(frozen=True, order=True)
class HandIn:
    """The workbook of a stage of a site, an export of an ERP table, or the list of certificates."""

    round: str
    owner: str
    """The site, `erp`, or blank for the list of certificates."""
    subject: str
    """The stage or ERP table; for certificates, their name."""

    @classmethod
    def named(cls, round_: str, name: str) -> HandIn:
        """The hand-in of that name."""
        owner, slash, subject = name.partition("/")
        return cls(round_, owner, subject) if slash else cls(round_, "", name)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> HandIn:
        """The hand-in that a row of the registry, a verdict or a finding is about."""
        return cls.named(row["round"], row["hand_in"])

    @classmethod
    def of_source(cls, round_: str, source: str, facility_id: str = "") -> HandIn:
        """What a source is handed in as; a stage's workbook belongs to a site."""
        if source == INSTRUMENTS_SOURCE:
            return cls(round_, "", INSTRUMENTS)
        return cls(round_, ERP if is_export(source) else facility_id, subject_of(source))

    @classmethod
    def of_slug(cls, round_: str, source: str, slug: str) -> HandIn:
        """The hand-in of a source whose file bears that name."""
        owner = slug.removesuffix(f"__{subject_of(source)}")
        return cls.of_source(round_, source, owner)

    @property
    def name(self) -> str:
        """How columns and approvals call it: `suzhou/washing`."""
        return f"{self.owner}/{self.subject}" if self.owner else self.subject

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """How its files are called: `suzhou__washing`."""
        return slug_of(self.name)

    @property
    def is_instruments(self) -> bool:
        """Whether it is the list of certificates."""
        return self.name == INSTRUMENTS

    @property
    def is_export(self) -> bool:
        """Whether it comes from an ERP system."""
        return self.owner == ERP

    @property
    def is_workbook(self) -> bool:
        """Whether a site fills it in: a template is issued for it."""
        return not (self.is_export or self.is_instruments)

    @property
    def source(self) -> str:
        """The source that its map reads: `stage_washing`, `erp_energy_invoices`."""
        if self.is_instruments:
            return INSTRUMENTS_SOURCE
        return f"{ERP}_{self.subject}" if self.is_export else f"stage_{self.subject}"

    @property
    def facility_id(self) -> str:
        """The site that hands it in; blank where rows name their own."""
        return self.owner if self.is_workbook else ""

    @property
    def accepted_table(self) -> str:
        """The table of `accepted/` that its rows belong to."""
        if self.is_instruments:
            return INSTRUMENTS_SOURCE
        return ERP_RECORDS if self.is_export else STAGE_READINGS
