"""Known tables: what the columns mean that databases and programs write, and synonyms for any other table.

The most telling tables come first. Of the columns of a field the first that has a value is taken; the others, and
all that are not named here, stay in ``extra``. After the sources' own exports and help pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from curation.sources.files.columns import Names, Table, key

IDENTIFIERS = frozenset(
    {"title", "doi", "pmid", "pmcid", "embase", "wos", "scopus", "central", "trial", "accession", "number"}
)


def table_of(names: Sequence[str]) -> Table | None:
    """The known table with these columns; the general one for two known columns, one of them a title or number.

    None where the names are no header that is known.
    """
    columns = {key(name) for name in names}
    known = next((table for table in TABLES if any(columns.issuperset(sign) for sign in table.signs)), None)
    if known is not None:
        return known
    fields = [
        GENERAL.by_column[column][0] or "accession" for column in columns if column in GENERAL.by_column
    ]
    return GENERAL if len(fields) > 1 and IDENTIFIERS.intersection(fields) else None


def database_of(text: str) -> str:
    """Origin that a database's name tells; empty when none."""
    name = key(text)
    found = (origin for begins, origin in DATABASES if name.startswith(begins))
    return next(found, "")


GENERAL = Table(
    origin="",
    signs=(),
    fields={
        "title": "title|titles|article title|document title|primary title|item title|paper title|publication title (en)|"
        "study title|title of article|titel|titre|título|titulo|titolo|tytuł|заглавие|название|标题|题名|タイトル",
        "abstract": "abstract|abstracts|ab|abstract note|notes abstract|summary|zusammenfassung|résumé|resume|resumen|"
        "resumo|riassunto|samenvatting|streszczenie|аннотация|摘要|抄録",
        "authors": "authors|author|author(s)|author/s|author names|author full names|first authors|creator|creators|"
        "auteurs|auteur|autoren|autor|autor(en)|autores|autori|autorzy|verfasser|авторы|作者|著者",
        "year": "year|publication year|published year|year published|pub year|pubyear|py|date published year|"
        "année|annee|jahr|erscheinungsjahr|año|ano|anno|jaar|rok|год|年份|出版年",
        "date": "publication date|date published|date|date of publication|cover date|published|pub date|datum|fecha|data",
        "month": "month|published month",
        "day": "day|published day",
        "journal": "journal|journal title|source title|publication title|journal name|journal/book|full journal name|"
        "secondary title|container title|periodical|publication|publication name|venue|so|zeitschrift|revue|revista|"
        "rivista|tijdschrift|czasopismo|журнал|期刊|来源|雑誌",
        "journal_short": "journal abbreviation|abbreviated source title|journal iso abbreviation|iso abbreviation|"
        "abbreviated journal|alternate title1|alternate title2|journal abbr|medline ta",
        "volume": "volume|vol|vol.|journal volume|band|tome|volumen|卷",
        "issue": "issue|number|issue number|no.|journal issue|no|heft|numéro|número|期",
        "pages": "pages|page|pagination|page range|page numbers|pp|pp.|seiten|páginas|pagine|页码",
        "page_start": "start page|page start|first page|startpage|spage|begin page",
        "page_end": "end page|page end|last page|endpage|epage",
        "article_number": "article number|art. no.|article no.|article no",
        "doi": "doi|item doi|digital object identifier|doi link|di|doi url",
        "pmid": "pmid|pubmed id|pubmed|medline pmid|pubmedid|pm id|pubmed number|ids.pmid",
        "pmcid": "pmcid|pmc id|pmc|pubmed central id",
        "language": "language|languages|la|language of original document|article language|language of article|sprache|"
        "langue|idioma|lingua|taal|язык|语种",
        "publication_types": "publication type|publication types|document type|item type|type of reference|"
        "reference type|entrytype|entry type|type of work|article type|doc type|content type|ref type|pub type",
        "keywords": "keywords|author keywords|keyword|index keywords|mesh terms|mesh|subjects|subject terms|"
        "manual tags|automatic tags|keywords plus|schlagwörter|schlagworte|mots-clés|mots clés|palabras clave|"
        "palavras-chave|parole chiave|trefwoorden|ключевые слова|关键词|キーワード",
        "embase": "embase|embase id|embase number|pui|l-number|embase accession id",
        "wos": "ut (unique wos id)|wos id|wos|accession number (wos)|ut|isi id|unique wos id",
        "scopus": "eid|scopus|scopus id|scopus eid",
        "central": "central|central id|cochrane id|cn number",
        "trial": "clinical trial numbers|clinical trial number|trial id|trialid|trial number|trial registration|"
        "nct number|nct|nct id|registration number|trial|study registration",
        "issn": "issn|issns|eissn|e-issn|issn-l|electronic issn|print issn|issn electronic|issn print|sn",
        "isbn": "isbn|isbns|eisbn|print isbn|electronic isbn",
        "accession": "record id|id|key|citation key|unique identifier|uid|refid|ref id|reference id|article id|"
        "paper id|paperid|identifier",
        "number": "accession number|accession|an|source id",
        "link": "url|urls|link|links|external url|full text link|article url|fulltext url|source url",
        "database": "database|source db|name of database|database name|library catalog|search database|databases",
    },
)  # fmt: skip

_EMBASE = {
    "title": "title|original title|original (non-english) title",
    "abstract": "abstract|original abstract|original (non-english) abstract|summary|abstract/summary",
    "authors": "author names|author|authors", "year": "publication year", "date": "date of publication",
    "journal": "source title", "volume": "volume", "issue": "issue", "page_start": "first page",
    "page_end": "last page", "pages": "page range|pages", "article_number": "article number",
    "publication_types": "publication type", "issn": "issn", "isbn": "isbn",
    "keywords": "author keywords|emtree drug index terms (major focus)|emtree drug index terms|emtree medical index terms (major focus)|emtree medical index terms|emtree device index terms (major focus)|emtree device index terms|keywords",
    "trial": "clinical trial numbers|clinical trial number",
    "language": "article language|language of article", "embase": "pui|embase accession id",
    "accession": "pui|embase accession id", "pmid": "medline pmid", "doi": "doi", "source": "source",
    "link": "full text link|open url link|embase link|open ijrl link",
}  # fmt: skip
_SCOPUS = {
    "title": "title|titles", "authors": "author full names|authors", "year": "year",
    "journal": "source title", "journal_short": "abbreviated source title", "volume": "volume",
    "issue": "issue", "article_number": "art. no.|article number", "page_start": "page start",
    "page_end": "page end", "doi": "doi", "abstract": "abstract",
    "keywords": "author keywords|index keywords", "issn": "issn|eissn", "isbn": "isbn", "pmid": "pubmed id",
    "language": "language of original document", "publication_types": "document type", "scopus": "eid",
    "accession": "eid", "link": "link",
}  # fmt: skip
_WOS_LONG = {
    "title": "article title|title",
    "authors": "author full names|authors|book authors|book author full names",
    "group": "group authors|book group authors", "journal": "source title",
    "journal_short": "journal iso abbreviation|journal abbreviation", "language": "language",
    "publication_types": "document type", "keywords": "author keywords|keywords plus",
    "abstract": "abstract", "issn": "issn|eissn", "isbn": "isbn", "date": "publication date",
    "year": "publication year|early access year|early access date", "volume": "volume", "issue": "issue",
    "page_start": "start page", "page_end": "end page", "article_number": "article number",
    "doi": "doi|book doi", "pmid": "pubmed id", "wos": "ut (unique wos id)|ut (unique id)",
    "accession": "ut (unique wos id)|ut (unique id)", "link": "doi link",
}  # fmt: skip
_WOS_SHORT = {
    "title": "ti", "authors": "af|au|bf|ba", "group": "ca|gp", "journal": "so", "journal_short": "ji|j9",
    "language": "la", "publication_types": "dt", "keywords": "de|id", "abstract": "ab", "issn": "sn|ei",
    "isbn": "bn", "date": "pd", "year": "py|ey|ea", "volume": "vl", "issue": "is", "page_start": "bp",
    "page_end": "ep", "article_number": "ar", "doi": "di|d2", "pmid": "pm", "wos": "ut", "accession": "ut",
    "link": "dl",
}  # fmt: skip
_PUBMED = {
    "pmid": "pmid", "accession": "pmid", "title": "title", "authors": "authors", "journal": "journal/book",
    "year": "publication year", "pmcid": "pmcid", "doi": "doi", "source": "citation",
}  # fmt: skip
_COCHRANE = {
    "title": "title", "abstract": "abstract", "authors": "author(s)|authors", "journal": "source",
    "year": "year", "volume": "volume", "issue": "issue", "pages": "pages", "issn": "issn",
    "keywords": "keywords", "doi": "doi", "pmid": "pubmed id|pubmed|pub med id",
    "embase": "embase id|embase",
    "central": "cochrane review id|central id|central|id|cn|cochrane id|accession number",
    "accession": "cochrane review id|central id|central|id|cn|cochrane id|accession number",
    "publication_types": "publication type|type",
    "trial": "trial registry id|ctgov id|clinical trial numbers", "link": "url",
}  # fmt: skip
_LENS = {
    "accession": "lens id", "title": "title", "date": "date published", "year": "publication year",
    "publication_types": "publication type", "journal": "source title", "issn": "issns",
    "authors": "author/s", "abstract": "abstract", "volume": "volume", "issue": "issue number",
    "page_start": "start page", "page_end": "end page", "keywords": "keywords|mesh terms", "pmid": "pmid",
    "doi": "doi", "pmcid": "pmcid",
}  # fmt: skip
_OPENALEX = {
    "accession": "id|openalex id|ids.openalex", "title": "display name|title",
    "authors": "authorships.author.display name|authors|author", "abstract": "abstract|ab",
    "doi": "doi|ids.doi", "pmid": "ids.pmid|pmid", "pmcid": "ids.pmcid|pmcid", "language": "language",
    "journal": "primary location.source.display name|primary location display name|host venue display name|so",
    "issn": "primary location.source.issn l|primary location.source.issn|issn l|issn",
    "date": "publication date", "year": "publication year", "volume": "biblio.volume|volume",
    "issue": "biblio.issue|issue", "page_start": "biblio.first page|first page",
    "page_end": "biblio.last page|last page", "publication_types": "type",
    "keywords": "keywords.display name|mesh.descriptor name",
}  # fmt: skip
_DIMENSIONS = {
    "accession": "publication id", "doi": "doi", "pmid": "pmid", "pmcid": "pmcid", "isbn": "isbn",
    "title": "title", "abstract": "abstract",
    "journal": "source title|source title/anthology title|anthology title",
    "keywords": "mesh terms|keywords",
    "date": "publication date|publication date (print)|publication date (online)", "year": "pubyear",
    "volume": "volume", "issue": "issue", "pages": "pagination",
    "publication_types": "publication type|document type", "authors": "authors",
    "trial": "clinical trial ids|linked clinical trials",
}  # fmt: skip
_IEEE = {
    "title": "document title", "authors": "authors", "journal": "publication title",
    "year": "publication year|year|copyright year", "date": "issue date|online date", "volume": "volume",
    "issue": "issue", "page_start": "start page", "page_end": "end page", "abstract": "abstract",
    "issn": "issn", "isbn": "isbns|isbn|eisbn", "doi": "doi",
    "keywords": "author keywords|ieee terms|inspec controlled terms|inspec non-controlled terms|mesh terms",
    "publication_types": "document identifier", "link": "pdf link",
}  # fmt: skip
_ZOTERO = {
    "accession": "key", "publication_types": "item type", "year": "publication year",
    "authors": "author|book author|inventor", "title": "title",
    "journal": "publication title|proceedings title|book title|conference name", "isbn": "isbn",
    "issn": "issn", "doi": "doi", "abstract": "abstract note", "date": "date", "pages": "pages",
    "issue": "issue", "volume": "volume", "journal_short": "journal abbreviation", "language": "language",
    "keywords": "manual tags|automatic tags", "link": "url", "database": "library catalog|archive",
    "number": "extra|call number|archive location",
}  # fmt: skip
_RAYYAN = {
    "accession": "key|rayyan id", "title": "title", "year": "year", "month": "month", "day": "day",
    "journal": "journal", "issn": "issn", "volume": "volume", "issue": "issue", "pages": "pages",
    "authors": "authors", "link": "url", "language": "language", "abstract": "abstract", "doi": "doi",
    "keywords": "keywords", "pmid": "pubmed id", "pmcid": "pmc id",
}  # fmt: skip
_COVIDENCE = {
    "title": "title", "authors": "authors", "abstract": "abstract", "year": "published year|year",
    "month": "published month", "journal": "journal", "volume": "volume", "issue": "issue",
    "pages": "pages", "number": "accession number", "doi": "doi", "accession": "covidence #",
}  # fmt: skip
_PUBLISH_OR_PERISH = {
    "authors": "authors", "title": "title", "year": "year", "journal": "source", "doi": "doi",
    "issn": "issn", "volume": "volume", "issue": "issue", "page_start": "startpage", "page_end": "endpage",
    "abstract": "abstract", "link": "articleurl|fulltexturl", "publication_types": "type",
}  # fmt: skip
_PROQUEST = {
    "title": "title", "abstract": "abstract", "accession": "storeid|proquest document id",
    "publication_types": "articletype|document type|source type", "authors": "authors|author",
    "journal": "pubtitle|publication title", "volume": "volume", "issue": "issue",
    "page_start": "startpage|first page", "pages": "pages|pagination",
    "date": "pubdate|alphadate|publication date", "year": "year|publication year", "issn": "issn|eissn",
    "isbn": "isbn", "doi": "digitalobjectidentifier|doi", "language": "language|language of publication",
    "keywords": "subjectterms|subject|subjects|identifierkeywords|identifier / keyword",
    "link": "url|documenturl|document url", "database": "databases|database", "number": "accessnum",
}  # fmt: skip
_EBSCO = {
    "title": "article title|title", "authors": "author|authors", "journal": "journal title|source",
    "issn": "issn", "isbn": "isbn", "date": "publication date", "year": "publication year",
    "volume": "volume", "issue": "issue", "page_start": "first page", "accession": "accession number|an",
    "doi": "doi", "publication_types": "doctype|pubtype", "keywords": "subjects|keywords",
    "abstract": "abstract", "link": "plink", "database": "database|longdbname",
}  # fmt: skip
_REGISTRY = {
    "trial": "nct number|nctid|trialid|trial id",
    "accession": "nct number|nctid|trialid|trial id",
    "title": "study title|title|scientific title|public title",
    "abstract": "brief summary",
    "date": "date registration|first posted|start date",
    "publication_types": "study type",
    "keywords": "conditions|condition",
}
# Names that rispy, and with it ASReview, gives to RIS tags.
_RISPY = {
    "title": "title|primary title", "authors": "authors|first authors",
    "abstract": "abstract|notes abstract", "journal": "journal name|secondary title|alternate title3",
    "journal_short": "alternate title1|alternate title2", "year": "year|publication year", "date": "date",
    "volume": "volume", "issue": "number", "page_start": "start page", "page_end": "end page", "doi": "doi",
    "issn": "issn", "language": "language", "keywords": "keywords",
    "publication_types": "type of work|type of reference", "number": "accession number", "accession": "id",
    "database": "name of database", "link": "url|urls",
}  # fmt: skip
_ENDNOTE = {
    "title": "title", "authors": "author|authors", "year": "year", "date": "date",
    "journal": "journal|secondary title|periodical title",
    "journal_short": "alternate journal|abbreviation", "volume": "volume", "issue": "issue|number",
    "pages": "pages", "article_number": "article number", "doi": "doi", "pmcid": "pmcid",
    "issn": "issn|isbn|isbn/issn", "abstract": "abstract", "keywords": "keywords", "language": "language",
    "publication_types": "reference type|type of article|type of work", "number": "accession number",
    "database": "name of database|database provider", "link": "url",
}  # fmt: skip

TABLES = (
    Table("pubmed", (("pmid", "journal/book"), ("pmid", "citation", "first author")), _PUBMED, Names.COMMAS),
    Table("embase", (("author names", "source"), ("embase accession id", "title"), ("medline pmid", "pui", "title"),
                     ("title", "emtree medical index terms")), _EMBASE, Names.COMMAS),
    Table("scopus", (("eid", "source title"), ("eid", "title"), ("author(s) id", "source title")), _SCOPUS, Names.FAMILY,
          left="source|publisher|publication stage"),
    Table("wos", (("ut (unique wos id)",), ("ut (unique id)",), ("article title", "source title", "keywords plus")),
          _WOS_LONG, Names.FAMILY, left="publication type"),
    Table("wos", (("pt", "au", "ti", "so"), ("pt", "ti", "ut")), _WOS_SHORT, Names.FAMILY),
    Table("central", (("cochrane review id",), ("cochrane review group code",), ("author(s)", "source", "central"),
                      ("author(s)", "source", "pubmed id", "embase id"), ("id", "author(s)", "source", "title", "doi")),
          _COCHRANE),
    Table("lens", (("lens id", "title"),), _LENS, Names.NATURAL),
    Table("openalex", (("authorships.author.display name",), ("display name", "publication year"), ("openalex id", "title"),
                       ("primary location display name",)), _OPENALEX, Names.NATURAL),
    Table("dimensions", (("publication id", "pubyear"), ("dimensions url",), ("source title/anthology title",)),
          _DIMENSIONS, Names.FAMILY, left="rank"),
    Table("ieee", (("document title", "publication title"), ("document title", "ieee terms")), _IEEE, Names.NATURAL),
    Table("rayyan", (("key", "pubmed id", "pmc id"), ("rayyan id", "title"), ("key", "title", "month", "day", "location")),
          _RAYYAN),
    Table("zotero", (("key", "item type", "title"), ("item type", "abstract note")), _ZOTERO, Names.FAMILY,
          left="type|number|archive location"),
    Table("covidence", (("covidence #",), ("published year", "published month", "ref")), _COVIDENCE, Names.FAMILY,
          left="study|ref"),
    Table("google-scholar", (("gsrank", "title"), ("cites", "articleurl")), _PUBLISH_OR_PERISH, Names.COMMAS_NATURAL,
          nothing="0"),
    Table("proquest", (("storeid", "title"), ("proquest document id",), ("pubtitle", "articletype")), _PROQUEST),
    Table("ebsco", (("plink", "abstract"), ("article title", "journal title", "doctype")), _EBSCO),
    Table("", (("nct number", "study title"), ("nct number", "title"), ("trialid", "public title"), ("trialid", "scientific title")), _REGISTRY,
          left="url|study url|authors|phases"),
    Table("asreview", (("asreview label",), ("record id", "included"), ("record id", "final included"),
                       ("record id", "label included"), ("title", "label included"), ("title", "included")),
          {**_RISPY, "issue": "number|issue", "pages": "pages", "journal": "journal|journal name|secondary title|alternate title3",
           "accession": "record id|id", "pmid": "pmid|pubmed id"}),
    Table("", (("type of reference",), ("first authors", "secondary authors")), _RISPY),
    Table("endnote", (("reference type", "author", "title"), ("reference type", "authors", "title")), _ENDNOTE),
)  # fmt: skip

# How sources are called in a column that names the database, by what the name begins with.
DATABASES = (
    ("embase", "embase"), ("ovid embase", "ovid-embase"), ("emcare", "ovid-embase"), ("scopus", "scopus"),
    ("web of science", "wos"), ("wos", "wos"), ("pubmed", "pubmed"), ("medline", "pubmed"),
    ("ovid medline", "ovid-medline"), ("cochrane", "central"), ("central", "central"), ("psycinfo", "psycinfo"),
    ("apa psyc", "psycinfo"), ("cinahl", "cinahl"), ("econlit", "econlit"), ("lens", "lens"),
    ("dimensions", "dimensions"), ("ieee", "ieee"), ("cab", "cab"), ("agris", "agris"), ("openalex", "openalex"),
    ("acm", "acm"), ("europe pmc", "europepmc"), ("crossref", "crossref"), ("doi.org (crossref)", "crossref"),
    ("dblp", "dblp"), ("google scholar", "google-scholar"), ("proquest", "proquest"), ("ebsco", "ebsco"),
)  # fmt: skip
