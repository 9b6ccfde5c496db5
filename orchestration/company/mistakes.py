"""Mistakes in a YAML file of the data folder: by file and line, with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from orchestration.spreadsheets.files import read_file
from orchestration.spreadsheets.grid import UnreadableFileError
from orchestration.spreadsheets.numbers import fold

READINGS_OF_A_VALUE = ("str", "FromColumn")
"""Stand in pydantic's location of a value that may be a text or a mapping, and in no file."""
SHORT = 80
"""A value that is quoted in a message is cut to as many characters."""


def meant(word: str, known: Collection[str]) -> str:
    """` Did you mean …?` where a known word is near, else the list of them."""
    if near := _near(word, known):
        return f" Did you mean {near[0]}?"
    return f" It may be {', '.join(known)}." if known else ""


def _near(word: str, known: Collection[str]) -> list[str]:
    by_folded = {fold(one).casefold(): one for one in known}
    return [by_folded[one] for one in get_close_matches(fold(word).casefold(), by_folded, n=1)]


def _known_keys(location: Sequence[Any], keys: Mapping[str, Collection[str]]) -> Collection[str]:
    """The keys that may stand where the last part of a location does."""
    return next((keys[one] for one in reversed(location[:-1]) if one in keys), keys[""])


def text_of_file(path: Path, name: str) -> tuple[str, list[str]]:
    """The text of a configuration file, or what stands against reading it."""
    try:
        return read_file(path).decode("utf-8-sig"), []
    except UnreadableFileError as error:
        return "", [f"{name}: {error.reason}"]
    except UnicodeDecodeError:
        return "", [f"{name}: is not UTF-8. Save it in the encoding UTF-8."]


def yaml_problem(name: str, error: yaml.YAMLError) -> str:
    """A text that is no YAML, by line."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    place = f"{name} line {mark.line + 1}" if mark else name
    context = getattr(error, "context", None)
    return f"{place}: not valid YAML: {f'{context}, ' if context else ''}{what}."


M = TypeVar("M", bound=BaseModel)


def typed_yaml(
    path: Path, model: type[M], keys: Mapping[str, Collection[str]]
) -> tuple[M | None, list[str]]:
    """A YAML file in its typed form; None and each mistake by line where it can't be."""
    text, problems = text_of_file(path, path.name)
    if problems:
        return None, problems
    try:
        return model.model_validate(yaml.load(text, yaml.CSafeLoader)), []
    except yaml.YAMLError as error:
        return None, [yaml_problem(path.name, error)]
    except ValidationError as error:
        return None, lines_of_mistakes(path.name, text, error.errors(), keys)


UNDECIDED = "TODO"
"""What a draft says where a person has to decide."""


def undecided(name: str, text: str) -> list[str]:
    """Each place of a YAML text that a draft has left to a person, by line."""
    if UNDECIDED not in text:
        return []
    root = yaml.compose(text, yaml.CSafeLoader)
    return [
        f"{name} line {line}: {key} is {UNDECIDED}, still to be decided. Write what it is; "
        "comments above it name candidates."
        for key, line in _undecided(root, "the file")
    ]


def _undecided(node: yaml.Node | None, key: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _undecided(value, str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _undecided(value, key)
    elif isinstance(node, yaml.ScalarNode) and node.value == UNDECIDED:
        yield key, node.start_mark.line + 1


def lines_of_mistakes(
    name: str, text: str, errors: Sequence[Mapping[str, Any]], keys: Mapping[str, Collection[str]]
) -> list[str]:
    """What pydantic found in a YAML text, a line each.

    `keys`: by part of a location, the keys that may stand below it; "" has those of the top.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    told: dict[str, None] = {}
    misspelt = {
        (*error["loc"][:-1], near)
        for error in errors
        if error["type"] == "extra_forbidden"
        for near in _near(str(error["loc"][-1]), _known_keys(error["loc"], keys))
    }
    for error in errors:
        if error["type"] == "missing" and error["loc"] in misspelt:
            continue  # told of under the name it has
        location = [part for part in error["loc"] if part not in READINGS_OF_A_VALUE]
        if error["type"] == "string_type" and len(location) < len(error["loc"]):
            continue  # the other reading of the value says more
        node, line = _found(root, location)
        told.setdefault(f"{name} line {line}: {_words(error, location, node, keys)}")
    return list(told)


def _found(root: yaml.Node | None, location: Sequence[Any]) -> tuple[yaml.Node | None, int]:
    """The node at a location and its line; of what isn't there, the line of what lacks it."""
    node, line = root, 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if fold(str(key.value)) == fold(str(part)):
                    node, line = value, key.start_mark.line + 1
                    break
    return node, line


def _words(
    error: Mapping[str, Any],
    location: Sequence[Any],
    node: yaml.Node | None,
    keys: Mapping[str, Collection[str]],
) -> str:
    key = str(location[-1]) if location else "the file"
    value = str(error.get("input"))[:SHORT]
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{key} is no key here.{meant(key, _known_keys(error['loc'], keys))}"
    if kind == "missing":
        return f"{key} is missing. Add it."
    if kind in ("literal_error", "union_tag_invalid"):
        known = re.findall("'([^']+)'", context.get("expected", context.get("expected_tags", "")))
        if kind == "union_tag_invalid":
            key, value = context["discriminator"].strip("'"), context["tag"]
        words = meant(value, known) if known else f" Use {context.get('expected')}."
        return f"{key}: {value} is not known.{words}"
    if kind == "union_tag_not_found":
        return f"{context['discriminator'].strip(chr(39))} is missing. Add it."
    if kind == "bool_parsing":
        return f"{key}: {value} is neither true nor false."
    if kind.startswith("int_"):
        return f"{key}: {value} is no whole number."
    if kind in ("string_type", "model_type", "dict_type", "list_type"):
        return f"{key}: {MADE_OF[kind]} is expected here, not {_shape(node)}."
    if kind == "string_pattern_mismatch":
        return f"{key}: {value} is not of the form {context['pattern']}."
    if kind == "too_short":
        return f"{key}: it needs at least one entry."
    return str(error["msg"]).removeprefix("Value error, ").rstrip(".") + "."


MADE_OF = {
    "string_type": "a text",
    "model_type": "a text, or keys with values,",
    "dict_type": "keys with values",
    "list_type": "a list",
}


def _shape(node: yaml.Node | None) -> str:
    if isinstance(node, yaml.MappingNode):
        return "keys with values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"“{node.value[:SHORT]}”" if node is not None and node.value else "nothing"
