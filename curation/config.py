"""Finds a review's folder, and checks ``review.toml`` whole: every fault at once, with its place and a mend."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from curation.errors import Configuration, Usage
from curation.protocol import Protocol

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
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        message = f"{path} cannot be read: {problem}; it must be a UTF-8 text file"
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
    lines = _Lines(file.text)
    protocol, faults = _structure(plain, lines)
    faults += [f"{lines.of(where)}{said}" for where, said in _meaning(plain)]
    if faults or protocol is None:
        count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
        message = f"{file.path} has {count}; nothing was done"
        raise Configuration(message, faults=tuple(faults))
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


Path_ = tuple[str | int, ...]


def _structure(plain: Mapping[str, Any], lines: _Lines) -> tuple[Protocol | None, list[str]]:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - 0.2 s; only when a protocol has changed

    try:
        return TypeAdapter(Protocol).validate_python(plain), []
    except ValidationError as problem:
        return None, [lines.of(e["loc"]) + _said(e["loc"], e["type"], e["msg"]) for e in problem.errors()]


def _said(where: Path_, kind: str, message: str) -> str:
    name = dotted(where)
    if kind == "unexpected_keyword_argument":
        near = difflib.get_close_matches(str(where[-1]), _known_keys(where[:-1]), n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; known keys: {', '.join(_known_keys(where[:-1]))}"
        return f"{name}: unknown key{hint}"
    if kind == "missing":
        return f"{name}: missing; add it (livrev init DIR writes a commented example)"
    return f"{name}: {message[0].lower()}{message[1:]}"


def _known_keys(where: Path_) -> list[str]:
    kind: Any = Protocol
    for step in where:
        kind = get_args(kind)[0] if isinstance(step, int) else get_type_hints(kind)[step]
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []


def dotted(where: Path_) -> str:
    """``sources[1].kind`` for the path to a key; list entries are counted from 1."""
    text = ""
    for step in where:
        text += f"[{step + 1}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def _meaning(plain: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """Faults that types alone cannot see. Reads the raw values, so that all faults show at once."""
    for table, key in (
        ("sources", "key"),
        ("reviewers", "id"),
        ("exclusion_reasons", "code"),
        ("syntheses", "id"),
    ):
        yield from _repeated(plain, table, key)
    for index, source in enumerate(_tables(plain, "sources")):
        name = source.get("key")
        if isinstance(name, str) and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            yield ("sources", index, "key"), "sources.key: use lower-case letters, digits and hyphens"
    yield from _ncbi(plain)
    yield from _team(plain)


def _repeated(plain: Mapping[str, Any], table: str, key: str) -> Iterator[tuple[Path_, str]]:
    seen = Counter(row.get(key) for row in _tables(plain, table))
    for value, n in seen.items():
        if n > 1 and value is not None:
            last = max(i for i, row in enumerate(_tables(plain, table)) if row.get(key) == value)
            yield (table, last, key), f"{table}.{key}: {value!r} stands {n} times; each must be unique"


def _ncbi(plain: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    ncbi = plain.get("ncbi", {})
    email = ncbi.get("email", "") if isinstance(ncbi, Mapping) else ""
    asks = any(source.get("service") == "pubmed" for source in _tables(plain, "sources"))
    if asks and not email:
        yield (
            ("ncbi", "email"),
            'ncbi.email: NCBI asks for a contact address; add [ncbi] email = "you@example.org"',
        )
    elif email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(email)):
        yield ("ncbi", "email"), f"ncbi.email: {email!r} is no e-mail address"
    if isinstance(ncbi, Mapping) and "api_key" in ncbi:
        yield (
            ("ncbi", "api_key"),
            "ncbi.api_key: keep the key out of files; set NCBI_API_KEY in the environment",
        )


def _team(plain: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    active = [r for r in _tables(plain, "reviewers") if r.get("active", True)]
    screeners = sum("screener" in r.get("roles", ()) for r in active)
    screening = plain.get("screening", {})
    for name in ("votes_abstract", "votes_fulltext"):
        needed = screening.get(name, 2) if isinstance(screening, Mapping) else 2
        if isinstance(needed, int) and screeners < needed:
            said = (
                f"screening.{name}: {needed} votes are needed, but {screeners} active reviewers are screeners"
            )
            yield ("screening", name), said


def _tables(plain: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows = plain.get(name, [])
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


class _Lines:
    """Where the keys of a TOML file stand: tomllib tells lines of syntax errors only."""

    _HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
    _KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")

    def __init__(self, text: str) -> None:
        self._at: dict[Path_, int] = {}
        here: Path_ = ()
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

    def of(self, where: Path_) -> str:
        """``line 12: `` for the nearest known part of ``where``, or nothing."""
        for end in range(len(where), 0, -1):
            if number := self._at.get(tuple(where[:end])):
                return f"line {number}: "
        return ""
