"""The source line of an Ovid record: journal, volume, issue, pages and date, in the fashion of each database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from curation.sources.files.fields import folded

_ISSUE = r"(?: ?\((?P<issue>[^()]*(?:\([^()]*\)[^()]*)*)\))?"
_VOLUME = r"(?P<volume>[^\s():;,.]+(?: Suppl(?:ement)?\.?(?: \w+)?)?)?"
_NUMBER = r"(?P<volume>\d[\w-]*)"
_PAGES = r"(?P<pages>[^,:;]+?)"
# What stands behind the journal's name; the first shape that is found counts.
_SHAPES = tuple(
    re.compile(rf"(?:^|\s){shape}", re.IGNORECASE)
    for shape in (
        # Embase: 30 (5) (pp 1244-1256), 2021. Date of Publication: 01 May 2021.
        rf"{_VOLUME}{_ISSUE} ?\((?:pp\.? (?P<pages>[^()]+)|no pagination|var\.? ?pagings?)\),? ?(?P<date>\d{{4}})",
        # PsycINFO: Vol.43(5), Sep 2015, pp. 623-634.
        rf"Vol\.? ?{_VOLUME}{_ISSUE}, ?(?P<date>[^,]*\d{{4}})(?:, (?:pp\.? ?)?{_PAGES})?\.?\s*$",
        # Journals@Ovid: August 2011;43(8):647-653
        rf"(?P<date>(?:[A-Z][a-z]+(?:[/-][A-Z][a-z]+)? (?:\d{{1,2}}, )?)?\d{{4}});{_VOLUME}{_ISSUE}:{_PAGES}\.?\s*$",
        # MEDLINE, BIOSIS: 35(7):3773-9, 2015 Jul.
        rf"{_VOLUME}{_ISSUE}:{_PAGES}, (?P<date>[^:;]*\d{{4}}[^:;]*)$",
        # BIOSIS without pages: 1288(3), Nov. 16, 2004.
        rf"{_NUMBER}{_ISSUE}, (?P<date>[^:;]*\d{{4}}[^:;]*)$",
        # International Political Science Abstracts: 12, Winter 2007: 7-14.
        rf"{_NUMBER}{_ISSUE}, (?P<date>[^:;,]*\d{{4}}): {_PAGES}\.?\s*$",
        # Zoological Record: 2007 15 June; 433-441.
        rf"(?P<date>\d{{4}}(?: \d{{1,2}})?(?: [A-Z][a-z]+)?); {_PAGES}\.*\s*$",
        # Ahead of print: 2015 Jul 1.
        r"(?P<date>\d{4}(?: [A-Z][a-z]{2}(?: \d{1,2})?)?)\.?$",
    )
)
_PUBLISHED = re.compile(r"Date of Publication: ([^.]*\d{4})")
_ARTICLE = re.compile(r"Article Number: ?([\w.-]*\w)")
_IN_BOOK = re.compile(r"(?::|pp\. )(\d+-\d+)")
_BEHIND_JOURNAL = re.compile(r"\. +(?=Conference\b|\d|Vol\b)")
_BOOK = re.compile(r"\[Ed(?:\]|itor|\.)")


@dataclass(frozen=True, slots=True)
class Source:
    """Parts of a source line, each as it is written there; empty where it has none."""

    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    date: str = ""


def source(text: str) -> Source:
    """Parts of a source line; one in no known shape, or of a chapter, gives what can be told of it."""
    line = folded(text)
    pages, date = _told(_ARTICLE, line), _told(_PUBLISHED, line)
    if _BOOK.search(line):
        return Source(pages=pages or _told(_IN_BOOK, line), date=date)
    found = next(filter(None, (shape.search(line) for shape in _SHAPES)), None)
    if found is None:
        return Source(_journal(line), pages=pages, date=date)
    parts = {name: value.strip() for name, value in found.groupdict().items() if value}
    return Source(
        journal=_journal(line[: found.start()]),
        volume=parts.get("volume", ""),
        issue=parts.get("issue", ""),
        pages=parts.get("pages", pages),
        date=date or parts["date"],
    )


def _told(place: re.Pattern[str], line: str) -> str:
    found = place.search(line)
    return found[1] if found else ""


def _journal(head: str) -> str:
    """Name of the journal, without the conference and the numbers that may stand behind it."""
    name = _BEHIND_JOURNAL.split(head, maxsplit=1)[0]
    return name.strip().rstrip(" .,")
