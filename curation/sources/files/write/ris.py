"""RIS: for any reference manager, in the wording that EndNote keeps best, and as Covidence takes it in.

One line a value, one value a tag, as the tag list of Reference Manager has it; an abstract in one line, since
some programs take a line that begins like a tag for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

from curation.model import Author, Number
from curation.sources.files import carried
from curation.sources.files.write.exported import Exported, Form, name_of, one_line, with_carried

Pairs = Iterator[tuple[str, str]]

# How a publication type of MEDLINE's or Embase's words is called in RIS; the first that is found counts.
_TYPES = (
    (re.compile(r"book chapter|book section", re.IGNORECASE), "CHAP"),
    (re.compile(r"^book$", re.IGNORECASE), "BOOK"),
    (re.compile(r"thesis|dissertation", re.IGNORECASE), "THES"),
    (re.compile(r"conference|congress|proceedings|meeting abstract", re.IGNORECASE), "CPAPER"),
)


@dataclass(frozen=True, slots=True)
class Flavour:
    """What differs between the programs that read RIS: the label's tag, a group's name, a free accession tag."""

    label: str = "ID"
    group: str = "{}"
    accession: bool = False


PLAIN = Flavour()
ENDNOTE = Flavour(label="LB", group="{},")  # EndNote keeps Label, drops ID, and reads a name up to its comma
COVIDENCE = Flavour(accession=True)  # its export gives Accession Number back


def write(exported: Iterable[Exported], stream: IO[bytes], flavour: Flavour = PLAIN) -> int:
    """Write every report as a RIS record; gives their number."""
    form = Form("ris", partial(_record, flavour))
    n = 0
    for item, missing in with_carried(exported, form):
        stream.write(_record(flavour, item, missing))
        n += 1
    return n


write_endnote: Callable[[Iterable[Exported], IO[bytes]], int] = partial(write, flavour=ENDNOTE)
write_covidence: Callable[[Iterable[Exported], IO[bytes]], int] = partial(write, flavour=COVIDENCE)


def _record(flavour: Flavour, item: Exported, missing: str) -> bytes:
    pairs = (*_work(item, flavour), *_place(item), *_numbers(item, flavour), *_ours(item, flavour, missing))
    written = [f"{tag}  - {value}\n" for tag, given in pairs if (value := one_line(given))]
    return "".join((*written, "ER  - \n\n")).encode()


def _work(item: Exported, flavour: Flavour) -> Pairs:
    c = item.citation
    yield "TY", _type(c.publication_types)
    yield "TI", item.title
    for author in c.authors:
        yield "AU", _name(author, flavour)
    yield "PY", str(c.year or "")
    yield "DA", _date(c.date)
    yield "AB", c.abstract


def _place(item: Exported) -> Pairs:
    c = item.citation
    yield "T2", c.journal
    yield "J2", c.journal_short
    yield "VL", c.volume
    yield "IS", c.issue
    start, _, end = c.pages.partition("-")
    yield "SP", start
    yield "EP", end
    for number in (*c.numbers.get(Number.ISSN, ()), *c.numbers.get(Number.ISBN, ())):
        yield "SN", number


def _numbers(item: Exported, flavour: Flavour) -> Pairs:
    c = item.citation
    yield "DO", c.doi or ""
    yield "C2", c.pmcid or ""
    if c.pmid:
        yield "AN", c.pmid
        yield "DB", "PubMed"
    elif flavour.accession:
        yield "AN", item.token
    elif item.accession and not item.accession.startswith("sha256:"):
        yield "AN", item.accession
    if c.doi:
        yield "UR", f"https://doi.org/{c.doi}"
    elif c.pmid:
        yield "UR", f"https://pubmed.ncbi.nlm.nih.gov/{c.pmid}/"
    for language in c.language:
        yield "LA", language
    for kind in c.publication_types:
        yield "M3", kind
    for word in c.keywords:
        yield "KW", word


def _ours(item: Exported, flavour: Flavour, missing: str) -> Pairs:
    yield flavour.label, f"R{item.report}"
    yield "N1", item.token
    yield "N1", item.outcome
    yield "N1", item.note
    yield carried.RIS_TAG, missing


def _type(kinds: tuple[str, ...]) -> str:
    return next((name for shape, name in _TYPES for kind in kinds if shape.search(kind)), "JOUR")


def _name(person: Author, flavour: Flavour) -> str:
    return flavour.group.format(name_of(person)) if person.collective else name_of(person)


def _date(iso: str) -> str:
    """``2024/03/15``, as RIS writes a date; empty where only the year is known."""
    return iso.replace("-", "/") if "-" in iso else ""
