"""A made-up record as PubMed's XML (DTD pubmed_250101, in its order of elements)."""

from __future__ import annotations

from curation.sources.standin.draft import MONTHS, QUALIFIER, Draft, Link, Person
from curation.sources.standin.fields import Day
from curation.sources.standin.wire import elements, text


def markup(draft: Draft) -> bytes:
    """The PubmedArticle, or PubmedBookArticle, of a record."""
    return (_book(draft) if draft.book else _article(draft)).encode()


def _article(draft: Draft) -> str:
    status = "MEDLINE" if draft.indexed else "PubMed-not-MEDLINE"
    revised = f"<DateRevised>{_numbers(draft.revised)}</DateRevised>" if draft.revised else ""
    completed = f"<DateCompleted>{_numbers(draft.indexed)}</DateCompleted>" if draft.indexed else ""
    journal = draft.journal
    return (
        f'<PubmedArticle><MedlineCitation Status="{status}" Owner="NLM"><PMID Version="1">{draft.pmid}</PMID>'
        f'{completed}{revised}<Article PubModel="Print">{_journal(draft)}{_title(draft)}{_place(draft)}'
        f"{_abstract(draft)}{_authors(draft.authors)}<Language>{draft.language}</Language>"
        f"<PublicationTypeList>{elements('PublicationType', draft.types)}</PublicationTypeList></Article>"
        f"<MedlineJournalInfo><Country>Switzerland</Country><MedlineTA>{text(journal.short)}</MedlineTA>"
        f"<NlmUniqueID>{journal.nlm_id}</NlmUniqueID><ISSNLinking>{journal.issn}</ISSNLinking>"
        f"</MedlineJournalInfo>{_links(draft.links)}{_mesh(draft.mesh)}{_keywords(draft)}</MedlineCitation>"
        f"<PubmedData>{_history(draft)}<PublicationStatus>ppublish</PublicationStatus>"
        f"{_ids(draft)}{_references(draft)}</PubmedData></PubmedArticle>"
    )


def _book(draft: Draft) -> str:
    journal = draft.journal
    return (
        f'<PubmedBookArticle><BookDocument><PMID Version="1">{draft.pmid}</PMID><ArticleIdList>'
        f'<ArticleId IdType="bookaccession">NBK{draft.pmid}</ArticleId></ArticleIdList><Book><Publisher>'
        f"<PublisherName>{text(journal.short)} Press</PublisherName></Publisher>"
        f"<BookTitle>{text(journal.title)}</BookTitle><PubDate>{_issued(draft)}</PubDate></Book>"
        f"{_title(draft)}<Language>{draft.language}</Language>"
        f"{_authors(draft.authors, kind='authors')}{elements('PublicationType', draft.types)}"
        f"{_abstract(draft)}{_keywords(draft)}</BookDocument><PubmedBookData>{_history(draft)}"
        f"<PublicationStatus>ppublish</PublicationStatus><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{draft.pmid}</ArticleId></ArticleIdList></PubmedBookData></PubmedBookArticle>'
    )


def _journal(draft: Draft) -> str:
    journal = draft.journal
    volume = elements("Volume", [draft.volume] if draft.volume else [])
    return (
        f'<Journal><ISSN IssnType="Electronic">{journal.issn}</ISSN><JournalIssue CitedMedium="Internet">{volume}'
        f"<PubDate>{_issued(draft)}</PubDate></JournalIssue><Title>{text(journal.title)}</Title>"
        f"<ISOAbbreviation>{text(journal.short)}</ISOAbbreviation></Journal>"
    )


def _issued(draft: Draft) -> str:
    if draft.medline_date:
        return f"<MedlineDate>{text(draft.medline_date)}</MedlineDate>"
    year, month, day = draft.issued
    return f"<Year>{year}</Year> <Month>{MONTHS[month - 1]}</Month> <Day>{day:02}</Day>"


def _title(draft: Draft) -> str:
    title = text(draft.title)
    if draft.italic:
        word = text(draft.italic)
        title = title.replace(word, f"<i>{word}</i>", 1)
    return f"<ArticleTitle>{title}</ArticleTitle>"


def _place(draft: Draft) -> str:
    pages = f"<Pagination><MedlinePgn>{text(draft.pages)}</MedlinePgn></Pagination>" if draft.pages else ""
    doi = f'<ELocationID EIdType="doi" ValidYN="Y">{text(draft.doi)}</ELocationID>' if draft.doi else ""
    return pages + doi


def _abstract(draft: Draft) -> str:
    if not draft.paragraphs:
        return ""
    told = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{text(said)}</AbstractText>'
        if label
        else f"<AbstractText>{text(said)}</AbstractText>"
        for label, said in draft.paragraphs
    )
    return f"<Abstract>{told}</Abstract>"


def _authors(people: tuple[Person, ...], kind: str = "") -> str:
    if not people:
        return ""
    named = f' Type="{kind}"' if kind else ""
    return f'<AuthorList CompleteYN="Y"{named}>{"".join(map(_author, people))}</AuthorList>'


def _author(person: Person) -> str:
    if not person.given:
        name = f"<CollectiveName>{text(person.family)}</CollectiveName>"
    else:
        name = (
            f"<LastName>{text(person.family)}</LastName><ForeName>{text(person.given)}</ForeName>"
            f"<Initials>{person.initials}</Initials>"
        )
    return f'<Author ValidYN="Y">{name}</Author>'


def _links(links: tuple[Link, ...]) -> str:
    if not links:
        return ""
    told = "".join(
        f'<CommentsCorrections RefType="{link.kind}"><RefSource>{text(link.source)}</RefSource>'
        + (f'<PMID Version="1">{link.pmid}</PMID>' if link.pmid else "")
        + "</CommentsCorrections>"
        for link in links
    )
    return f"<CommentsCorrectionsList>{told}</CommentsCorrectionsList>"


def _mesh(mesh: tuple[str, ...]) -> str:
    if not mesh:
        return ""
    qualifier = f'<QualifierName MajorTopicYN="Y">{QUALIFIER}</QualifierName>'
    told = "".join(
        f'<MeshHeading><DescriptorName MajorTopicYN="N">{text(name)}</DescriptorName>'
        f"{'' if number else qualifier}</MeshHeading>"
        for number, name in enumerate(mesh)
    )
    return f"<MeshHeadingList>{told}</MeshHeadingList>"


def _keywords(draft: Draft) -> str:
    if not draft.keywords:
        return ""
    told = "".join(f'<Keyword MajorTopicYN="N">{text(word)}</Keyword>' for word in draft.keywords)
    return f'<KeywordList Owner="NOTNLM">{told}</KeywordList>'


def _history(draft: Draft) -> str:
    dates = (("pubmed", draft.created), ("medline", draft.indexed), ("entrez", draft.entered))
    told = "".join(
        f'<PubMedPubDate PubStatus="{status}">{_numbers(day)}</PubMedPubDate>' for status, day in dates if day
    )
    return f"<History>{told}</History>"


def _ids(draft: Draft) -> str:
    numbers = (("pubmed", str(draft.pmid)), ("doi", draft.doi), ("pmc", draft.pmc))
    told = "".join(f'<ArticleId IdType="{kind}">{text(one)}</ArticleId>' for kind, one in numbers if one)
    return f"<ArticleIdList>{told}</ArticleIdList>"


def _references(draft: Draft) -> str:
    if not draft.references:
        return ""
    # Each reference has a DOI too, which is not the article's own.
    told = "".join(
        f"<Reference><Citation>Cited work {pmid}.</Citation><ArticleIdList>"
        f'<ArticleId IdType="doi">10.5555/cited.{pmid}</ArticleId><ArticleId IdType="pubmed">{pmid}</ArticleId>'
        "</ArticleIdList></Reference>"
        for pmid in draft.references
    )
    return f"<ReferenceList>{told}</ReferenceList>"


def _numbers(day: Day) -> str:
    year, month, date = day
    return f"<Year>{year}</Year><Month>{month:02}</Month><Day>{date:02}</Day>"
