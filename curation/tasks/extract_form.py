"""The extraction form in force: the review's own ``form.toml``, or the one that ships; its versions are kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from curation.errors import BadInput, Refused
from curation.extraction.form import Form, as_plain, lost, revived
from curation.extraction.form_file import FormText, form_text, read
from curation.resources import shipped
from curation.store import extractions
from curation.store.connect import Change
from curation.store.extractions import FormRow
from curation.tasks.review import Review

FORM_FILE = "form.toml"
DEFAULT = "charms"
_OWN = """\
# The form of this review: what is extracted of each study. It takes the shipped forms named here, and adds fields of
# its own; livrev extract form prints the whole. Fields are never deleted: name them under retired to ask no more.

name = "{name}"
version = "1"
title = "{title}"
takes = ["charms"]  # beside it there are: {others}
retired = []

# [[sections]]
# id = "ours"
# title = "Asked in this review only"

# [[fields]]
# id = "scanner"
# section = "ours"
# label = "Scanner"
# kind = "choice"  # text, number, count, proportion, mean-sd, date, choice, auc or table
# choices = ["1.5 T", "3 T", "both"]
# required = true
# help = "What an extractor should know."
"""


@dataclass(frozen=True, slots=True)
class InForce:
    """The form by which studies are extracted now; ``number`` None until something was entered under it."""

    form: Form
    text: FormText
    number: int | None
    own: bool


def in_force(review: Review) -> InForce:
    """The form in force; an unchanged one is taken from the store, as it was checked before.

    Raises BadInput for a faulty form, and for one that has lost a field of an earlier version.
    """
    own = review.folder / FORM_FILE
    library = shipped("db", "forms")
    found = form_text(own if own.is_file() else library / f"{DEFAULT}.toml", library)
    known = extractions.forms(review.sql)
    if known and known[-1].sha256 == found.sha256:
        return InForce(revived(known[-1].parsed), found, known[-1].number, own.is_file())
    form = read(found)
    if known:
        _refuse_lost(revived(known[-1].parsed), form, found.path)
    return InForce(form, found, None, own.is_file())


def kept(change: Change, current: InForce) -> int:
    """Id of the form in force, which is kept with its first use."""
    known = extractions.forms(change.sql)
    if known and known[-1].sha256 == current.text.sha256:
        return known[-1].id
    form, text = current.form, current.text.text if current.own else ""
    row = FormRow(0, 0, form.name, form.version, current.text.sha256, text, as_plain(form))
    return extractions.add_form(change, row).id


def write_own(review: Review) -> Path:
    """Begin a form of the review's own, which takes the default one; gives its path.

    Raises Refused where there is one.
    """
    path = review.folder / FORM_FILE
    if path.exists():
        message = f"{path} is there already; edit it"
        raise Refused(message)
    others = ", ".join(sorted(p.stem for p in shipped("db", "forms").glob("*.toml") if p.stem != DEFAULT))
    title = review.protocol.review.title.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text(_OWN.format(name="review", title=title, others=others), encoding="utf-8")
    return path


def versions(sql: sqlite3.Connection) -> tuple[FormRow, ...]:
    """Every version of the form that something was entered under."""
    return extractions.forms(sql)


def _refuse_lost(before: Form, now: Form, path: Path) -> None:
    gone = lost(before, now)
    if gone:
        message = f"{path.name} has lost fields of an earlier version; nothing is deleted from a form"
        said = "put it back and name it under retired, or name it in was = [...] of the field it became"
        raise BadInput(message, faults=tuple(f"{field}: {said}" for field in gone))
