"""Which format a file has, told by what it holds; and how often a record begins in it, without its reader.

The openers here are counted over the text by a pattern of their own, so that a reader that loses a record is
found out: records read and refused must add up to them.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from curation.errors import BadInput, Usage
from curation.sources.files.decode import Document, Outcome

_LINE = re.MULTILINE


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asks for: a format instead of the recognised one, and fields for a table's columns."""

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """A format: ``sign`` is what begins a file of it, ``opener`` what begins a record (within one line).

    ``module`` holds its reader, ``read(document, wanted)``; where ``opener`` is None also ``openers(document,
    wanted)``.
    """

    name: str
    label: str
    module: str
    sign: re.Pattern[str]
    opener: re.Pattern[str] | None = None

    def read(self, document: Document, wanted: Wanted) -> Iterator[Outcome]:
        """Every record of the document in its order, and every record that cannot be taken over."""
        read: Callable[[Document, Wanted], Iterator[Outcome]] = self._reader().read
        return read(document, wanted)

    def openers(self, document: Document, wanted: Wanted) -> int:
        """How many records begin in the document."""
        if self.opener is not None:
            return document.count(self.opener)
        openers: Callable[[Document, Wanted], int] = self._reader().openers
        return openers(document, wanted)

    def _reader(self) -> ModuleType:
        return importlib.import_module(f"curation.sources.files.{self.module}")


# Not "TY - positive and negative ..." in a wrapped abstract; but a TY glued to the ER before it.
_RIS = re.compile(
    r"^[ \t\u00a0]*(?:ER[ \t\u00a0]{1,3}-[ \t\u00a0]*)?TY[ \t\u00a0]{1,3}-"
    r"(?![ \t]*(?-i:[a-z])\S*[ \t]+\S+[ \t]+\S)(?![ \t]*(?:\S+[ \t]+){4}\S)",
    _LINE | re.IGNORECASE,
)
_NBIB = re.compile(r"^(?:PMID ?-|PMC *- ?PMC|OWN *- |DCOM- )", _LINE)
_ENW = re.compile(r"^[ \t]*%0(?:[ \t]|$)", _LINE)
_WOS = re.compile(r"^(?:ER[ \t]*)?PT[ \t]+[A-Z][A-Za-z]{0,11}[ \t]*$", _LINE)
_OVID = re.compile(r"^[ \t]*<[ \t]*\d+[ \t]*\.?[ \t]*>[ \t]*$", _LINE)
_BIBTEX_NAME = r"@(?!comment\b|string\b|preamble\b)[A-Za-z][\w-]*[ \t]*[{(]"
_BIBTEX = re.compile(  # at the beginning of a line; with its key also behind the end of another
    rf"^[ \t]*{_BIBTEX_NAME}|(?<=[}})])[ \t]*{_BIBTEX_NAME}[^{{}}=,\"\s]+,", _LINE | re.IGNORECASE
)
_JSONL = re.compile(r'^\{"livrev":', _LINE)
_PUBMED = re.compile(r"<Pubmed(?:Book)?Article[\s>]")

FORMATS = (
    Format("ris", "RIS", "ris", _RIS, _RIS),
    Format("nbib", "MEDLINE (nbib)", "nbib", _NBIB),
    Format("enw", "EndNote tagged (.enw)", "enw", _ENW),
    Format(
        "wos",
        "Web of Science plain text",
        "wos",
        re.compile(r"^(?:FN \S|VR \d|PT[ \t]+[A-Z][ \t]*$)", _LINE),
        _WOS,
    ),
    Format("ovid", "Ovid text", "ovid", _OVID, _OVID),
    Format("bibtex", "BibTeX", "bibtex", _BIBTEX, _BIBTEX),
    Format(
        "pubmed-xml",
        "PubMed XML",
        "pubmed_file",
        re.compile(r"<(?:PubmedArticleSet|PubmedBookArticleSet|PubmedArticle|PubmedBookArticle)[\s>]"),
        _PUBMED,
    ),
    Format(
        "endnote-xml",
        "EndNote XML",
        "endnote_xml",
        re.compile(r"<(?:xml|records|record)>"),
        re.compile(r"<record[\s>]"),
    ),
    Format("jsonl", "livrev JSON lines", "write.jsonl", _JSONL, _JSONL),
    Format("table", "table (CSV, TSV, XLSX)", "table", re.compile(r"\A(?!)")),
)
_NAMES = {form.name: form for form in FORMATS}


def recognised(document: Document, wanted: Wanted) -> Format:
    """The format asked for, else the one whose sign comes first, else a table when its header has known columns.

    Raises Usage for an unknown format, BadInput for a file that shows none.
    """
    if wanted.format:
        return named(wanted.format)
    if not document.encoding or wanted.columns:
        return _NAMES["table"]
    head = document.head()
    signs = [(found.start(), form) for form in FORMATS if (found := form.sign.search(head)) is not None]
    marked_up = head.lstrip().startswith("<")
    if not marked_up and _is_table(head) and not any(head[:start].strip() == "" for start, _ in signs):
        return _NAMES["table"]
    if signs:
        return min(signs, key=lambda sign: sign[0])[1]
    later = next((f for f in FORMATS if f.opener is not None and document.count(f.opener)), None)
    if later is not None:
        return later
    raise _unknown(document, head)


def named(name: str) -> Format:
    """Format by its name; Usage when there is none."""
    form = _NAMES.get(name)
    if form is None:
        raise Usage(f"{name!r} is no format; known are {', '.join(_NAMES)}")
    return form


def others(document: Document, form: Format) -> dict[str, int]:
    """How many records of other formats begin in a document: files of two databases put together."""
    found: Counter[str] = Counter()
    for piece in document.pieces():
        if _ANY_OPENER.search(piece) is not None:
            counts = {label: len(opener.findall(piece)) for label, opener in _JOINABLE if label != form.label}
            found.update({label: n for label, n in counts.items() if n})
        if form.name != "table" and (headers := sum(_is_table(line) for line in _header_like(piece))):
            found[_NAMES["table"].label] += headers
    return dict(found)


def _header_like(piece: str) -> set[str]:
    """Lines that name a title beside other columns."""
    lines = (piece[piece.rfind("\n", 0, at) + 1 : piece.find("\n", at)] for at in _found_at(piece))
    return {line for line in lines if max(map(line.count, ",;\t|")) > 1}


def _found_at(piece: str) -> Iterator[int]:
    return (found.start() for found in _TITLE_NAMED.finditer(piece))


_TITLE_NAMED = re.compile(r"\btitle\b", re.IGNORECASE)
# Lines by which a record begins and that no other format's text holds by chance.
_JOINABLE = tuple(
    (f.label, re.compile(rf"^{pattern}", _LINE | re.IGNORECASE))
    for f, pattern in (
        (_NAMES["ris"], r"[ \t]*TY[ \t]{1,3}-[ \t]*\w+[ \t]*$"),
        (_NAMES["nbib"], r"(?:PMID-[ \t]*\d+|OWN - [A-Z]+)[ \t]*$"),
        (_NAMES["enw"], r"%0[ \t]"),
        (_NAMES["wos"], r"PT [A-Z]$"),
        (_NAMES["ovid"], r"<[ \t]*\d+[ \t]*\.[ \t]*>[ \t]*$"),
        (_NAMES["bibtex"], r"[ \t]*@(?!comment|string|preamble)[a-z]+[ \t]*[{(][^\n,]*,[ \t]*$"),
        (_NAMES["pubmed-xml"], r"[ \t]*<(?:PubmedArticle|PubmedBookArticle)[ >]"),
        (_NAMES["endnote-xml"], r"[ \t]*(?:(?:<\?xml|<xml>|<records>)[^\n]*)?<record>"),
        (_NAMES["jsonl"], r"\{\"livrev\""),
    )
)
_ANY_OPENER = re.compile(
    r"^(?:[ \t]*TY[ \t]{1,3}-|PMID-|OWN -|%0[ \t]|PT [A-Z]$|[ \t]*@[A-Za-z]+[ \t]*[{(]|[ \t]*<|\{)",
    _LINE | re.IGNORECASE,
)


def _is_table(head: str) -> bool:
    has_header: Callable[[str], bool] = importlib.import_module("curation.sources.files.table").has_header
    return has_header(head)


def _unknown(document: Document, head: str) -> BadInput:
    first = next((line.strip() for line in head.split("\n") if line.strip()), "")
    return BadInput(
        f"{document.name}: its format is not recognised; its first line is {first[:60]!r}; export it again. Known are RIS ('TY  - "
        "JOUR'), MEDLINE/nbib ('PMID- 12345678'), EndNote XML and .enw, PubMed XML, BibTeX, Web of Science text, "
        "Ovid text, and tables with a header of known columns (others: --map COLUMN=FIELD)"
    )
