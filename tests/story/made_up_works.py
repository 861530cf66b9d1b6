"""Texts that get in each other's way, as several databases print them: made at random for histories of duplicates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from curation.sources.standin import Entry

FOUND_BY = "spine"  # the word by which a search finds a record in the stand-in
PROTOCOL = f"""
exclusion_reasons = [{{ code = "population", label = "Population" }}]
sources = [
  {{ key = "pubmed", name = "PubMed", kind = "database", strategy = "{FOUND_BY}[tiab]", service = "pubmed" }},
  {{ key = "embase", name = "Embase", kind = "database", strategy = "{FOUND_BY}" }},
  {{ key = "scopus", name = "Scopus", kind = "database", strategy = "{FOUND_BY}" }},
  {{ key = "ictrp", name = "ICTRP", kind = "register", strategy = "{FOUND_BY}" }},
]
reviewers = [
  {{ id = "ana", name = "Ana", roles = ["screener"] }},
  {{ id = "ben", name = "Ben", roles = ["screener"] }},
]
review = {{ title = "A review with duplicates", question = "Does their order matter?" }}
criteria = {{ include = ["Everything"] }}
living = {{ integration = "Now and then.", retirement = "At the end." }}
ncbi = {{ email = "team@example.org" }}
"""


@dataclass(frozen=True)
class Text:
    """What one text is: an article, its erratum, a talk about it."""

    title: str
    authors: tuple[str, ...]
    year: str
    journal: str
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    abstract: str = ""
    kind: str = "JOUR"


_TEAM = ("Marchetti, Giulia L.", "Okonkwo, Chidi", "Tran, Thanh H.")
_ABSTRACT = (
    "We measured how well radiomics of the spine foretells EGFR mutation in 412 patients of two centres, with"
    " magnetic resonance imaging before treatment and sequencing of the biopsy as the reference standard."
)
_ARTICLE = Text(
    "Radiomics of spinal metastases predicts EGFR mutation: a tumour centre study",
    _TEAM, "2023", "European Radiology", "33", "4", "2511-2522", "10.5555/er.2511", "30000001", _ABSTRACT,
)  # fmt: skip
_ARM = replace(_ARTICLE, title="Rituximab for adult patients with lymphoma of the spine", volume="", issue="",
               pages="", doi="", pmid="", abstract="", journal="Blood", year="2012")  # fmt: skip
_PART = replace(_ARTICLE, title="Imaging of the metastatic spine, part I", pages="101-112", issue="1",
                doi="10.5555/er.101", pmid="30000007", abstract="")  # fmt: skip
_TALK = Text(
    "Talk about the cervical spine of divers", ("Ng, Chi", "Li, Zhong"), "2022", "Spine Journal", "22",
    "9 Supplement", "S81", "10.5555/congress", kind="ABST",
)  # fmt: skip
_EDITORIAL = Text("Editorial", ("Fairbank, Jeremy",), "2020", "European Spine Journal", "29", "1", "1-2")
TEXTS = (
    _ARTICLE,
    replace(_ARTICLE, title=f"Erratum to: {_ARTICLE.title}", issue="7", pages="5102", doi="10.5555/er.5102",
            pmid="30000002", abstract=""),
    replace(_ARTICLE, year="2022", journal="medRxiv", volume="", issue="", pages="", doi="10.1101/2022.05.05",
            pmid="", kind="UNPB"),
    replace(_ARTICLE, year="2022", journal="Spine Journal", volume="22", issue="9 Supplement", pages="S81-S82",
            pmid="", kind="ABST"),
    # the article once more in another volume, under a PubMed number of its own: thin records fit both
    replace(_ARTICLE, volume="34", issue="1", pages="900-911", doi="10.5555/er.900", pmid="30000005"),
    _ARM,
    replace(_ARM, title="Rituximab for adolescent patients with lymphoma of the spine"),
    _PART,
    replace(_PART, title="Imaging of the metastatic spine, part II", pages="113-124", doi="10.5555/er.113",
            pmid="30000008"),
    _TALK,
    replace(_TALK, title="Poster on lumbar magnetic resonance imaging", pages="S93", authors=("Ferrari, Anna",)),
    _EDITORIAL,
    replace(_EDITORIAL, issue="2"),
    Text("The Cochrane review of bracing the spine", _TEAM, "2009", "Cochrane Database of Systematic Reviews",
         issue="2", pages="CD003316", doi="10.1002/14651858.CD003316.pub2"),
    Text("The Cochrane review of bracing the spine", _TEAM, "2014", "Cochrane Database of Systematic Reviews",
         issue="8", pages="CD003316", doi="10.1002/14651858.CD003316.pub3"),
)  # fmt: skip

_FIELDS = ("title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid", "abstract")
_STYLES = ("plain", "loud", "linked", "short", "american", "later", "cut")


def _styled(text: Text, style: str) -> Text:
    """The text as another database prints it."""
    if style == "loud":
        return replace(text, title=text.title.upper() + ".", journal=text.journal.upper())
    if style == "linked":
        return replace(text, doi=f"https://doi.org/{text.doi.upper()}" if text.doi else "")
    if style == "short":
        return replace(
            text, journal=" ".join(word[:3] for word in text.journal.split()), pages=text.pages[:4]
        )
    if style == "american":
        return replace(text, title=text.title.replace("tumour centre", "tumor center"))
    if style == "later":
        return replace(text, year=str(int(text.year) + 1))
    return replace(text, title=text.title.partition(":")[0]) if style == "cut" else text


@dataclass(frozen=True)
class Print:
    """One record: a text in a style, some fields missing, perhaps under the database's own number."""

    text: int
    style: str = "plain"
    missing: frozenset[str] = frozenset()
    number: int | None = None

    @property
    def printed(self) -> Text:
        """Its fields; those that are missing empty."""
        whole = _styled(TEXTS[self.text], self.style)
        gone: dict[str, Any] = {name: () if name == "authors" else "" for name in self.missing}
        return replace(whole, **gone)

    @property
    def name(self) -> object:
        """What its source knows it by: a number, its DOI, its PubMed number, else all it says."""
        it = self.printed
        return self.number if self.number is not None else TEXTS[self.text].doi if it.doi else it.pmid or it

    def ris(self) -> str:
        """The record in an export file; never without anything to know it by."""
        it = self.printed
        start, _, end = it.pages.partition("-")
        pairs = [("TY", it.kind), ("TI", it.title), *(("AU", name) for name in it.authors), ("PY", it.year)]
        pairs += [("T2", it.journal), ("VL", it.volume), ("IS", it.issue), ("SP", start), ("EP", end)]
        pairs += [("DO", it.doi), ("AB", it.abstract), ("U1", f"{it.pmid} [PMID]" if it.pmid else "")]
        pairs += [("AN", f"X{self.number}" if self.number is not None else "")]
        if not (it.title or it.doi or it.pmid or self.number is not None):
            pairs += [("TI", "Untitled")]
        return "".join(f"{tag}  - {value}\n" for tag, value in pairs if value) + "ER  - \n\n"

    def entry(self, number: int) -> Entry:
        """The record in PubMed, under ``number``."""
        it = self.printed
        names = [name.split(", ") for name in it.authors]
        people = "".join(
            f"<Author><LastName>{a}</LastName><ForeName>{b}</ForeName></Author>" for a, b in names
        )
        doi = f'<ELocationID EIdType="doi" ValidYN="Y">{escape(it.doi)}</ELocationID>' if it.doi else ""
        issue = f"<Volume>{it.volume}</Volume><Issue>{it.issue}</Issue><PubDate><Year>{it.year or 2000}</Year></PubDate>"
        xml = (
            f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article><Journal><JournalIssue>{issue}'
            f"</JournalIssue><Title>{it.journal}</Title></Journal><ArticleTitle>{escape(it.title or 'Untitled')}"
            f"</ArticleTitle><Pagination><MedlinePgn>{it.pages}</MedlinePgn></Pagination>{doi}<Abstract><AbstractText>"
            f"{escape(it.abstract)}</AbstractText></Abstract><AuthorList>{people}</AuthorList></Article>"
            "</MedlineCitation></PubmedArticle>"
        )
        return Entry(number, xml.encode(), titles=(it.title,), abstracts=(FOUND_BY,))


def exported(prints: Iterable[Print]) -> list[Print]:
    """A file's records: none of two that a source would know by one name, though one may stand there twice."""
    first: dict[object, Print] = {}
    return [one for one in prints if first.setdefault(one.name, one) == one]


THIN = frozenset({"volume", "issue", "pages", "doi", "pmid"})  # what tells two texts under one title apart
NUMBERS = st.none() | st.integers(0, 5)
# As they are, so that a thin record of either fits both equally well, though they are two.
TIED = st.builds(
    Print, text=st.sampled_from((0, 4)), missing=st.sampled_from((frozenset[str](), THIN)), number=NUMBERS
)
# Only their DOI tells that two of these are one, as long as it stands under one title.
BARE = frozenset({"authors", "year", "journal", "volume", "issue", "pages", "abstract", "pmid"})
SHARING = st.builds(Print, text=st.sampled_from((9, 9, 10)), missing=st.just(BARE), number=st.integers(0, 5))
PRINTS = (
    TIED
    | SHARING
    | st.builds(Print, text=st.integers(0, len(TEXTS) - 1), number=NUMBERS)
    | st.builds(
        Print,
        text=st.integers(0, len(TEXTS) - 1) | st.sampled_from((0, 0, 1, 4)),
        style=st.sampled_from(_STYLES),
        missing=st.frozensets(st.sampled_from(_FIELDS), max_size=3) | st.just(THIN),
        number=NUMBERS,
    )
)
