"""What a source means by a tag: which database a tagged record shows it came from, and its numbers.

The tags are RIS'; EndNote's are read through the same (``enw``). What is told from the record itself, never from
the name of the file: the record's database, the address it links to, or the form of its number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from curation import identifiers
from curation.model import Number
from curation.sources.files.fields import Fields, first_doi, folded, isbns, issns, numbers_of, plain, trials

_WOS = re.compile(r"\b(?:WOS|ISI|UT)[:=](?:WOS:)?([A-Z]?\d[A-Z\d]{13,14})\b")
_EID = re.compile(r"\b2-s2\.0-\d+")
_CENTRAL = re.compile(r"\bCN-\d{8}\b")
_EMBASE = re.compile(r"(?:\bL|embase\.com\S{0,200}?[?&]id=L)(\d{5,12})\b")
_CROSS = re.compile(r"\b(PUBMED|EMBASE)\s+(\d{1,12})\b", re.IGNORECASE)
_OVID = re.compile(r"[?&]D=([a-z]+)\w*\S{0,300}?[?&]AN=([^&\s]+)", re.IGNORECASE)
_EBSCO = re.compile(r"[?&]db=(\w+)\S{0,300}?[?&]AN=([^&\s]+)", re.IGNORECASE)
_EBSCO_NOTE = re.compile(r"Accession Number: ([\w-]+)")
_NO_ARTICLE = "10.1002/central/"  # CENTRAL's own DOI of the record, not of the article
_BLANK_IN_DOI = re.compile(r"\s+(?=\[)|(?<=\[)\s+")
_PAGE_OF = re.compile(
    r"(?:proquest\.com/(?:\w+/)?docview/|lens\.org/(?:lens/)?(?=\d{3}-)|dimensions\.ai/details/publication/(?=pub\.)|"
    r"openalex\.org/(?:works/)?(?=W\d))([\w.-]+)",
    re.IGNORECASE,
)
_PUBMED_PAGE = re.compile(
    r"(?:ncbi\.nlm\.nih\.gov/(?:m/)?(?:pubmed/)?|europepmc\.org/(?:article|abstract)/MED/)(\d{1,8})(?![\d.])",
    re.IGNORECASE,
)
_PMC_PAGE = re.compile(
    r"(?:ncbi\.nlm\.nih\.gov/(?:pmc/)?articles/|europepmc\.org/articles?/(?:PMC/)?)(PMC\d+)", re.IGNORECASE
)
_DOI_PAGE = re.compile(r"doi\.org/(10\.\d{4,9}/\S+)", re.IGNORECASE)
_DOI_IN_LINK = re.compile(r"[?&](?:doi=|id=doi:)(10\.[^&\s]+)", re.IGNORECASE)
_NOTED_DOI = re.compile(r"\b(?:doi|electronic-resource-num): ?(10\.\d{4,9}/[^\s<]+)", re.IGNORECASE)
_NOTED_PMID = re.compile(r"\bPMID: ?(\d{1,8})\b")
_NOTED_PMCID = re.compile(r"\bPMCID: ?(PMC\d+)\b")
_SHORTEST_PMID_UNMARKED = 8  # digits; shorter bare numbers in ID are a reference manager's own count
_MEDLINE_SEGMENTS = ("med", "prem", "ppez", "pmnm", "mesx", "cmed", "mesz")
_MEDLINE_AT_EBSCO = frozenset({"mnh", "cmedm", "mdc", "mdl", "medline"})
_WRAPPING = re.compile(
    r"^(?:(?:WOS|ISI|MEDLINE|DOI|PMID|PMCID):\s*|PUBMED\s+|EMBASE\s+|L(?=\d)|https?://(?:dx\.)?doi\.org/)|\s*\[PMC?ID\]$",
    re.IGNORECASE,
)

_BY_DATABASE = (
    ("embase", "embase"),
    ("scopus", "scopus"),
    ("web of science", "wos"),
    ("ovid medline", "ovid-medline"),
    ("cochrane central", "central"),
    ("psycinfo", "psycinfo"),
    ("psyh", "psycinfo"),
    ("cinahl", "cinahl"),
    ("econlit", "econlit"),
    ("cab abstracts", "cab"),
    ("agris", "agris"),
    ("pubmed", "pubmed"),
    ("ieee", "ieee"),
    ("openalex", "openalex"),
    ("dimensions", "dimensions"),
    ("proquest", "proquest"),
    ("ptsdpubs", "proquest"),
    ("europe pmc", "europepmc"),
    ("crossref", "crossref"),
    ("dblp", "dblp"),
    ("acm digital", "acm"),
)
_BY_LINK = (
    ("embase.com/", "embase"),
    ("scopus.com/", "scopus"),
    ("webofscience.com/", "wos"),
    ("webofknowledge.com/", "wos"),
    ("cochranelibrary.com/central", "central"),
    ("proquest.com/", "proquest"),
    ("lens.org/", "lens"),
    ("dimensions.ai/", "dimensions"),
    ("ieeexplore.ieee.org/", "ieee"),
    ("openalex.org/", "openalex"),
    ("agris.fao.org/", "agris"),
    ("europepmc.org/", "europepmc"),
    ("dl.acm.org/", "acm"),
    ("dblp.", "dblp"),
    ("pubmed.ncbi.nlm.nih.gov/", "pubmed"),
    ("ncbi.nlm.nih.gov/pubmed/", "pubmed"),
)
_AT_OVID = (
    *((segment, "ovid-medline") for segment in _MEDLINE_SEGMENTS),
    ("psyc", "ovid-psycinfo"),
    ("em", "ovid-embase"),
    ("oem", "ovid-embase"),
    ("cctr", "central"),
    ("cab", "cab"),
    ("econ", "econlit"),
)
_AT_EBSCO = {
    "psyh": "psycinfo",
    "psycinfo": "psycinfo",
    "ccm": "cinahl",
    "rzh": "cinahl",
    "cin20": "cinahl",
    "c8h": "cinahl",
    "jlh": "cinahl",
    "ecn": "econlit",
    "eoh": "econlit",
    "8gh": "ebsco",
}
_BY_EXACT_NAME = {**_AT_EBSCO, "ebscohost": "ebsco", "nlm": "pubmed", "google scholar": "google-scholar"}
_ZOTERO_DATE = re.compile(r"\d{4}/\d{0,2}/\d{0,2}/\S*")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a record is called: DOI, PubMed and PubMed Central numbers, and those of other databases."""

    doi: str | None
    pmid: str | None
    pmcid: str | None
    others: dict[Number, tuple[str, ...]]

    def all(self) -> frozenset[str]:
        """Every number, in small letters."""
        named = {number for number in (self.doi, self.pmid, self.pmcid) if number}
        return frozenset(n.lower() for n in (*named, *(n for kind in self.others.values() for n in kind)))


def numbers(fields: Fields) -> Numbers:
    """Every number that the record states of itself."""
    links = " ".join(fields.see("UR", "L1", "L2", "L3", "L4"))
    cross = [
        (found[1].upper(), found[2])
        for value in fields.see("C3", "XR", "PM")
        for found in _CROSS.finditer(value)
    ]
    stated = " ".join(fields.see("AN", "ID", "UR", "L2"))
    noted = " ".join(value for value in fields.see("N1") if "accession-num: " in value)
    registered = [name for name in fields.see("AU", "A1") if name[-1].isdigit()]
    others = {
        Number.EMBASE: [
            *_EMBASE.findall(" ".join(fields.see("U2", "UR"))),
            *(n for kind, n in cross if kind == "EMBASE"),
        ],
        Number.WOS: _WOS.findall(f"{stated} {noted}"),
        Number.SCOPUS: _EID.findall(stated) if "2-s2.0-" in stated else (),
        Number.CENTRAL: _CENTRAL.findall(stated) if "CN-" in stated else (),
        Number.TRIAL: trials(*registered, *fields.see("AN", "ID", "JA", "CN", "UR")),
        Number.ISSN: issns(*fields.see("SN")),
        Number.ISBN: isbns(*fields.see("SN")),
    }
    return Numbers(
        _doi(fields, links), _pmid(fields, links, cross), _pmcid(fields, links), numbers_of(others)
    )


def stated(value: str, known: frozenset[str]) -> bool:
    """Whether a value is one of the ``known`` numbers and no more: ``35957633 [PMID]``, ``https://doi.org/10...``."""
    return _WRAPPING.sub("", value).strip().lower() in known


def accession(fields: Fields, known: Numbers, *, private: bool) -> str:
    """The source's own number; empty where it gives none. ``private``: ID is a reference manager's count."""
    for kind, prefix in (
        (Number.WOS, "WOS:"),
        (Number.EMBASE, "L"),
        (Number.SCOPUS, ""),
        (Number.CENTRAL, ""),
    ):
        if kind in known.others and (kind is not Number.EMBASE or fields.see("U2")):
            return prefix + known.others[kind][0]
    for number in fields.see("AN"):
        return folded(number.partition(";")[0])
    for number in fields.see("ID"):
        if not private and not _own_count(number, fields):
            return folded(number)
    return _linked(fields)


def _linked(fields: Fields) -> str:
    """Number that only a note or a link of the record shows."""
    for note in fields.see("N1"):
        if (found := _EBSCO_NOTE.match(note)) is not None:
            return found[1]
    for link in fields.see("UR", "L2"):
        for pattern in (_OVID, _EBSCO):
            if (found := pattern.search(link)) is not None:
                return found[2]
        if (found := _PAGE_OF.search(link)) is not None:
            return found[1]
    return ""


def _own_count(number: str, fields: Fields) -> bool:
    """Whether an ID is a reference manager's own count, which begins again in every library."""
    return number.isdigit() and len(number) < _SHORTEST_PMID_UNMARKED and not _of_ovid_medline(fields)


def _doi(fields: Fields, links: str) -> str | None:
    own = (
        _BLANK_IN_DOI.sub("", plain(value))
        for value in fields.see("DO", "L3", "M3")
        if _NO_ARTICLE not in value
    )
    doi = first_doi(*own)
    if doi is not None or ("10." not in links and not fields.see("N1", "LK")):
        return doi
    pages = {identifiers.doi(found) for found in _DOI_PAGE.findall(links)} - {None}
    if len(pages) == 1:
        return pages.pop()
    linked = first_doi(
        *(unquote(found) for found in _DOI_IN_LINK.findall(" ".join((links, *fields.see("LK")))))
    )
    noted = {identifiers.doi(found) for note in fields.see("N1") for found in _NOTED_DOI.findall(note)} - {
        None
    }
    return linked or (noted.pop() if len(noted) == 1 else None)


def _pmid(fields: Fields, links: str, cross: list[tuple[str, str]]) -> str | None:
    """PubMed number, from where each source puts it."""
    places = _marked_places(fields, links)
    marked = [number for number in places if number.isdigit() and len(number) <= 8 and number[0] != "0"]  # noqa: PLR2004 - digits of a PubMed number
    marked += [number for kind, number in cross if kind == "PUBMED"]
    marked += [value.split()[0] for value in fields.see("U1") if re.fullmatch(r"\d{1,8} \[PMID\]", value)]
    marked += [
        found[2] for link in fields.see("L2", "UR") if (found := _OVID.search(link)) and _is_medline(found[1])
    ]
    if marked:
        return identifiers.pmid(marked[0])
    linked = ({*_PUBMED_PAGE.findall(links)} if "MED/" in links or "ncbi" in links else None) or {
        n for note in fields.see("N1", "M1") for n in _NOTED_PMID.findall(note)
    }
    return identifiers.pmid(linked.pop()) if len(linked) == 1 else None


def _marked_places(fields: Fields, links: str) -> list[str]:
    """Values of tags that hold a PubMed number in the exports of one source, and something else in others'."""
    found: list[str] = []
    if fields.see("C5", "C2"):
        sources = f"{' '.join(fields.see('DB'))} {links}".casefold()
        found += fields.see("C5") if "embase" in sources or "medline" in sources else ()
        found += fields.see("C2") if "scopus" in sources else ()
    if fields.see("AN"):
        found += fields.see("AN") if _of_pubmed(fields) else ()
        found += (
            value.removeprefix("MEDLINE:") for value in fields.see("AN") if value.startswith("MEDLINE:")
        )
    if fields.see("ID"):
        found += fields.see("ID") if _of_ovid_medline(fields) else ()
    return found


def _is_medline(segment: str) -> bool:
    return segment.casefold().startswith(_MEDLINE_SEGMENTS)


def _of_pubmed(fields: Fields) -> bool:
    """Whether AN is a PubMed number: the database or its provider (EndNote's DP) is PubMed's."""
    named = [name.casefold() for name in fields.see("DB", "DP")]
    return any(
        "medline" in name or "pubmed" in name or name == "nlm" or name in _MEDLINE_AT_EBSCO for name in named
    )


def _of_ovid_medline(fields: Fields) -> bool:
    """Whether ID is a PubMed number: Ovid's MEDLINE segments, by name or in the link."""
    named = any("medline" in name.casefold() for name in fields.see("DB"))
    linked = any(_is_medline(found[1]) for link in fields.see("L2", "UR") if (found := _OVID.search(link)))
    return (named and not fields.see("U2")) or linked


def _pmcid(fields: Fields, links: str) -> str | None:
    stated = (n for n in fields.see("U1", "C2") if re.fullmatch(r"PMC\d+( \[PMCID\])?", n))
    own = next(filter(None, map(identifiers.pmcid, stated)), None)
    if own is not None:
        return own
    linked = ({*_PMC_PAGE.findall(links)} if "PMC" in links else None) or {
        n for note in fields.see("N1", "M1") for n in _NOTED_PMCID.findall(note)
    }
    return linked.pop() if len(linked) == 1 else None


def origin(fields: Fields, known: Numbers, *, private: bool) -> str:
    """Database the record shows it came from, else the program that wrote it; empty where neither shows."""
    return (
        _by_number(fields, known) or _by_link(fields) or _by_name(fields) or _program(fields, private=private)
    )


def _by_number(fields: Fields, known: Numbers) -> str:
    if Number.WOS in known.others:
        return "wos"
    if any(_EMBASE.fullmatch(number) for number in fields.see("U2")):
        return "embase"
    if Number.CENTRAL in known.others:
        return "central"
    if any(number.startswith("pub.") for number in fields.see("AN")):
        return "dimensions"
    if any(re.fullmatch(r"\d{3}(?:-\d{3}){4}", number) for number in fields.see("ID")):
        return "lens"
    return (
        "ieee" if fields.see("JO") == fields.see("JA") != () and fields.see("T2") == fields.see("JO") else ""
    )


def _by_link(fields: Fields) -> str:
    for link in fields.see("UR", "L2"):
        if (found := _OVID.search(link)) is not None:
            segment = found[1].casefold()
            return next((name for begin, name in _AT_OVID if segment.startswith(begin)), "")
        if "ebscohost.com" in link and (found := _EBSCO.search(link)) is not None:
            return _AT_EBSCO.get(found[1].casefold(), "ebsco")
    links = " ".join(fields.see("UR")).casefold()
    named = next((name for part, name in _BY_LINK if part in links), "") if links else ""
    if named:
        return named
    # Zotero moves the page of the record to L2, where Lens lists pages of everybody: only its own count.
    pages = " ".join(
        page[0].casefold() for link in fields.see("L2") if (page := _PAGE_OF.search(link)) is not None
    )
    return next(
        (name for part, name in (("lens.org/", "lens"), ("dimensions.ai/", "dimensions")) if part in pages),
        "",
    )


def _by_name(fields: Fields) -> str:
    named = " ".join(fields.see("DB", "DP")).casefold()
    if "ovid" in named and "psycinfo" in named:
        return "ovid-psycinfo"
    if "ovid" in named and "embase" in named:
        return "ovid-embase"
    found = next((name for part, name in _BY_DATABASE if part in named), "") if named else ""
    exact = (_BY_EXACT_NAME.get(name.casefold(), "") for name in fields.see("DB", "DP"))
    noted = "scopus" if any("Source: Scopus" in note for note in fields.see("N1")) else ""
    return found or next(filter(None, exact), noted)


def _program(fields: Fields, *, private: bool) -> str:
    notes = " ".join(fields.see("N1"))
    if any(number.startswith("rayyan-") for number in fields.see("AN", "ID")) or "RAYYAN-" in notes:
        return "rayyan"
    if "ASReview_" in notes:
        return "asreview"
    if any("Mendeley" in link for link in fields.see("L1", "UR")):
        return "mendeley"
    if "no corresponding Zotero field" in notes or any(map(_ZOTERO_DATE.fullmatch, fields.see("DA"))):
        return "zotero"
    if any("covidence" in name.casefold() for name in fields.see("DB", "DP", "ID")):
        return "covidence"
    return "endnote" if private and fields.see("ID", "ST") else ""
