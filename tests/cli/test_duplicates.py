"""``livrev duplicates``: the queue of likely pairs by its keys, decisions by command, what they come to, the counts."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Refuses
from tests.conftest import Livrev

SURE = "Radiomics of spinal metastases predicts EGFR mutation"
LIKELY = (
    "Deep learning for vertebral fractures in osteoporosis",
    "Perfusion of bone marrow before and after radiotherapy",
    "A nomogram of osteolysis from computed tomography",
)
ABSTRACT = "Background of the study. " + "A long abstract goes on and on about what was found. " * 12
COMMAND = [sys.executable, "-c", "from curation.cli.main import main; main()"]
KEYS = "[q]uit"  # the end of the line that waits for a key
PATIENCE = 60  # seconds until a terminal that says nothing is given up


def entry(
    accession: str, title: str, *, year: str = "2026", by: str = "Hu, Yue; Li, Zhong", **more: str
) -> str:
    """One RIS record."""
    lines = ["TY  - JOUR", f"AN  - {accession}", f"TI  - {title}", f"PY  - {year}"]
    lines += [f"AU  - {name}" for name in by.split("; ")]
    return "\n".join([*lines, *(f"{tag}  - {text}" for tag, text in more.items()), "ER  - ", ""])


PUBMED = [entry("P1", SURE.upper(), DO="10.5555/spine.1", KW="Spine")]
PUBMED += [entry(f"P{n}", title, AB=ABSTRACT) for n, title in enumerate(LIKELY, 2)]
EMBASE = [entry("E1", SURE, DO="10.5555/SPINE.1", JF="Spine", VL="9", SP="11", EP="9", KW="MRI")]
EMBASE += [
    entry(f"E{n}", title, year="2023", by="Hu, Y.; Li, Z.", AB=ABSTRACT) for n, title in enumerate(LIKELY, 2)
]


@dataclass
class Desk:
    """A review where records 1 and 5 are one report, and 2 and 6, 3 and 7, 4 and 8 wait for a person."""

    livrev: Livrev
    environment: dict[str, str]
    folder: Path

    def __call__(self, *words: str) -> str:
        """Standard output of ``livrev duplicates`` with these words, which must succeed."""
        done = self.livrev("duplicates", *words, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self(*words, "--json"))

    def take_in(self, source: str, *entries: str) -> None:
        file = self.folder.parent / f"{source}-{len(list(self.folder.parent.iterdir()))}.ris"
        file.write_text("\n".join(entries), encoding="utf-8")
        done = self.livrev("import", file, "--source", source, cwd=self.folder)
        assert done.returncode == 0, done.stderr

    def press(self, *keys: str, by: str = "ana") -> str:
        """What the queue prints while these keys come in, one a line."""
        done = subprocess.run(
            [*COMMAND, "duplicates", "--as", by],
            cwd=self.folder,
            env=self.environment,
            input="".join(f"{key}\n" for key in keys),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def said(self) -> list[tuple[Any, ...]]:
        """Every judgement of a person, in the order it was made."""
        return self.rows(
            "SELECT left_id, right_id, relation, kind, evidence, by FROM judgement WHERE basis = 'person' ORDER BY id"
        )

    def reports(self) -> dict[int, int]:
        return {
            row[0]: row[1] for row in self.rows("SELECT record_id, report_id FROM record_report ORDER BY 1")
        }

    def waiting(self) -> list[tuple[str, str]]:
        pairs = (line.split("\t")[:2] for line in self("--waiting").splitlines() if line.startswith("R"))
        return [(left, right) for left, right in pairs]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "review.db")) as sql:
            return sql.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(livrev: Livrev, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("duplicates") / "review"
    assert livrev("init", folder).returncode == 0
    desk = Desk(livrev, environment, folder)
    desk.take_in("pubmed", *PUBMED)
    desk.take_in("embase", *EMBASE)
    return desk


@pytest.fixture
def desk(built: Desk, tmp_path: Path) -> Desk:
    return Desk(built.livrev, built.environment, Path(shutil.copytree(built.folder, tmp_path / "review")))


# The list


def test_without_a_reviewer_pairs_are_listed_with_their_evidence(desk: Desk) -> None:
    assert desk.waiting() == [("R2", "R6"), ("R3", "R7"), ("R4", "R8")]
    assert "R1\tR5\tsame report\tone report: the same DOI" in desk()
    assert [(pair["left"], pair["right"]) for pair in desk.json("--waiting")] == [(2, 6), (3, 7), (4, 8)]


def test_words_before_a_subcommand_are_not_swallowed(desk: Desk, refuses: Refuses) -> None:
    assert "go behind counts" in refuses(desk.folder, "duplicates", "--json", "counts", status=2)


# The queue


def test_each_key_is_a_decision_stored_by_itself(desk: Desk) -> None:
    said = desk.press("s", "r", "a", "d")
    assert desk.said() == [
        (2, 6, "same report", "", "judged by ana", "ana"),
        (3, 7, "related", "abstract-of", "abstract-of, judged by ana", "ana"),
        (4, 8, "different", "", "judged by ana", "ana"),
    ]
    assert desk.reports() == {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 2, 7: 7, 8: 8}
    assert len(desk.rows("SELECT DISTINCT change_id FROM judgement WHERE basis = 'person'")) == 3
    assert re.findall(r"Likely duplicates: (\d of \d)", said) == ["1 of 3", "2 of 3", "3 of 3"]
    assert "R2 and R6: same report; 1 record moved" in said
    assert "R3 and R7: related (abstract-of); 0 records moved" in said
    assert said.endswith("3 pairs decided, 0 wait\n")


def test_the_queue_goes_on_where_it_was_left(desk: Desk) -> None:
    assert desk.press("d", "q").endswith("1 pair decided, 2 wait\n")
    again = desk.press()
    assert "Likely duplicates: 1 of 2\n" in again
    assert headings(again) == ["R3"]


def test_the_end_of_the_input_leaves_the_queue(desk: Desk) -> None:
    assert desk.press().endswith("0 pairs decided, 3 wait\n")
    assert desk.said() == []


def test_a_skipped_pair_comes_again_at_the_end(desk: Desk) -> None:
    said = desk.press("k", "d", "d")
    assert headings(said) == ["R2", "R3", "R4", "R2"]
    assert "Likely duplicates: 1 of 3, 1 skipped" in said
    assert desk.waiting() == [("R2", "R6")]


def test_undo_adds_a_judgement_and_shows_the_pair_again(desk: Desk) -> None:
    said = desk.press("k", "d", "u", "s")
    assert headings(said) == ["R2", "R3", "R4", "R3", "R4"]
    assert "taken back: R3 and R7: different" in said
    assert [row[:3] for row in desk.said()] == [(3, 7, "different"), (3, 7, "unsure"), (3, 7, "same report")]
    assert desk.reports()[7] == 3


def test_undo_without_a_decision_says_so(desk: Desk) -> None:
    assert "ana has judged no pair that could be taken back" in desk.press("u")


def test_nobody_takes_back_what_another_decided(desk: Desk) -> None:
    desk("different", "R2", "R6", "--as", "ben")
    assert "ana has judged no pair" in desk.press("u")
    assert desk.waiting() == [("R3", "R7"), ("R4", "R8")]


def test_a_note_is_the_reason_of_the_decision_it_precedes(desk: Desk) -> None:
    said = desk.press("n", "Same cohort; see p. 3", "s", "d")
    assert "note: Same cohort; see p. 3" in said
    assert [row[4] for row in desk.said()] == ["Same cohort; see p. 3", "judged by ana"]


def test_a_relation_that_is_none_stores_nothing(desk: Desk) -> None:
    assert "nothing stored: 'x' is none of them" in desk.press("r", "x")
    assert desk.said() == []


def test_a_key_that_is_none_is_named_and_help_tells_them(desk: Desk) -> None:
    said = desk.press("x", "?")
    assert "no such key: 'x' (? for help)" in said
    assert "k  skip: the pair comes again at the end" in said


def test_fields_that_differ_bear_a_sign_beside_their_name(desk: Desk) -> None:
    said = desk.press()
    assert re.search(r"^= title ", said, flags=re.MULTILINE)
    assert re.search(r"^≠ year +│ 2026 +│ 2023 ", said, flags=re.MULTILINE)
    assert re.search(r"^= authors +│ Hu Y, Li Z +│ Hu Y, Li Z ", said, flags=re.MULTILINE)
    assert "more than a year apart" in said
    assert "\x1b" not in said


def test_a_long_abstract_is_shortened_until_it_is_asked_for_whole(desk: Desk) -> None:
    short, whole = (desk.press(*keys).count("goes on") for keys in ((), ("f",)))
    assert short < 24
    assert whole >= short + 24


def test_the_table_of_weights_is_shown_when_asked_for(desk: Desk) -> None:
    assert "points" not in desk.press()
    said = desk.press("w")
    assert re.search(r"\+6\.0 +title +the same title", said)
    assert re.search(r"-3\.0 +year +years apart", said)
    assert "against joining: they are more than a year apart" in said


def test_a_pair_that_people_s_judgements_forbid_to_join_is_not_joined(desk: Desk) -> None:
    desk("merge", "R2", "R3", "--as", "ben")
    desk("merge", "R3", "R4", "--as", "ben")
    desk("different", "R2", "R4", "--as", "ben")
    assert desk.waiting()[-1] == ("R3", "R4")
    said = desk.press(*("k" * (len(desk.waiting()) - 1)), "s")
    assert "not stored: records 3 and 4 cannot be one report: a person judged records 2 and 4" in said
    assert all(row[5] == "ben" for row in desk.said())


def test_what_a_colleague_decided_meanwhile_is_not_overruled(desk: Desk) -> None:
    with subprocess.Popen(
        [*COMMAND, "duplicates", "--as", "ana"],
        cwd=desk.folder,
        env=desk.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as open_queue:
        assert open_queue.stdin is not None
        assert open_queue.stdout is not None
        line = ""
        while KEYS not in line:
            line = open_queue.stdout.readline()
            assert line, "the queue ended"
        desk("different", "R2", "R6", "--as", "ben", "--note", "other years, other patients")
        said, _ = open_queue.communicate("s\n", timeout=PATIENCE)
    assert "R2 and R6 were decided meanwhile; nothing was stored" in said
    assert [row[5] for row in desk.said()] == ["ben"]


@pytest.mark.parametrize(("by", "status", "why"), [("nobody", 2, "'nobody' is no reviewer")])
def test_the_queue_is_for_people_of_the_review(
    desk: Desk, refuses: Refuses, by: str, status: int, why: str
) -> None:
    assert why in refuses(desk.folder, "duplicates", "--as", by, status=status)


def headings(said: str) -> list[str]:
    """First record of each pair that was drawn."""
    return re.findall(r"^ +│ (R\d+) ", said, flags=re.MULTILINE)


# A real terminal


class Terminal:
    """A terminal of 80 columns on which a command runs."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.text = ""

    def until(self, wanted: str) -> str:
        """Everything printed until ``wanted`` comes."""
        begin = len(self.text)
        while wanted not in self.text[begin:]:
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            assert ready, f"the terminal says nothing more:\n{self.text}"
            self.text += os.read(self._master, 1 << 16).decode(errors="replace")
        return self.text[begin:]

    def press(self, key: str) -> None:
        """Press a key as soon as one is waited for: whatever is typed before is thrown away, as nobody saw the pair."""
        termios = pytest.importorskip("termios")
        given_up = time.monotonic() + PATIENCE
        while termios.tcgetattr(self._master)[3] & termios.ICANON:
            assert time.monotonic() < given_up, "no key is waited for"
            os.sched_yield()
        self.type(key)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())


@contextmanager
def terminal(desk: Desk, *words: str, lines: int = 24) -> Iterator[Terminal]:
    pty = pytest.importorskip("pty", reason="no terminals of this kind here")
    master, slave = pty.openpty()
    seen = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": str(lines)}
    environment = {k: v for k, v in desk.environment.items() if k != "NO_COLOR"}
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=desk.folder,
        env={**environment, **seen},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as running:
        os.close(slave)
        try:
            yield Terminal(master)
            assert running.wait(PATIENCE) == 0
        finally:
            running.kill()
            os.close(master)


def test_on_a_terminal_one_press_decides_and_nothing_is_wider_than_it(desk: Desk) -> None:
    with terminal(desk, "duplicates", "--as", "ana") as screen:
        first = screen.until(KEYS)
        screen.press("d")
        second = screen.until(KEYS)
        screen.press("r")
        screen.until("same [t]ext [o]ther")
        screen.press("t")
        screen.until(KEYS)
        screen.press("n")
        screen.until("note on the next decision")
        screen.type("by hand\r")
        screen.until(KEYS)
        screen.press("\x1b[A")
        screen.until("no such key")
        screen.press("S")
        screen.until("3 pairs decided, 0 wait")
    assert [row[:5] for row in desk.said()] == [
        (2, 6, "different", "", "judged by ana"),
        (3, 7, "related", "same-text", "same-text, judged by ana"),
        (4, 8, "same report", "", "by hand"),
    ]
    plain = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text) for text in (first, second)]
    for text in plain:
        assert max(len(line) for line in text.splitlines()) <= 80
        assert len(text.splitlines()) <= 24
    assert "R2 and R6: different" in plain[1]
    assert re.search(r"\x1b\[1;33m≠ year", first), "a field that differs has a colour too"


def test_a_pair_that_is_too_long_for_the_terminal_names_what_it_leaves_out(desk: Desk) -> None:
    more = {"AB": ABSTRACT, "JF": "Spine", "VL": "9", "IS": "2", "SP": "11", "LA": "English"}
    desk.take_in("embase", entry("X1", "An analysis of the thoracic spine in adults", **more))
    desk.take_in("pubmed", entry("X2", "An analysis of the thoracic spine in adolescents", **more))
    assert ("R9", "R10") in desk.waiting()
    with terminal(desk, "duplicates", "--as", "ana", lines=18) as screen:
        first = screen.until(KEYS)
        screen.press("f")
        whole = screen.until(KEYS)
        screen.press("q")
        screen.until("wait")
    assert "R9" in first
    assert re.search(r"the same in both: .*language", first)
    assert "the same in both" not in whole


# Decisions by command


def test_merge_related_and_different_say_what_they_come_to(desk: Desk) -> None:
    assert (
        desk("merge", "R2", "R6", "--as", "ana")
        == "R2 and R6: same report; now one report (R2)\n1 record moved to another report\n"
    )
    assert desk("different", "3", "7", "--as", "ben", "--note", "years apart") == (
        "R3 and R7: different; now two reports (R3, R7)\nno record moved\n"
    )
    desk("related", "R8", "R4", "--kind", "abstract-of", "--as", "ana")
    assert desk.said() == [
        (2, 6, "same report", "", "judged by ana", "ana"),
        (3, 7, "different", "", "years apart", "ben"),
        (4, 8, "related", "abstract-of", "R8 abstract-of R4, judged by ana", "ana"),
    ]
    assert desk.waiting() == []
    assert desk.rows("SELECT command FROM change ORDER BY id DESC LIMIT 1") == [
        ("livrev duplicates related",)
    ]


def test_undo_takes_decisions_back_one_by_one_the_last_first(desk: Desk) -> None:
    desk("merge", "R2", "R6", "--as", "ana")
    desk("different", "R3", "R7", "--as", "ana")
    assert desk("undo", "--as", "ana").startswith(
        "taken back: R3 and R7: different; now two reports (R3, R7)\n"
    )
    assert desk("undo", "--as", "ana").startswith(
        "taken back: R2 and R6: same report; now two reports (R2, R6)\n"
    )
    assert desk.waiting() == [("R2", "R6"), ("R3", "R7"), ("R4", "R8")]
    assert [row[2] for row in desk.said()] == ["same report", "different", "unsure", "unsure"]


def test_a_record_split_off_leaves_every_other_of_its_report_and_comes_back_with_one_undo(desk: Desk) -> None:
    desk("merge", "R2", "R3", "R4", "--as", "ana")
    assert [desk.reports()[n] for n in (2, 3, 4)] == [2, 2, 2]
    said = desk("split", "R2", "--as", "ana")
    assert said.count("different") == 2
    assert [desk.reports()[n] for n in (2, 3, 4)] == [2, 3, 4]
    assert len(desk.rows("SELECT DISTINCT change_id FROM judgement WHERE relation = 'different'")) == 1
    desk("undo", "--as", "ana")
    assert [desk.reports()[n] for n in (2, 3, 4)] == [2, 2, 2]


def test_a_record_can_be_split_from_one_other_only(desk: Desk) -> None:
    desk("split", "R5", "R1", "--as", "ana", "--note", "an erratum")
    assert desk.said() == [(1, 5, "different", "", "an erratum", "ana")]
    assert desk.reports()[5] == 5


def test_records_named_together_are_merged_whatever_was_said_of_two_of_them(
    desk: Desk, refuses: Refuses
) -> None:
    desk("merge", "R2", "R3", "--as", "ana")
    desk("different", "R2", "R4", "--as", "ana")
    said = refuses(desk.folder, "duplicates", "merge", "R3", "R4", "--as", "ana", status=1)
    assert "a person judged records 2 and 4 to be different" in said
    desk("merge", "R3", "R4", "R2", "--as", "ana")
    assert [desk.reports()[n] for n in (2, 3, 4)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("merge", "R2", "--as", "ana"), 2, "name two records, or more"),
        (("merge", "R2", "R99", "--as", "ana"), 2, "there is no record R99"),
        (("merge", "R2", "R2", "--as", "ana"), 2, "name two different records"),
        (("merge", "R2", "R6"), 2, "missing option '--as'"),
        (("merge", "R2", "x6", "--as", "ana"), 2, "'x6' is no report number"),
        (("different", "R2", "R6", "--as", "nobody"), 2, "'nobody' is no reviewer"),
        (("related", "R2", "R6", "--kind", "cousin-of", "--as", "ana"), 2, "known: preprint-of, abstract-of"),
        (("split", "R2", "--as", "ana"), 2, "R2 is a report of its own; there is nothing to split"),
        (("split", "R1", "R2", "--as", "ana"), 2, "livrev duplicates different R1 R2 --as ana"),
        (("split", "R99", "--as", "ana"), 2, "there is no record R99"),
        (("undo", "--as", "ana"), 1, "ana has judged no pair that could be taken back"),
        (("undo", "--as", "nobody"), 2, "'nobody' is no reviewer"),
        (("explain", "R2", "R2"), 2, "name two different records"),
        (("explain", "R2", "R99"), 2, "there is no record R99"),
        (("show", "R99"), 2, "there is no record R99"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_words_that_cannot_be_followed_store_nothing(
    built: Desk, refuses: Refuses, words: tuple[str, ...], status: int, said: str
) -> None:
    assert said in refuses(built.folder, "duplicates", *words, status=status)


# What is seen of a pair and of a report


def test_explain_tells_why_with_weights_and_everything_that_was_judged(desk: Desk) -> None:
    desk("different", "R6", "R2", "--as", "ben", "--note", "other patients")
    said = desk("explain", "6", "R2")
    assert said.startswith("R2 and R6: left to a person, perhaps related (same-text): the same title")
    assert "now two reports (R2, R6)" in said
    assert re.search(r"  \+6\.0  title +the same title\n", said)
    assert re.search(r"\nagainst joining\n  they are more than a year apart", said)
    assert re.search(
        r"judged\n  \S+  rule: \S+ \d+  unsure \(same-text\): .*\n  \S+  ben  different: other patients\n",
        said,
    )


def test_explain_compares_what_was_never_compared(desk: Desk) -> None:
    told = desk.json("explain", "R1", "R4")
    assert (told["verdict"], told["relation"], told["one_report"], told["history"]) == (
        "apart",
        "different",
        False,
        [],
    )
    weights = {w["field"]: w["points"] for w in told["weights"]}
    assert weights["title"] == -7.0
    assert sum(weights.values()) == told["score"]
    assert (told["left"]["source"], told["right"]["accession"]) == ("PubMed", "P4")


def test_show_tells_each_field_of_a_report_and_which_record_it_is_from(desk: Desk) -> None:
    said = desk("show", "R5")
    assert said.startswith("R1: 2 records\n  R1\tPubMed\tP1\tround 0\n  R5\tEmbase\tE1\tround 0\n")
    assert f"\ntitle (R5)\n  {SURE}\n" in said
    assert "\npages (R5)\n  11-19\n" in said
    assert "\nkeywords (R1, R5)\n  Spine, MRI\n" in said


def test_nothing_of_a_member_is_lost_in_its_report(desk: Desk) -> None:
    told = desk.json("show", "R1")
    assert told["citation"]["title"] == SURE
    assert told["provenance"]["title"] == [5]
    assert [side["citation"]["title"] for side in told["members"]] == [SURE.upper(), SURE]
    assert [side["citation"]["pages"] for side in told["members"]] == ["", "11-19"]


def test_what_other_records_say_instead_stands_below_a_field(desk: Desk) -> None:
    desk("merge", "R2", "R6", "--as", "ana")
    assert re.search(r"\ndate|\nyear \(R2\)\n  2026\n  R6: 2023\n", desk("show", "R2"))


def test_a_report_is_exported_by_its_canonical_record(desk: Desk) -> None:
    done = desk.livrev("export", "--format", "ris", cwd=desk.folder)
    assert done.returncode == 0, done.stderr
    assert SURE in done.stdout
    assert SURE.upper() not in done.stdout
    first = done.stdout.partition("ER  -")[0]
    assert {"KW  - Spine", "KW  - MRI", "JO  - Spine" if "JO  - " in first else "T2  - Spine"} <= set(
        first.splitlines()
    )


# Counts


def test_counts_add_up_by_source_and_by_who_joined(desk: Desk) -> None:
    desk("merge", "R2", "R6", "--as", "ana")
    desk.take_in("embase", entry("E9", SURE, DO="10.5555/spine.1", JF="Spine", VL="9", SP="11"))
    told = desk.json("counts")
    sources = {one.pop("source"): one for one in told.pop("sources")}
    assert told == {
        "records": 9,
        "reports": 6,
        "duplicates": 3,
        "between_sources": 2,
        "within_source": 1,
        "by_rule": 2,
        "by_person": 1,
        "waiting": 2,
        "found_again": 0,
        "back": 0,
        "twice_in_a_file": 0,
    }
    assert sources["pubmed"]["duplicates"] == 0
    assert {
        k: sources["embase"][k]
        for k in ("records", "reports", "only_here", "between_sources", "within_source")
    } == {
        "records": 5,
        "reports": 4,
        "only_here": 2,
        "between_sources": 2,
        "within_source": 1,
    }
    printed = desk("counts")
    assert "      3  duplicates\n      2    between sources\n      1    within one source\n" in printed
    assert (
        "Embase: 5 records in 4 reports (2 only here), 3 duplicates (2 of other sources, 1 of its own)"
        in printed
    )


def test_records_that_a_later_file_brings_again_are_counted_and_are_no_duplicates(desk: Desk) -> None:
    new = entry("E7", "A text of its own that nobody else has", by="Ng, C.")
    desk.take_in("embase", EMBASE[0], EMBASE[1], new, new)
    told = desk.json("counts")
    assert (told["records"], told["duplicates"]) == (9, 1)
    assert (told["found_again"], told["twice_in_a_file"], told["back"]) == (2, 1, 0)
    again = desk.rows("SELECT count(*) FROM refound")[0][0]
    assert again == told["found_again"]
