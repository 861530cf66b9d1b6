"""Ready letters for what is missing: one to a library, or one to the authors of each report. Nothing is sent."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from curation import identifiers
from curation.errors import Usage
from curation.model import Citation
from curation.store import fulltexts
from curation.tasks.fulltext_missing import Sought, sought
from curation.tasks.review import Review

_WIDTH = 76  # characters; mail programs fold longer lines themselves, and badly
_NAMED_AUTHORS = 6  # as Vancouver has it
_ADDRESS_PARTS = 2


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters, and reports left out because an open copy of them is known."""

    letters: tuple[str, ...]
    open: tuple[int, ...]


def to_library(review: Review, to: str = "", signed: str = "") -> Letters:
    """One letter with a numbered reference for each missing report; none where nothing is missing.

    ``signed``: who writes. Raises Usage when ``to`` is no e-mail address.
    """
    _check_address(to)
    wanted, known = _wanted(review)
    if not wanted:
        return Letters((), known)
    title = _unended(review.protocol.review.title)
    n = f"{len(wanted)} article{'' if len(wanted) == 1 else 's'}"
    references = (_numbered(number, one) for number, one in enumerate(wanted, 1))
    body = _folded(
        f'for the systematic review "{title}" we have not found the full text of the reports below. Could you get '
        "a copy of each for us, or tell us which cannot be had?"
    )
    parts = (_head(to, f"Request for the full text of {n}"), "Dear colleagues,", body, *references)
    return Letters(("\n\n".join((*parts, _end(review, signed))) + "\n",), known)


def to_authors(review: Review, signed: str = "") -> Letters:
    """One letter for each missing report; where its records give no address, it says so in place of one."""
    wanted, known = _wanted(review)
    return Letters(tuple(_to_author(review, one, signed) for one in wanted), known)


def _to_author(review: Review, one: Sought, signed: str) -> str:
    title = _unended(review.protocol.review.title)
    to = (
        ", ".join(one.addresses)
        or "(no address is on record; the page of the article names the corresponding author)"
    )
    asked = _folded(
        f'for the systematic review "{title}" we have not found the full text of your report. Could you send us a '
        "copy?"
    )
    head = _head(to, f"Request for the full text of your report (R{one.report})")
    parts = (head, "Dear colleagues,", asked, _reference(one), _end(review, signed))
    return "\n\n".join(parts) + "\n"


def _wanted(review: Review) -> tuple[list[Sought], tuple[int, ...]]:
    """What must be asked for, and what need not be."""
    noted = fulltexts.open_links(review.sql)
    everything = sought(review)
    known = tuple(one.report for one in everything if one.report in noted)
    return [one for one in everything if one.report not in noted], known


def _head(to: str, subject: str) -> str:
    return f"To: {to}\nSubject: {subject}" if to else f"Subject: {subject}"


def _end(review: Review, signed: str) -> str:
    names = [signed or "The authors of the review"]
    return "\n".join(("With kind regards", *names, *filter(None, (review.protocol.ncbi.email,))))


def _numbered(number: int, one: Sought) -> str:
    first = f"{number}. "
    return textwrap.indent(
        f"{_reference(one)}\nName of the file, please: R{one.report}.pdf", " " * len(first)
    ).replace(" " * len(first), first, 1)


def _reference(one: Sought) -> str:
    """The reference, and below it the names by which it is found."""
    lines = [_folded(reference(one.citation))]
    lines += [f"DOI: https://doi.org/{doi}" for doi in one.dois]
    lines += [f"PMID: {pmid}" for pmid in one.pmids if not identifiers.is_standin(pmid)]
    lines += [f"PMCID: {pmcid}" for pmcid in one.pmcids]
    return "\n".join(lines)


def reference(c: Citation) -> str:
    """``Hu Y, Chen B. Title. Journal. 2024;5(2):1-9.``; what is not known is left out."""
    return " ".join(f"{_unended(part)}." for part in _parts(c) if part)


def _parts(c: Citation) -> Iterator[str]:
    more = ", et al" if len(c.authors) > _NAMED_AUTHORS else ""
    yield ", ".join(map(str, c.authors[:_NAMED_AUTHORS])) + more
    yield c.title
    yield c.journal
    volume = c.volume + (f"({c.issue})" if c.issue else "")
    date = str(c.year or "")
    place = f"{volume}:{c.pages}" if volume and c.pages else volume or c.pages
    yield f"{date};{place}" if date and place else date or place


def _unended(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _folded(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _check_address(to: str) -> None:
    parts = to.split("@")
    if to and (len(parts) != _ADDRESS_PARTS or not all(parts) or to.split() != [to]):
        message = f"{to!r} is no e-mail address; write it like library@example.org"
        raise Usage(message)
