"""A stand-in for NCBI's E-utilities on loopback: the demo, rehearsals of a strategy, and tests talk to it.

It speaks real HTTP and answers in NCBI's shapes over a corpus of PubMed XML, recorded, generated or changing
week by week: esearch (a good part of PubMed's query language, the wall at 9,999 records), efetch, esummary,
epost, elink, einfo, espell, the history server, rate limits, API keys, and NCBI's ways to fail. It is no
PubMed: no automatic term mapping, and MeSH explosion goes by words (``neoplasms[mh]`` finds the heading
*Spinal Neoplasms*), because the MeSH tree is not shipped.
"""

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.desk import Manners, Request, most_at_once
from curation.sources.standin.entry import Entry
from curation.sources.standin.faults import ALARMING, PASSING, Fault, FaultKind, Recorded
from curation.sources.standin.generate import generated
from curation.sources.standin.history import History, Truth
from curation.sources.standin.script import RandomFaults
from curation.sources.standin.search import Found, find
from curation.sources.standin.server import StandIn
from curation.sources.standin.world import Event, EventKind

__all__ = [
    "ALARMING",
    "PASSING",
    "Corpus",
    "Entry",
    "Event",
    "EventKind",
    "Fault",
    "FaultKind",
    "Found",
    "History",
    "Manners",
    "RandomFaults",
    "Recorded",
    "Request",
    "StandIn",
    "Truth",
    "find",
    "generated",
    "most_at_once",
]
