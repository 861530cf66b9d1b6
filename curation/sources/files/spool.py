"""Between a reader and the store: records wait on disk until their file is known to be complete."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import IO, Any, Self

from curation.identifiers import folded
from curation.model import Author, Citation, Number, SourceRecord
from curation.sources.files import carried
from curation.sources.files.decode import Document, Outcome, RefusedRecord
from curation.sources.files.formats import Format

_DIGEST = "sha256:"
BATCH = 256  # records pickled at once

# Fields whose fill is told of each file, in the order of the table.
FIELDS = (
    "title",
    "abstract",
    "authors",
    "year",
    "journal",
    "volume",
    "issue",
    "pages",
    "doi",
    "pmid",
    "pmcid",
    "numbers",
    "language",
    "publication_types",
    "keywords",
)


@dataclass(frozen=True, slots=True)
class Export:
    """An export file as read; its records are on disk until the object is let go.

    ``openers`` is how many records begin in the file, counted without its reader; ``read`` how many were read,
    ``refused`` those that were not, with their text. ``fill`` is how many records have each field, ``origin``
    the database that most of them show they come from. ``sha256`` is the hexadecimal hash of the file's bytes.
    """

    name: str
    format: str
    label: str
    encoding: str
    sha256: str
    assumed: tuple[str, ...]
    openers: int
    read: int
    refused: tuple[RefusedRecord, ...]
    origin: str
    fill: Mapping[str, int]
    ambiguous: frozenset[str]
    spool: IO[bytes]

    def close(self) -> None:
        """Let the records on disk go."""
        self.spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def complete(self) -> bool:
        """Whether every beginning led to a record or a refusal, and nothing stands outside a record."""
        outside = sum(refused.outside for refused in self.refused)
        return outside == 0 and self.read + len(self.refused) == self.openers

    @property
    def records(self) -> Iterator[SourceRecord]:
        """Records in the order of the file, read anew from disk each time.

        Two different records under one accession number: it is no number of theirs, so each goes by its content.
        """
        self.spool.seek(0)
        while True:
            try:
                batch: list[tuple[Any, ...]] = pickle.load(self.spool)  # noqa: S301 - our own temporary file, which has no name
            except EOFError:
                return
            for record in map(_unpacked, batch):
                yield (
                    replace(record, accession=digest(record.raw))
                    if record.accession in self.ambiguous
                    else record
                )


def digest(raw: bytes) -> str:
    """Accession of a record to which its source gives none: the hash of its text."""
    return f"{_DIGEST}{hashlib.sha256(raw).hexdigest()}"


def _lasting(record: SourceRecord) -> SourceRecord:
    """The record under a name that the next export of the same search gives it too.

    Where the source has no number for it, its DOI or PMID serves, else what it is cited by: counts of citations
    and dates of export change its text from one export to the next.
    """
    if not record.accession.startswith(_DIGEST) or record.accession != digest(record.raw):
        return record
    c = record.citation
    if c.doi or c.pmid:
        return replace(record, accession=f"doi:{c.doi}" if c.doi else f"pmid:{c.pmid}")
    if not c.title:
        return record
    first = c.authors[0].family if c.authors else ""
    cited = (folded(c.title), folded(first), str(c.year or ""), folded(c.journal), c.volume, c.issue, c.pages)
    name = hashlib.sha256("\0".join(cited).encode()).hexdigest()
    return replace(record, accession=f"cited:{name}")


def spooled(
    document: Document,
    form: Format,
    openers: int,
    outcomes: Iterable[Outcome],
    progress: Callable[[int, int], None],
) -> Export:
    """Let a reader run to its end and keep what it gives."""
    with ExitStack() as unless_done:
        spool = unless_done.enter_context(tempfile.TemporaryFile())
        tally = _run(spool, openers, outcomes, progress)
        unless_done.pop_all()  # it lives as long as the export does
    return Export(
        name=document.name,
        format=form.name,
        label=form.label,
        encoding=document.encoding,
        sha256=document.sha256,
        assumed=document.assumed,
        openers=openers,
        read=tally.read,
        refused=tuple(tally.refused),
        origin=tally.origin,
        fill={name: tally.fill[name] for name in FIELDS},
        ambiguous=frozenset(tally.ambiguous),
        spool=spool,
    )


def _run(
    spool: IO[bytes], openers: int, outcomes: Iterable[Outcome], progress: Callable[[int, int], None]
) -> _Tally:
    tally = _Tally()
    batch: list[SourceRecord] = []
    for outcome in outcomes:
        if isinstance(outcome, RefusedRecord):
            tally.refused.append(outcome)
            continue
        record = _lasting(carried.restored(outcome))
        tally.add(record)
        batch.append(record)
        if len(batch) == BATCH:
            _write(spool, batch)
            batch = []
            progress(tally.read, openers)
    _write(spool, batch)
    progress(tally.read, openers)
    return tally


def _write(spool: IO[bytes], batch: list[SourceRecord]) -> None:
    if batch:
        pickle.dump([_packed(record) for record in batch], spool, protocol=pickle.HIGHEST_PROTOCOL)


# Dataclasses with slots are pickled by a loop in Python, which takes longer than to read most records; plain
# tuples take a tenth of that.
_CITATION = tuple(spot.name for spot in fields(Citation))
_PLAIN = attrgetter(*_CITATION)
_AUTHORS, _NUMBERS, _EXTRA = (_CITATION.index(name) for name in ("authors", "numbers", "extra"))


def _packed(record: SourceRecord) -> tuple[object, ...]:
    values = list(_PLAIN(record.citation))
    values[_AUTHORS] = [(a.family, a.initials, a.collective, a.name) for a in record.citation.authors]
    values[_NUMBERS] = [(str(kind), numbers) for kind, numbers in record.citation.numbers.items()]
    values[_EXTRA] = dict(record.citation.extra)
    return record.accession, record.raw, record.raw_format, values, record.origin


def _unpacked(packed: tuple[Any, ...]) -> SourceRecord:
    accession, raw, raw_format, values, origin = packed
    values[_AUTHORS] = tuple(Author(*given) for given in values[_AUTHORS])
    values[_NUMBERS] = {Number(kind): numbers for kind, numbers in values[_NUMBERS]}
    return SourceRecord(accession, raw, raw_format, Citation(*values), origin)


class _Tally:
    """What is counted while records pass."""

    def __init__(self) -> None:
        self.read = 0
        self.refused: list[RefusedRecord] = []
        self.fill: Counter[str] = Counter()
        self.ambiguous: set[str] = set()
        self._origins: Counter[str] = Counter()
        self._seen: dict[str, bytes] = {}

    def add(self, record: SourceRecord) -> None:
        self.read += 1
        self._origins[record.origin] += 1
        self.fill.update(_filled(record.citation))
        short = hashlib.blake2b(record.raw, digest_size=16).digest()
        if self._seen.setdefault(record.accession, short) != short:
            self.ambiguous.add(record.accession)

    @property
    def origin(self) -> str:
        named = [(count, name) for name, count in self._origins.items() if name]
        return max(named, default=(0, ""))[1]


def _filled(citation: Citation) -> list[str]:
    return [name for name in FIELDS if getattr(citation, name)]
