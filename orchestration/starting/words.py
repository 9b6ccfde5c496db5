"""The words by which a sheet says what a column or a line is."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml

from orchestration.spreadsheets.numbers import fold

CHINESE = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[a-zà-öø-ÿ0-9]+")
BRACKETED = re.compile(r"[(（\[][^)）\]]*[)）\]]")


@cache
def _concepts() -> list[tuple[str, ...]]:
    text = files("orchestration.starting").joinpath("concepts.yml").read_text("utf-8")
    return [tuple(map(str, words)) for words in yaml.safe_load(text)]


@cache
def concepts_in(text: str) -> frozenset[str]:
    """What a text speaks of, whatever the language: each concept by its first word."""
    plain = fold(text).casefold().replace("_", " ")
    latin = f" {' '.join(LATIN.findall(plain))} "
    return frozenset(
        f"={words[0]}"
        for words in _concepts()
        if any(word in plain if CHINESE.search(word) else f" {word} " in latin for word in words)
    )


@cache
def _words() -> dict[str, tuple[str, ...]]:
    text = files("orchestration.starting").joinpath("words.yml").read_text("utf-8")
    return {role: tuple(map(str, words)) for role, words in yaml.safe_load(text).items()}


@cache
def says(role: str, text: str) -> bool:
    """Whether a header or label says that it plays a role, such as `note` or `total`."""
    plain = fold(BRACKETED.sub(" ", text)).casefold()
    latin = " ".join(LATIN.findall(plain))
    for word in _words()[role]:
        if CHINESE.search(word):
            if word in plain:
                return True
        elif word == plain or latin == " ".join(LATIN.findall(word)) != "":
            return True
    return False


@cache
def holds(role: str, text: str) -> bool:
    """Whether a text has a word of a role among others: `Bales fed (t)` has one of input."""
    plain = fold(BRACKETED.sub(" ", text)).casefold()
    latin = f" {' '.join(LATIN.findall(plain))} "
    return any(
        word in plain if CHINESE.search(word) else f" {word} " in latin for word in _words()[role]
    )


def without(roles: tuple[str, ...], text: str) -> str:
    """A text without the words of some roles: what is left names the thing."""
    plain = fold(text).casefold()
    for role in roles:
        for word in sorted(_words()[role], key=len, reverse=True):
            if CHINESE.search(word):
                plain = plain.replace(word, " ")
            else:
                plain = re.sub(rf"(?<![a-z]){re.escape(word)}(?![a-z])", " ", plain)
    return " ".join(plain.split())
