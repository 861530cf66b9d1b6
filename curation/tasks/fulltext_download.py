"""Fetches the PDFs of open copies; what comes is looked at before it counts as a full text."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from curation.errors import BadInput, Configuration, Refused, SourceFailed, TryAgain, Usage
from curation.sources.http import Ask, Door
from curation.store.connect import Stamp
from curation.tasks import network
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.fulltext_find import Copy, Found
from curation.tasks.fulltext_pdf import fault_in
from curation.tasks.network import NetworkSettings
from curation.tasks.review import Review
from screening.flow import Retrieval

PACE = 1.0  # requests a second, of each host: these are other people's web servers
MOST = 100_000_000  # bytes; a paper is smaller, a book or a data set is not meant
_NOT_PDF = ("text/", "application/json", "application/xml", "image/")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What became of one report: the ``file`` from ``address``, or why there is none (``troubles``)."""

    report: int
    address: str = ""
    file: str = ""
    troubles: tuple[str, ...] = ()


def download(
    review: Review, found: Iterable[Found], reviewer: str, stamp: Stamp, settings: NetworkSettings
) -> Iterator[Downloaded]:
    """Fetch the best copy that may be fetched of each report, the next one where that fails; note it retrieved.

    Each report by itself: killed, what was noted is kept. Reports without such a copy are passed by. Raises Usage
    for an unknown person.
    """
    review.person(reviewer)
    return _downloaded(review, found, reviewer, stamp, settings)


def _downloaded(
    review: Review, found: Iterable[Found], reviewer: str, stamp: Stamp, settings: NetworkSettings
) -> Iterator[Downloaded]:
    with network.door(settings, review.protocol.ncbi.email, PACE) as door:
        for one in found:
            if any(copy.fetchable for copy in one.copies):
                yield _first(review, one, door, reviewer, stamp)


def _first(review: Review, one: Found, door: Door, reviewer: str, stamp: Stamp) -> Downloaded:
    troubles = []
    for copy in (copy for copy in one.copies if copy.fetchable):
        try:
            body = _pdf(door, copy.address)
            file = _stored(review, one, (copy, body), reviewer, stamp)
        except (TryAgain, Configuration, SourceFailed, BadInput) as problem:
            troubles.append(f"{copy.address}: {problem.message}")
        except (Refused, Usage) as problem:  # the report waits no more, whichever the copy
            return Downloaded(one.report, troubles=(*troubles, problem.message))
        else:
            return Downloaded(one.report, copy.address, file, tuple(troubles))
    return Downloaded(one.report, troubles=tuple(troubles))


def _pdf(door: Door, address: str) -> bytes:
    answer = door.read(Ask("GET", address, most=MOST), lambda answer: answer)
    if answer.status != HTTPStatus.OK:
        raise SourceFailed(f"the server answered HTTP {answer.status}")
    if answer.content_type.lower().startswith(_NOT_PDF):
        raise SourceFailed(f"the server sent {answer.content_type.partition(';')[0]}, not a PDF")
    fault = fault_in(answer.body)
    if fault:
        raise SourceFailed(f"what came {fault}")
    return answer.body


def _stored(review: Review, one: Found, got: tuple[Copy, bytes], reviewer: str, stamp: Stamp) -> str:
    copy, body = got
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / _name(one)
        file.write_bytes(body)
        note = f"open copy: {copy.words}"
        attempt = Attempt(one.report, reviewer, Retrieval.RETRIEVED, note, file, copy.address)
        note_fulltext(review, attempt, stamp)
    return file.name


def _name(one: Found) -> str:
    """A name that attaches the file to the same report again."""
    doi = re.sub(r"[^0-9a-z.]+", "_", one.doi).strip("._")
    return f"R{one.report} {doi[:100]}.pdf" if doi else f"R{one.report}.pdf"
