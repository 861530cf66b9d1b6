r"""BibTeX, for LaTeX and for reference managers that read nothing else.

Keys are the first author's name and the report's number (``hu-R12``): the year of an article changes when it
appears in print, its report's number never does. LaTeX's own characters are written as its commands; braces in
a text as ``\textbraceleft``, since an unpaired brace would end the field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import IO

from curation import identifiers
from curation.model import Author, Number
from curation.sources.files import carried
from curation.sources.files.write.exported import Exported, Form, name_of, one_line, with_carried

Pairs = Iterator[tuple[str, str]]

_COMMANDS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{letter: f"\\{letter}" for letter in "#$%&_"},
    }
)
_TYPES = (
    (re.compile(r"book chapter|book section", re.IGNORECASE), "incollection", "booktitle"),
    (re.compile(r"^book$", re.IGNORECASE), "book", "series"),
    (re.compile(r"thesis|dissertation", re.IGNORECASE), "phdthesis", "journal"),
    (
        re.compile(r"conference|congress|proceedings|meeting abstract", re.IGNORECASE),
        "inproceedings",
        "booktitle",
    ),
)
_ARTICLE = ("article", "journal")
_AND = re.compile(r"\band\b", re.IGNORECASE)


def write(exported: Iterable[Exported], stream: IO[bytes]) -> int:
    """Write every report as a BibTeX entry; gives their number."""
    n = 0
    for item, missing in with_carried(exported, Form("bibtex", _entry)):
        stream.write(_entry(item, carried.armoured(missing)))
        n += 1
    return n


def key_of(item: Exported) -> str:
    """``hu-R12``: letters of the first author's family name, and the report."""
    first = item.citation.authors[0].family if item.citation.authors else ""
    plain = unicodedata.normalize("NFKD", identifiers.folded(first)).encode("ascii", "ignore").decode()
    return f"{plain[:24] or 'anonymous'}-R{item.report}"


def _entry(item: Exported, missing: str) -> bytes:
    entry_type, container = _type(item.citation.publication_types)
    fields = (*_work(item, container), *_numbers(item), ("note", _escaped(_note(item))))
    written = [f"  {name} = {{{value}}},\n" for name, value in fields if value]
    if missing:
        written.append(f"  {carried.BIBTEX_FIELD} = {{{missing}}},\n")
    return f"@{entry_type}{{{key_of(item)},\n{''.join(written)}}}\n\n".encode()


def _type(kinds: tuple[str, ...]) -> tuple[str, str]:
    found = ((name, container) for shape, name, container in _TYPES for kind in kinds if shape.search(kind))
    return next(found, _ARTICLE)


def _work(item: Exported, container: str) -> Pairs:
    c = item.citation
    yield "title", _escaped(item.title)
    yield "author", " and ".join(filter(None, map(_name, c.authors)))
    yield container, _escaped(c.journal)
    yield "shortjournal", _escaped(c.journal_short)
    yield "year", str(c.year or "")
    yield "date", _escaped(c.date) if "-" in c.date else ""
    yield "volume", _escaped(c.volume)
    yield "number", _escaped(c.issue)
    yield "pages", _escaped(c.pages).replace("-", "--")
    yield "type", _escaped("; ".join(c.publication_types))
    yield "language", _escaped("; ".join(c.language))
    yield "keywords", _escaped(("; " if any("," in word for word in c.keywords) else ", ").join(c.keywords))
    yield "abstract", _escaped(c.abstract)


def _numbers(item: Exported) -> Pairs:
    c = item.citation
    yield "doi", _escaped(c.doi or "")
    yield "pmid", _escaped(c.pmid or "")
    yield "pmcid", _escaped(c.pmcid or "")
    yield "unique-id", " ".join(f"WOS:{_escaped(number)}" for number in c.numbers.get(Number.WOS, ())[:1])
    yield "eid", _escaped(" ".join(c.numbers.get(Number.SCOPUS, ())[:1]))
    yield "issn", _escaped(", ".join(c.numbers.get(Number.ISSN, ())))
    yield "isbn", _escaped(", ".join(c.numbers.get(Number.ISBN, ())))


def _note(item: Exported) -> str:
    return "; ".join(filter(None, (item.token, item.outcome, item.note)))


def _name(person: Author) -> str:
    """A name as BibTeX reads it: what holds ``and``, and what is no person's, in braces."""
    name = _escaped(name_of(person))
    return f"{{{name}}}" if name and (person.collective or _AND.search(name)) else name


def _escaped(text: str) -> str:
    return one_line(text).translate(_COMMANDS).replace("--", "-{}-")  # LaTeX makes a dash of two hyphens
