"""Reads a form from its file, with the shipped forms it takes; every fault at once, each with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from curation.errors import BadInput
from curation.extraction.form import EVALUATIONS, Column, Field, Form, Kind
from curation.faults import Fault, KeyPath, Lines, checked_as, dotted, merged, repeated, rows
from curation.model import Validation

_ID = re.compile(r"[a-z][a-z0-9_]*")
_NEEDED = {
    "marker": Kind.TEXT,
    "outcome": Kind.TEXT,
    "model": Kind.TEXT,
    "validation": Kind.CHOICE,
    "auc": Kind.AUC,
}
_NUMBERS = {Kind.NUMBER, Kind.COUNT, Kind.MEAN_SD}
_SEVERAL = {Kind.TEXT, Kind.CHOICE}
_MEND = "see the forms in db/forms for examples"


@dataclass(frozen=True, slots=True)
class FormText:
    """A form's own text and those of the forms it takes, in their order; ``path`` is where it stands."""

    path: Path
    text: str
    taken: tuple[tuple[Path, str], ...]

    @property
    def sha256(self) -> str:
        """Hexadecimal hash over all texts: another one means another form."""
        return hashlib.sha256("\0".join((self.text, *(text for _, text in self.taken))).encode()).hexdigest()


def form_text(path: Path, library: Path) -> FormText:
    """The texts that make up the form in ``path``; ``library`` is the folder of the shipped forms.

    Raises BadInput when one of them is missing or no TOML.
    """
    text, plain = _toml(path)
    taken = []
    for name in _names(plain, "takes"):
        other = library / f"{name}.toml"
        if not other.is_file():
            known = ", ".join(sorted(p.stem for p in library.glob("*.toml")))
            message = f"{path.name}: takes {name!r}, which is no shipped form (known: {known})"
            raise BadInput(message)
        taken.append((other, _toml(other)[0]))
    return FormText(path, text, tuple(taken))


def read(found: FormText) -> Form:
    """The form with everything it takes.

    Raises BadInput with every fault of the file, each with its line and key.
    """
    parts = [_checked(path, text) for path, text in found.taken]
    own = _checked(found.path, found.text)
    form = replace(
        own,
        sections=tuple(chain.from_iterable(p.sections for p in (*parts, own))),
        fields=tuple(chain.from_iterable(p.fields for p in (*parts, own))),
    )
    faults = [*_taken_twice(form), *_unknown_retired(form), *_evaluations(form)]
    if faults:
        message = f"{found.path.name} cannot be used as a form"
        raise BadInput(message, faults=tuple(faults))
    return replace(form, fields=tuple(_standing(f, form.retired) for f in form.fields))


def _toml(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        message = f"{path.name} cannot be read as a form: {problem}"
        raise BadInput(message) from problem


def _checked(path: Path, text: str) -> Form:
    plain = tomllib.loads(text)
    form, of_shape = checked_as(Form, plain, _MEND)
    faults = merged(of_shape, _meaning(plain))
    if faults or form is None:
        message = f"{path.name} has {len(faults)} fault{'s' if len(faults) != 1 else ''}; it cannot be used as a form"
        raise BadInput(message, faults=Lines(text).told(faults))
    return form


def _meaning(plain: Mapping[str, Any]) -> Iterator[Fault]:
    yield from repeated(plain, "fields", "id")
    yield from repeated(plain, "sections", "id")
    sections = {row.get("id") for _, row in rows(plain, "sections")}
    for index, row in rows(plain, "fields"):
        where: KeyPath = ("fields", index)
        section = row.get("section", "")
        if section and section not in sections:
            yield (*where, "section"), f"{dotted((*where, 'section'))}: there is no section {section!r}"
        yield from _column(row, where)
        yield from _table(row, where)


def _column(row: Mapping[str, Any], where: KeyPath) -> Iterator[Fault]:
    name, kind = row.get("id"), row.get("kind", "text")
    said = {
        "id": "must be small letters, digits and _, like cohort_size"
        if isinstance(name, str) and name and not _ID.fullmatch(name)
        else "",
        "choices": _about_choices(row, kind),
        "many": "only texts and choices can be several"
        if row.get("many") is True and kind not in _SEVERAL
        else "",
        "least": _about_limits(row, kind),
        "formerly": _about_formerly(row),
    }
    for key, fault in said.items():
        if fault:
            yield (*where, key), f"{dotted((*where, key))}: {fault}"


def _about_choices(row: Mapping[str, Any], kind: object) -> str:
    choices = _names(row, "choices")
    if kind == Kind.CHOICE and not choices:
        return 'a choice needs its words, like choices = ["yes", "no"]'
    if kind != Kind.CHOICE and choices:
        return 'stand with kind = "choice" only'
    if any(";" in choice for choice in choices):
        return "a semicolon parts choices and can stand in none"
    return "each must be unique" if len({c.casefold() for c in choices}) < len(choices) else ""


def _about_limits(row: Mapping[str, Any], kind: object) -> str:
    least, most = row.get("least"), row.get("most")
    if (least is not None or most is not None) and kind not in _NUMBERS:
        return "only numbers have limits"
    if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
        return f"is {least}, above most, which is {most}"
    return ""


def _about_formerly(row: Mapping[str, Any]) -> str:
    formerly, choices = row.get("formerly", {}), _names(row, "choices")
    if not isinstance(formerly, Mapping):
        return ""
    unknown = [str(new) for new in formerly.values() if new not in choices]
    return f"{', '.join(map(repr, unknown))} is none of the choices" if unknown else ""


def _table(row: Mapping[str, Any], where: KeyPath) -> Iterator[Fault]:
    columns = [column for _, column in rows(row, "columns")]
    if row.get("kind") != Kind.TABLE:
        if columns:
            yield (*where, "columns"), f'{dotted((*where, "columns"))}: stand with kind = "table" only'
        return
    if not columns:
        yield (*where, "columns"), f"{dotted((*where, 'columns'))}: a table needs at least one"
    ids = [column.get("id") for column in columns]
    for name in sorted({str(i) for i in ids if ids.count(i) > 1}):
        yield (
            (*where, "columns"),
            f"{dotted((*where, 'columns'))}: {name!r} stands twice; each must be unique",
        )
    for name in _names(row, "named_by"):
        if name not in ids:
            yield (*where, "named_by"), f"{dotted((*where, 'named_by'))}: there is no column {name!r}"
    for index, column in rows(row, "columns"):
        inner: KeyPath = (*where, "columns", index)
        if column.get("kind") == Kind.TABLE:
            yield (*inner, "kind"), f"{dotted((*inner, 'kind'))}: a table cannot stand in a table"
        yield from _column(column, inner)


def _taken_twice(form: Form) -> Iterator[str]:
    ids = [f.id for f in form.fields]
    for name in sorted({i for i in ids if ids.count(i) > 1}):
        yield f"field {name!r} stands in more than one of the forms that are taken; rename yours, with was = [...]"
    sections = [s.id for s in form.sections]
    for name in sorted({i for i in sections if sections.count(i) > 1}):
        yield f"section {name!r} stands in more than one of the forms that are taken; give yours another id"


def _unknown_retired(form: Form) -> Iterator[str]:
    known = set(form.paths())
    for path in form.retired:
        if path not in known:
            yield f"retired: there is no field {path!r}"


def _evaluations(form: Form) -> Iterator[str]:
    """The one table that livrev itself reads has the columns it needs, of their kinds."""
    table = form.table(EVALUATIONS)
    if table is None:
        return
    columns = {c.id: c for c in table.columns}
    for name, kind in _NEEDED.items():
        if name not in columns or columns[name].kind is not kind:
            yield f"table {EVALUATIONS}: needs a column {name!r} of kind {kind}"
    for choice in columns["validation"].choices if "validation" in columns else ():
        if choice not in set(Validation):
            yield f"table {EVALUATIONS}: {choice!r} is no kind of validation ({', '.join(Validation)})"


def _standing(one: Field, retired: tuple[str, ...]) -> Field:
    columns: tuple[Column, ...] = tuple(
        replace(c, retired=c.retired or f"{one.id}.{c.id}" in retired) for c in one.columns
    )
    return replace(one, retired=one.retired or one.id in retired, columns=columns)


def _names(row: Mapping[str, Any], key: str) -> list[str]:
    found = row.get(key, [])
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
