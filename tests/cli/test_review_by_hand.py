"""A small review from its first line to its report, as two reviewers and an adjudicator type it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from curation.sources.standin import Corpus, StandIn
from tests.conftest import Livrev

PROTOCOL = {
    'title = "Title of the review"': 'title = "Radiomics of spinal metastases"',
    'strategy = \'"prediction model"[tiab]': "strategy = 'spinal[tiab] AND radiomics[tiab]' # was: '",
}
SCOPUS = """
[[sources]]
key = "scopus"
name = "Scopus"
kind = "database"
strategy = 'TITLE-ABS-KEY ( radiomics AND spine )'
"""


@dataclass(frozen=True)
class Paper:
    """A record as an export file has it."""

    accession: str
    title: str
    doi: str = ""

    def __str__(self) -> str:
        doi = f"DO  - {self.doi}\n" if self.doi else ""
        return (
            f"TY  - JOUR\nAN  - {self.accession}\nTI  - {self.title}\nAU  - Ng, C.\nPY  - 2024\n"
            f"JO  - Spine\nAB  - We measured {self.title}.\n{doi}ER  -\n\n"
        )


EMBASE = (
    Paper("L1", "Radiomics of the thoracic spine", "10.1000/thoracic"),
    Paper("L2", "Radiomics of the sacrum", "10.1000/sacrum"),
    Paper("L3", "A mouse model of the spine", "10.1000/mouse"),
    Paper("L4", "Abstracts of a congress: radiomics in the cervical spine", "10.1000/congress"),
)
SCOPUS_PAPERS = (
    Paper("S1", "Radiomics of the Thoracic Spine.", "10.1000/thoracic"),  # of L1: same DOI, same title
    Paper("S2", "Abstracts of a congress: radiomics in the cervical spine and cord"),  # beside L4: who knows
    Paper("S3", "MRI-based radiomics for noninvasive prediction of T790M resistance mutation in lung cancer "
                "spinal metastases: an exploratory study", "10.3389/fcell.2025.1673498"),  # in PubMed too
)  # fmt: skip

STUDY = """
key = "{key}"
first_author = "Ng"
year = 2024
position = {position}

[report]
title = "{title}"
authors = ["Ng C"]
journal = "Spine"
year = 2024
doi = "{doi}"
identifiers_from = "the paper"

[[facts]]
field = "cohort_size"
value = 90
where = "Table 1"

[[evaluations]]
key = "egfr/external"
marker = "EGFR status"
outcome = "EGFR mutation"
model = "Radiomics"
validation = "external"
auc = "{auc}"
ci = ["{low}", "{high}"]
table = 4
row = {position}
column = 1
where = "Table 3"
n = 90
n_where = "Table 1"
"""


@dataclass
class Desk:
    """The review's folder, and what its people type there."""

    livrev: Livrev
    folder: Path

    def __call__(self, words: str, *more: str, **environment: str) -> str:
        """Standard output of a command that must succeed and say nothing else."""
        done = self.livrev(*words.split(), *more, cwd=self.folder, **environment)
        assert done.returncode == 0, done.stderr
        assert done.stderr in {"", "no conflicts\n", "no pairs\n", "nothing waits\n"}
        return done.stdout

    def refused(self, words: str, *, status: int) -> str:
        """Standard error of a command that must fail with ``status``."""
        done = self.livrev(*words.split(), cwd=self.folder)
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        return done.stderr

    def flow(self) -> dict[str, int]:
        """Numbers of the printed flow, by the official names of its boxes."""
        lines = (re.fullmatch(r" +([\d,]+)  (.+)", line) for line in self("flow").splitlines())
        return {found[2]: int(found[1]) for found in lines if found}

    def report(self, title: str) -> str:
        """Number of the report with this title in the list of those that wait for ana or ben."""
        listed = self("status --as ana") + self("status --as ben")
        return next(line.split("\t")[0] for line in listed.splitlines() if line.endswith(f"\t{title}"))


def exported(papers: Iterable[Paper]) -> str:
    return "".join(map(str, papers))


def test_a_small_review_from_init_to_report(livrev: Livrev, corpus: Corpus, tmp_path: Path) -> None:
    desk = Desk(livrev, tmp_path / "my-review")
    init_tells_what_to_do_next(desk)
    review_toml_is_edited(desk)
    two_exports_come_in_and_say_what_they_brought(desk)
    an_update_finds_what_pubmed_has(desk, corpus)
    a_person_judges_the_pair_that_no_rule_would(desk)
    status_names_who_waits_and_what_to_type(desk)
    two_reviewers_vote(desk)
    a_conflict_is_listed_without_the_votes_and_settled(desk)
    full_texts_are_had_or_not(desk)
    full_texts_are_assessed_with_reasons(desk)
    the_flow_adds_up(desk)
    undo_and_a_change_of_mind_change_the_flow(desk)
    what_was_extracted_is_pooled(desk)
    the_report_and_the_diagram_are_drawn(desk)
    a_second_time_nothing_changes(desk, corpus)


def init_tells_what_to_do_next(desk: Desk) -> None:
    done = desk.livrev("init", "my-review", cwd=desk.folder.parent)
    assert done.returncode == 0
    assert "edit my-review/review.toml, then: cd my-review && livrev status" in done.stderr
    said = desk("status")
    assert "Title of the review\nNot yet released\n" in said
    assert "PubMed: not searched yet, due now" in said
    assert "search is due (PubMed): livrev update" in said
    assert "livrev import FILE --source embase" in said
    assert desk("conflicts") == ""


def review_toml_is_edited(desk: Desk) -> None:
    file = desk.folder / "review.toml"
    text = file.read_text(encoding="utf-8")
    for example, own in PROTOCOL.items():
        assert text.count(example) == 1
        text = text.replace(example, own)
    file.write_text(text.replace("\n# Roles:", f"{SCOPUS}\n# Roles:"), encoding="utf-8")
    said = desk("status")
    assert said.startswith("Radiomics of spinal metastases\n")
    assert "Scopus: not searched yet" in said


def two_exports_come_in_and_say_what_they_brought(desk: Desk) -> None:
    (desk.folder / "embase.ris").write_text(exported(EMBASE), encoding="utf-8")
    (desk.folder / "scopus.ris").write_text(exported(SCOPUS_PAPERS), encoding="utf-8")
    said = desk("import embase.ris --source embase --searched-on 2026-10-30")
    assert "embase.ris: RIS, embase, utf-8" in said
    assert "4 begin in it, 4 read, 0 refused" in said
    assert "4 new, 0 re-found" in said
    assert "duplicates: 0 removed, 0 wait for a person" in said
    said = desk("import scopus.ris --source scopus")
    assert "3 begin in it, 3 read, 0 refused" in said
    assert "3 new, 0 re-found" in said
    assert "duplicates: 1 removed, 1 waits for a person (livrev duplicates --waiting)" in said
    assert len(list((desk.folder / "inbox").iterdir())) == 2


def an_update_finds_what_pubmed_has(desk: Desk, corpus: Corpus) -> None:
    with StandIn(corpus) as standin:
        said = desk("search --dry-run", LIVREV_EUTILS_URL=standin.url)
        assert "pubmed: would find 4 records; 0 are known" in said
        assert "asked: spinal[tiab] AND radiomics[tiab]" in said
        said = desk("update", LIVREV_EUTILS_URL=standin.url)
        assert "round 0: pubmed: 4 found, 4 new" in said
        assert "duplicates: 1 removed, 1 waits for a person" in said
        said = desk("update", LIVREV_EUTILS_URL=standin.url)
        assert "round 0: pubmed: 4 found, 0 new" in said


def a_person_judges_the_pair_that_no_rule_would(desk: Desk) -> None:
    pair, left, right = desk("duplicates --waiting").splitlines()
    assert "one title with more words, the same authors, the same journal, the same year" in pair
    assert left.endswith(EMBASE[3].title)
    assert right.endswith(SCOPUS_PAPERS[1].title)
    one, other = pair.split("\t")[:2]
    said = desk(f"duplicates different {one} {other} --as ana --note", "two abstracts of one supplement")
    assert said == f"{one} and {other}: different; now two reports ({one}, {other})\nno record moved\n"
    assert desk("duplicates --waiting") == ""
    assert "two abstracts of one supplement" in desk("duplicates")


def status_names_who_waits_and_what_to_type(desk: Desk) -> None:
    said = desk("status")
    assert "  ana: 9 to screen, 0 full texts to assess\n" in said
    assert "  ben: 9 to screen, 0 full texts to assess\n" in said
    assert "  title/abstract: not complete: 9 without a vote\n" in said
    assert "  full text: nothing is lacking\n" in said
    assert "  possible duplicates: 0\n" in said
    assert "     2  duplicates removed\n" in said
    assert "     9  awaiting screening\n" in said
    assert "  ana screens 9 reports: livrev screen --as ana\n" in said
    assert "We measured Radiomics of the sacrum." in desk("status --as ben --abstracts")
    assert desk.flow()["Records awaiting screening"] == 9


def two_reviewers_vote(desk: Desk) -> None:
    ours = {paper.title for paper in (EMBASE[0], EMBASE[1], EMBASE[3])}
    listed = [line.split("\t") for line in desk("status --as ana").splitlines()]
    for number, _, _, title in listed:
        decision = "include" if title in ours else "exclude"
        said = desk(f"vote {number} {decision} --as ana")
        assert said == f"{number} abstract: {decision} by ana  {title}\n"
        word = "exclude" if title == EMBASE[3].title else "maybe" if title == EMBASE[1].title else decision
        desk(f"vote {number} {word} --as ben --note blind")
    assert desk("status --as ana") == ""
    assert "  title/abstract: not complete: 1 in conflict\n" in desk("status")
    assert "1 conflict: livrev screen --stage conflicts --as cem adjudicates" in desk("status")


def a_conflict_is_listed_without_the_votes_and_settled(desk: Desk) -> None:
    (line,) = desk("conflicts").splitlines()
    number, stage, voters, label, title = line.split("\t")
    assert (stage, voters, label, title) == ("abstract", "ana, ben", "Ng 2024", EMBASE[3].title)
    assert "1 conflict: livrev screen --stage conflicts --as cem" in desk("status")
    assert "ana is no adjudicator" in desk.refused(f"resolve {number} include --as ana --note mine", status=1)
    said = desk(f"resolve {number} include --as cem --note", "the full text decides")
    assert said == f"{number} settled at abstract: include\n"
    assert desk("conflicts") == ""


def full_texts_are_had_or_not(desk: Desk) -> None:
    flow = desk.flow()
    assert (flow["Records screened"], flow["Records excluded"]) == (9, 6)
    assert (flow["Reports sought for retrieval"], flow["Reports awaiting retrieval"]) == (3, 3)
    (step,) = (line for line in desk("status").splitlines() if "full texts to be retrieved" in line)
    sought = re.findall(r"R\d+", step)
    assert len(sought) == 3
    assert "livrev fulltext REPORT --retrieved FILE --as ID" in step
    (desk.folder / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    thoracic, sacrum, congress = sought
    assert desk(f"fulltext {thoracic} --retrieved paper.pdf --as ana") == f"{thoracic}: retrieved\n"
    assert desk(f"fulltext {sacrum} --link https://example.org/2 --as ben") == f"{sacrum}: retrieved\n"
    said = desk(f"fulltext {congress} --as ana --not-retrieved", "the library has no copy")
    assert said == f"{congress}: not retrieved\n"
    assert "2 full texts to assess" in desk("status")


def full_texts_are_assessed_with_reasons(desk: Desk) -> None:
    thoracic, sacrum = (desk.report(paper.title) for paper in EMBASE[:2])
    for reviewer in ("ana", "ben"):
        said = desk(f"vote {thoracic} include --as {reviewer}")
        assert said == f"{thoracic} fulltext: include by {reviewer}  {EMBASE[0].title}\n"
    desk(f"vote {sacrum} exclude --reason population --as ana")
    said = desk.refused(f"vote {sacrum} exclude --as ben", status=2)
    assert "needs its reason: --reason CODE (codes: population, no-model, outcome)" in said
    said = desk(f"vote {sacrum} exclude --reason outcome --as ben")
    assert said == f"{sacrum} fulltext: exclude (outcome) by ben  {EMBASE[1].title}\n"
    assert desk("conflicts").startswith(f"{sacrum}\tfulltext\tana, ben\t")  # one exclusion, two reasons
    desk(f"resolve {sacrum} exclude --reason outcome --as ana --with ben --note", "the first that fails")


def the_flow_adds_up(desk: Desk) -> None:
    assert desk("flow").splitlines() == [
        "Round 0",
        "     11  Records identified from databases",
        "        4  PubMed",
        "        4  Embase",
        "        3  Scopus",
        "      0  Records identified from registers",
        "      2  Duplicate records removed",
        "      0  Records marked as ineligible by automation tools",
        "      0  Records removed for other reasons",
        "      9  Records screened",
        "      6  Records excluded",
        "      3  Reports sought for retrieval",
        "      1  Reports not retrieved",
        "      2  Reports assessed for eligibility",
        "      1  Reports excluded",
        "        1  Wrong outcome",
        "      1  Studies included in review",
        "      1  Reports of included studies",
    ]
    counts = json.loads(desk("flow --json"))
    assert counts["rounds"] == [0]
    assert counts["flow"]["screened"] == 9
    assert counts["flow"]["main"]["excluded"] == [{"name": "Wrong outcome", "n": 1}]


def undo_and_a_change_of_mind_change_the_flow(desk: Desk) -> None:
    sacrum = "R2"
    said = desk("undo --as ben")
    assert said == f"taken back: resolution exclude on {sacrum} at fulltext by ben\n"
    flow = desk.flow()
    assert (flow["Reports awaiting assessment"], flow["Reports excluded"]) == (1, 0)
    desk(f"vote {sacrum} include --as ana")
    desk(f"vote {sacrum} include --as ben")
    flow = desk.flow()
    assert "Reports awaiting assessment" not in flow
    assert (flow["Reports excluded"], flow["Studies included in review"]) == (0, 2)
    desk("undo --as ben")
    assert desk("conflicts").startswith(f"{sacrum}\tfulltext\t")
    desk(f"vote {sacrum} include --as ben")
    assert desk.flow()["Studies included in review"] == 2


def what_was_extracted_is_pooled(desk: Desk) -> None:
    aucs = (("0.80", "0.70", "0.88"), ("0.90", "0.82", "0.95"))
    for position, (paper, (auc, low, high)) in enumerate(zip(EMBASE[:2], aucs, strict=True), 1):
        key = f"ng-2024-{position}"
        text = STUDY.format(
            key=key, position=position, title=paper.title, doi=paper.doi, auc=auc, low=low, high=high
        )
        (desk.folder / f"{key}.toml").write_text(text, encoding="utf-8")
        assert desk(f"extract --from {key}.toml --as ana") == f"{key}: R{position}, 1 evaluation\n"
    other = STUDY.format(key="x", position=3, title="x", doi=EMBASE[3].doi, auc="0.8", low="0.7", high="0.9")
    (desk.folder / "x.toml").write_text(other, encoding="utf-8")
    said = desk.refused("extract --from x.toml --as ana", status=1)
    assert "is not included (report not retrieved)" in said
    (line,) = desk("pool").splitlines()
    found = re.match(
        r"External validation \[recommended, now\]: (0\.\d{3}) \((0\.\d{3}) to (\d\.\d{3})\) from 2 AUCs of 2 studies",
        line,
    )
    assert found, line
    estimate, lower, upper = map(float, found.groups())
    assert lower < 0.80 < estimate < 0.90 < upper
    (item,) = json.loads(desk("pool --json"))
    assert item["k"] == 2
    assert item["estimate"] == pytest.approx(estimate, abs=0.0005)


def the_report_and_the_diagram_are_drawn(desk: Desk) -> None:
    written = desk("report").splitlines()
    assert "reports/report.html" in written
    page = (desk.folder / "reports" / "report.html").read_text(encoding="utf-8")
    assert "Radiomics of spinal metastases" in page
    assert "10.1000/thoracic" in page
    assert "10.1000/mouse" not in page
    assert "reports/table-4.csv" in desk("tables").splitlines()
    assert "0.80" in (desk.folder / "reports" / "table-4.csv").read_text(encoding="utf-8")
    assert desk("flow --svg f.svg") == "f.svg\n"
    drawn = "".join(ET.parse(desk.folder / "f.svg").getroot().itertext())
    assert "Records screened" in " ".join(drawn.split())
    assert "nothing waits; livrev report writes the report" in desk("status")


def a_second_time_nothing_changes(desk: Desk, corpus: Corpus) -> None:
    before = desk("flow")
    assert "taken in before (same bytes): nothing was done" in desk("import embase.ris --source embase")
    with StandIn(corpus) as standin:
        assert "0 new" in desk("update", LIVREV_EUTILS_URL=standin.url)
    assert desk("dedupe") == "0 pairs newly judged\nduplicates: 0 removed, 0 wait for a person\n"
    assert desk("flow") == before
