"""A reviewer learns nothing of another's votes before both have voted: not what, not how, not by an order.

One review, in which ana voted on every report that waits for ben, in two versions: other decisions, other
reasons, other notes, the other way round. Everything ben can ask must say the same in both, byte for byte.
That ana has voted, and how often she acted, is no secret: ``status`` counts it and the report's provenance
numbers the changes.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from curation.cli.main import COMMANDS
from curation.model import Decision
from curation.sources.standin import Corpus, StandIn
from curation.store.connect import Stamp
from curation.tasks.fulltext import Attempt, note_fulltext
from curation.tasks.review import Review
from curation.tasks.vote import Ballot, vote
from screening.flow import Retrieval
from tests.conftest import Livrev

AT_ABSTRACT = (1, 2, 3, 4)
AT_FULLTEXT = (5, 6, 7)
NOTES = ("clearly within our question", "surely a matter of the brain")

RECORD = """TY  - JOUR
AN  - L{number}
TI  - {title}
AU  - Author{number}, A.
PY  - 2024
AB  - What was found in study {number}.
DO  - 10.1000/study.{number}
ER  -

"""
TITLES = (
    "Radiomics of vertebrae",
    "Deep learning in the spine",
    "Texture of the sacrum",
    "Perfusion of bone marrow",
    "A nomogram of osteolysis",
    "Networks that read bone scans",
    "Histograms of cervical lesions",
)
STUDY = """key = "study-5"
first_author = "Author5"
year = 2024
position = 1

[report]
title = "A nomogram of osteolysis"
authors = ["Author5 A"]
journal = "J"
year = 2024
doi = "10.1000/study.5"
identifiers_from = "the paper"

[[facts]]
field = "cohort_size"
value = 50
where = "p. 1"
"""

# Some of what is asked must fail, alike in both versions: a right, a vote or a service is lacking.
FAIL_TOO = {
    "undo",
    "resolve",
    "fulltext",
    "vote",
    "extract",
    "import",
    "check",
    "rank",
    "stop",
    "rescreen",
    "appraise",
}
NOT_ASKED = {"init", "demo", "rehearse", "schedule"}  # they make a review, serve, or speak to a scheduler
ASKED = [
    ("status",),
    ("status", "--json"),
    ("status", "--as", "ben"),
    ("status", "--as", "ben", "--abstracts"),
    ("status", "--as", "ben", "--json"),
    ("conflicts",),
    ("conflicts", "--json"),
    ("duplicates",),
    ("duplicates", "--json"),
    ("duplicates", "--waiting"),
    ("duplicates", "counts", "--json"),
    ("duplicates", "explain", "R1", "R2", "--json"),
    ("duplicates", "show", "R1", "--json"),
    ("screen", "--as", "ben", "--plain"),
    ("screen", "--as", "ben", "--plain", "--stage", "fulltext"),
    ("screen", "--as", "cem", "--plain", "--stage", "conflicts"),
    ("screen", "--as", "ben", "--plain", "--stage", "conflicts", "--with", "ana"),
    ("votes",),
    ("votes", "--json"),
    ("votes", "--csv"),
    ("votes", "--as", "ben", "--json"),
    ("pack", "--as", "ben", "-o", "inbox/pack.html"),
    ("pack", "--as", "ben", "--stage", "fulltext", "-o", "inbox/pack-2.html"),
    ("rank", "--dry-run"),
    ("rank", "--dry-run", "--as", "ben", "--json"),
    ("stop", "status", "--json"),
    ("stop", "check", "--json"),
    ("stop", "now", "--as", "ben", "--note", "enough"),
    ("agreement",),
    ("agreement", "--json"),
    ("agreement", "--by", "batch"),
    ("agreement", "--by", "pair", "--json"),
    ("agreement", "--text"),
    ("calibrate", "status"),
    ("calibrate", "status", "--json"),
    ("rescreen",),
    ("appraise", "instruments"),
    ("appraise", "status", "--json"),
    ("appraise", "compare", "--instrument", "probast"),
    ("remove", "--dry-run", "--json"),
    ("remove",),
    ("fulltext",),
    ("fulltext", "--json"),
    ("fulltext", "--csv"),
    ("fulltext", "--mail"),
    ("fulltext", "--mail", "--authors"),
    ("fulltext", "--find"),
    ("fulltext", "--attach", "export.ris", "--as", "ben", "--dry-run"),
    ("export",),
    ("export", "--format", "csv"),
    ("export", "--as", "ben", "--format", "asreview"),
    ("export", "--as", "ben", "--format", "rayyan"),
    ("export", "--state", "to-screen", "--as", "ben"),
    ("export", "--state", "maybe"),
    ("flow",),
    ("flow", "--json"),
    ("flow", "--round", "0"),
    ("flow", "--svg", "drawn/flow.svg"),
    ("pool",),
    ("pool", "--json"),
    ("tables",),
    ("report",),
    ("search", "--dry-run"),
    ("search", "--dry-run", "--json"),
    ("update", "--json"),
    ("check", "notices"),
    ("check", "notices", "--json"),
    ("check", "identifiers"),
    ("check", "fulltexts"),
    ("dedupe",),
    ("dedupe", "--json"),
    ("import", "export.ris", "--source", "embase"),
    ("undo", "--as", "ben"),
    ("resolve", "R1", "include", "--as", "cem", "--note", "why"),
    ("resolve", "R5", "include", "--as", "ben", "--with", "ana", "--note", "why"),
    ("fulltext", "R1", "--link", "https://example.org", "--as", "ben"),
    ("fulltext", "R5", "--link", "https://example.org", "--as", "ben"),
    ("vote", "R1", "include", "--stage", "fulltext", "--as", "ben"),
    ("extract", "--from", "study.toml", "--as", "ben"),
]


def stamp(by: str) -> Stamp:
    return Stamp(dt.datetime(2026, 11, 2, tzinfo=dt.UTC), by, "test")


def cast(review: Review, reviewer: str, report: int, decision: Decision, note: str = "") -> None:
    at_fulltext = (
        report in AT_FULLTEXT
        and review.sql.execute(
            "SELECT count(*) = 2 FROM vote WHERE report_id = ? AND stage = 'abstract'", (report,)
        ).fetchone()[0]
    )
    reason = "population" if at_fulltext and decision is Decision.EXCLUDE else None
    uid = f"{reviewer}-{report}-{'fulltext' if at_fulltext else 'abstract'}"
    vote(review, Ballot(uid, report, reviewer, decision, reason=reason, note=note), stamp(reviewer))


def votes_of_one_mind(review: Review) -> None:
    for report in AT_ABSTRACT + AT_FULLTEXT:
        cast(review, "ana", report, Decision.INCLUDE, NOTES[0])


def votes_of_another_mind(review: Review) -> None:
    for report in reversed(AT_ABSTRACT + AT_FULLTEXT):
        maybe = report in AT_ABSTRACT and report % 2 == 0
        cast(review, "ana", report, Decision.MAYBE if maybe else Decision.EXCLUDE, NOTES[1])


@pytest.fixture
def waiting(livrev: Livrev, tmp_path: Path) -> Path:
    """A review in which four reports wait at title/abstract and three at full text."""
    folder = tmp_path / "waiting"
    assert livrev("init", folder).returncode == 0
    records = (RECORD.format(number=n, title=title) for n, title in enumerate(TITLES, 1))
    (folder / "export.ris").write_text("".join(records), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = livrev("import", "export.ris", "--source", "embase", cwd=folder)
    assert "7 new" in done.stdout, done.stderr
    with Review.open(folder) as review:
        for report in AT_FULLTEXT:
            for reviewer in ("ana", "ben"):
                cast(review, reviewer, report, Decision.INCLUDE)
            note_fulltext(review, Attempt(report, "ben", Retrieval.RETRIEVED, note="by hand"), stamp("ben"))
    return folder


@dataclass(frozen=True)
class Seen:
    """What ben was told, by command, and the files that were written for him."""

    told: Mapping[tuple[str, ...], tuple[int, str, str]]
    files: Mapping[str, bytes]
    control: str


def test_nothing_that_ben_can_ask_tells_how_ana_voted(
    livrev: Livrev, waiting: Path, corpus: Corpus, tmp_path: Path
) -> None:
    with StandIn(corpus) as standin:  # both versions at the same place, by the same clock
        one, two = (
            look(shutil.copytree(waiting, tmp_path / "review"), votes, livrev, standin.url)
            for votes in (votes_of_one_mind, votes_of_another_mind)
        )
    every_command_was_tried_as_it_should_go(one)
    what_ben_is_told_does_not_depend_on_how_ana_voted(one, two)
    every_file_written_for_ben_is_the_same(one, two)
    no_note_of_ana_is_shown(one, two)
    what_waits_for_ben_is_listed_in_the_order_of_the_reports(one)
    no_verdict_is_drawn_from_one_vote(two)
    once_both_have_voted_a_conflict_shows(one, two)


def look(folder: Path, votes: Callable[[Review], None], livrev: Livrev, address: str) -> Seen:
    with Review.open(folder) as review:
        votes(review)
    told = {}
    for command in ASKED:
        done = livrev(*command, cwd=folder, LIVREV_EUTILS_URL=address)
        told[command] = (done.returncode, done.stdout, done.stderr)
    written = (path for place in ("reports", "drawn", "inbox") for path in (folder / place).rglob("*"))
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(written) if path.is_file()}
    own = livrev("vote", "R1", "include", "--as", "ben", cwd=folder)
    told["vote", "R1", "include", "--as", "ben"] = (own.returncode, own.stdout, own.stderr)
    control = livrev("conflicts", cwd=folder).stdout
    shutil.rmtree(folder)
    return Seen(told, files, control)


def what_ben_is_told_does_not_depend_on_how_ana_voted(one: Seen, two: Seen) -> None:
    for command, said in one.told.items():
        assert two.told[command] == said, f"livrev {' '.join(command)} tells how ana voted"


def every_file_written_for_ben_is_the_same(one: Seen, two: Seen) -> None:
    assert {"reports/report.html", "reports/flow.svg", "reports/table-1.csv", "drawn/flow.svg"} <= set(
        one.files
    )
    assert set(one.files) == set(two.files)
    for name, content in one.files.items():
        assert two.files[name] == content, f"{name} tells how ana voted"


def no_note_of_ana_is_shown(one: Seen, two: Seen) -> None:
    for version in (one, two):
        said = "".join(out + err for _, out, err in version.told.values())
        written = b"".join(version.files.values())
        for note in NOTES:
            assert note not in said
            assert note.encode() not in written


def every_command_was_tried_as_it_should_go(one: Seen) -> None:
    told = one.told
    assert {command[0] for command in told} == set(COMMANDS) - NOT_ASKED
    failed = {command for command, (status, _, _) in told.items() if status != 0}
    assert {command[0] for command in failed} <= FAIL_TOO
    assert ("vote", "R1", "include", "--as", "ben") not in failed
    assert not [command for command, (_, _, err) in told.items() if "Traceback" in err]


def what_waits_for_ben_is_listed_in_the_order_of_the_reports(one: Seen) -> None:
    listed = json.loads(one.told["status", "--as", "ben", "--json"][1])
    assert [item["report"] for item in listed] == [*AT_ABSTRACT, *AT_FULLTEXT]


def no_verdict_is_drawn_from_one_vote(two: Seen) -> None:
    told = two.told
    assert told["conflicts",] == (0, "", "no conflicts\n")
    flow = json.loads(told["flow", "--json"][1])["flow"]
    assert (flow["awaiting_screening"], flow["screened"], flow["excluded"]) == (4, 3, 0)
    assert flow["main"]["awaiting_assessment"] == 3
    assert flow["main"]["included"] == 0


def once_both_have_voted_a_conflict_shows(one: Seen, two: Seen) -> None:
    assert one.control == ""
    assert two.control.startswith("R1\tabstract\tana, ben\t")
