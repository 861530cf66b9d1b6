"""EndNote's XML, as EndNote writes it and Zotero and Mendeley write it after EndNote.

EndNote keeps what its import filters made of a database's record: where a number stands depends on the database
that the record names (``accession-num`` is a PubMed number under NLM's records only, ``custom5`` under
Embase.com's). Text may be nested in ``<style>`` elements; ``&#xD;`` parts values and paragraphs.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from curation import identifiers
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.fields import (
    Fields,
    absent,
    abstract_of,
    author,
    date_of,
    first_doi,
    folded,
    isbns,
    issns,
    keywords_of,
    numbers_of,
    pages_of,
    split_names,
    title_of,
    trials,
)
from curation.sources.files.formats import Wanted
from curation.sources.files.spool import digest
from curation.sources.files.xml_guard import Element, elements, parsed

RAW_FORMAT = "endnote-xml"

Pairs = Iterator[tuple[str, str]]

_GROUPS = ("contributors", "titles", "dates", "urls", "keywords", "foreign-keys")
_PERIODICALS = ("periodical", "alt-periodical")
_URLS = ("related-urls", "web-urls", "text-urls", "pdf-urls", "image-urls", "url")
_FACES = {"italic": "i", "bold": "b", "superscript": "sup", "subscript": "sub", "underline": "u"}
_NOTED_EMBASE = re.compile(r"^L(\d{5,12})$", re.MULTILINE)
_EMBASE = re.compile(r"embase\.com/\S*[?&]id=L(\d{5,12})\b")
_WOS = re.compile(r"(?:\b(?:WOS|ISI):|Go to ISI>://)([A-Z\d]{15})\b")
_EID = re.compile(r"\b2-s2\.0-\d+")
_CENTRAL = re.compile(r"\bCN-\d{8}\b")
_CROSS = re.compile(r"\b(PUBMED|EMBASE) (\d{1,12})\b", re.IGNORECASE)
_PMID = re.compile(r"(?:(?:PMID|MEDLINE|PUBMED):? ?)?([1-9]\d{0,7})", re.IGNORECASE)
_NOTED_PMID = re.compile(r"\bPMID: ?([1-9]\d{0,7})\b")
_PUBMED_PAGE = re.compile(
    r"(?:ncbi\.nlm\.nih\.gov/(?:pubmed/)?|europepmc\.org/abstract/MED/)(\d{1,8})(?![\d.])"
)
# What PubMed says in its field OWN, and EndNote takes for the provider.
_OWNERS = frozenset({"nlm", "notnlm", "pip", "kie", "hsr", "hmd", "nasa"})
_DOI = re.compile(r"(?:https?://\S*doi\.org/|doi:? ?)?10\.\d{4,9}/\S+(?: ?\[doi\])?", re.IGNORECASE)
_NUMBER_WORDS = re.compile(r"\b(?:print|electronic|linking|online|e?issn|e?isbn)\b|[\W_]", re.IGNORECASE)
_HYPHENS = re.compile(r"\s*[‐‑–—-]+\s*")
_WHOLE_DATE = re.compile(r"(?:(?:1[5-9]|20)\d\d\W?)?(?:[A-Za-z]{3,9}|\d{1,2})?\W?(?:\d{1,2})?")
_ET_AL = re.compile(r"et\b\W*(?:al\W*)?", re.IGNORECASE)
_ARTICLE_NUMBER = re.compile(r"[A-Za-z]{0,6}\.?\d[\w.-]{0,18}")
_ORIGINS = (
    (re.compile(r"\bovid.*embase|embase.*\bovid"), "ovid-embase"),
    (re.compile(r"embase"), "embase"),
    (re.compile(r"\bovid.*medline|medline.*\bovid"), "ovid-medline"),
    (re.compile(r"\bovid.*psycinfo|psycinfo.*\bovid"), "ovid-psycinfo"),
    (re.compile(r"\bcn-\d{8}|cochranelibrary\.com/central|cochrane central"), "central"),
    (re.compile(r"\b(?:wos|isi):|go to isi>|web of (?:science|knowledge)"), "wos"),
    (re.compile(r"\b2-s2\.0-|scopus"), "scopus"),
    (re.compile(r"psycinfo"), "psycinfo"),
    (re.compile(r"cinahl"), "cinahl"),
    (re.compile(r"econlit"), "econlit"),
    (re.compile(r"cab abstracts"), "cab"),
    (re.compile(r"agris"), "agris"),
    (re.compile(r"\bdb=(?:ccm|rzh|cin20|c8h|jlh)\b"), "cinahl"),
    (re.compile(r"\bdb=psyh\b"), "psycinfo"),
    (re.compile(r"\bdb=(?:ecn|eoh)\b"), "econlit"),
    (re.compile(r"\bebsco"), "ebsco"),
    (re.compile(r"proquest"), "proquest"),
    (re.compile(r"\blens\.org"), "lens"),
    (re.compile(r"dimensions\.ai"), "dimensions"),
    (re.compile(r"openalex"), "openalex"),
    (re.compile(r"ieeexplore|\bieee xplore"), "ieee"),
    (re.compile(r"dl\.acm\.org"), "acm"),
    (re.compile(r"europepmc|\bppr:ppr\d|\bpmid:\d"), "europepmc"),
    (re.compile(r"\bdblp[.:]"), "dblp"),
    (re.compile(r"pubmed|\bmedline\b"), "pubmed"),
)
_PROGRAMS = ("endnote", "zotero", "mendeley", "rayyan", "covidence", "asreview")


def read(document: Document, wanted: Wanted) -> Iterator[Outcome]:  # noqa: ARG001 - every reader is asked alike
    """Every record of an EndNote XML file in its order; refused are those that are broken, cut off or empty."""
    for part in elements(document, "record", "records"):
        yield part if isinstance(part, RefusedRecord) else _record(part)


def named_numbers(stated: str) -> dict[Number, tuple[str, ...]]:
    """Numbers of databases that the keys and links of a record state, whatever the file's format."""
    shapes = {Number.EMBASE: _EMBASE, Number.WOS: _WOS, Number.SCOPUS: _EID, Number.CENTRAL: _CENTRAL}
    return {kind: tuple(shape.findall(stated)) for kind, shape in shapes.items()}


def named_database(shown: str) -> str:
    """The database that the names, keys and links of a record show; empty where they show none."""
    text = shown.casefold()
    return next((origin for shape, origin in _ORIGINS if shape.search(text)), "")


def linked_pmid(urls: Iterable[str]) -> str:
    """The PubMed number that a record's links lead to; empty where they lead to several or none."""
    found = {number for url in urls for number in _PUBMED_PAGE.findall(url)}
    return found.pop() if len(found) == 1 else ""


def parted(values: Iterable[str], between: str) -> tuple[str, ...]:
    """Words parted by the pattern ``between``, each once in its first spelling."""
    words: dict[str, str] = {}
    for word in (folded(word) for value in values for word in re.split(between, value)):
        words.setdefault(word.casefold(), word)
    return tuple(filter(None, words.values()))


def _record(part: Element) -> Outcome:
    element, raw = parsed(part.text), part.text.encode()
    if isinstance(element, str):
        return RefusedRecord(part.line, element, raw)
    fields = Fields(_pairs(element))
    origin, accession = _origin(fields), _accession(fields)
    citation = _citation(fields)
    named = citation.doi or citation.pmid or citation.pmcid or citation.numbers
    if not (citation.title or named or accession):
        return RefusedRecord(part.line, "neither title nor identifier", raw)
    return SourceRecord(accession or digest(raw), raw, RAW_FORMAT, citation, origin)


def _pairs(record: ET.Element) -> Pairs:
    """Every value of a record with its tag: the element's name, of an author and a URL that of its list."""
    yield "record", _loose(record)
    for child in record:
        if child.tag in _GROUPS or child.tag in _PERIODICALS:
            place = f"{child.tag}/" if child.tag in _PERIODICALS else ""
            yield child.tag, _loose(child)
            for one in child:
                if one.tag != "style":
                    yield from _listed(place, one)
        else:
            yield from _leaf(child.tag, child)


def _listed(place: str, element: ET.Element) -> Pairs:
    inner = [child for child in element if child.tag != "style"]
    if inner:
        yield f"{place}{element.tag}", _loose(element)
    for leaf in inner or [element]:
        yield from _leaf(f"{place}{element.tag}", leaf)


def _loose(element: ET.Element) -> str:
    """Text that stands in a list itself, beside the elements of which it should consist."""
    parts = [element.text or ""]
    for child in element:
        parts += ["".join(child.itertext()) if child.tag == "style" else "", child.tail or ""]
    return "".join(parts).replace("\r\n", "\n").replace("\r", "\n")


def _leaf(tag: str, element: ET.Element) -> Pairs:
    """Text of an element, and each attribute that says more."""
    text = (
        (_marked(element) if tag == "title" else "".join(element.itertext()))
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .strip()
    )
    if not text and tag == "authors":
        text = ", ".join(filter(None, map(element.get, ("last-name", "first-name"))))
    yield tag, text
    yield from ((f"{tag}@{name}", value) for name, value in element.items() if value.strip() != text)


def _marked(element: ET.Element) -> str:
    """Text in which a face that matters (``superscript``) is an inline element (``<sup>``)."""
    parts = [element.text or ""]
    for child in element:
        inner = _marked(child)
        for face in filter(None, map(_FACES.get, child.get("face", "").split())):
            inner = f"<{face}>{inner}</{face}>"
        parts += [inner, child.tail or ""]
    return "".join(parts)


def _citation(fields: Fields) -> Citation:
    doi, pmid, pmcid, numbers = _doi(fields), _pmid(fields), _pmcid(fields), _numbers(fields)
    known = {pmid, pmcid, *(number for kind in numbers.values() for number in kind)}
    fields.take_where(("accession-num", "custom2", "custom3", "custom5"), lambda value: _said(value) <= known)
    fields.take_where(
        ("electronic-resource-num",), lambda value: bool(doi) and _DOI.fullmatch(folded(value)) is not None
    )
    fields.take_where(("isbn",), lambda value: _said_by(value, numbers))
    title, title_given = title_of(fields.take_first("title"))
    year, date = _date(fields)
    journal, journal_short = _journal(fields)
    return Citation(
        title=title,
        title_given=title_given,
        abstract=_abstract(fields),
        authors=_authors(fields),
        year=year,
        date=date,
        journal=journal,
        journal_short=journal_short,
        volume=folded(fields.take_first("volume")),
        issue=folded(fields.take_first("number")),
        pages=_pages(fields),
        doi=doi,
        pmid=pmid,
        pmcid=pmcid,
        numbers=numbers,
        language=parted(fields.take_all("language"), r"[\n;,]"),
        publication_types=_types(fields),
        keywords=_keywords(fields.take_all("keyword", "keywords")),
        extra=fields.rest(),
    )


def _abstract(fields: Fields) -> str:
    [text] = fields.see("abstract")[:1] or [""]
    return "" if absent(text) else abstract_of(fields.take_first("abstract"))


def _authors(fields: Fields) -> tuple[Author, ...]:
    """Authors; a name that ends in a comma is not to be parted: a group where it has several words.

    ``et al.`` and a register's number stand in the list, and are no authors.
    """
    found = []
    for value in fields.take_all("authors"):
        for name in filter(None, map(folded, split_names(value))):
            whole = name.endswith(",")
            if trials(name) == (name.rstrip(","),) or _ET_AL.fullmatch(name):
                continue
            plain = name.rstrip(", ")
            found.append(Author(plain, collective=" " in plain) if whole else author(name))
    return tuple(found)


def _date(fields: Fields) -> tuple[int | None, str]:
    year, date = date_of(*fields.see("year", "pub-dates"))
    fields.take_where(("year",), lambda value: folded(value) == str(year))
    if "-" in date:
        fields.take_where(("pub-dates",), lambda value: _WHOLE_DATE.fullmatch(folded(value)) is not None)
    return year, date


def _journal(fields: Fields) -> tuple[str, str]:
    """Full and short title; what repeats one of them is taken out."""
    full = folded(fields.take_first("periodical/full-title", "secondary-title"))
    short = folded(
        fields.take_first("periodical/abbr-1", "alt-title", "alt-periodical/abbr-1", "periodical/abbr-2")
    )
    names = {full.casefold(), short.casefold()}
    places = (
        *(f"{place}/{tag}" for place in _PERIODICALS for tag in ("full-title", "abbr-1")),
        "secondary-title",
        "alt-title",
    )
    fields.take_where(places, lambda value: folded(value).casefold() in names)
    return full or short, short if short != full else ""


def _types(fields: Fields) -> tuple[str, ...]:
    """Types of the publication, at last EndNote's own of the reference."""
    return parted(fields.take_all("work-type") + fields.take_all("ref-type@name"), r"[\n;]")


def _keywords(values: tuple[str, ...]) -> tuple[str, ...]:
    """Keywords: one an element, whose lines are then wrapped ones; or all of them as lines of a single element."""
    return keywords_of(map(folded, values) if len(values) > 1 else values)


def _pages(fields: Fields) -> str:
    """Pages; else the number of an article that appears without them (EndNote's custom7).

    A lone number beside an article's number is Web of Science's count of its pages.
    """
    given = "".join(fields.see("pages")[:1])
    pages = pages_of(_HYPHENS.sub("-", folded(given.strip("\"' "))).rstrip("-"))
    number = "".join(fields.see("custom7")[:1])
    if _ARTICLE_NUMBER.fullmatch(number) and (not pages or pages.isdigit()):
        return fields.take_first("custom7")
    if pages:
        fields.take_first("pages")
    return pages


def _doi(fields: Fields) -> str | None:
    links = (url for url in fields.see(*_URLS) if "doi.org/10." in url)
    return first_doi(*fields.see("electronic-resource-num"), *links)


def _pmid(fields: Fields) -> str | None:
    """PubMed number, from where the record's database puts it."""
    cross = (
        found[2]
        for value in fields.see("custom3")
        for found in _CROSS.finditer(value)
        if found[1].upper() == "PUBMED"
    )
    places = (
        *(fields.see("custom5") if _of_embase(fields) else ()),
        *(fields.see("accession-num") if _of_pubmed(fields) else ()),
        *(
            value
            for value in fields.see("accession-num")
            if value.upper().startswith(("PMID", "MEDLINE", "PUBMED"))
        ),
        *cross,
        *(number for note in fields.see("notes", "research-notes") for number in _NOTED_PMID.findall(note)),
        linked_pmid(fields.see(*_URLS)),
    )
    return next((found[1] for value in places if (found := _PMID.fullmatch(value))), None)


def _pmcid(fields: Fields) -> str | None:
    return next(filter(None, map(identifiers.pmcid, fields.see("custom2"))), None)


def _numbers(fields: Fields) -> dict[Number, tuple[str, ...]]:
    numbers, of_embase = fields.see("accession-num"), _of_embase(fields)
    stated = " ".join((*numbers, *fields.see(*_URLS)))
    cross = (
        found[2]
        for value in fields.see("custom3")
        for found in _CROSS.finditer(value)
        if found[1].upper() == "EMBASE"
    )
    own = (*numbers, *fields.see("notes")) if of_embase else ()
    named = named_numbers(stated)
    return numbers_of(
        named
        | {
            Number.EMBASE: (
                *_NOTED_EMBASE.findall("\n".join(own)),
                *named[Number.EMBASE],
                *(number for number in numbers if number.isdigit() and of_embase),
                *cross,
            ),
            Number.TRIAL: trials(*fields.see("authors", "secondary-title", "keyword"), stated),
            Number.ISSN: issns(*fields.see("isbn")),
            Number.ISBN: isbns(*fields.see("isbn")),
        }
    )


def _said(value: str) -> set[str | None]:
    """The numbers of a field, without the words before them."""
    words = re.split(
        r"[\s,;]+", re.sub(r"\b(?:PUBMED|EMBASE|PMID|MEDLINE|WOS|ISI)\b:?|\bL(?=\d)", " ", value)
    )
    return {word for word in words if word}


def _said_by(value: str, numbers: dict[Number, tuple[str, ...]]) -> bool:
    """Whether a field holds nothing but the ISSNs and ISBNs found in it."""
    rest = _NUMBER_WORDS.sub("", value).upper()
    for number in (*numbers.get(Number.ISSN, ()), *numbers.get(Number.ISBN, ())):
        rest = rest.replace(number.replace("-", ""), "")
    return not rest


def _database(fields: Fields) -> str:
    return " ".join(fields.see("remote-database-name", "remote-database-provider")).casefold()


def _of_embase(fields: Fields) -> bool:
    return "embase" in _database(fields) or any("embase.com/" in url for url in fields.see(*_URLS))


def _of_pubmed(fields: Fields) -> bool:
    database = _database(fields)
    named = "pubmed" in database or "medline" in database or database.strip() in _OWNERS
    return named and not _of_embase(fields)


def _accession(fields: Fields) -> str:
    """The source's own number: what stands as such, else Embase's L-number and Web of Science's UT in the links."""
    own = folded(fields.see("accession-num")[0]) if fields.see("accession-num") else ""
    if own and not _of_embase(fields):
        return own
    numbers = _numbers(fields)
    embase, wos = (numbers.get(kind, ("",))[0] for kind in (Number.EMBASE, Number.WOS))
    if embase:
        return f"L{embase}"
    return f"WOS:{wos}" if wos else own


def _origin(fields: Fields) -> str:
    """The database that the record names or links to, else the program that wrote the file."""
    if _database(fields).strip() in _OWNERS:
        return "pubmed"
    shown = named_database(" ".join((_database(fields), *fields.see("accession-num", *_URLS))))
    programs = " ".join(fields.see("source-app", "source-app@name")).casefold()
    return shown or next((program for program in _PROGRAMS if program in programs), "")
