"""What einfo tells of the corpus and its fields."""

from __future__ import annotations

from dataclasses import dataclass

from curation.sources.standin.asked import Asked
from curation.sources.standin.fields import written
from curation.sources.standin.wire import Answer, in_json, in_xml, text


@dataclass(frozen=True, slots=True)
class _Field:
    """A search field as einfo lists it."""

    name: str
    label: str
    description: str
    date: bool = False
    number: bool = False


# Names, labels and descriptions as NCBI gave them on 2025-11-27, of the fields that the stand-in knows.
_FIELDS = (
    _Field("ALL", "All Fields", "All terms from all searchable fields"),
    _Field("UID", "UID", "Unique number assigned to publication", number=True),
    _Field("FILT", "Filter", "Limits the records"),
    _Field("TITL", "Title", "Words in title of publication"),
    _Field("TIAB", "Title/Abstract", "Free text associated with Abstract/Title"),
    _Field("MESH", "MeSH Terms", "Medical Subject Headings assigned to publication"),
    _Field("MAJR", "MeSH Major Topic", "MeSH terms of major importance to publication"),
    _Field("AUTH", "Author", "Author(s) of publication"),
    _Field("AFFL", "Affiliation", "Author's institutional affiliation and address"),
    _Field("JOUR", "Journal", "Journal abbreviation of publication"),
    _Field("LANG", "Language", "Language of publication"),
    _Field("PTYP", "Publication Type", "Type of publication (e.g., review)"),
    _Field("AID", "Article Identifier", "Article identifier, such as a DOI"),
    _Field("OTRM", "Other Term", "Other terms associated with publication"),
    _Field("PDAT", "Date - Publication", "Date of publication", date=True),
    _Field("EDAT", "Date - Entrez", "Date publication first accessible through Entrez", date=True),
    _Field("MHDA", "Date - MeSH", "Date publication was indexed with MeSH terms", date=True),
    _Field("MDAT", "Date - Modification", "Date of last modification", date=True),
    _Field("CRDT", "Date - Create", "Date publication first accessible through Entrez", date=True),
)
_LINKS = (
    ("pubmed_pmc", "PMC Links", "Free full text articles in PMC", "pmc"),
    ("pubmed_pubmed", "Similar articles", "Similar PubMed articles", "pubmed"),
    ("pubmed_pubmed_citedin", "Cited In", "PubMed articles that cite this one", "pubmed"),
    ("pubmed_pubmed_refs", "References", "References for this article", "pubmed"),
)


def einfo(asked: Asked) -> Answer:
    """The database list, or counts, build, fields and links of PubMed. Raises Refusal for another database."""
    if not asked.text("db"):
        if asked.wants_json:
            return in_json("einfo", {"einforesult": {"dblist": ["pubmed"]}})
        return in_xml("einfo", "\n<DbList>\n\t<DbName>pubmed</DbName>\n</DbList>\n")
    asked.must_be_pubmed()
    corpus = asked.corpus
    facts = {
        "DbName": "pubmed",
        "MenuName": "PubMed",
        "Description": "PubMed bibliographic record",
        "DbBuild": corpus.build,
        "Count": str(len(corpus)),
        "LastUpdate": f"{written(corpus.last_day)} 00:00",
    }
    return _as_json(facts) if asked.wants_json else _as_xml(facts)


def _as_json(facts: dict[str, str]) -> Answer:
    info: dict[str, object] = {name.lower(): fact for name, fact in facts.items()}
    info["fieldlist"] = [{name.lower(): fact for name, fact in _told(field).items()} for field in _FIELDS]
    info["linklist"] = [
        {"name": name, "menu": menu, "description": description, "dbto": to}
        for name, menu, description, to in _LINKS
    ]
    return in_json("einfo", {"einforesult": {"dbinfo": [info]}})


def _as_xml(facts: dict[str, str]) -> Answer:
    fields = "".join(f"\t\t\t<Field>{_tagged(_told(field))}</Field>\n" for field in _FIELDS)
    links = "".join(
        f"\t\t\t<Link>{_tagged(dict(zip(('Name', 'Menu', 'Description', 'DbTo'), link, strict=True)))}</Link>\n"
        for link in _LINKS
    )
    told = "".join(f"\t\t<{name}>{text(fact)}</{name}>\n" for name, fact in facts.items())
    lists = f"\t\t<FieldList>\n{fields}\t\t</FieldList>\n\t\t<LinkList>\n{links}\t\t</LinkList>\n"
    return in_xml("einfo", f"\n\t<DbInfo>\n{told}{lists}\t</DbInfo>\n")


def _told(field: _Field) -> dict[str, str]:
    return {
        "Name": field.name,
        "FullName": field.label,
        "Description": field.description,
        "TermCount": "",
        "IsDate": "Y" if field.date else "N",
        "IsNumerical": "Y" if field.number else "N",
        "SingleToken": "Y" if field.date or field.number else "N",
        "Hierarchy": "Y" if field.name in {"MESH", "MAJR", "PTYP"} else "N",
        "IsHidden": "N",
    }


def _tagged(facts: dict[str, str]) -> str:
    return "".join(f"<{name}>{text(fact)}</{name}>" for name, fact in facts.items())
