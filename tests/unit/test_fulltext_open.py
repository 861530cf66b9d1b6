"""Which addresses of Europe PMC are open, and which copies may stand for a report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curation.model import Citation, SourceRecord
from curation.sources.europepmc_open import OpenText, open_texts

PDF = {
    "availability": "Open access",
    "availabilityCode": "OA",
    "documentStyle": "pdf",
    "site": "Europe_PMC",
    "url": "https://europepmc.example.org/articles/PMC1?pdf=render",
}
PAGE = PDF | {"documentStyle": "html", "url": "https://europepmc.example.org/articles/PMC1"}
FREE = PDF | {"availabilityCode": "F", "availability": "Free"}
PAID = PDF | {
    "availabilityCode": "S",
    "site": "DOI",
    "documentStyle": "doi",
    "url": "https://doi.org/10.5555/1",
}
ELSEWHERE = PDF | {"site": "Unpaywall"}


def record(*texts: object, **told: Any) -> SourceRecord:  # noqa: ANN401 - fields of the answer
    whole = {"source": "MED", "license": "cc by"} | told | {"fullTextUrlList": {"fullTextUrl": texts}}
    return SourceRecord(
        "MED:1", json.dumps(whole).encode(), "europepmc-json", Citation("A title"), "europepmc"
    )


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        (PDF, OpenText(PDF["url"], True, "cc-by", "publishedVersion")),
        (PAGE, OpenText(PAGE["url"], False, "cc-by", "publishedVersion")),
        (FREE, OpenText(PDF["url"], False, "", "publishedVersion")),
        (ELSEWHERE, OpenText(PDF["url"], True, "cc-by", "")),
    ],
)
def test_an_address_is_told_with_what_is_known_of_it(listed: dict[str, str], text: OpenText) -> None:
    assert open_texts(record(listed)) == (text,)


@pytest.mark.parametrize(
    "texts",
    [(), (PAID,), ("https://example.org",), (PDF | {"url": "javascript:alert(1)"},), (PDF | {"url": None},)],
)
def test_what_must_be_paid_for_or_is_no_address_is_left_out(texts: tuple[object, ...]) -> None:
    assert open_texts(record(*texts)) == ()


def test_manuscripts_and_preprints_are_told_apart() -> None:
    (manuscript,) = open_texts(record(PDF, nihAuthMan="Y"))
    (preprint,) = open_texts(record(PDF, source="PPR"))
    assert (manuscript.version, preprint.version) == ("acceptedVersion", "submittedVersion")


def test_a_record_without_a_list_has_no_addresses() -> None:
    bare = SourceRecord("MED:1", b'{"source": "MED"}', "europepmc-json", Citation("A title"), "europepmc")
    assert open_texts(bare) == ()
