"""The readers that ``benchmarks/readers.py`` compares: how each is installed, opened, and what it calls a field.

Run by that script as ``python benchmarks/peers.py READER FILE...``, once for each reader and folder, with the Python
of the environment that holds the package: nothing but the standard library is imported before the reader itself. It
prints, as JSON, for every file what was found, how long that took, and what was raised.

Each is opened as its documentation shows. A field counts as filled under any of the names that the reader gives it;
an empty tuple means that it has no such field. No peer separates, cleans or checks what stands in a field, as livrev
does in the same time; speed is to be read with that in mind.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

ENVIRONMENTS = Path(__file__).resolve().parent.parent / "build" / "peers" / "readers"
OURS = "livrev"
FIELDS = ("title", "abstract", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid")

Row = Mapping[str, Any]
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Read:
    """One file: records found, how many have each field, CPU seconds, and the error where one was raised.

    ``refused`` are records that were found and refused with a reason; only livrev does so.
    """

    file: str
    records: int = 0
    refused: int = 0
    seconds: float = 0.0
    raised: str = ""
    filled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A reader: package that pip installs (none for ours), modules to import before the clock runs.

    ``read`` is what is timed; ``rows`` makes plain mappings of its result afterwards, to count fields by ``names``.
    """

    package: str
    modules: tuple[str, ...]
    read: Callable[[Path], Any]
    rows: Callable[[Any], Sequence[Row]]
    names: Names


@cache
def python_with(package: str) -> str | None:
    """Python that has a package, in an environment of its own; None where it cannot be installed."""
    if not package:
        return sys.executable
    folder = ENVIRONMENTS / package.replace("==", "-")
    python = folder / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return str(python)
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    print(f"{package} is left out: it could not be installed ({why})")
    return None


def main() -> None:
    """Let one reader read files, each in turn, and print what came of it."""
    name, *files = sys.argv[1:]
    peer = PEERS[name]
    for module in peer.modules:
        import_module(module)
    with ThreadPoolExecutor(1) as apart:
        for file in files:
            print(json.dumps(asdict(measured(peer, Path(file), apart))), flush=True)


def measured(peer: Peer, file: Path, apart: ThreadPoolExecutor) -> Read:
    """Read one file in a thread of its own, so that whatever the reader raises comes back as a value."""
    begun = time.process_time()
    outcome = apart.submit(peer.read, file)
    fault = outcome.exception()
    seconds = time.process_time() - begun
    if fault is not None:
        said = " ".join(str(fault).split())
        return Read(file.name, seconds=seconds, raised=f"{type(fault).__name__}: {said}"[:160])
    rows = peer.rows(outcome.result())
    refused = sum(_REFUSED in row for row in rows)
    return Read(file.name, len(rows) - refused, refused, seconds, filled=filled(rows, peer.names))


def filled(rows: Sequence[Row], names: Names) -> dict[str, int]:
    """How many records have each field, under any of its names."""
    held = Counter(
        name for row in rows for name in FIELDS if any(_holds(row.get(known)) for known in names[name])
    )
    return dict(held)


_NOTHING = {
    "",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "n.pag",
}  # how R, pandas and EBSCO write that there is no value


def _holds(value: object) -> bool:
    """Whether a field holds something; a list, whether any of it does.

    Some exports went through R or pandas and have ``AB  - NA`` in every record. What only says that there is nothing
    counts as nothing, whichever reader gives it.
    """
    if isinstance(value, list | tuple):
        return any(_holds(part) for part in value)
    return bool(value) and str(value).strip().lower() not in _NOTHING


# livrev ---------------------------------------------------------------------------------------------------------

_REFUSED = "refused"


def _ours(file: Path) -> tuple[list[Any], int]:
    with import_module("curation.sources.files").read_export(file, allow_partial=True) as export:
        return [record.citation for record in export.records], len(export.refused)


def _our_rows(found: tuple[list[Any], int]) -> list[Row]:
    citations, refused = found
    rows: list[Row] = [{name: getattr(citation, name) for name in FIELDS} for citation in citations]
    return [*rows, *({_REFUSED: True} for _ in range(refused))]


_OUR_MODULES = tuple(
    f"curation.sources.files{module}"
    for module in (
        "",
        ".ris",
        ".nbib",
        ".enw",
        ".wos",
        ".ovid",
        ".bibtex",
        ".pubmed_file",
        ".endnote_xml",
        ".table",
    )
)

# rispy ----------------------------------------------------------------------------------------------------------


def _rispy(file: Path, encoding: str, parser: str = "RisParser") -> Any:  # noqa: ANN401 - it declares no types here
    rispy = import_module("rispy")
    with file.open(encoding=encoding) as stream:
        return rispy.load(stream, implementation=getattr(rispy, parser))


_RISPY_NAMES = {
    "title": ("title", "primary_title"),
    "abstract": ("abstract", "notes_abstract"),
    "authors": ("authors", "first_authors"),
    "year": ("year", "publication_year", "date"),
    "journal": (
        "journal_name",
        "secondary_title",
        "alternate_title1",
        "alternate_title2",
        "alternate_title3",
    ),
    "volume": ("volume",),
    "issue": ("number",),
    "pages": ("start_page",),
    "doi": ("doi",),
    "pmid": (),
}
_WOK_NAMES = {
    "title": ("document_title",),
    "abstract": ("abstract",),
    "authors": ("authors",),
    "year": ("publication_year",),
    "journal": ("publication_name",),
    "volume": ("volume",),
    "issue": ("issue",),
    "pages": ("beginning_page", "article_number"),
    "doi": ("doi",),
    "pmid": ("pubmed_id",),
}

# MEDLINE text ---------------------------------------------------------------------------------------------------


def _nbib(file: Path) -> Any:  # noqa: ANN401 - it declares no types
    return import_module("nbib").read_file(str(file))


def _medline(file: Path) -> Any:  # noqa: ANN401 - it declares no types
    with file.open(encoding="utf-8") as stream:
        return list(import_module("Bio.Medline").parse(stream))


def _medline_rows(found: Sequence[Row]) -> list[Row]:
    return [{**row, "doi": "[doi]" in str((row.get("LID"), row.get("AID")))} for row in found]


_NBIB_NAMES = {
    "title": ("title",),
    "abstract": ("abstract",),
    "authors": ("authors", "corporate_author"),
    "year": ("publication_date",),
    "journal": ("journal", "journal_abbreviated"),
    "volume": ("journal_volume",),
    "issue": ("journal_issue",),
    "pages": ("pages",),
    "doi": ("doi",),
    "pmid": ("pubmed_id",),
}
_MEDLINE_NAMES = {
    "title": ("TI", "BTI"),
    "abstract": ("AB",),
    "authors": ("FAU", "AU", "CN"),
    "year": ("DP",),
    "journal": ("JT", "TA"),
    "volume": ("VI",),
    "issue": ("IP",),
    "pages": ("PG",),
    "doi": ("doi",),
    "pmid": ("PMID",),
}

# BibTeX ---------------------------------------------------------------------------------------------------------


def _bibtexparser(file: Path) -> Any:  # noqa: ANN401 - imported late
    return import_module("bibtexparser").parse_string(file.read_text(encoding="utf-8")).entries


def _bibtex_rows(entries: Sequence[Any]) -> list[Row]:
    return [{key.lower(): held.value for key, held in entry.fields_dict.items()} for entry in entries]


_BIBTEX_NAMES = {
    "title": ("title",),
    "abstract": ("abstract",),
    "authors": ("author",),
    "year": ("year", "date"),
    "journal": ("journal", "journaltitle", "booktitle"),
    "volume": ("volume",),
    "issue": ("number",),
    "pages": ("pages",),
    "doi": ("doi",),
    "pmid": ("pmid",),
}

# Tables ---------------------------------------------------------------------------------------------------------


def _plain_csv(file: Path) -> Any:  # noqa: ANN401 - imported late
    return import_module("pandas").read_csv(file)


def _sniffed_csv(file: Path) -> Any:  # noqa: ANN401 - imported late
    return import_module("pandas").read_csv(file, sep=None, engine="python")


def _table_rows(table: Any) -> list[Row]:  # noqa: ANN401 - a data frame
    return [{str(k).strip().lower(): v for k, v in row.items()} for row in table.to_dict("records")]


_TABLE_NAMES = {
    "title": ("title", "display_name"),
    "abstract": ("abstract",),
    "authors": ("authors", "author names", "author/s", "authorships.author.display_name", "first_authors"),
    "year": ("year", "publication year", "publication_year"),
    "journal": (
        "source title",
        "primary_location.source.display_name",
        "alternate_title3",
        "alternate_title2",
    ),
    "volume": ("volume",),
    "issue": ("issue", "issue number", "number"),
    "pages": ("page start", "start page", "start_page"),
    "doi": ("doi",),
    "pmid": ("pmid", "pubmed id", "ids.pmid"),
}

# PubMed XML -----------------------------------------------------------------------------------------------------


def _entrez(file: Path) -> Any:  # noqa: ANN401 - it declares no types
    with file.open("rb") as stream:
        return import_module("Bio.Entrez").read(stream, validate=False)


def _entrez_rows(found: Any) -> list[Row]:  # noqa: ANN401 - it declares no types
    return [dict(_of_article(a)) for a in found["PubmedArticle"]] + [
        {"title": _within(b, "BookDocument", "ArticleTitle")} for b in found.get("PubmedBookArticle", ())
    ]


def _of_article(given: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - it declares no types
    article = given["MedlineCitation"]["Article"]
    ids = given.get("PubmedData", {}).get("ArticleIdList", ())
    yield "title", article.get("ArticleTitle")
    yield "abstract", article.get("Abstract")
    yield "authors", article.get("AuthorList")
    yield "year", _within(article, "Journal", "JournalIssue", "PubDate")
    yield "journal", _within(article, "Journal", "Title")
    yield "volume", _within(article, "Journal", "JournalIssue", "Volume")
    yield "issue", _within(article, "Journal", "JournalIssue", "Issue")
    yield "pages", _within(article, "Pagination", "MedlinePgn")
    yield "doi", [i for i in (*ids, *article.get("ELocationID", ())) if "doi" in i.attributes.values()]
    yield "pmid", given["MedlineCitation"].get("PMID")


def _within(given: Any, *steps: str) -> Any:  # noqa: ANN401 - it declares no types
    for step in steps:
        given = given.get(step, {})
    return given


_SAME: Names = {name: (name,) for name in FIELDS}
_RISPY, _BIOPYTHON, _PANDAS = "rispy==0.10.0", "biopython==1.88", "pandas==3.1.1"
_WOK = partial(_rispy, encoding="utf-8-sig", parser="WokParser")
PEERS: Mapping[str, Peer] = {
    OURS: Peer("", _OUR_MODULES, _ours, _our_rows, _SAME),
    "rispy, utf-8": Peer(_RISPY, ("rispy",), partial(_rispy, encoding="utf-8"), list, _RISPY_NAMES),
    "rispy, utf-8-sig": Peer(_RISPY, ("rispy",), partial(_rispy, encoding="utf-8-sig"), list, _RISPY_NAMES),
    "rispy, WokParser": Peer(_RISPY, ("rispy",), _WOK, list, _WOK_NAMES),
    "nbib": Peer("nbib==0.3.2", ("nbib",), _nbib, list, _NBIB_NAMES),
    "Bio.Medline": Peer(_BIOPYTHON, ("Bio.Medline",), _medline, _medline_rows, _MEDLINE_NAMES),
    "bibtexparser": Peer(
        "bibtexparser==2.1.0", ("bibtexparser",), _bibtexparser, _bibtex_rows, _BIBTEX_NAMES
    ),
    "pandas": Peer(_PANDAS, ("pandas",), _plain_csv, _table_rows, _TABLE_NAMES),
    "pandas, sniffed": Peer(_PANDAS, ("pandas",), _sniffed_csv, _table_rows, _TABLE_NAMES),
    "Bio.Entrez": Peer(_BIOPYTHON, ("Bio.Entrez", "Bio.Entrez.Parser"), _entrez, _entrez_rows, _SAME),
}

if __name__ == "__main__":
    main()
