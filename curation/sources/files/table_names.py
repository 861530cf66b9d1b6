"""Authors of one cell, in the ways in which tables write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from curation.model import Author
from curation.sources.files.columns import Names
from curation.sources.files.fields import author
from curation.sources.files.prose import folded

_QUOTED_ITEM = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_OUTSIDE_BRACKETS = re.compile(r"(?:,\s+|(?<=[^\d\s]),(?=\D))(?![^()]*\))")
_SCOPUS_NUMBER = re.compile(r"\s*\(\d{6,}\)$")
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?[ -]?){1,4}")
_AND = re.compile(r"\s+(?:and|&)\s+")
_LAST_AND = re.compile(r"^(?:and|&)\s+")
_PARTICLES = frozenset(
    {"de", "del", "della", "der", "den", "di", "da", "das", "dos", "du", "el", "la", "le", "ten", "ter", "van", "von", "zu", "bin", "ibn"}
)  # fmt: skip
_SUFFIXES = frozenset({"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"})
_GROUP = re.compile(
    r"\b(?:group|consortium|investigators?|collaborat\w+|network|committee|study|team|society|association|"
    r"organi[sz]ation|institute|university|ministry|department|initiative|project|register|registry)\b",
    re.IGNORECASE,
)
_NOBODY = frozenset({"[anonymous]", "anonymous", "anon", "[no author name available]", "no authors listed"})
_FEW_WORDS = 4  # a person's name has no more, a group's often does


def items(value: str, *, commas: bool = False) -> list[str]:
    """Values of a cell that holds several: a written list, or parted by ``;``, ``|`` or lines; else by commas."""
    if value[:2] in {"['", '["'} and value.endswith("]"):
        found = [(a or b).replace("\\'", "'").replace('\\"', '"') for a, b in _QUOTED_ITEM.findall(value)]
    elif (mark := next((mark for mark in ";|\n" if mark in value), "")) != "":
        found = value.split(mark)
    else:
        found = _OUTSIDE_BRACKETS.split(value) if commas else [value]
    return [item for item in map(folded, found) if item]


def people(value: str, names: Names) -> tuple[Author, ...]:
    """Authors of a cell; empty when it says that there are none."""
    if folded(value).casefold() in _NOBODY:
        return ()
    found = _READERS[names](value)
    return tuple(person for person in found if person.family)


def groups(value: str) -> tuple[Author, ...]:
    """Collective authors of a cell that holds nothing else."""
    return tuple(Author(name, collective=True) for name in items(value))


def natural(name: str) -> Author:
    """Author whose given name stands first: ``Maarten van Smeden``; a group is kept whole."""
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and words[-1] in _SUFFIXES else []  # noqa: PLR2004 - given, family, suffix
    if "," in name or len(words) < 2 or _GROUP.search(name):  # noqa: PLR2004 - given, family
        return author(name)
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].casefold() in _PARTICLES:
        begin -= 1
    turned = ", ".join([" ".join(words[begin:]), " ".join(words[:begin]), *suffix])
    return replace(author(turned), name=name)


def _family(value: str) -> Iterator[Author]:
    return (author(_SCOPUS_NUMBER.sub("", name)) for name in items(value))


def _natural(value: str) -> Iterator[Author]:
    return map(natural, items(value))


def _commas_natural(value: str) -> Iterator[Author]:
    return map(natural, items(value.rstrip(". …"), commas=True))


def _commas(value: str) -> Iterator[Author]:
    """``Hu Y, Li Z.``; what stands behind a semicolon without initials is a group (PubMed's summaries)."""
    value = value[:-1] if value.endswith(".") and value.count(".") == 1 else value
    for chunk in value.split(";"):
        named = list(map(author, _comma_parts(chunk)))
        if not named:
            continue
        if any(person.initials for person in named) or " " not in chunk.strip():
            yield from named
        else:
            yield Author(folded(chunk), collective=True)


def _comma_parts(chunk: str) -> list[str]:
    parts: list[str] = []
    for part in map(folded, chunk.split(",")):
        if part in _SUFFIXES and parts:
            parts[-1] = f"{parts[-1]} {part}"
        elif part:
            parts.append(_LAST_AND.sub("", part))
    return parts


def _any(value: str) -> Iterator[Author]:
    several = items(value)
    if len(several) > 1:
        yield from map(author, several)
        return
    name = several[0] if several else ""
    joined = _AND.split(name)
    if len(joined) > 1 and _are_people(joined):
        yield from (author(part) if "," in part else _either(part) for part in joined)
    elif "," in name:
        yield from _between_commas(name)
    else:
        yield author(name)


def _are_people(parts: list[str]) -> bool:
    """``Hu, Y. and Li, Z.`` or ``Yue Hu and Zhong Li``, not ``Ministry of Health and Welfare``."""
    if all(part.count(",") == 1 for part in parts):
        return True
    return all(part.count(",") <= 1 and ("," in part or _is_person(part)) for part in parts)


def _is_person(name: str) -> bool:
    words = name.split()
    capitals = all(word[0].isupper() or word.casefold() in _PARTICLES for word in words)
    return 1 < len(words) <= _FEW_WORDS and capitals and _GROUP.search(name) is None


def _either(name: str) -> Author:
    """``Hu Y`` or ``Yue Hu``."""
    found = author(name)
    return found if found.initials or not _is_person(name) else natural(name)


def _between_commas(value: str) -> Iterator[Author]:
    parts = _comma_parts(value)
    given, family = parts[1::2], parts[::2]
    if len(parts) > 1 and all(author(part).initials for part in parts):
        yield from map(author, parts)
    elif len(given) == len(family) > 1 and all(_INITIALS.fullmatch(part) for part in given):
        yield from (author(f"{last}, {first}") for last, first in zip(family, given, strict=True))
    elif len(parts) > 1 and all(map(_is_person, parts)):
        yield from map(_either, parts)
    else:
        yield author(value)


_READERS = {
    Names.ANY: _any,
    Names.FAMILY: _family,
    Names.NATURAL: _natural,
    Names.COMMAS: _commas,
    Names.COMMAS_NATURAL: _commas_natural,
}
