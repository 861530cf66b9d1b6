"""Decisions read from the files that screening tools export: one person's, never a neighbour's, none invented."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import pytest

from curation.errors import BadInput, Usage
from curation.model import Citation, Decision, Stage
from curation.sources.files.labels import DecisionFile, Tool, Whose, read_decisions
from curation.sources.files.write import labels, ris
from curation.sources.files.write.exported import Exported

EXPORTS = Path(__file__).resolve().parents[1] / "data" / "exports"
INCLUDE, EXCLUDE, MAYBE = Decision.INCLUDE, Decision.EXCLUDE, Decision.MAYBE
NOBODY = Whose()
DANA = Whose(name="Dana Roth")


def read(name: str, whose: Whose = NOBODY) -> DecisionFile:
    return read_decisions(EXPORTS / name, whose)


def decisions(file: DecisionFile) -> dict[int, Decision | None]:
    """Decision by the report number that each record carries."""
    assert all(len(marked.tokens) == 1 for marked in file.records)
    assert not any(marked.fault for marked in file.records)
    return {marked.tokens[0]: marked.decision for marked in file.records}


def notes(file: DecisionFile) -> dict[int, str]:
    return {marked.tokens[0]: marked.note for marked in file.records if marked.note}


def written(folder: Path, *records: str) -> Path:
    """A RIS file of records, each given by the lines between its TY and its ER."""
    path = folder / "decisions.ris"
    path.write_text("".join(f"TY  - JOUR\n{record}\nER  - \n\n" for record in records), encoding="utf-8")
    return path


def test_asreview_1_labels_with_a_column_and_leaves_unseen_records_open() -> None:
    file = read("votes_asreview1.csv")
    assert (file.tool, file.by, file.refused) == (Tool.ASREVIEW, "", ())
    assert decisions(file) == {2: INCLUDE, 1: INCLUDE, 4: None, 5: None, 3: EXCLUDE}
    assert notes(file) == {1: "Ask about the scanner, please", 3: "Animals"}


def test_in_newer_asreview_a_label_that_was_imported_is_no_decision() -> None:
    file = read("votes_asreview2.csv")
    assert (file.tool, file.by) == (Tool.ASREVIEW, "Dana Roth")
    assert decisions(file) == {2: INCLUDE, 5: None, 1: EXCLUDE}
    assert notes(file) == {1: "Not our question, I think"}


def test_a_newer_column_that_is_empty_throughout_makes_no_decision_of_an_imported_label(
    tmp_path: Path,
) -> None:
    path = tmp_path / "unseen.csv"
    path.write_text(
        "title,doi,included,asreview_label\nA spine,10.1000/a,1,\nA sacrum,10.1000/b,0,\n", encoding="utf-8"
    )
    file = read_decisions(path, NOBODY)
    assert file.tool is Tool.ASREVIEW
    assert [marked.decision for marked in file.records] == [None, None]


def test_asreview_1_writes_its_label_into_the_notes_of_ris() -> None:
    file = read("votes_asreview1.ris")
    assert decisions(file) == {2: INCLUDE, 3: EXCLUDE, 5: None}
    assert [marked.place for marked in file.records] == ["line 1", "line 11", "line 18"]


def test_newer_asreview_writes_its_note_and_its_user_into_the_notes_of_ris() -> None:
    file = read("votes_asreview2.ris")
    assert (decisions(file), file.by) == ({2: INCLUDE, 5: None}, "Dana Roth")
    assert notes(file) == {2: 'Small, but "external"'}


def test_a_record_that_asreview_marks_both_ways_is_no_decision(tmp_path: Path) -> None:
    path = written(tmp_path, "TI  - One\nN1  - ASReview_relevant\nN1  - ASReview_irrelevant")
    (marked,) = read_decisions(path, NOBODY).records
    assert (marked.decision, marked.fault) == (None, "it is marked both irrelevant and relevant")


@pytest.mark.parametrize("name", ["Dana Roth", "dana roth"])
def test_of_several_people_in_a_rayyan_file_only_the_one_asked_for_is_read(name: str) -> None:
    file = read("votes_rayyan.csv", Whose(name=name))
    assert (file.tool, file.by) == (Tool.RAYYAN, "Dana Roth")
    assert decisions(file) == {1: INCLUDE, 2: EXCLUDE, 3: EXCLUDE, 4: None, 5: MAYBE, 6: None}
    assert decisions(read("votes_rayyan.csv", Whose(name="Bo"))) == {
        1: EXCLUDE,
        2: None,
        3: EXCLUDE,
        4: INCLUDE,
        5: None,
        6: None,
    }


def test_rayyans_reasons_are_taken_only_where_nobody_else_excluded() -> None:
    file = read("votes_rayyan.csv", DANA)
    assert {m.tokens[0]: m.reasons for m in file.records if m.reasons} == {
        2: ("wrong population", "too small")
    }


def test_rayyans_notes_of_others_are_not_read() -> None:
    assert notes(read("votes_rayyan.csv", DANA)) == {2: 'only 12 people; ask "Bo" [again]'}


def test_a_rayyan_file_of_several_people_asks_whose_decisions_are_meant() -> None:
    with pytest.raises(Usage, match=r"several people decided in it \(Bo, Dana Roth\).*--named NAME"):
        read("votes_rayyan.csv")
    with pytest.raises(Usage, match="nobody decided under the name 'Eve'; it names Bo, Dana Roth"):
        read("votes_rayyan.csv", Whose(name="Eve"))


def test_a_person_is_found_in_the_file_by_the_name_they_have_in_the_review() -> None:
    assert read("votes_rayyan.csv", Whose(known_as=("Dana Roth", "dana"))).by == "Dana Roth"


def test_rayyan_in_ris_keeps_all_in_one_note() -> None:
    file = read("votes_rayyan.ris")
    assert (file.tool, file.by) == (Tool.RAYYAN, "Dana Roth")
    assert decisions(file) == {1: INCLUDE, 3: EXCLUDE}
    assert file.records[1].reasons == ("animal study",)


def test_a_rayyan_note_that_a_reference_manager_wrapped_in_html_is_read(tmp_path: Path) -> None:
    note = "<p>RAYYAN-INCLUSION: {&quot;Bo&quot;=&gt;&quot;Maybe&quot;}</p>"
    (marked,) = read_decisions(written(tmp_path, f"TI  - One\nN1  - {note}"), NOBODY).records
    assert marked.decision is MAYBE


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ("RAYYAN-INCLUSION: {Dana: Included", "its Rayyan decision cannot be read"),
        ('RAYYAN-INCLUSION: {"Dana"=>"Perhaps"}', "'Perhaps' is no decision that Rayyan is known to write"),
    ],
)
def test_a_rayyan_decision_that_cannot_be_read_is_said(tmp_path: Path, note: str, fault: str) -> None:
    (marked,) = read_decisions(written(tmp_path, f"TI  - One\nN1  - {note}"), NOBODY).records
    assert marked.decision is None
    assert fault in marked.fault


def test_a_covidence_list_means_what_the_command_says() -> None:
    file = read("votes_covidence.csv", Whose(listed=EXCLUDE))
    assert (file.tool, [marked.decision for marked in file.records]) == (Tool.COVIDENCE, [EXCLUDE] * 3)
    assert [marked.reasons for marked in file.records] == [
        ("Wrong population",),
        ("Conference abstract", "Wrong outcome"),
        (),
    ]


def test_a_list_of_exclusions_is_not_taken_for_inclusions() -> None:
    file = read("votes_covidence.csv", Whose(listed=INCLUDE))
    assert [marked.decision for marked in file.records] == [None, None, INCLUDE]
    assert "says why it was excluded (Wrong population)" in file.records[0].fault


def test_a_list_without_decisions_needs_one_and_a_file_with_decisions_takes_none() -> None:
    with pytest.raises(Usage, match="a Covidence list without decisions; say what it lists: --decision"):
        read("votes_covidence.csv")
    with pytest.raises(Usage, match="a list of records without decisions"):
        read("embase.ris")
    with pytest.raises(Usage, match="holds Rayyan's own decisions; leave --decision out"):
        read("votes_rayyan.csv", Whose(name="Bo", listed=INCLUDE))


def test_decisions_of_two_tools_in_one_file_are_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'TI  - A\nN1  - RAYYAN-INCLUSION: {"Bo"=>"Maybe"}', "TI  - B\nN1  - ASReview_relevant"
    )
    with pytest.raises(BadInput, match="holds decisions of ASReview and Rayyan"):
        read_decisions(path, NOBODY)


def test_a_decision_without_a_name_among_several_people_is_nobodys(tmp_path: Path) -> None:
    signed = 'N1  - ASReview_relevant\nN1  - asreview_user_name: "{}"'
    path = written(
        tmp_path,
        "TI  - A\n" + signed.format("Bo"),
        "TI  - B\n" + signed.format("Dana"),
        "TI  - C\nN1  - ASReview_relevant",
    )
    file = read_decisions(path, Whose(name="Bo"))
    assert [marked.decision for marked in file.records] == [INCLUDE, None, None]
    assert [bool(marked.fault) for marked in file.records] == [False, False, True]


@pytest.mark.parametrize(
    "write",
    [
        labels.write_asreview,
        labels.write_rayyan,
        labels.write_covidence,
        ris.write,
        ris.write_endnote,
        ris.write_covidence,
    ],
)
def test_what_we_hand_out_carries_the_number_by_which_it_comes_back(
    tmp_path: Path, write: Callable[[Iterable[Exported], IO[bytes]], int]
) -> None:
    reports = [
        Exported(12, Citation("A spine", year=2024, doi="10.1000/a", pmid="30000001"), accession="L1"),
        Exported(13, Citation("A sacrum"), stage=Stage.ABSTRACT, decision=EXCLUDE),
    ]
    with (tmp_path / "ours").open("wb") as stream:
        write(reports, stream)
    tool_adds_nothing = NOBODY if write is labels.write_asreview else Whose(listed=EXCLUDE)
    file = read_decisions(tmp_path / "ours", tool_adds_nothing)
    assert [(marked.tokens, marked.citation.title) for marked in file.records] == [
        ((12,), "A spine"),
        ((13,), "A sacrum"),
    ]
    assert file.records[1].decision is EXCLUDE


@pytest.mark.parametrize("length", range(60, 420, 24))
def test_a_file_cut_off_loses_no_record_in_silence(tmp_path: Path, length: int) -> None:
    cut = (EXPORTS / "votes_asreview2.ris").read_bytes()[:length]
    path = tmp_path / "cut.ris"
    path.write_bytes(cut + b"\nN1  - ASReview_relevant\n")
    file = read_decisions(path, NOBODY)
    assert len(file.records) + len(file.refused) == cut.count(b"TY  - ")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ris/asreview__baseline_tag-notes_labels.ris", [INCLUDE, EXCLUDE, None, None]),
        ("ris/asreview__baseline_zotero.ris", [INCLUDE] * 3 + [None] * 4),
        ("csv/asreview__generic_labels.csv", [INCLUDE, EXCLUDE, INCLUDE, EXCLUDE]),
        ("csv/asreview__generic_partial_labels.csv", [INCLUDE, EXCLUDE, None]),
    ],
)
def test_the_files_of_asreviews_own_tests_are_read(
    shared_data: Path, name: str, expected: list[Decision | None]
) -> None:
    file = read_decisions(shared_data / name, NOBODY)
    assert file.tool is Tool.ASREVIEW
    assert [marked.decision for marked in file.records][: len(expected)] == expected
