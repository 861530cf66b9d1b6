"""One request as the tools see it: what is served, what was asked, and what a fault hides or twists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.entry import Entry
from curation.sources.standin.faults import Fault, FaultKind
from curation.sources.standin.shelf import Shelf
from curation.sources.standin.wire import Refusal

MOST_IDS = 9_999
LAST_START = 9_998
GROUPS = ";"  # between the lists of a request that repeats ``id``: elink answers each on its own


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for one tool. ``fault`` twists the true answer; None for an honest one."""

    corpus: Corpus
    params: Mapping[str, str]
    shelf: Shelf
    fault: Fault | None = None
    strict_phrases: bool = False

    @property
    def wants_json(self) -> bool:
        """Whether ``retmode`` asks for JSON."""
        return self.params.get("retmode") == "json"

    @property
    def hidden(self) -> frozenset[int]:
        """Records that are answered for as if they did not exist."""
        omits = self.fault is not None and self.fault.kind is FaultKind.OMITTED_IDS
        return self.fault.pmids if omits and self.fault is not None else frozenset()

    def get(self, pmid: int) -> Entry | None:
        """Record of a number, None when there is none or a fault hides it."""
        return None if pmid in self.hidden else self.corpus.get(pmid)

    def text(self, name: str, default: str = "") -> str:
        """A parameter without blanks around it."""
        return self.params.get(name, default).strip()

    def number(self, name: str, default: int) -> int:
        """A parameter that must be a whole number. Raises Refusal when it is none."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdigit()):
            raise Refusal(f"Invalid value of {name}")
        return int(text) if text else default

    def must_be_pubmed(self, name: str = "db", status: int = 200) -> None:
        """Raise Refusal, in NCBI's words, when the request is for another database."""
        if self.params.get(name) != "pubmed":
            raise Refusal(f"Invalid db name specified: {self.params.get(name, '')}", status)

    def pmids(self) -> tuple[int, ...]:
        """Numbers asked for, each once and in order: listed, or a page of a kept set.

        Raises Refusal when the kept set is gone or the page begins past what the history server gives.
        """
        if not (self.text("WebEnv") or self.text("query_key")):
            return listed(self.text("id").replace(GROUPS, ","))
        kept = self.shelf.get(self.text("WebEnv"), self.text("query_key"))
        start = self.number("retstart", 0)
        if start > LAST_START:
            raise Refusal(f"'retstart' cannot be larger than {LAST_START}", 400)
        most = min(self.number("retmax", MOST_IDS), MOST_IDS)
        return kept[:MOST_IDS][start : start + most]


def listed(text: str) -> tuple[int, ...]:
    """Numbers of a list with commas, each once, in order; what is no PubMed number is left out."""
    asked = (one.strip() for one in text.split(","))
    numbers = (int(one) for one in asked if one.isascii() and one.isdigit())
    return tuple(dict.fromkeys(number for number in numbers if number))
