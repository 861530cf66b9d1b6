"""A stand-in for NCBI's E-utilities on loopback: the demo, rehearsals of a strategy, and tests talk to it.

It speaks real HTTP and answers in NCBI's shapes over a corpus of PubMed XML: esearch (a good part of PubMed's
query language, the wall at 9,999 records), efetch, esummary, einfo, rate limits, API keys, and NCBI's ways to
fail. It is no PubMed: no automatic term mapping, and MeSH explosion goes by words (``neoplasms[mh]`` finds the
heading *Spinal Neoplasms*), because the MeSH tree is not shipped.
"""

from curation.sources.standin.corpus import Corpus
from curation.sources.standin.desk import Request
from curation.sources.standin.entry import Entry
from curation.sources.standin.faults import Fault, FaultKind
from curation.sources.standin.search import Found, find
from curation.sources.standin.server import StandIn

__all__ = ["Corpus", "Entry", "Fault", "FaultKind", "Found", "Request", "StandIn", "find"]
