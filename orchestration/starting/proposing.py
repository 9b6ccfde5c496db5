"""Which flow and which process of a company a text of a workbook is about: with a score each.

A proposal is as good as its evidence: the words both have in common, in Chinese or another script,
the unit, and what the sheet is about. What doesn't stand out is left for a person.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from rapidfuzz import fuzz

from orchestration.company.mistakes import UNDECIDED
from orchestration.company.tables import FUELS
from orchestration.company.units import Bridges, UnitError, conversion, parse
from orchestration.spreadsheets.numbers import fold
from orchestration.starting.words import BRACKETED, CHINESE, LATIN, concepts_in, without

if TYPE_CHECKING:
    from orchestration.company.data_folder import Company

TODO = UNDECIDED
SURE = 0.5
"""A score from which a proposal is drafted, if it stands out."""
AHEAD = 0.1
"""So much a proposal must be ahead of the next one."""
SHOWN = 3
"""Candidates that a draft lists beside a TODO."""
ACTIONS = ("stock_open", "stock_close", "input", "output", "total")
"""Words that say what happens to a thing, and nothing of which thing it is."""
ONLY_ONES = frozenset({"electricity", "water", "statistic"})
"""Kinds of which a company has one flow or few: the word for the kind names it."""
AFTER_THE_SALE = frozenset({"use_of_products", "end_of_life"})
"""Kinds that no hand-in states: scenarios do."""
TRAVEL = frozenset({"commuting", "business_travel"})
WASTES = frozenset({"waste", "own_waste", "wastewater"})
SURE_PROCESS = 0.3
FILLER = frozenset("the of and a an for all other others by not is are with own main".split())


@dataclass(frozen=True)
class Proposal:
    """What a text most likely means, and what speaks for it."""

    best: str | None
    score: float
    candidates: tuple[tuple[str, float], ...]
    evidence: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether it may be drafted without a person."""
        return self.best is not None

    @property
    def id(self) -> str:
        """The id to write into a draft: TODO where a person has to decide."""
        return self.best or TODO

    @property
    def comment(self) -> str:
        """The score and the evidence, or the candidates."""
        if self.best:
            return f"{self.score:.2f} {self.evidence}".strip()
        shown = ", ".join(f"{one} {score:.2f}" for one, score in self.candidates[:SHOWN])
        return f"candidates: {shown}" if shown else "nothing in company/ is called like it"


def _decided(scores: Mapping[str, tuple[float, str]], sure: float = SURE) -> Proposal:
    ranked = sorted(scores.items(), key=lambda one: (-one[1][0], one[0]))
    candidates = tuple((one, score) for one, (score, _) in ranked if score > 0.2)
    if not ranked:
        return Proposal(None, 0.0, ())
    best, (score, evidence) = ranked[0]
    second = ranked[1][1][0] if len(ranked) > 1 else 0.0
    is_sure = score >= sure and score - second >= AHEAD
    return Proposal(best if is_sure else None, score, candidates, evidence)


@cache
def _kinds() -> dict[str, tuple[str, ...]]:
    text = files("orchestration.starting").joinpath("kinds.yml").read_text("utf-8")
    return {kind: tuple(map(str, words)) for kind, words in yaml.safe_load(text).items()}


@cache
def kinds_in(text: str) -> frozenset[str]:
    """Kinds of flows that a text speaks of."""
    plain = fold(text).casefold()
    latin = f" {' '.join(LATIN.findall(plain))} "
    return frozenset(
        kind
        for kind, words in _kinds().items()
        if any(w in plain if CHINESE.search(w) else f" {w} " in latin for w in words)
    )


@cache
def tokens(text: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """What is compared of a text: its Chinese by ones and twos, other words in the singular, and
    the concepts that it names in either.
    """
    plain = fold(text).casefold().replace("_", " ")
    runs = CHINESE.findall(plain)
    pairs = {run[i : i + 2] for run in runs for i in range(len(run) - 1)}
    singles = {character for run in runs for character in run}
    words = {_stem(word) for word in LATIN.findall(plain)}
    return frozenset(pairs | singles), frozenset(words - FILLER), concepts_in(text)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


class Rarity:
    """How much a token says of a name among others: what all of them have says nothing."""

    def __init__(self, names: Iterable[str]) -> None:
        found = [frozenset().union(*tokens(name)) for name in names]
        self._count = Counter(token for one in found for token in one)
        self._total = max(len(found), 1)

    def weight(self, token: str) -> float:
        """Weight of a token; a single character, being part of many words, has a third."""
        rare = math.log(1 + self._total / (1 + self._count[token]))
        return rare / 3 if len(token) == 1 and CHINESE.match(token) else rare

    def likeness(self, text: str, name: str) -> float:
        """How much of two texts is the same, 0 to 1; two scripts that agree say more than one."""
        chinese, words, concepts = map(self._alike, tokens(text), tokens(name))
        written = min(max(chinese, words) + 0.4 * min(chinese, words), 1.0)
        return max(written, 0.55 * concepts + 0.45 * written)

    def covered(self, text: str, name: str) -> float:
        """How much of a text a longer one says, too, 0 to 1; two as short as that come first."""
        own, other = tokens(text), tokens(name)
        words = self._covered(own[0] | own[1], other[0] | other[1])
        length = len(other[1]) + len(other[0])
        return max(words, 0.8 * self._covered(own[2], other[2])) - 0.005 * length

    def _covered(self, own: frozenset[str], other: frozenset[str]) -> float:
        whole = self._sum(own)
        return self._sum(t for t in own if _counterpart(t, other)) / whole if whole else 0.0

    def _alike(self, text: frozenset[str], name: frozenset[str]) -> float:
        if not text or not name:
            return 0.0
        shared = {token for token in text if _counterpart(token, name)}
        back = {token for token in name if _counterpart(token, text)}
        of_text = self._sum(shared) / self._sum(text)
        of_name = self._sum(back) / self._sum(name)
        return 0.45 * of_text + 0.55 * of_name

    def _sum(self, found: Iterable[str]) -> float:
        return sum(map(self.weight, found))


def _counterpart(token: str, among: frozenset[str]) -> bool:
    """Whether a token, or a spelling near it, is among others."""
    if token in among:
        return True
    is_word = len(token) > 4 and token.isascii()
    return is_word and any(len(one) > 4 and fuzz.ratio(token, one) >= 84 for one in among)


@dataclass
class CompanyNames:
    """The names of a company's flows and processes, and what maps in force say of them."""

    company: Company
    used: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Processes at which other maps read a flow, as they write them."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What other maps call a flow."""
    site_codes: Mapping[str, str] = field(default_factory=dict)
    """What other maps call a site."""

    @cached_property
    def flows(self) -> dict[str, dict[str, Any]]:
        """Lines of flows.csv by id."""
        return {one["flow_id"]: one for one in self.company["flows"].to_dict("records")}

    @cached_property
    def processes(self) -> list[dict[str, Any]]:
        """Lines of processes.csv."""
        return list(self.company["processes"].to_dict("records"))

    @cached_property
    def _rarity(self) -> Rarity:
        return Rarity(" ".join(names_of(one, "flow_id")) for one in self.flows.values())

    def fits(self, flow_id: str, unit: str | None) -> bool:
        """Whether a quantity in a unit can be one of a flow."""
        if unit is None:
            return True
        bridge = self.company.bridges.get(flow_id, Bridges())
        try:
            conversion(unit, self.flows[flow_id]["unit_code"], **bridge._asdict())
        except UnitError:
            return False
        return True

    def lacks_basis(self, flow_id: str, unit: str | None) -> bool:
        """Whether a unit would be one of a flow, if both said their calorific basis."""
        if unit is None:
            return False
        try:
            typed, kept = parse(unit), parse(self.flows[flow_id]["unit_code"])
        except UnitError:
            return False
        is_said_once = (typed.basis is None) != (kept.basis is None)
        return is_said_once and typed.dimension == kept.dimension

    def flow(
        self, text: str, unit: str | None, about: str = "", at: Iterable[Mapping[str, Any]] = ()
    ) -> Proposal:
        """The flow a header, label or value names.

        Args:
            text: what is written.
            unit: the unit it is stated in: a flow that is kept in another kind is none of it.
            about: name and title of the sheet.
            at: processes that it may be about, whose words say nothing of a flow.
        """
        plain = without(ACTIONS, BRACKETED.sub(" ", text))
        said, context = kinds_in(text), kinds_in(about)
        of_process = frozenset().union(
            *(part for one in at for part in tokens(" ".join(names_of(one, "process_id"))))
        )
        scores: dict[str, tuple[float, str]] = {}
        for flow_id, one in self.flows.items():
            if one["flow_kind"] in AFTER_THE_SALE:
                continue
            names = names_of(one, "flow_id")
            if fold(text) in map(fold, names):
                scores[flow_id] = (1.0, "its very name")
                continue
            if not self.fits(flow_id, unit) and not self.lacks_basis(flow_id, unit):
                continue
            if self.aliases.get(fold(text)) == flow_id:
                scores[flow_id] = (0.98, "called so in another map")
                continue
            name, kind = " ".join(names), one["flow_kind"]
            score = max(self._rarity.likeness(plain, one) for one in (*names, name))
            head = HEAD.split(plain)[0].strip()
            if head and head != plain.strip():
                heads = (HEAD.split(one)[0] for one in names)
                of_head = max(self._rarity.likeness(head, one) for one in heads)
                score = 0.5 * score + 0.5 * of_head
            if score < 0.85 and not _shares(plain, name, of_process):
                score *= 0.5
            if "waste" in said and kind not in WASTES and "waste" not in kinds_in(name):
                score *= 0.6
            for group in (FUELS, TRAVEL):
                if kind in group and group & (said | context) and kind not in said | context:
                    score -= 0.2
            is_about = kind in said or kind in context and not said
            evidence = f"by name; it is about {kind}" if is_about else "by name"
            scores[flow_id] = (max(min(score + 0.1 * is_about, 0.99), 0.0), evidence)
        self._by_kind(scores, said or context, unit)
        return _decided(scores)

    def _by_kind(
        self, scores: dict[str, tuple[float, str]], said: frozenset[str], unit: str | None
    ) -> None:
        """Give the only flow of a kind that a text speaks of its due, where no name is nearer."""
        for kind in said & ONLY_ONES:
            own = [f for f, one in self.flows.items()
                   if one["flow_kind"] == kind and self.fits(f, unit)]  # fmt: skip
            other = max((s for f, (s, _) in scores.items() if f not in own), default=0.0)
            if len(own) == 1 and unit is not None and other < 0.4:
                score = max(scores.get(own[0], (0.0, ""))[0], 0.75)
                scores[own[0]] = (score, f"the only flow of kind {kind} in {unit}")

    def process(self, text: str, facility: str, stage: str | None) -> Proposal:
        """The process of a site and stage that a text names."""
        own = self.processes_of(facility, stage)
        if len(own) == 1:
            return Proposal(own[0]["process_id"], 1.0, (), "the only one")
        names = {one["process_id"]: names_of(one, "process_id", facility) for one in own}
        rarity = Rarity(" ".join(found) for found in names.values())
        plain = BRACKETED.sub(" ", text)
        scores = {
            process: (max(rarity.likeness(plain, name) for name in found), "by name")
            for process, found in names.items()
        }
        return _decided(scores, SURE_PROCESS)

    def only_process_of(self, flow_id: str, facility: str) -> str | None:
        """The one process at which other maps read a flow; None where there are several, or none.

        `facility`: blank for any site.
        """
        known = {one["process_id"] for one in self.processes_of(facility, None)}
        sites = [facility] if facility else list(self.company["facilities"]["facility_id"])
        named = (one.replace("{facility}", site)
                 for one in self.used.get(flow_id, ()) for site in sites)  # fmt: skip
        found = set(named) & known
        return next(iter(found)) if len(found) == 1 else None

    def processes_of(self, facility: str, stage: str | None) -> list[dict[str, Any]]:
        """The processes of a site and stage; of all where it has none, or neither is known."""
        own = [p for p in self.processes if not facility or p["facility_id"] == facility]
        return [p for p in own if not stage or p["stage_code"] == stage] or own


HEAD = re.compile(r"[,，(（;]")
"""What stands before the first of these is the thing, what follows says which."""


def _shares(text: str, name: str, but: frozenset[str]) -> bool:
    """Whether two texts share a word that is none of `but`; a text without words shares all."""
    own = frozenset().union(*tokens(text))
    if not own:
        return not but
    names = frozenset().union(*tokens(name))
    return any(_counterpart(token, names) and token not in but for token in own)


def names_of(row: Mapping[str, Any], key: str, owner: str = "") -> list[str]:
    """What a line of flows, processes or facilities is called: its id and its names."""
    found = (row[key].removeprefix(f"{owner}_"), row["name_en"], row["name_zh"])
    return [name for name in found if name]


def facility_of(names: CompanyNames, text: str) -> Proposal:
    """The site that an ERP export calls by a code or a name."""
    sites = names.company["facilities"].to_dict("records")
    if text in names.site_codes:
        return Proposal(names.site_codes[text], 0.95, (), "called so in another map")
    if len(sites) == 1:
        return Proposal(sites[0]["facility_id"], 1.0, (), "the only site")
    rarity = Rarity(" ".join(names_of(one, "facility_id")) for one in sites)
    plain = fold(text).casefold()
    scores = {}
    for one in sites:
        site = one["facility_id"]
        score = max(rarity.likeness(text, name) for name in names_of(one, "facility_id"))
        is_short = len(plain) >= 3 and plain.isalpha() and site.startswith(plain)
        scores[site] = (max(score, 0.7), "its first letters") if is_short else (score, "by name")
    return _decided(scores)


def product_of_units(units: Sequence[str]) -> str | None:
    """The unit of a product of columns, where one name stands for it; else written with `*`."""
    text = "*".join(units)
    try:
        parse(text)
    except UnitError:
        return None
    return text
