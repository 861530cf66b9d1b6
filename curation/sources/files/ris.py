"""RIS as databases and reference managers really write it.

A tolerant reader of our own: byte order marks, missing or bare ER, one blank or a tab in the tag, wrapped lines,
numbering and links between records, repeated tags. What one source means by a tag (Embase.com's C5, Scopus'
C2, Ovid's ID) is told from the record itself. Fields that have no place in a citation stay in ``extra``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from curation import identifiers
from curation.model import Author, Citation, SourceRecord
from curation.sources.files.decode import Parsed, RefusedRecord, Text
from curation.sources.pubmed_xml import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RAW_FORMAT = "ris"
OPENER = re.compile(r"^[ \t]*TY[ \t]{1,3}-", re.MULTILINE)

# Two blanks and a dash, or a looser form where a blank ends it; a line that says ER and no more ends a record.
_TAG = re.compile(r"[ \t]*([A-Z][A-Z0-9])(?:  -|[ \t]{1,3}-(?=\s|$)|(?<=ER)\s*$)(.*)")
_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_EID = re.compile(r"[?&]eid=([^&\s]+)")
_OVID_MEDLINE = re.compile(r"ovid\S*[?&]D=(med|prem|ppez|pmnm|mesx|cmed)", re.IGNORECASE)
_PUBMED_LINK = re.compile(r"ncbi\.nlm\.nih\.gov/(?:pubmed/)?(\d{1,8})(?!\d)")
_VANCOUVER = re.compile(r"\S.* [^\W\d_]{1,4}")
_GIVEN_INITIALS = re.compile(r"-?(?:[^\W\d_]\.-?)+")
_LAST_INITIALS = re.compile(r"(?:[^\W\d_][.-]*){1,4}")
_SUFFIXES = frozenset({"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV", "2nd", "3rd"})
# Fields that make a record: met after an ER with no TY before them, they are one whose beginning is lost.
_OF_A_RECORD = frozenset({"TI", "T1", "CT", "AU", "A1", "AB", "N2", "DO"})
_SHORTEST_PMID_UNMARKED = 8  # digits; shorter bare numbers in ID are a reference manager's own count


@dataclass(slots=True)
class _Draft:
    """Lines of one record as they come in; ``tail`` holds fields met after its ER."""

    line: int
    opened: bool
    closed: bool = False
    lines: list[str] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    tail: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: str) -> None:
        found = _TAG.match(line)
        self.lines.append(line)
        if found is not None:
            self.fields.append((found[1], found[2].strip()))
        elif self.fields:
            tag, value = self.fields[-1]
            self.fields[-1] = (tag, f"{value}\n{line.strip()}")

    @property
    def raw(self) -> bytes:
        return "\n".join(self.lines).strip("\n").encode()


class _Fields:
    """Values of one record by tag; what is taken into the citation is taken out, the rest is ``extra``."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = defaultdict(list)
        for tag, value in pairs:
            if value.strip():
                self._values[tag].append(value.strip())

    def see(self, *tags: str) -> tuple[str, ...]:
        """Values of ``tags``, left where they are."""
        return tuple(value for tag in tags for value in self._values.get(tag, ()))

    def take_first(self, *tags: str) -> str:
        """Take the first value of the first tag that has one; empty when none has."""
        tag = next((t for t in tags if self._values.get(t)), None)
        return "" if tag is None else self._values[tag].pop(0)

    def take_all(self, *tags: str) -> tuple[str, ...]:
        """Take every value of ``tags``."""
        return tuple(value for tag in tags for value in self._values.pop(tag, ()))

    def take_value(self, tag: str, value: str) -> None:
        """Take one value out."""
        self._values[tag].remove(value)

    def rest(self) -> Mapping[str, tuple[str, ...]]:
        """Values of every tag that were not taken."""
        return {tag: tuple(values) for tag, values in self._values.items() if values}


def read(text: Text) -> Parsed:
    """Every record of a RIS text; refused are those with neither title nor identifier, and those without TY."""
    records, refused = [], []
    for draft in _drafts(text.lines):
        outcome = _record(draft)
        if isinstance(outcome, SourceRecord):
            records.append(outcome)
        else:
            refused.append(outcome)
    return Parsed(_told_apart(records), tuple(refused), len(OPENER.findall(text.content)))


def _drafts(lines: Iterable[str]) -> Iterator[_Draft]:
    draft: _Draft | None = None
    for number, line in enumerate(lines, 1):
        found = _TAG.match(line)
        tag = found[1] if found else None
        if tag == "TY":
            yield from _finished(draft)
            draft = _Draft(number, opened=True)
        elif draft is None:
            if tag is None:
                continue
            draft = _Draft(number, opened=False)
        if not draft.closed:
            draft.add(line)
            draft.closed = tag == "ER"
        elif tag is not None:
            draft.tail.append((number, line))
    yield from _finished(draft)


def _finished(draft: _Draft | None) -> Iterator[_Draft]:
    """Give the record, and the remains of another when what follows its ER looks like one.

    Ovid writes a field or two (NL) after ER: those belong to the record before.
    """
    if draft is None:
        return
    tags = {found[1] for _, line in draft.tail if (found := _TAG.match(line))}
    if tags & _OF_A_RECORD:
        yield draft
        remains = _Draft(draft.tail[0][0], opened=False)
        for _, line in draft.tail:
            remains.add(line)
        yield remains
        return
    for _, line in draft.tail:
        draft.add(line)
    yield draft


def _record(draft: _Draft) -> SourceRecord | RefusedRecord:
    if not draft.opened:
        return RefusedRecord(draft.line, "fields outside a record: no TY line before them", draft.raw)
    fields = _Fields(pair for pair in draft.fields if pair[0] != "ER")
    accession = _accession(fields)
    numbered = bool(fields.see("AN", "ID", "U2"))
    citation = _citation(fields)
    if not (citation.title or citation.doi or citation.pmid or citation.pmcid or accession or numbered):
        return RefusedRecord(draft.line, "neither title nor identifier", draft.raw)
    return SourceRecord(accession or _digest(draft.raw), draft.raw, RAW_FORMAT, citation)


def _told_apart(records: list[SourceRecord]) -> tuple[SourceRecord, ...]:
    """Two different records under one number: it is no number of theirs, so each goes by its content."""
    versions = Counter(accession for accession, _ in {(r.accession, r.raw) for r in records})
    return tuple(r if versions[r.accession] == 1 else replace(r, accession=_digest(r.raw)) for r in records)


def _digest(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _accession(fields: _Fields) -> str | None:
    """Find the source's own number: AN, Embase's L-number, ID where it is the source's, Scopus' eid."""
    embase = (number for number in fields.see("U2") if re.fullmatch(r"L\d+", number))
    own = (number for number in fields.see("ID") if not _private_number(number, fields))
    eids = (found[1] for link in fields.see("UR") if (found := _EID.search(link)))
    candidates = (*fields.see("AN"), *embase, *own, *eids)
    return next((_folded(number) for number in candidates), None)


def _private_number(number: str, fields: _Fields) -> bool:
    """Whether an ID is a reference manager's own count, which begins again in every library."""
    return number.isdigit() and len(number) < _SHORTEST_PMID_UNMARKED and not _of_ovid_medline(fields)


def _citation(fields: _Fields) -> Citation:
    embase = any(number.startswith("L") for number in fields.see("U2"))
    pmid, pmcid, doi = _pmid(fields), _pmcid(fields), _doi(fields)
    # Embase.com writes the title in its own language into T2, where all others write the journal.
    journals = ("JF", "JO", "JA", "T2") if embase else ("T2", "JO", "JF", "JA", "BT")
    return Citation(
        title=_folded(fields.take_first("TI", "T1", "CT", "BT")),
        abstract=_paragraphs(fields.take_first("AB", "N2")),
        authors=_authors(fields),
        year=_year(fields),
        journal=_folded(fields.take_first(*journals)),
        volume=_folded(fields.take_first("VL")),
        issue=_folded(fields.take_first("IS")),
        pages=_pages(fields),
        doi=doi,
        pmid=pmid,
        pmcid=pmcid,
        language=fields.take_all("LA"),
        publication_types=tuple(_folded(kind) for kind in fields.take_all("M3", "PT")),
        keywords=tuple(
            dict.fromkeys(
                word.strip() for kw in fields.take_all("KW") for word in kw.split("\n") if word.strip()
            )
        ),
        extra=fields.rest(),
    )


def _doi(fields: _Fields) -> str | None:
    found = [(value, identifiers.doi(value)) for value in fields.see("DO")]
    doi = next((bare for _, bare in found if bare), None)
    for value, bare in found:
        if doi is not None and bare == doi:
            fields.take_value("DO", value)
    links = (link for link in fields.see("M3", "UR") if "doi.org/10." in link)
    return doi or next(filter(None, map(identifiers.doi, links)), None)


def _pmid(fields: _Fields) -> str | None:
    """PubMed number, from where each source puts it."""
    sources = " ".join(fields.see("DB", "UR")).casefold()
    places = [
        *(fields.see("C5") if "embase" in sources or "medline" in sources else ()),
        *(fields.see("C2") if "scopus" in sources else ()),
        *(fields.see("AN") if _of_pubmed(fields) else ()),
        *(fields.see("ID") if _of_ovid_medline(fields) else ()),
    ]
    numbers = [number for number in places if re.fullmatch(r"[1-9]\d{0,7}", number)]
    numbers += [n for n in fields.see("C3") if re.fullmatch(r"PUBMED \d{1,8}", n, re.IGNORECASE)]
    numbers += [n for n in fields.see("U1") if re.fullmatch(r"\d{1,8} \[PMID\]", n)]
    linked = {found[1] for link in fields.see("UR") if (found := _PUBMED_LINK.search(link))}
    if not numbers and len(linked) == 1:
        numbers = [*linked]
    return identifiers.pmid(numbers[0]) if numbers else None


def _of_pubmed(fields: _Fields) -> bool:
    """Whether AN is a PubMed number: the database or its provider (EndNote's DP) is PubMed's."""
    named = [name.casefold() for name in fields.see("DB", "DP")]
    return any("medline" in name or "pubmed" in name or name == "nlm" for name in named)


def _of_ovid_medline(fields: _Fields) -> bool:
    """Whether ID is a PubMed number: Ovid's MEDLINE segments, by name or in the link."""
    named = any("medline" in name.casefold() for name in fields.see("DB"))
    linked = any(_OVID_MEDLINE.search(link) for link in fields.see("L2", "UR"))
    return (named and not fields.see("U2")) or linked


def _pmcid(fields: _Fields) -> str | None:
    numbers = (n for n in fields.see("U1", "C2") if re.fullmatch(r"PMC\d+( \[PMCID\])?", n))
    return next(filter(None, map(identifiers.pmcid, numbers)), None)


def _year(fields: _Fields) -> int | None:
    """Year of PY, Y1 or DA; a date that says more than the year stays in ``extra``."""
    for tag in ("PY", "Y1", "DA"):
        for value in fields.see(tag):
            found = _YEAR.search(value)
            if found is not None:
                if value.strip(" /") == found.group():
                    fields.take_value(tag, value)
                return int(found.group())
    return None


def _pages(fields: _Fields) -> str:
    start, end = "".join(fields.see("SP")[:1]), "".join(fields.see("EP")[:1])
    if not any(
        c.isdigit() for c in start + end
    ):  # PsycINFO's "No", "Specified", from "No Pagination Specified"
        return ""
    start, end = _folded(fields.take_first("SP")), _folded(fields.take_first("EP"))
    if end == "+":
        return f"{start}+"
    if end == start or "-" in start:
        end = ""
    return expanded("-".join(filter(None, (start, end))).replace("--", "-"))


def _authors(fields: _Fields) -> tuple[Author, ...]:
    names = fields.take_all("AU") or fields.take_all("A1")
    return tuple(author(_folded(name)) for value in names for name in _split(value) if name.strip())


def _split(value: str) -> list[str]:
    """Cut apart several authors in one field: lines, semicolons, or CENTRAL's ``Hu Y, Li ZJ, Ng C``."""
    by_line = [name for line in value.split("\n") for name in line.split(";")]
    if len(by_line) == 1 and value.count(","):
        parts = [part.strip() for part in value.split(",")]
        if all(_VANCOUVER.fullmatch(part) and part.split()[-1].isupper() for part in parts):
            return parts
    return by_line


def author(name: str) -> Author:
    """Family name and initials from ``Hu, Yue``, ``Hu Y``, ``Hu Y.``, ``Y. Hu`` or ``Hu, Y, Jr.``.

    A name in none of these forms (a group, a full name in its natural order) is kept whole as family name.
    """
    if "," in name:
        family, *given = (part.strip() for part in name.split(","))
        suffix = [part for part in given if part in _SUFFIXES]
        initials = _initials(" ".join(part for part in given if part not in _SUFFIXES))
        return Author(family, " ".join(filter(None, (initials, *suffix)))) if family else Author(name)
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and words[-1] in _SUFFIXES else []  # noqa: PLR2004 - family, initials, suffix
    if len(words) > 1 and _GIVEN_INITIALS.fullmatch(words[0]):
        return _natural_order(words)
    if len(words) > 1 and words[-1].isupper() and _LAST_INITIALS.fullmatch(words[-1]):
        return Author(" ".join(words[:-1]), " ".join((_initials(words[-1]), *suffix)))
    return Author(name)


def _natural_order(words: list[str]) -> Author:
    """``R. J. van der Berg``: particles in lower case belong to the family name."""
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].islower():
        begin -= 1
    return Author(" ".join(words[begin:]), _initials(" ".join(words[:begin])))


def _initials(given: str) -> str:
    """``Jean-Pierre M.`` as ``JPM``; letters already set as initials stay as they are."""
    words = [word for word in re.split(r"[\s.\-‐–]+", given) if word]
    named = [word for word in words if not word.islower()] or words
    return "".join(word if word.isupper() and len(word) <= 4 else word[0].upper() for word in named)  # noqa: PLR2004 - four initials are the most in use


def _paragraphs(text: str) -> str:
    """Wrapped lines joined, paragraphs (parted by an empty line) kept."""
    return "\n".join(_folded(part) for part in re.split(r"\n[ \t]*\n", text) if part.strip())


def _folded(text: str) -> str:
    return " ".join(text.split())
