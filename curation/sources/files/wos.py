"""Web of Science plain text: two-letter tags, continuations behind three blanks, ``PT`` to ``ER``, ``FN`` to ``EF``.

The platform writes records of other databases in the same shape (MEDLINE, Inspec, BIOSIS, Zoological Record ...);
which one it is stands before the number in UT. Newer exports give full names in AU and a date with its year in
PD; early access gives EA in place of PD and PY. Tags: Clarivate, "Web of Science Core Collection Field Tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from curation import identifiers
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import (
    Fields,
    abstract_of,
    author,
    authors_of,
    date_of,
    first_doi,
    folded,
    isbns,
    issns,
    numbers_of,
    pages_of,
    title_of,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.spool import digest

RAW_FORMAT = "wos"
UNTAGGED = "text"  # where lines are kept that stand under no tag

_OPENER = re.compile(r"PT[ \t]+[A-Z][A-Za-z]{0,11}[ \t]*")
_GLUED_OPENER = re.compile(rf"ER[ \t]*({_OPENER.pattern})")
_TAG = re.compile(r"([A-Z][A-Z0-9])(?:[ \t]+(.*)|$)")
_GLUED = re.compile(r"(AU|AF|TI|SO|CR|AB|DE|ID|C1|RP|PU|DI|UT|SN|PM|VL|BP|EP|PY)(?=[A-Z][a-z]|\d|WOS:)(.*)")
_FRAME = frozenset({"FN", "VR", "EF"})  # of the file, of no record
_CUT = re.compile(r"P|PT[ \t]*")
_CUT_INSIDE = re.compile(r"PT[ \t]*")  # a P alone may begin any field
# One value a line; of the others the lines are one text.
_LISTS = frozenset({"AU", "AF", "BA", "BF", "BE", "ED", "CA", "GP", "CR"})
_ONE_PARAGRAPH = 100  # characters; a longer line was not wrapped, so the lines of its abstract are paragraphs
_HEADS = (
    "aims?|backgrounds?|conclusions?|context|design|discussion|findings|hypothesis|importance|interpretation|"
    "introduction|limitations|main outcome measures?|materials?|measurements|methodology|methods?|objectives?|"
    "participants|patients|purpose|rationale|registration|results?|settings?|significance|study design|subjects|"
    "clinical trial registration"
)
_HEAD = re.compile(
    rf"((?:{_HEADS})(?:(?: and |, | ?/ ?| & )(?:{_HEADS}))*)(?:[.:]| ?[-–—]|(?= [A-Z])|$) *", re.IGNORECASE
)
_CUT_NAME = re.compile(r"([A-Z']{2,8})\.([A-Z]{1,3})")  # of the years before 1976, eight letters long
_NOBODY = "[Anonymous]"
_NUMBER_SAID = re.compile(r"^(?:UNSP|ARTN|ART\.? ?NO\.?)\s+", re.IGNORECASE)
_MONTH_NUMBER = re.compile(r"^(\d{2}) (\d{4})$")
_RANGE = re.compile(r"(?<=[A-Z]{3})-[A-Z]{3}.*?(?=\s\d{4}|$)", re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Block:
    """Lines from a record's PT to its ER, or lines outside any record; the first at ``line`` of the file."""

    line: int
    opened: bool
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text as received."""
        return "\n".join(self.lines).rstrip()


def read(document: Document, _wanted: Wanted) -> Iterator[Outcome]:
    """Every record of a Web of Science text.

    A record ends at its ER, at the next PT, or at a line of the file's frame; one that the file cuts off is
    read as far as it goes. Refused are records with neither title nor identifier, and fields outside a record.
    """
    for block in _blocks(document.lines()):
        if block.opened:
            yield _outcome(block)
        elif any(map(_TAG.match, block.lines)):
            yield _outside(block, "fields before which no PT stands")
        elif _CUT.fullmatch(block.text):
            yield _outside(block, "the beginning of a record; the file seems cut off")


def _outside(block: _Block, reason: str) -> RefusedRecord:
    return RefusedRecord(block.line, reason, block.text.encode(), outside=True)


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    block: _Block | None = None
    number = 0
    for number, line in _numbered(lines):
        tag = line.lstrip("\ufeff")[:2]  # files put together keep their marks
        opened = _OPENER.fullmatch(line) is not None
        ends = opened or (tag in _FRAME and _TAG.match(line.lstrip("\ufeff")) is not None)
        if ends and block is not None:
            yield block
            block = None
        if ends and not opened:
            continue
        if block is None and (opened or line.strip()):
            block = _Block(number, opened)
        if block is not None:
            block.lines.append(line)
            if tag == "ER" and line.strip() == "ER":
                yield block
                block = None
    if block is None:
        return
    if block.opened and _CUT_INSIDE.fullmatch(block.lines[-1]):
        yield replace(block, lines=block.lines[:-1])
        block = _Block(number, opened=False, lines=block.lines[-1:])
    yield block


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; an opener glued to the end of the record before it as a line of its own."""
    for number, line in enumerate(lines, 1):
        if line.startswith("ER") and (glued := _GLUED_OPENER.fullmatch(line)) is not None:
            yield number, "ER"
            yield number, glued[1]
        else:
            yield number, line


def _outcome(block: _Block) -> Outcome:
    fields = Fields(_pairs(block.lines))
    fields.take_all("ER")
    # ISI: is what the prefix WOS: was before.
    number = re.sub(r"^ISI:", "WOS:", fields.take_first("UT"))
    citation = _citation(fields, number)
    if not (citation.title or citation.doi or citation.pmid or number):
        cut = "" if block.text.endswith("\nER") else "; the file may be cut off"
        return RefusedRecord(block.line, f"neither title nor identifier{cut}", block.text.encode())
    raw = block.text.encode()
    return SourceRecord(number or digest(raw), raw, RAW_FORMAT, citation, "wos")


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Values by tag: one a line in lists, else the lines of a field together."""
    tag, held = UNTAGGED, list[str]()
    for line in lines:
        found = _TAG.match(line) or _GLUED.match(line)
        if found is None and len(line) == 1:  # of a tag that the end of the file cut off
            yield UNTAGGED, line
            continue
        if found is None:
            held.append(line.strip())
            continue
        yield from _of_field(tag, held)
        tag, held = found[1], [(found[2] or "").strip()]
    yield from _of_field(tag, held)


def _of_field(tag: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    if tag in _LISTS:
        yield from ((tag, line) for line in lines)
    elif tag == "C1":
        yield from ((tag, line) for line in _addresses(lines))
    elif tag == "AB" and any(len(line) > _ONE_PARAGRAPH for line in lines):
        yield tag, "\n\n".join(_headed(lines))
    else:
        yield tag, " ".join(filter(None, lines))


def _headed(lines: list[str]) -> list[str]:
    """Paragraphs of an abstract; heads such as ``Methods.`` or ``METHODS`` as ``METHODS: `` where two have one.

    Some journals set the head on a line of its own.
    """
    heads = [_HEAD.match(line) for line in lines]
    if sum(head is not None for head in heads) < 2:  # noqa: PLR2004 - one alone may begin a sentence
        return lines
    found: list[str] = []
    for line, head in zip(lines, heads, strict=True):
        text = f"{head[1].upper()}: {line[head.end() :]}" if head else line
        if found and found[-1].endswith(": ") and not head:
            found[-1] += text
        else:
            found.append(text)
    return found


def _addresses(lines: Iterable[str]) -> list[str]:
    """Addresses; each ends with a full stop, and may be wrapped before it."""
    found: list[str] = []
    for line in filter(None, lines):
        if found and not found[-1].endswith("."):
            found[-1] = f"{found[-1]} {line}"
        else:
            found.append(line)
    return found


def _citation(fields: Fields, number: str) -> Citation:
    title, title_given = title_of(fields.take_first("TI"))
    year, date = _date(fields)
    short = fields.take_first("JI", "J9")
    medline = number.removeprefix("MEDLINE:") if number.startswith("MEDLINE:") else None
    return Citation(
        title=title,
        title_given=title_given,
        abstract=abstract_of(fields.take_first("AB")),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=folded(fields.take_first("SO") or short),
        journal_short=short,
        volume=fields.take_first("VL"),
        issue=fields.take_first("IS"),
        pages=_pages(fields),
        doi=_doi(fields),
        pmid=_pmid(fields, medline),
        numbers=_numbers(fields, number),
        language=_parted(fields, "LA"),
        publication_types=_parted(fields, "DT"),
        keywords=_parted(fields, "DE", "ID"),
        extra=fields.rest(),
    )


def _authors(fields: Fields) -> tuple[Author, ...]:
    """Persons, each with the full name of its line in AF, then groups; of a book without authors, the book's."""
    short, full = ("AU", "AF") if fields.see("AU", "AF") else ("BA", "BF")
    names = tuple(name for name in fields.see(short) if name != _NOBODY)
    whole = fields.take_all(full) if len(fields.see(full)) in {0, len(names)} or not names else ()
    if names and whole:
        persons = tuple(map(_person, names, whole))
    else:
        persons = authors_of(names or (name for name in whole if name != _NOBODY))
    fields.take_where((short,), lambda name: name != _NOBODY)
    groups = (Author(folded(name), collective=True) for name in fields.take_all("CA"))
    return (*persons, *groups)


def _person(short: str, full: str) -> Author:
    """``Thames, H`` of ``Thames, Howard, Jr.``: initials as the source gives them, what follows the name as well."""
    cut = _CUT_NAME.fullmatch(short)
    if cut is not None:
        return Author(cut[1], cut[2], name=full)
    person, suffix = author(short), author(full).initials.partition(" ")[2]
    initials = person.initials if suffix in person.initials else f"{person.initials} {suffix}"
    return replace(person, initials=initials, name=full)


def _date(fields: Fields) -> tuple[int | None, str]:
    """Date of the issue; of early access (``EA JAN 2024``) where there is no issue yet."""
    issue = fields.see("PY", "PD")
    early = () if fields.see("VL", "PD") else fields.see("EA", "EY")
    year, date = date_of(*(_MONTH_NUMBER.sub(r"\2-\1", _RANGE.sub("", told)) for told in (*issue, *early)))
    parts = date.count("-") + 1

    def told(value: str) -> bool:
        words = _WORD.findall(value)
        return str(year) in words and len(words) == parts

    fields.take_where(("PY", "EY"), lambda value: value == str(year))
    fields.take_where(
        ("PD", "EA") if early else ("PD",), lambda value: told(value) or told(f"{value} {year}")
    )
    return year, date


def _pages(fields: Fields) -> str:
    """First and last page, else the article's number, else the span that other databases give in PS."""
    first, last = ("".join(fields.see(tag)[:1]) for tag in ("BP", "EP"))
    pages = first if "-" in first else pages_of(first, last)
    if pages:
        fields.take_first("BP")
        if "-" not in first or pages.endswith(last):
            fields.take_first("EP")
        return pages
    for tag in ("AR", "PS"):
        number = pages_of(_NUMBER_SAID.sub("", "".join(fields.see(tag)[:1])))
        if number:
            fields.take_first(tag)
            return number
    return ""


def _doi(fields: Fields) -> str | None:
    doi = first_doi(*fields.see("DI"))
    fields.take_where(("DI",), lambda value: value.lower() == doi)
    return doi


def _pmid(fields: Fields, medline: str | None) -> str | None:
    """PubMed number of its own field, else that of a record of MEDLINE; a value that is no number stays."""
    pmid = next(filter(None, map(identifiers.pmid, (*fields.see("PM"), medline))), None)
    fields.take_where(("PM",), lambda value: value == pmid)
    return pmid


def _numbers(fields: Fields, number: str) -> dict[Number, tuple[str, ...]]:
    serials, books = issns(*fields.see("SN", "EI")), isbns(*fields.see("BN"))
    fields.take_where(("SN", "EI", "BN"), lambda value: value in serials or value.replace("-", "") in books)
    own = (number.removeprefix("WOS:"),) if number.startswith("WOS:") else ()
    return numbers_of({Number.WOS: own, Number.ISSN: serials, Number.ISBN: books})


def _parted(fields: Fields, *tags: str) -> tuple[str, ...]:
    """Values between semicolons, each once."""
    parts = (part.strip() for value in fields.take_all(*tags) for part in value.split(";"))
    return tuple(dict.fromkeys(filter(None, parts)))
