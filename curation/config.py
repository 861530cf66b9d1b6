"""Finds a review's folder, and checks ``review.toml`` whole: every fault at once, with its place and a mend."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from curation.errors import Configuration, Usage
from curation.faults import Fault, KeyPath, Lines, checked_as, dotted, merged, repeated, rows
from curation.protocol import Analysis, Protocol

PROTOCOL_FILE = "review.toml"
STORE_FILE = "review.db"


@dataclass(frozen=True, slots=True)
class ProtocolFile:
    """``review.toml`` as bytes and text, and their SHA-256."""

    path: Path
    text: str
    sha256: str


def find(start: Path | None, environment: Mapping[str, str]) -> Path:
    """Folder of the review: ``start`` if given, ``LIVREV_REVIEW``, else the nearest one upwards.

    Raises Usage when there is none.
    """
    named = start or (Path(environment["LIVREV_REVIEW"]) if environment.get("LIVREV_REVIEW") else None)
    if named is not None:
        if (named / PROTOCOL_FILE).is_file():
            return named.resolve()
        message = f"{named} is no review: it has no {PROTOCOL_FILE}; make one with: livrev init {named}"
        raise Usage(message)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROTOCOL_FILE).is_file():
            return folder
    message = f"no {PROTOCOL_FILE} in {here} or above; go to a review's folder, name it with --review, or: livrev init DIR"
    raise Usage(message)


def read(folder: Path) -> ProtocolFile:
    """Bytes of the protocol file, not yet checked.

    Raises Configuration when it cannot be read as UTF-8 text.
    """
    path = folder / PROTOCOL_FILE
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")  # Windows' Notepad may put a mark before the first letter
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        message = f"{path} is not UTF-8 text (line {line}); save it again with the encoding UTF-8"
        raise Configuration(message) from problem
    except OSError as problem:
        message = f"{path} cannot be read: {problem.strerror or problem}"
        raise Configuration(message) from problem
    return ProtocolFile(path, text, hashlib.sha256(raw).hexdigest())


def checked(file: ProtocolFile) -> Protocol:
    """The protocol in ``file``.

    Raises Configuration with every fault of the file, each with line, key and mend.
    """
    try:
        plain = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as problem:
        message = f"{file.path} is not valid TOML: {problem}; mend that place first"
        raise Configuration(message) from problem
    protocol, of_shape = checked_as(Protocol, plain, "add it (livrev init DIR writes a commented example)")
    faults = merged(of_shape, _meaning(plain))
    if faults or protocol is None:
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        message = f"{file.path} has {count}; nothing was done"
        raise Configuration(message, faults=Lines(file.text).told(faults))
    return protocol


def as_plain(protocol: Protocol) -> str:
    """``protocol`` as JSON text, for the store."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - 0.2 s; only when a protocol has changed

    return TypeAdapter(Protocol).dump_json(protocol).decode()


def revived(plain: Any, kind: Any = Protocol) -> Any:  # noqa: ANN401 - any field type of the protocol
    """Value of type ``kind`` from the JSON values that ``as_plain`` made of it; not checked again."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(
            **{f.name: revived(plain[f.name], hints[f.name]) for f in fields(kind) if f.name in plain}
        )
    if isinstance(plain, list):
        return tuple(revived(item, get_args(kind)[0]) for item in plain)
    if isinstance(plain, str) and isinstance(kind, type) and kind is not str:
        return kind(plain)
    if isinstance(plain, str) and hasattr(kind, "__args__"):  # date | None
        return kind.__args__[0].fromisoformat(plain)
    return plain


def _meaning(plain: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults that types alone cannot see. Reads the raw values, so that all faults show at once."""
    yield from repeated(plain, "sources", "key")
    yield from repeated(plain, "reviewers", "id")
    yield from repeated(plain, "exclusion_reasons", "code")
    yield from repeated(plain, "syntheses", "id")
    for index, source in rows(plain, "sources"):
        name = source.get("key")
        if isinstance(name, str) and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            where: KeyPath = ("sources", index, "key")
            yield where, f"{dotted(where)}: use lower-case letters, digits and hyphens; it is {name!r}"
    yield from repeated(plain, "removals", "name")
    yield from _ncbi(plain)
    yield from _team(plain)
    yield from _amendments(plain)
    yield from _syntheses(plain)


def _ncbi(plain: Mapping[str, Any]) -> Iterator[Fault]:
    ncbi = plain.get("ncbi", {})
    if not isinstance(ncbi, Mapping):
        return
    email = ncbi.get("email", "")
    asks = any(source.get("service") in ("pubmed", "europepmc") for _, source in rows(plain, "sources"))
    services = plain.get("services", {})
    asks = asks or (isinstance(services, Mapping) and any(on is True for on in services.values()))
    if asks and email == "":
        said = 'ncbi.email: the services that are searched ask for a contact address; add [ncbi] email = "you@example.org"'
        yield ("ncbi", "email"), said
    elif isinstance(email, str) and email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        yield ("ncbi", "email"), f"ncbi.email: {email!r} is no e-mail address"
    if "api_key" in ncbi:
        said = "ncbi.api_key: keep the key out of files; set NCBI_API_KEY in the environment"
        yield ("ncbi", "api_key"), said


def _team(plain: Mapping[str, Any]) -> Iterator[Fault]:
    people = rows(plain, "reviewers")
    if not people:  # a fault of its own
        return
    active = [r for _, r in people if r.get("active", True)]
    roles = [r["roles"] for r in active if isinstance(r.get("roles"), list)]
    screeners = sum("screener" in held for held in roles)
    screening = plain.get("screening", {})
    for name in ("votes_abstract", "votes_fulltext"):
        needed = screening.get(name, 2) if isinstance(screening, Mapping) else 2
        if type(needed) is int and screeners < needed:  # a bool is an int, and no number of votes
            said = f"screening.{name}: {needed} votes are needed, but active screeners number {screeners}"
            yield ("screening", name), said


def _amendments(plain: Mapping[str, Any]) -> Iterator[Fault]:
    criteria = plain.get("criteria", {})
    if not isinstance(criteria, Mapping):
        return
    codes = [reason.get("code") for _, reason in rows(plain, "exclusion_reasons")]
    newest = criteria.get("number", 1)
    for index, amendment in rows(criteria, "amendments"):
        number, reasons = amendment.get("number"), amendment.get("reasons", [])
        where: KeyPath = ("criteria", "amendments", index)
        if type(number) is int and type(newest) is int and number > newest:
            said = f"it is {number}, but criteria.number is {newest}; raise that too"
            yield (*where, "number"), f"{dotted((*where, 'number'))}: {said}"
        for code in reasons if isinstance(reasons, list) else ():
            if code not in codes:
                said = f"{code!r} is no code under exclusion_reasons"
                yield (*where, "reasons"), f"{dotted((*where, 'reasons'))}: {said}"


def _syntheses(plain: Mapping[str, Any]) -> Iterator[Fault]:
    """Choices of a synthesis that contradict one another, and names that nothing bears."""
    declared = rows(plain, "syntheses")
    ids = [s.get("id") for _, s in declared]
    named = {name for _, s in declared for name in _listed(s.get("sensitivity")) if name != s.get("id")}
    for index, synthesis in declared:
        for name in _listed(synthesis.get("sensitivity")):
            if name not in ids and name not in set(Analysis):
                said = f"{name!r} is no analysis and no id of a synthesis; known: {', '.join(Analysis)}"
                yield _at(index, "sensitivity", said)
        for key, said in _contradictions(synthesis):
            yield _at(index, key, said)
        if synthesis.get("only_sensitivity") is True and synthesis.get("id") not in named:
            yield _at(
                index,
                "only_sensitivity",
                "no other synthesis names it under sensitivity; it would never be shown",
            )
    living = plain.get("living", {})
    rule = living.get("rule", {}) if isinstance(living, Mapping) else {}
    watched = rule.get("synthesis", "") if isinstance(rule, Mapping) else ""
    if watched and watched not in ids:
        where: KeyPath = ("living", "rule", "synthesis")
        yield where, f"{dotted(where)}: {watched!r} is no id of a synthesis"


# What belongs to the recommended method, and what a three-level model fixes by itself.
_CHOICES = ("scale", "limits", "estimator", "interval", "prediction", "level", "missing", "dependence", "rho")
_FIXED = ("estimator", "interval", "prediction")


def _contradictions(synthesis: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if synthesis.get("method") == "published":
        for key in _CHOICES:
            if key in synthesis:
                yield (
                    key,
                    'the published method has no such choice; remove it, or take method = "recommended"',
                )
        return
    dependence, only = synthesis.get("dependence"), synthesis.get("only_sensitivity") is True
    if "rho" in synthesis and dependence != "three-level":
        yield "rho", 'correlations are assumed under dependence = "three-level" only'
    for key in _FIXED:
        if key in synthesis and dependence == "three-level":
            yield key, "a three-level model is fitted by REML with CR2 errors by study; remove it"
    for key, value in (("missing", "borrow"), ("dependence", "as if independent")):
        if synthesis.get(key) == value and not only:
            yield (
                key,
                f'"{value}" is for sensitivity analyses; add only_sensitivity = true and name its id under sensitivity',
            )
    if only and synthesis.get("primary") is True:
        yield "only_sensitivity", "a primary synthesis is shown by itself; remove one of the two"


def _at(index: int, key: str, said: str) -> Fault:
    where: KeyPath = ("syntheses", index, key)
    return where, f"{dotted(where)}: {said}"


def _listed(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
