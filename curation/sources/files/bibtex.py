r"""BibTeX of databases and reference managers: entries cut out one by one, each read by bibtexparser.

Where bibtexparser gives an entry up (a field twice, as Scopus writes; braces that do not match), its failed block
is read on: every value of a field is kept, and where braces mislead, a field ends where the next one begins.
LaTeX is decoded here: pylatexenc, which bibtexparser brings, takes the rest of a line behind a bare ``%`` for a
comment and drops the commands that it does not know.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from bibtexparser import library
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import DuplicateFieldKeyBlock, Entry, Field

from curation import identifiers
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.endnote_xml import linked_pmid, named_database, named_numbers, parted
from curation.sources.files.fields import (
    Fields,
    author,
    date_of,
    first_doi,
    isbns,
    issns,
    keywords_of,
    numbers_of,
    pages_of,
    trials,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.prose import absent, abstract_of, folded, title_of
from curation.sources.files.spool import digest

RAW_FORMAT = "bibtex"

Pairs = Iterator[tuple[str, str]]

# It tells stderr of each entry that it gives up; what becomes of those is told by us.
logging.getLogger("bibtexparser").setLevel(logging.ERROR)

_NAME = r"[A-Za-z][\w:.+/-]*"
_OPENER = re.compile(r"[ \t]*@([A-Za-z][\w-]*)[ \t]*[{(]")
_BEHIND = re.compile(r"(?<=[})])[ \t]*(?=@[A-Za-z][\w-]*[ \t]*[{(][^{}=,\"\s]+,)")
_HEAD = re.compile(r"[ \t]*@[A-Za-z][\w-]*[ \t]*[{(]([^={},]*(?:,|\Z|(?=[})])))?")
_FIELD = re.compile(rf"[\s,]*({_NAME})\s*=\s*")
_FIELD_LINE = re.compile(rf"^[ \t]*(?:,[ \t]*)?{_NAME}[ \t]*=[ \t]*(?=[{{\"]|\w+[ \t]*,?[ \t]*$)", re.MULTILINE)  # fmt: skip
_AFTER = re.compile(rf"\s*(?:,\s*(?:{_NAME}\s*=|\Z)|#|\Z)|\s*\n[ \t]*{_NAME}[ \t]*=")
# An opener that has lost its @, its type or its brace.
_HEADLESS = re.compile(r"(?:^|(?<=\}))[ \t]*(?:"
    r"(?:@?[ \t]*[A-Za-z][\w-]*|@)[ \t]*(?:\{|\((?=.*,[ \t]*$))[ \t]*[^{}=,\"\s]+[ \t]*,|@[^\n{}=\",]*,[ \t]*$)", re.MULTILINE)  # fmt: skip
_BEGUN = re.compile(rf"^[ \t]*(?:@[A-Za-z]*[ \t]*$|{_NAME}[ \t]*=[ \t]*[{{\"])|{_HEADLESS.pattern}", re.MULTILINE)  # fmt: skip
_BRACE = re.compile(r"(?<!\\)[{}]")
_MARK = re.compile(r"(?<!\\)[{}\"]")
_JOIN = re.compile(r"\s*#\s*")
_BARE = re.compile(r"[^\s#,{}\"]+")

_NOTED_PMID = re.compile(r"\bPMID:? ?([1-9]\d{0,7})\b")
_PMCID = re.compile(r"(?:(?:ncbi\.nlm\.nih\.gov|europepmc\.org)/\S*?|\bPMCID:? ?)(PMC\d+)")
_OWN_KEY = re.compile(r"(?:WOS|ISI|DBLP|PPR|MED):\S+|PMID:\d+", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:WOS|ISI|PMID|MED):? ?", re.IGNORECASE)
_BOOK = re.compile(r"[\dXx-]{8,17}")
_EBSCO = re.compile(r"ebscohost\.com\S*?[?&]AN=(\d+)")
_STATED = ("unique-id", "@key", "url", "eid")
_HYPHENS = re.compile(r"\s*[‐‑–—-]+\s*")
_AND_MORE = re.compile(r"-[+&]$")
_ONE_PAGE = re.compile(r"^(\w+)-\1$")
_PLAIN_MONTH = re.compile(r"(?:[A-Za-z]{3,9}\.?|\d{1,2})(?:[ ~]\d{1,2})?")
_OTHERS = frozenset({"others", "et al", "et al."})
_GROUP = re.compile(
    r"\b(?:group|organi[sz]ations?|consortium|collaborat\w+|committee|institut\w*|associations?|society|universit\w+|"
    r"team|investigators|network|department|ministry|cent(?:re|er)|council|agency|trial|study|commission|office|the)\b",
    re.IGNORECASE,
)
_REPORTS = frozenset({"techreport", "report", "patent", "standard"})
_NUMBER_TAGS = ("issn", "eissn", "e-issn", "isbn", "eisbn", "issn1", "print_issn")
_PAGES = ("pages", "article-number", "article_number", "art_number", "articleno", "eid")
_SHORT = ("shortjournal", "journal-iso", "abbrev_source_title", "journal-abbreviation")

_LATEX = re.compile(r"[\\{}$~]|--|``")
_ACCENT = re.compile(
    r"\\([`'^\"~=.]|[uvHcdbkr](?=[\s{\\]))\s*(\{\s*\\?[A-Za-z]\s*\}|\\[ij](?![A-Za-z])\s?|[A-Za-z])"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\{\}|[ \t]*)")
_MATH = re.compile(r"\$(?=\S)([^$\n]{1,200}?)(?<=\S)\$(?!\d)")
_MATHEMATICAL = re.compile(r"[\\^_=<>+]|[^\x00-\x7f]|\A\w{1,3}\Z")
_DASH = re.compile(r"(?<!-)-{2,3}(?!-)")
_RAISED = re.compile(r"[\^_](?=[{\w+\-*])")
_TIE = re.compile(r"(?<=[\w.,)])~(?=[\w(])")
_STYLE = re.compile(
    r"(?:text|math)(?:it|bf|sc|rm|sf|tt|up|md|sl|cal|bb|normal|superscript|subscript)?|emph|mbox|ensuremath|url|em|it|bf|rm|sc|tt"
)
# Commands that pylatexenc does not know, or whose character would be taken for LaTeX again.
_SYMBOLS = {"textless": "<", "textgreater": ">", "lt": "<", "gt": ">", "textbackslash": "\0/", "textbraceleft": "\0(",
            "textbraceright": "\0)", "textasciitilde": "\0t", "sim": "\0t", "textasciicircum": "\0^", "textdollar": "\0d"}  # fmt: skip
_ESCAPED = {"{": "\0(", "}": "\0)", "$": "\0d", "/": "", "-": "", "!": "", **dict.fromkeys("\\ ,;:", "\0s")}
_HIDDEN = {"\0(": "{", "\0)": "}", "\0/": "\\", "\0t": "~", "\0d": "$", "\0s": " ", "\0^": "^"}
_ESCAPE = re.compile(r"\\([{}$\\ ,/!;:&%#_]|-(?=[A-Za-z]))")
_BACK = re.compile(r"\0[()/tds^]")

_ZOTERO_KEY = re.compile(r"[^\W\dA-Z_][\w-]*_[^\W_A-Z][\w-]*_(?:\d{4}|nodate)(?:-\d+)?|noauthor_\S+")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Text from one opener to the next: its first line, what the opener names, and whether the file ends there."""

    line: int
    kind: str
    text: str
    last: bool = False


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader is asked alike
    """Every entry of a BibTeX file in its order; refused are those cut off, or without title and number.

    Macros (``@string``) hold from where they stand; comments and preambles are left out.
    """
    macros: dict[str, str] = {}
    for chunk in _chunks(document):
        end = _end(chunk.text) if chunk.kind else 0
        if chunk.kind == "string":
            found = _scanned(_body(chunk.text[:end]))
            macros.update((name.lower(), _value(value, macros)) for name, value in found)
        elif chunk.kind and chunk.kind not in {"comment", "preamble"}:
            yield _entry(chunk, end, macros)
        yield from _remains(chunk, end)


def _chunks(document: Document) -> Iterator[_Chunk]:
    begun, kind, lines = 1, "", list[str]()
    for number, line in enumerate(document.lines(), 1):
        for part in _BEHIND.split(line) if "@" in line else (line,):
            opener = _OPENER.match(part) if "@" in part else None
            if opener is not None:
                yield _Chunk(begun, kind, "\n".join(lines))
                begun, kind, lines = number, opener[1].lower(), []
            lines.append(part)
    yield _Chunk(begun, kind, "\n".join(lines), last=True)


def _remains(chunk: _Chunk, end: int | None) -> Iterator[RefusedRecord]:
    """What stands outside any entry and looks like one: fields before the first, an opener that was cut off."""
    found = _BEGUN.search(chunk.text, end) if end is not None else None
    if found is not None:
        line = chunk.line + chunk.text.count("\n", 0, found.start())
        reason = "a part of an entry that has no beginning or no end: the file seems cut off"
        yield RefusedRecord(line, reason, chunk.text[found.start() :].strip().encode(), outside=True)


def _entry(chunk: _Chunk, end: int | None, macros: Mapping[str, str]) -> Outcome:
    whole = chunk.text[:end].strip()
    raw = whole.encode()
    if end is None and chunk.last and whole.rsplit("\n", 1)[-1].strip() not in {"}", ")"}:
        return RefusedRecord(chunk.line, "it has no end: the file seems cut off", raw)
    pairs = [(name, _value(value, macros)) for name, value in _fields(whole, balanced=end is not None)]
    spelt = {name.lower(): name for name, _ in reversed(pairs)}
    head = _HEAD.match(whole)
    key = folded((head[1] or "").rstrip(",")) if head else ""
    fields = Fields((("@key", key), ("@type", chunk.kind), *((name.lower(), value) for name, value in pairs)))
    origin, accession, citation = _origin(fields), _accession(fields), _citation(fields)
    if not any((citation.title, citation.doi, citation.pmid, citation.pmcid, citation.numbers, accession)):
        return RefusedRecord(chunk.line, "neither title nor identifier", raw)
    extra = {spelt.get(tag, tag): values for tag, values in citation.extra.items()}
    return SourceRecord(accession or digest(raw), raw, RAW_FORMAT, replace(citation, extra=extra), origin)


def _end(text: str) -> int | None:
    """Where the entry ends that the text begins with; None where braces do not tell.

    Fields behind that end are its own: a brace too many closed it early; not those of an opener that is damaged.
    """
    opener = _OPENER.match(text)
    start = opener.end() - 1 if opener else 0
    end = (text.rfind(")") + 1 or None) if text[start : start + 1] == "(" else _closed(text, start)
    field = _FIELD_LINE.search(text, end) if end is not None else None
    return None if field is not None and not _HEADLESS.search(text, end or 0, field.start()) else end


def _closed(text: str, start: int) -> int | None:
    """Where the group in braces ends that begins at ``start``."""
    depth = 0
    for found in _BRACE.finditer(text, start):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return found.end()
    return None


def _fields(whole: str, *, balanced: bool) -> Pairs:
    """Fields of an entry as bibtexparser finds them, a field given twice included; else by our own scan."""
    blocks = parse_string(whole, parse_stack=[]).blocks if balanced else []
    block = blocks[0] if len(blocks) == 1 else None
    entry = block.ignore_error_block if isinstance(block, DuplicateFieldKeyBlock) else block
    found = [(field.key, field.value) for field in entry.fields] if isinstance(entry, Entry) else []
    # It takes a field whose comma lacks for a part of the one before.
    one_each = bool(found) and all(_value_end(value, 0) == len(value) for _, value in found)
    yield from found if one_each else _scanned(_body(whole))


def _body(whole: str) -> str:
    """What stands between the key of an entry and its end."""
    head, text = _HEAD.match(whole), whole.rstrip()
    return text[head.end() if head else 0 : -1 if text.endswith(("}", ")")) else None]


def _scanned(body: str) -> Pairs:
    """Fields with their values as they stand, however braces are set; text in no field goes by ``@text``."""
    at = 0
    while at < len(body):
        found = _FIELD.match(body, at)
        if found is None:
            later = _FIELD_LINE.search(body, at + 1)
            yield "@text", body[at : later.start() if later else None].strip(" \t\n,")
            at = later.start() if later else len(body)
            continue
        end = _value_end(body, found.end())
        yield found[1], body[found.end() : end].strip().rstrip(",").rstrip()
        at = end


def _value_end(body: str, start: int) -> int:
    """Where a value ends; one with unmatched braces where the next line begins a field."""
    at: int | None = start
    while at is not None:
        at = _piece_end(body, at)
        after = _AFTER.match(body, at) if at is not None else None
        if after is None:
            break
        if "#" not in after.group():
            return after.start()
        at = after.end()
    later = _FIELD_LINE.search(body, start)
    return later.start() if later else len(body)


def _piece_end(text: str, start: int) -> int | None:
    """Where a part of a value ends: a group in braces or quotes, a word."""
    if text[start : start + 1] == "{":
        return _closed(text, start)
    if text[start : start + 1] != '"':
        word = _BARE.match(text, start)
        return word.end() if word else start
    depth = 0
    for found in _MARK.finditer(text, start + 1):
        if found.group() == '"' and depth <= 0:
            return found.end()
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
    return None


def _value(given: str, macros: Mapping[str, str]) -> str:
    """A value without its braces or quotes; its parts put together, macros in their place."""
    parts, at = list[str](), 0
    while at < len(given):
        end = _piece_end(given, at)
        if end is None or end == at:
            return _bared(given)
        piece = given[at:end]
        parts.append(piece[1:-1] if piece[0] in '{"' else macros.get(piece.lower(), piece))
        joint = _JOIN.match(given, end)
        if joint is None and given[end:].strip():
            return _bared(given)
        at = joint.end() if joint else len(given)
    return "".join(parts)


def _bared(given: str) -> str:
    begun = given[1:] if given[:1] in {"{", '"'} else given
    return begun[:-1] if begun is not given and begun[-1:] in {"}", '"'} else begun


def _decoded(text: str) -> str:
    """Text with LaTeX's accents, symbols, dashes and mathematics as characters; unknown commands stay."""
    if not _LATEX.search(text):
        return text
    text = _ACCENT.sub(_accented, _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text))
    text = _MATH.sub(_mathematics, _COMMAND.sub(_symbol, text))
    if "``" in text:
        text = text.replace("``", "“").replace("''", "”")
    text = _DASH.sub(lambda found: "–—"[len(found.group()) - 2], text)
    text = _TIE.sub(" ", text).replace("{", "").replace("}", "")
    return _BACK.sub(lambda found: _HIDDEN[found.group()], text)


def _accented(found: re.Match[str]) -> str:
    return _character(f"{found[1]}{{{found[2].strip('{} ')}}}") or found.group()


def _symbol(found: re.Match[str]) -> str:
    name = found[1]
    if _STYLE.fullmatch(name):
        return found.group()[len(name) + 1 :].replace("{}", "")
    return _SYMBOLS.get(name) or _character(name) or found.group()


@lru_cache(maxsize=1 << 10)
def _character(command: str) -> str:
    """The one character that pylatexenc knows a command for; empty where it knows none or writes more."""
    field = Field("x", f"\\{command}")
    LatexDecodingMiddleware(keep_math_mode=False).transform_entry(Entry("x", "x", [field]), library.Library())
    return field.value if len(field.value) == 1 else ""


def _mathematics(found: re.Match[str]) -> str:
    return _RAISED.sub("", found[1]) if _MATHEMATICAL.search(found[1]) else found.group()


def _citation(fields: Fields) -> Citation:
    doi, pmid, pmcid, numbers = _doi(fields), _pmid(fields), _pmcid(fields), _numbers(fields)
    known = {pmid, pmcid, doi, *(number for kind in numbers.values() for number in kind)}
    _take_numbers(fields, {number for number in known if number})
    kind = () if fields.see("@type") == ("misc",) else fields.take_all("@type")  # misc says nothing
    types = (*fields.take_all("type", "document_type", "document-type"), *kind)
    year, date = _date(fields)
    title, title_given = _title(fields)
    return Citation(
        title=title,
        title_given=title_given,
        abstract=_abstract(fields),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=_text(fields.take_first("journal", "journaltitle", "booktitle")),
        journal_short=_text(fields.take_first(*_SHORT)),
        volume=_text(fields.take_first("volume")),
        issue=_issue(fields),
        pages=_pages(fields),
        doi=doi,
        pmid=pmid,
        pmcid=pmcid,
        numbers=numbers,
        language=parted(map(_text, fields.take_all("language")), ";"),
        publication_types=parted(map(_text, types), ";"),
        keywords=_keywords(fields.take_all("keywords", "keyword", "author_keywords", "keywords-plus")),
        extra=fields.rest(),
    )


def _take_numbers(fields: Fields, known: set[str]) -> None:
    """Take out what says only a number that the citation has."""
    own = ("pmid", "pubmed_id", "pubmedid", "pubmed-id", "pmcid", "pmc", "unique-id", "note", "eid", "@key")
    fields.take_where(own, lambda value: _PREFIX.sub("", folded(value)) in known)
    fields.take_where(("doi",), lambda value: identifiers.doi(_decoded(value)) in known and " " not in value)
    bare = {number.replace("-", "") for number in known}
    fields.take_where(_NUMBER_TAGS, lambda value: _bare(value) <= bare)


def _bare(value: str) -> set[str]:
    return {number.replace("-", "").upper() for number in _BOOK.findall(value)} or {value}


def _title(fields: Fields) -> tuple[str, str]:
    """Title and subtitle without markup and LaTeX, and as given where that differs."""
    given = ": ".join(filter(None, map(folded, (fields.take_first("title"), fields.take_first("subtitle")))))
    title, _ = title_of(_decoded(given))
    return title, "" if title == given else given


def _text(value: str) -> str:
    return title_of(_decoded(value))[0]


def _abstract(fields: Fields) -> str:
    text = "".join(fields.see("abstract")[:1])
    return "" if absent(text) else abstract_of(_decoded(fields.take_first("abstract")))


def _keywords(values: tuple[str, ...]) -> tuple[str, ...]:
    """Keywords after semicolons, else in lines, else after commas, whatever the source writes."""
    return keywords_of("\n".join(map(_text, _keyword_list(value))) for value in values)


def _keyword_list(value: str) -> list[str]:
    if ";" in value:
        return value.split(";")
    return value.split("\n") if "\n" in value and not re.search(r",\s*\n", value) else value.split(",")


def _authors(fields: Fields) -> tuple[Author, ...]:
    """Authors parted by ``and``; a list that goes on with ``others`` stays in ``extra`` too."""
    [value] = fields.see("author", "authors")[:1] or [""]
    names = split_multiple_persons_names(value)
    if len(names) == 1 and ";" in value:
        names = value.split(";")
    whole = [name for name in names if name.strip(" ,") and name.strip().lower() not in _OTHERS]
    if len(whole) == len(names):
        fields.take_first("author", "authors")
    return tuple(map(_author, whole))


def _author(given: str) -> Author:
    name, whole = _text(given).strip(", "), given.strip()
    if whole.startswith("{") and _closed(whole, 0) == len(whole) and " " in name:
        return Author(name, collective=True)
    known = author(name)
    if known.initials or " " not in name or "," in name or _GROUP.search(name):
        return known
    parts = parse_single_name_into_parts(name, strict=False)
    return replace(author(f"{' '.join((*parts.von, *parts.last))}, {' '.join(parts.first)}"), name=name)


def _date(fields: Fields) -> tuple[int | None, str]:
    """Year, and the date as far as year, month and day, or a date of its own, tell it."""
    [years, months, days] = ("".join(fields.see(tag)[:1]) for tag in ("year", "month", "day"))
    named = _decoded(f"{months} {days}")
    numeric = f"{years}-{months}" + (f"-{days}" if days else "") if months.isdigit() else ""
    others = fields.see("date", "issue_date", "earlyaccessdate", "early-access-date")
    year, date = date_of(years, numeric, named, *others)
    fields.take_where(("year",), lambda value: value == str(year))
    fields.take_where(("date",), lambda value: value == date)
    if "-" in date and _PLAIN_MONTH.fullmatch(months):
        fields.take_first("month")
    if date.count("-") > 1:
        fields.take_first("day")
    return year, date


def _issue(fields: Fields) -> str:
    reports = not _REPORTS.isdisjoint(fields.see("@type"))
    return "" if reports else _text(fields.take_first("number", "issue"))


def _pages(fields: Fields) -> str:
    """Pages, else the number of an article that appears without them."""
    for tag in _PAGES:
        value = "".join(fields.see(tag)[:1])
        pages = pages_of(_HYPHENS.sub("-", _text(value)))
        if pages and not value.startswith("2-s2.0-"):
            fields.take_first(tag)
            return _ONE_PAGE.sub(r"\1", _AND_MORE.sub("+", pages))
    return ""


def _doi(fields: Fields) -> str | None:
    links = (link for link in fields.see("url", "eprint", "link", "@key") if "10." in link)
    return first_doi(*map(_decoded, (*fields.see("doi"), *links)))


def _pmid(fields: Fields) -> str | None:
    kinds = " ".join(fields.see("eprinttype", "archiveprefix")).lower()
    noted = _NOTED_PMID.search(" ".join(fields.see("@key", "note", "annote")))
    places = (
        *fields.see("pmid", "pubmed_id", "pubmedid", "pubmed-id"),
        *(fields.see("eprint") if "pubmed" in kinds or "pmid" in kinds else ()),
        noted[1] if noted else "",
        linked_pmid(fields.see("url")),
    )
    return next(filter(None, map(identifiers.pmid, places)), None)


def _pmcid(fields: Fields) -> str | None:
    noted = _PMCID.findall(" ".join(fields.see("url", "note", "annote")))
    return next(filter(None, map(identifiers.pmcid, (*fields.see("pmcid", "pmc"), *noted))), None)


def _numbers(fields: Fields) -> dict[Number, tuple[str, ...]]:
    books = fields.see(*_NUMBER_TAGS)
    others = {
        Number.TRIAL: trials(*fields.see("url", "keywords", "author_keywords")),
        Number.ISSN: issns(*books),
        Number.ISBN: isbns(*books),
    }
    return numbers_of(named_numbers(" ".join(fields.see(*_STATED))) | others)


def _accession(fields: Fields) -> str:
    """The source's own number: Web of Science's UT, Scopus' EID, EBSCO's number, or a key that is one."""
    numbers, key = _numbers(fields), "".join(fields.see("@key"))
    if Number.WOS in numbers:
        return f"WOS:{numbers[Number.WOS][0]}"
    if Number.SCOPUS in numbers:
        return numbers[Number.SCOPUS][0]
    ebsco = _EBSCO.search(" ".join(fields.see("url")))
    if ebsco:
        return ebsco[1]
    return key.replace("PMID:", "MED:") if _OWN_KEY.fullmatch(key) else ""


def _origin(fields: Fields) -> str:
    """The database that the entry names or links to, else the program whose kind of key it has."""
    shown = named_database(" ".join(fields.see(*_STATED, "source", "annote", "note", "bibsource")))
    key = "".join(fields.see("@key"))
    signs = (
        ("acm", key.startswith("10.") and bool(fields.see("articleno", "numpages"))),
        ("ieee", key.isdigit() and any(doi.startswith("10.1109/") for doi in fields.see("doi"))),
        ("mendeley", bool(fields.see("mendeley-groups", "mendeley-tags"))),
        ("endnote", re.fullmatch(r"RN\d+", key) is not None),
        ("zotero", _ZOTERO_KEY.fullmatch(key) is not None),
    )
    return shown or next((program for program, seen in signs if seen), "")
