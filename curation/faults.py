"""Faults of a file that people write by hand: all of them at once, each with its line, its key and a mend.

Types are checked by pydantic; what it finds is said here in words for people who know their review, not TOML.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

KeyPath = tuple[str | int, ...]
Fault = tuple[KeyPath, str]
T = TypeVar("T")

_WHOLE_NUMBER = "must be a whole number without quotation marks, like 2"
_DATE = "must be a date without quotation marks, like 2025-07-23"
_TEXT = "must be text in quotation marks"
_ONE_OF = "must be {expected}"
_BOOLEAN = "must be true or false, without quotation marks"

# pydantic's name of a finding, and what to say of it; the braces are filled from its context.
_WORDS = {
    "string_type": _TEXT,
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length} in its list, and has {actual_length}",
    "too_long": "must have at most {max_length} in its list, and has {actual_length}",
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "float_type": "must be a number without quotation marks, like 0.95",
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}
_LONGEST_SHOWN = 40


def checked_as(kind: type[T], plain: Mapping[str, Any], mend: str) -> tuple[T | None, list[Fault]]:
    """``plain`` (what a TOML file says) as the dataclass ``kind``, or None and every fault of its shape.

    ``mend`` says where to find an example of a missing key. Strict: a quoted number is a text.
    """
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - 0.2 s; only when a file has changed

    # As JSON, because strictness then still takes a list for a tuple and a word for an Enum.
    text = json.dumps(plain, default=_plain_date)
    try:
        return TypeAdapter(kind).validate_json(text, strict=True), []
    except ValidationError as problem:
        found = problem.errors()
    return None, [(e["loc"], _said(kind, mend, e)) for e in found if not _counts_the_faulty(e)]


def _counts_the_faulty(error: Mapping[str, Any]) -> bool:
    """Whether pydantic calls a list too short only because it left out entries whose own faults it tells."""
    if error["type"] != "too_short":
        return False
    enough: int = error["ctx"]["min_length"]
    return len(error["input"]) >= enough


def _plain_date(value: dt.date | dt.time) -> str:
    return value.isoformat()


def _said(kind: type, mend: str, error: Mapping[str, Any]) -> str:
    where: KeyPath = error["loc"]
    name = dotted(where)
    match error["type"]:
        case "unexpected_keyword_argument":
            known = _known_keys(kind, where[:-1])
            near = difflib.get_close_matches(str(where[-1]), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            return f"{name}: unknown key; {hint}"
        case "missing":
            return f"{name}: missing; {mend}"
    return f"{name}: {_in_words(error)}{_shown(error['input'])}"


def _in_words(error: Mapping[str, Any]) -> str:
    value, where = error["input"], error["loc"]
    heading = f"[[{where[-2]}]]" if isinstance(where[-1], int) else f"[{where[-1]}]"
    match error["type"]:
        case "tuple_type" if isinstance(value, Mapping):
            return f"can stand several times, so its heading has double brackets: [{heading}]"
        case "tuple_type":
            return 'must be a list in square brackets, like ["one", "two"]'
        case "dataclass_type" if isinstance(value, list):
            return f"stands once, so its heading has single brackets: {heading}"
        case "dataclass_type":
            return f"must be a block of keys under the heading {heading}"
        case kind if kind in _WORDS:
            return _WORDS[kind].format(**error.get("ctx", {}))
    message: str = error["msg"]
    return f"{message[:1].lower()}{message[1:]}"


def _shown(value: object) -> str:
    """What stands there instead, where that is short enough to help."""
    if value == "" or isinstance(value, Mapping | list):
        return ""
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    short = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return f"; it is {short}"


def _known_keys(kind: Any, where: KeyPath) -> list[str]:  # noqa: ANN401 - any field type of a file's dataclasses
    for step in where:
        kind = get_args(kind)[0] if isinstance(step, int) else get_type_hints(kind)[step]
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []


def dotted(where: KeyPath) -> str:
    """``sources[1].kind`` for the path to a key; list entries are counted from 1."""
    text = ""
    for step in where:
        text += f"[{step + 1}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def rows(plain: Mapping[str, Any], name: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Blocks of the list ``name`` with their index; what is no block is left to the check of shapes."""
    found = plain.get(name, [])
    return (
        [(i, row) for i, row in enumerate(found) if isinstance(row, Mapping)]
        if isinstance(found, list)
        else []
    )


def repeated(plain: Mapping[str, Any], table: str, key: str) -> Iterator[Fault]:
    """A fault for every text that stands more than once as ``key`` of ``table``, at its last place."""
    at = [(index, row[key]) for index, row in rows(plain, table) if isinstance(row.get(key), str)]
    for value, n in Counter(value for _, value in at).items():
        if n > 1:
            last = max(index for index, other in at if other == value)
            where: KeyPath = (table, last, key)
            yield where, f"{dotted(where)}: {value!r} stands {n} times; each must be unique"


def merged(of_shape: Iterable[Fault], of_meaning: Iterable[Fault]) -> list[Fault]:
    """All faults; where a rule of the file explains a key, what its bare shape says of it is left out."""
    explained = list(of_meaning)
    places = {where for where, _ in explained}
    return [f for f in of_shape if not any(f[0][: len(p)] == p for p in places)] + explained


class Lines:
    """Where the keys of a TOML file stand: tomllib tells lines of syntax errors only."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
    _KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")

    def __init__(self, text: str) -> None:
        """``text`` of the file."""
        self._at: dict[KeyPath, int] = {}
        here: KeyPath = ()
        seen: Counter[str] = Counter()
        for number, line in enumerate(text.splitlines(), 1):
            header, key = self._HEADER.match(line), self._KEY.match(line)
            if header is not None:
                name = header.group(2)
                here = (name, seen[name]) if header.group(1) == "[[" else (name,)
                seen[name] += 1
                self._at.setdefault((name,), number)
                self._at.setdefault(here, number)
            elif key is not None:
                self._at.setdefault((*here, key.group(1)), number)

    def of(self, where: KeyPath) -> int:
        """Line of the nearest known part of ``where``; 0 where nothing of it stands in the file."""
        parts = (tuple(where[:end]) for end in range(len(where), 0, -1))
        return next((self._at[part] for part in parts if part in self._at), 0)

    def told(self, faults: Iterable[Fault]) -> tuple[str, ...]:
        """``line 12: ...`` for each fault, from the top of the file to its end."""
        placed = sorted((self.of(where), said) for where, said in faults)
        return tuple(f"line {number}: {said}" if number else said for number, said in placed)
