"""What a release knows of itself while it is made: gathered once, handed down to every step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.calculation.control import code_fingerprint
from orchestration.calculation.dbt import PROJECT
from orchestration.company.data_folder import DataFolder, Round
from orchestration.gate.sign_offs import SignOffs
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.publication.files import MANIFEST, RELEASED
from orchestration.publication.folders import remove_drafts


@dataclass(frozen=True)
class SignedRound:
    """A round as a release finds it: its sign-offs, and what stands in the way."""

    round: Round
    content_sha256: str
    sign_offs: SignOffs
    not_accepted: tuple[str, ...]
    """Without these hand-ins figures would be judged that are not the round's."""
    not_signed: tuple[str, ...]


@dataclass(frozen=True)
class EarlierRelease:
    """A release that another one follows."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def number(self) -> int:
        """Its number among the releases of its round: r1, r2 …"""
        return int(self.folder.name[1:])

    @property
    def content_sha256(self) -> str:
        """Hash of everything that its figures and verdicts depend on."""
        return str(self.manifest["release"]["content_sha256"])


@dataclass(frozen=True)
class ReleaseDraft:
    """A release in the making: its rounds as they were judged, its inputs, its folder.

    `accepted`: registry rows of the newest revisions of its rounds. `not_ready`: what is wrong
    with master data and factor libraries. `earlier`: every release of the warehouse, in the order
    of rounds and numbers. `stated_gwp_set`: what was asked for instead of the company's own GWP
    set; blank for none.
    """

    data: DataFolder
    warehouse: Lake
    today: date
    signed: tuple[SignedRound, ...]
    accepted: tuple[Mapping[str, Any], ...]
    not_ready: tuple[str, ...]
    earlier: tuple[Path, ...]
    stated_gwp_set: str

    @property
    def round(self) -> str:
        """The newest of its rounds, after which it is called."""
        return self.signed[-1].round.round

    @property
    def rounds(self) -> list[str]:
        """Names of its rounds: figures of the newest stand on all of them."""
        return [one.round.round for one in self.signed]

    @cached_property
    def lake(self) -> Lake:
        """The folder it is written in, beside the releases of its round."""
        return Lake(self.warehouse.releases(self.round) / f".draft-{os.getpid()}")

    @cached_property
    def gwp_set(self) -> str:
        """The GWP set that it is calculated with."""
        return self.stated_gwp_set or self.data.company.settings["gwp_set"]

    @cached_property
    def code_sha256(self) -> str:
        """Fingerprint of the code that decides its figures."""
        return code_fingerprint(PROJECT)

    @property
    def to_come(self) -> list[str]:
        """What is missing that figures depend on: while it is, they aren't judged."""
        return [*self.not_ready, *(text for one in self.signed for text in one.not_accepted)]

    @property
    def not_signed(self) -> list[str]:
        """Signatures that are missing or void."""
        return [text for one in self.signed for text in one.not_signed]

    @cached_property
    def before(self) -> EarlierRelease | None:
        """The newest release of the same round, which it follows."""
        same = [path for path in self.earlier if path.parent.name == self.round]
        if not same:
            return None
        manifest = json.loads((same[-1] / MANIFEST).read_text(encoding="utf-8"))
        return EarlierRelease(same[-1], manifest)

    @property
    def number(self) -> int:
        """Its number among the releases of its round."""
        return self.before.number + 1 if self.before else 1

    def head(self, content_sha256: str) -> dict[str, Any]:
        """What its manifest says of it: number, rounds, who signed, the release it follows."""
        follows = None
        if self.before is not None:
            sha256 = sha256_of_file(self.before.folder / MANIFEST)
            follows = {"release": self.before.folder.name, "manifest_sha256": sha256}
        return {
            "round": self.round,
            "number": self.number,
            "rounds": self.rounds,
            "status": RELEASED,
            "released_on": self.today.isoformat(),
            "content_sha256": content_sha256,
            "round_content_sha256": {one.round.round: one.content_sha256 for one in self.signed},
            "signatures": {one.round.round: one.sign_offs.signatures() for one in self.signed},
            "follows": follows,
            "gwp_set": self.gwp_set,
            "stated_gwp_set": self.stated_gwp_set,
        }

    @contextmanager
    def folder(self) -> Iterator[None]:
        """Make its folder; it is gone afterwards unless it was renamed into its place."""
        remove_drafts(self.warehouse, self.warehouse.releases(self.round))
        self.lake.path.mkdir(parents=True)
        try:
            yield
        finally:
            self.warehouse.remove_folder(self.lake.path)
