"""A review, and records of export files made up at random: works that overlap, with some of their identifiers."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

PROTOCOL = """
exclusion_reasons = [{ code = "population", label = "Population" }, { code = "outcome", label = "Outcome" }]
sources = [
  { key = "embase", name = "Embase", kind = "database", strategy = "spine" },
  { key = "scopus", name = "Scopus", kind = "database", strategy = "spine" },
  { key = "ictrp", name = "ICTRP", kind = "register", strategy = "spine" },
  { key = "citations", name = "Forward citations", kind = "citation searching", strategy = "who cites them" },
]
reviewers = [
  { id = "ana", name = "Ana", roles = ["screener"] },
  { id = "ben", name = "Ben", roles = ["screener"] },
  { id = "cem", name = "Cem", roles = ["adjudicator"] },
]
review = { title = "A review with a history", question = "Does it always add up?" }
criteria = { include = ["Everything"] }
living = { integration = "Now and then.", retirement = "At the end." }
"""
# Works that get in each other's way: one DOI for the talks of a congress, titles that are nearly the same.
WORKS = (
    ("30000001", "10.1000/one", "Radiomics of spinal metastases"),
    ("30000002", "10.1000/two", "Deep learning for EGFR mutation in spinal metastases"),
    ("30000003", "10.1000/congress", "Talk about the cervical spine"),
    ("30000004", "10.1000/congress", "Poster on lumbar magnetic resonance imaging"),
    ("30000005", "10.1000/five", "Radiomics of spinal metastasis"),
    ("30000006", "10.1000/six", "Something else entirely"),
)


@dataclass(frozen=True)
class Cite:
    """A record of an export: a work with some of its identifiers, perhaps under the database's own number."""

    work: int
    pmid: bool
    doi: bool
    title: bool
    number: int | None
    note: int

    def ris(self) -> str:
        pmid, doi, title = WORKS[self.work]
        lines = ["TY  - JOUR"]
        lines += [f"TI  - {title}"] if self.title else []
        lines += [f"U1  - {pmid} [PMID]"] if self.pmid else []
        lines += [f"DO  - {doi}"] if self.doi else []
        lines += [f"AN  - X{self.number}"] if self.number is not None else []
        return "\n".join([*lines, f"N1  - {self.note}", "ER  - ", ""])


CITES = st.builds(
    Cite,
    work=st.integers(0, len(WORKS) - 1),
    pmid=st.booleans(),
    doi=st.booleans(),
    title=st.sampled_from((True, True, True, False)),
    number=st.none() | st.integers(0, 4),
    note=st.integers(0, 2),
)
