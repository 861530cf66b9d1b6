"""What esummary tells of a record, as XML (version 1) and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from curation.sources.standin.asked import Asked
from curation.sources.standin.entry import Entry
from curation.sources.standin.wire import Answer, Refusal, in_json, in_xml, text

_GONE = "cannot get document summary"
_STATUS = {
    "MEDLINE": "PubMed - indexed for MEDLINE",
    "Publisher": "PubMed - as supplied by publisher",
    "In-Process": "PubMed - in process",
    "In-Data-Review": "PubMed - in data review",
}
_ARTICLE = "MedlineCitation/Article"
_IDS = "PubmedData/ArticleIdList/ArticleId", "BookDocument/ArticleIdList/ArticleId"


@dataclass(frozen=True, slots=True)
class _Summary:
    """What is told of one record; ``dates`` and ``ids`` are pairs of kind and value."""

    pmid: int
    title: str
    authors: tuple[str, ...]
    journal: str
    full_journal: str
    published: str
    electronic: str
    volume: str
    issue: str
    pages: str
    issn: str
    languages: tuple[str, ...]
    types: tuple[str, ...]
    status: str
    stage: str
    abstract: bool
    ids: tuple[tuple[str, str], ...]
    dates: tuple[tuple[str, str], ...]

    @property
    def doi(self) -> str:
        """The article's DOI; empty when it has none."""
        return next((value for kind, value in self.ids if kind == "doi"), "")


def esummary(asked: Asked) -> Answer:
    """Summaries in the order asked for; a number that is gone is told apart from one that was never asked."""
    asked.must_be_pubmed(status=400)
    if not (asked.wants_json or asked.text("version", "1.0") == "1.0"):
        raise Refusal("This stand-in serves version 1.0 of XML summaries, or retmode=json", 400)
    if not (asked.text("id") or asked.text("query_key")):
        said = "Empty id list - nothing todo" if asked.wants_json else "Neither query_key nor id specified"
        raise Refusal(said)
    pmids = asked.pmids()
    if not pmids:
        raise Refusal("Empty id list - nothing todo")
    found = [(pmid, _summary(entry) if (entry := asked.get(pmid)) else None) for pmid in pmids]
    if not asked.wants_json:
        return in_xml("esummary", "".join(_as_xml(pmid, summary) for pmid, summary in found))
    result: dict[str, object] = {"uids": [str(pmid) for pmid in pmids]}
    result |= {str(pmid): _as_json(pmid, summary) for pmid, summary in found}
    return in_json("esummary", {"result": result})


def _summary(entry: Entry) -> _Summary:
    record = ET.fromstring(entry.xml)
    citation = record.find("MedlineCitation")
    issue = f"{_ARTICLE}/Journal/JournalIssue"
    return _Summary(
        pmid=entry.pmid,
        title=next(iter(entry.titles), ""),
        authors=tuple(_authors(record)),
        journal=record.findtext("MedlineCitation/MedlineJournalInfo/MedlineTA") or _first(entry.journals),
        full_journal=record.findtext(f"{_ARTICLE}/Journal/Title", ""),
        published=entry.publication_date,
        electronic=_spoken(record.find(f"{_ARTICLE}/ArticleDate")),
        volume=record.findtext(f"{issue}/Volume", ""),
        issue=record.findtext(f"{issue}/Issue", ""),
        pages=record.findtext(f"{_ARTICLE}/Pagination/MedlinePgn", ""),
        issn=record.findtext(f"{_ARTICLE}/Journal/ISSN", ""),
        languages=entry.languages[:1],
        types=entry.publication_types,
        status=_STATUS.get("" if citation is None else citation.get("Status", ""), "PubMed"),
        stage=record.findtext("PubmedData/PublicationStatus", ""),
        abstract=bool(entry.abstracts),
        ids=tuple((one.get("IdType", ""), one.text or "") for path in _IDS for one in record.findall(path)),
        dates=tuple(
            (one.get("PubStatus", ""), _written(one)) for one in record.findall(".//History/PubMedPubDate")
        ),
    )


def _first(names: tuple[str, ...]) -> str:
    return next(iter(names), "")


def _authors(record: ET.Element) -> Iterator[str]:
    for author in record.iter("Author"):
        name = author.findtext("CollectiveName") or author.findtext("LastName", "")
        if name and author.get("ValidYN") != "N":
            yield f"{name} {author.findtext('Initials', '')}".strip()


def _spoken(date: ET.Element | None) -> str:
    return "" if date is None else " ".join("".join(part.itertext()) for part in date)


def _written(date: ET.Element) -> str:
    year, month, day = (int(date.findtext(part, "1")) for part in ("Year", "Month", "Day"))
    return f"{year}/{month:02}/{day:02} 00:00"


def _as_json(pmid: int, summary: _Summary | None) -> dict[str, object]:
    if summary is None:
        return {"uid": str(pmid), "error": _GONE}
    return {
        "uid": str(pmid),
        "pubdate": summary.published,
        "epubdate": summary.electronic,
        "source": summary.journal,
        "authors": [{"name": name, "authtype": "Author", "clusterid": ""} for name in summary.authors],
        "lastauthor": _first(summary.authors[::-1]),
        "title": summary.title,
        "volume": summary.volume,
        "issue": summary.issue,
        "pages": summary.pages,
        "lang": summary.languages,
        "issn": summary.issn,
        "pubtype": summary.types,
        "recordstatus": summary.status,
        "articleids": [{"idtype": kind, "idtypen": 0, "value": value} for kind, value in summary.ids],
        "history": [{"pubstatus": kind, "date": date} for kind, date in summary.dates],
        "attributes": ["Has Abstract"] if summary.abstract else [],
        "fulljournalname": summary.full_journal,
        "elocationid": f"doi: {summary.doi}" if summary.doi else "",
        "doctype": "citation",
    }


def _as_xml(pmid: int, summary: _Summary | None) -> str:
    if summary is None:
        return f"\n<ERROR>UID={pmid}: {_GONE}</ERROR>\n"
    items = (
        _item("PubDate", "Date", summary.published),
        _item("EPubDate", "Date", summary.electronic),
        _item("Source", "String", summary.journal),
        _items("AuthorList", "String", tuple(("Author", name) for name in summary.authors)),
        _item("LastAuthor", "String", _first(summary.authors[::-1])),
        _item("Title", "String", summary.title),
        _item("Volume", "String", summary.volume),
        _item("Issue", "String", summary.issue),
        _item("Pages", "String", summary.pages),
        _items("LangList", "String", tuple(("Lang", name) for name in summary.languages)),
        _item("ISSN", "String", summary.issn),
        _items("PubTypeList", "String", tuple(("PubType", name) for name in summary.types)),
        _item("RecordStatus", "String", summary.status),
        _item("PubStatus", "String", summary.stage),
        _items("ArticleIds", "String", summary.ids),
        _item("DOI", "String", summary.doi),
        _items("History", "Date", summary.dates),
        _item("HasAbstract", "Integer", "1" if summary.abstract else "0"),
        _item("FullJournalName", "String", summary.full_journal),
    )
    return f"\n<DocSum>\n\t<Id>{pmid}</Id>\n{''.join(items)}</DocSum>\n"


def _item(name: str, kind: str, value: str) -> str:
    return f'\t<Item Name="{name}" Type="{kind}">{text(value)}</Item>\n'


def _items(name: str, kind: str, values: tuple[tuple[str, str], ...]) -> str:
    inner = "".join(f"\t{_item(each, kind, value)}" for each, value in values)
    return f'\t<Item Name="{name}" Type="List">\n{inner}\t</Item>\n'
