"""The records of a release: judged, numbered, and written where they differ from the last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.exchange import figures
from orchestration.exchange.explaining import reason_since
from orchestration.exchange.figures import (
    GATE_STAGES,
    Footprint,
    ReportingCompany,
    read_company,
    read_footprints,
)
from orchestration.exchange.records import NotWritableError, content_of, settings_missing
from orchestration.exchange.registry import Registry, content_sha256, id_of
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import MARTS_FILE, published_marts
from orchestration.pact.checks import RecordContext, RecordProblem, problems_of, relative_change
from orchestration.publication.files import MANIFEST, RELEASED, described_files

WRITTEN, UNCHANGED, REFUSED, NOT_DUE = "written", "unchanged", "refused", "not due"
MONTHS_OF_A_YEAR = 12


class CannotExchangeError(Exception):
    """Nothing can be exchanged from this folder; the message says why and what to do."""


@dataclass(frozen=True)
class FiguresSource:
    """Where figures and master data are read, and what they are called."""

    marts: Path
    lake: Lake
    registry: Path


@dataclass(frozen=True)
class Publication:
    """What the figures were published as."""

    made_on: date
    is_released: bool
    name: str
    release: str | None = None
    """Its name in the marts, such as `2022-04 r1`; None for preliminary figures."""


@dataclass(frozen=True)
class Outcome:
    """What became of one product and year."""

    product_id: str
    year: str
    state: str
    problems: tuple[RecordProblem, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    reason: str = ""
    """Why the figure changed, as the record says it."""

    @property
    def valid_until(self) -> date | None:
        """The last day on which a receiver may use the record; None where there is none."""
        end = self.record.get("validityPeriodEnd")
        return date.fromisoformat(end[:10]) - timedelta(days=1) if end and self.path else None


def release_source(folder: Path, registry: Path | None) -> FiguresSource:
    """A release, every byte of which is what its manifest says.

    Raises:
        CannotExchangeError: it is no release, it was changed, or no registry can be told.
    """
    folder = folder.resolve()
    if not (folder / MANIFEST).is_file() or not (folder / "accepted").is_dir():
        raise CannotExchangeError(
            f"{folder}: no release. Name a folder such as releases/2022-04/r1."
        )
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if described_files(folder) != manifest["files"]:
        raise CannotExchangeError(
            f"{folder}: not what was released. `carbonloom verify {folder}` says what differs."
        )
    if registry is None and folder.parents[1].name != "releases":
        raise CannotExchangeError(f"{folder} lies in no warehouse. Name the registry with --out.")
    return FiguresSource(
        folder / MARTS_FILE, Lake(folder), registry or folder.parents[2] / "exchange"
    )


def preliminary_source(warehouse: Path, registry: Path | None) -> FiguresSource:
    """The newest calculation, signed by nobody; its records are numbered apart.

    Raises:
        CannotExchangeError: nothing was calculated yet.
    """
    lake = Lake(warehouse)
    marts = lake.preliminary / MARTS_FILE
    if not marts.exists():
        raise CannotExchangeError(f"{lake.path}: nothing was calculated. Run `carbonloom run`.")
    return FiguresSource(marts, lake, registry or lake.path / "exchange" / "preliminary")


def exchange(
    source: FiguresSource,
    basis: str,
    products: Sequence[str] = (),
    years: Sequence[str] = (),
    reason: str = "",
) -> list[Outcome]:
    """Write the record of every product and whole year that says something new.

    `products` and `years` narrow it; a year that is named counts as due even when it is not whole.
    `reason`: why figures changed; without it, what the restatements between the two releases say.

    Raises:
        CannotExchangeError: company.yml lacks identifiers, or a product or year has no figures.
    """
    company = read_company(source.lake)
    missing = settings_missing(company)
    if missing:
        raise CannotExchangeError("\n".join(missing))
    publication = read_publication(source.marts)
    footprints = [
        footprint
        for footprint in read_footprints(source.marts, basis, years)
        if not products or footprint.product_id in products
    ]
    absent = {*products} - {one.product_id for one in footprints}
    absent |= {*years} - {one.year for one in footprints}
    if absent or not footprints:
        raise CannotExchangeError(
            f"no footprint of {', '.join(sorted(absent)) or 'any product'} in {source.marts}."
        )
    registry = Registry(source.registry)
    return [
        _exchange_one(company, footprint, publication, registry, reason, source.marts)
        if footprint.month_count == MONTHS_OF_A_YEAR or footprint.year in years
        else Outcome(footprint.product_id, footprint.year, NOT_DUE)
        for footprint in footprints
    ]


def _exchange_one(
    company: ReportingCompany,
    footprint: Footprint,
    publication: Publication,
    registry: Registry,
    reason: str,
    marts: Path,
) -> Outcome:
    key = (footprint.product_id, footprint.year)
    try:
        content = content_of(company, footprint)
    except NotWritableError as error:
        return Outcome(*key, REFUSED, tuple(RecordProblem("data", text) for text in error.reasons))
    hashed = content_sha256(content)
    given = registry.active(*key)
    if given is not None and given.content_sha256 == hashed:
        path = registry.path_of(*key, given.record["id"])
        return Outcome(*key, UNCHANGED, record=given.record, path=path)
    previous = None if given is None else {**given.record, "status": "Deprecated"}
    id_ = id_of(company.settings["company_id"], *key, hashed, previous["id"] if previous else "")
    record: dict[str, Any] = {
        "id": id_,
        "specVersion": content["specVersion"],
        **({"precedingPfIds": _ids_before(previous)} if previous else {}),
        "created": f"{publication.made_on:%Y-%m-%d}T00:00:00Z",
        **content,
    }
    if given is not None and given.release and publication.release:
        change = _figure(record) - _figure(given.record)
        releases = (given.release, publication.release)
        reason = reason or reason_since(marts, *key, footprint.basis, *releases, change)
    remarks = _remarks(publication, previous, record, reason)
    record["comment"] = " ".join([content["comment"], *remarks])
    besides = {id_, previous["id"]} if previous else {id_}
    problems = problems_of(
        record,
        RecordContext(
            total=footprint.total,
            stages=_stages_to_the_gate(footprint),
            previous=previous,
            active_ids=registry.others_active(*key, besides),
            change_explained=bool(reason.strip()),
        ),
    )
    if problems:
        return Outcome(*key, REFUSED, tuple(problems), record)
    path = registry.give_out(*key, record, hashed, previous, publication.release)
    told = reason.strip() if previous else ""
    return Outcome(*key, WRITTEN, record=record, path=path, reason=told)


def _figure(record: Mapping[str, Any]) -> Decimal:
    """KgCO2e of the declared unit, without uptake."""
    return Decimal(record["pcf"]["pcfExcludingBiogenicUptake"])


def _ids_before(previous: Mapping[str, Any]) -> list[str]:
    return [*previous.get("precedingPfIds", []), previous["id"]]


def _remarks(
    publication: Publication,
    previous: Mapping[str, Any] | None,
    record: Mapping[str, Any],
    reason: str,
) -> list[str]:
    """What is said of a record beside its content: where it comes from, and what changed."""
    remarks = [f"Calculated from {publication.name}."]
    ended = record["validityPeriodEnd"]
    if record["created"] >= ended:  # its end is excluded, and can't lie later than 3 years on
        remarks.append(
            f"EXPIRED WHEN MADE: its validity ended before {ended[:10]}; Active says only that no "
            "newer record replaces it. Not to be used as current."
        )
    if not publication.is_released:
        remarks.append("PRELIMINARY: signed by nobody, not to be passed on.")
    if previous is not None:
        old, new = (one["pcf"]["pcfExcludingBiogenicUptake"] for one in (previous, record))
        change = relative_change(previous, record)
        words = "" if change is None else f" ({change * 100:+.1f} %)"
        changed = sorted(
            name
            for name in {*previous["pcf"], *record["pcf"]}
            if previous["pcf"].get(name) != record["pcf"].get(name)
        )
        remarks.append(
            f"Replaces {previous['id']}: {old} is now {new} kgCO2e{words}; "
            f"changed: {', '.join(changed) or 'texts and identifiers'}."
        )
        if reason.strip():
            remarks.append(f"Why: {reason.strip()}")
    return remarks


def _stages_to_the_gate(footprint: Footprint) -> dict[str, Decimal]:
    return {name: value for name, value in footprint.stages.items() if name in GATE_STAGES}


def read_publication(marts: Path) -> Publication:
    """The label that the figures were published under."""
    with published_marts(marts) as connection:
        rows = figures.query(
            connection, "select status, round, release_number, made_on from publication"
        )
    if not rows:
        raise CannotExchangeError(f"{marts} does not say whether it was released.")
    status, round_, number, made_on = rows[0].values()
    if status != RELEASED:
        return Publication(made_on, False, f"preliminary figures of {made_on}")
    return Publication(made_on, True, f"round {round_}, release {number}", f"{round_} r{number}")
