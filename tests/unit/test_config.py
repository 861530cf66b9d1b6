"""review.toml: the shipped ones are valid, every fault of a bad one comes at once with its line, and no review is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import config
from curation.errors import Configuration, Usage
from curation.model import SourceKind, Validation
from curation.protocol import (
    Amendment,
    Assignment,
    CountedAs,
    Criteria,
    ExclusionReason,
    Footnote,
    Keys,
    Living,
    Method,
    Ncbi,
    Output,
    Preset,
    Protocol,
    ReasonRule,
    Removal,
    Reviewer,
    ReviewHead,
    Role,
    Screening,
    SecondVotes,
    Service,
    Source,
    Synthesis,
)
from curation.resources import shipped

SHIPPED = {
    "example": shipped("templates", "review.toml"),
    "reference": shipped("db", "reference", "review.toml"),
}
EXAMPLE = SHIPPED["example"].read_text(encoding="utf-8")


def checked(folder: Path, text: str | bytes) -> Protocol:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "review.toml").write_bytes(content)
    return config.checked(config.read(folder))


def faults(folder: Path, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(Configuration) as refused:
        checked(folder, text)
    return refused.value.faults


def changed(*edits: tuple[str, str]) -> str:
    """The shipped example with each text replaced, once and for certain."""
    text = EXAMPLE
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the example"
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    (number,) = [n for n, line in enumerate(text.splitlines(), 1) if part in line]
    return number


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_protocol_is_valid(name: str) -> None:
    protocol = config.checked(config.read(SHIPPED[name].parent))
    assert len(protocol.with_role(Role.SCREENER)) >= protocol.screening.votes_abstract


def test_a_protocol_is_what_its_file_says(tmp_path: Path) -> None:
    protocol = checked(tmp_path, EXAMPLE)
    assert protocol.review.title == "Title of the review"
    assert [s.service for s in protocol.sources] == [Service.PUBMED, Service.FILE]
    assert protocol.reviewer("cem") == Reviewer("cem", "Cem Example", (Role.ADJUDICATOR,))
    assert protocol.syntheses[0].validation == (Validation.EXTERNAL,)


def test_every_fault_comes_at_once_with_its_line_and_key_from_top_to_bottom(tmp_path: Path) -> None:
    text = changed(
        ('title = "Title of the review"', 'title = ""'),
        ("number = 1", 'number = "one"'),
        ('code = "no-model"', 'code = "population"'),
        ('kind = "database"\nplatform = "Embase.com"', 'kind = "databse"\nplatform = "Embase.com"'),
        ("interval_days = 30", "interval_days = -1"),
        ('name = "Ben Example"', "nmae = 3"),
        ("votes_abstract = 2 ", "votes_abstract = 4 "),
        ('email = "you@example.org"', 'email = "you at example.org"'),
        ('id = "external"', 'id = "external"\nprimari = true'),
    )
    kinds = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("kind = ")]
    expected = [
        (line_of(text, 'title = ""'), "review.title: must not be empty"),
        (
            line_of(text, 'number = "one"'),
            "criteria.number: must be a whole number without quotation marks, like 2; it is 'one'",
        ),
        (
            line_of(text, 'label = "No prediction model"') - 1,
            "exclusion_reasons[2].code: 'population' stands 2 times; each must be unique",
        ),
        (line_of(text, "interval_days = -1"), "sources[1].interval_days: must be 0 or more; it is -1"),
        (
            kinds[1],
            "sources[2].kind: must be 'database', 'register', 'website', 'organisation', 'citation searching' or 'other'; it is 'databse'",
        ),
        (
            line_of(text, 'id = "ben"') - 1,
            "reviewers[2].name: missing; add it (livrev init DIR writes a commented example)",
        ),
        (line_of(text, "nmae = 3"), "reviewers[2].nmae: unknown key; did you mean name?"),
        (
            line_of(text, "votes_abstract = 4"),
            "screening.votes_abstract: 4 votes are needed, but active screeners number 2",
        ),
        (
            line_of(text, 'email = "you at'),
            "ncbi.email: 'you at example.org' is no e-mail address",
        ),
        (line_of(text, "primari = true"), "syntheses[1].primari: unknown key; did you mean primary?"),
    ]
    assert faults(tmp_path, text) == tuple(f"line {number}: {said}" for number, said in expected)


def test_the_message_names_the_file_and_counts_the_faults(tmp_path: Path) -> None:
    with pytest.raises(Configuration) as refused:
        checked(tmp_path, changed(("votes_abstract = 2 ", "votes_abstract = 0 ")))
    assert refused.value.message == f"{tmp_path / 'review.toml'} has 1 fault; nothing was done"
    assert refused.value.status == 78


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("number = 1", "number = true"), "criteria.number: must be a whole number without quotation marks, like 2; it is true"),
        (("number = 1", "number = 1.5"), "criteria.number: must be a whole number without quotation marks, like 2; it is 1.5"),
        (('title = "Title of the review"', "title = 7"), "review.title: must be text in quotation marks; it is 7"),
        (('title = "Title of the review"', 'title = "  "'), "review.title: must not be empty; it is '  '"),
        (('exclude = ["Animal studies", "Reviews, editorials, protocols"]', 'exclude = "Animal studies"'),
         "criteria.exclude: must be a list in square brackets, like [\"one\", \"two\"]; it is 'Animal studies'"),
        (('roles = ["adjudicator"]', "roles = []"), "reviewers[3].roles: must have at least 1 in its list, and has 0"),
        (('roles = ["adjudicator"]', 'roles = ["judge"]'),
         "reviewers[3].roles[1]: must be 'screener', 'adjudicator' or 'extractor'; it is 'judge'"),
        (('roles = ["adjudicator"]', 'roles = ["adjudicator"]\nactive = "no"'),
         "reviewers[3].active: must be true or false, without quotation marks; it is 'no'"),
        (("[living]", '[living]\nstarted = "last summer"'),
         "living.started: must be a date without quotation marks, like 2025-07-23; it is 'last summer'"),
        (("[living]", "[living]\nstarted = 2025-07-23T10:30:00"),
         "living.started: must be a date without quotation marks, like 2025-07-23; it is '2025-07-23T10:30:00'"),
        (("interval_days = 30", "interval_days = 9999"), "sources[1].interval_days: must be 3650 or less; it is 9999"),
        (("[living]", "[[living]]"), "living: stands once, so its heading has single brackets: [living]"),
        (("[[syntheses]]", "[syntheses]"), "syntheses: can stand several times, so its heading has double brackets: [[syntheses]]"),
        (('folder = "reports"', 'folder = "reports"\nfootnotes = ["²"]'),
         "output.footnotes[1]: must be a block of keys under the heading [[footnotes]]; it is '²'"),
        (('key = "embase"', 'key = "Em Base"'), "sources[2].key: use lower-case letters, digits and hyphens; it is 'Em Base'"),
        (('key = "embase"', 'key = ["embase"]'), "sources[2].key: must be text in quotation marks"),
        (('email = "you@example.org"', ""), 'ncbi.email: the services that are searched ask for a contact address; add [ncbi] email = "you@example.org"'),
        (("[output]", "[ouput]"), "ouput: unknown key; did you mean output?"),
        (("[output]", "[output]\nzzz = 1"), "output.zzz: unknown key; known keys: folder, footnotes"),
        (("[[syntheses]]", "[nonsense]\n[[syntheses]]"),
         "nonsense: unknown key; known keys: review, criteria, exclusion_reasons, sources, reviewers, living, screening, removals, ncbi, services, output, syntheses"),
    ],
)  # fmt: skip
def test_a_fault_is_said_in_words_for_people_who_know_their_review(
    tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    (fault,) = faults(tmp_path, changed(edit))
    assert fault.partition(": ")[2] == said
    assert fault.startswith("line ")


def test_no_fault_speaks_the_validator_s_language(tmp_path: Path) -> None:
    wrong = [3, 1.5, True, '"x"', '""', "[]", "[1]", "{ a = 1 }", "2025-07-23", '["x"]']
    keys = [line.partition(" = ")[0] for line in EXAMPLE.splitlines() if " = " in line and line[0].isalpha()]
    assert len(set(keys)) > 20
    said: list[str] = []
    for value in wrong:
        lines = []
        for line in EXAMPLE.splitlines():
            key, equals, _ = line.partition(" = ")
            lines.append(f"{key} = {value}" if equals and line[0].isalpha() else line)
        said += faults(tmp_path, "\n".join(lines))
    assert len(said) > 100
    words = [fault.split(": ", 2)[2].partition("; it is ")[0] for fault in said]
    jargon = ("input", "valid ", "tuple", "string", "int ", "dict", "parse", "instance", "None", "True")
    assert [text for text in words if any(word in text for word in jargon)] == []


def test_too_few_screeners_are_told_for_both_stages_and_those_who_left_do_not_count(tmp_path: Path) -> None:
    text = changed(('name = "Ben Example"', 'name = "Ben Example"\nactive = false'))
    assert [fault.partition(": ")[2] for fault in faults(tmp_path, text)] == [
        "screening.votes_abstract: 2 votes are needed, but active screeners number 1",
        "screening.votes_fulltext: 2 votes are needed, but active screeners number 1",
    ]


def test_a_quoted_number_of_votes_does_not_slip_past_the_count_of_screeners(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, changed(("votes_abstract = 2 ", 'votes_abstract = "3"')))
    assert "must be a whole number" in fault


def test_an_api_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = changed(('email = "you@example.org"', 'email = "you@example.org"\napi_key = "0123456789abcdef"'))
    (fault,) = faults(tmp_path, text)
    number = line_of(text, "api_key =")
    assert (
        fault
        == f"line {number}: ncbi.api_key: keep the key out of files; set NCBI_API_KEY in the environment"
    )


def test_a_review_that_asks_no_network_needs_no_address(tmp_path: Path) -> None:
    text = changed(('service = "pubmed"\n', ""), ('email = "you@example.org"', ""))
    assert checked(tmp_path, text).ncbi == Ncbi()


def test_what_is_missing_altogether_is_named_and_nothing_else(tmp_path: Path) -> None:
    mend = "missing; add it (livrev init DIR writes a commented example)"
    names = ("criteria", "exclusion_reasons", "living", "review", "reviewers", "sources")
    assert faults(tmp_path, "") == tuple(f"{name}: {mend}" for name in names)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[review]\ntitle = "A\n', "line 2"),
        ("[review]\ntitle : A\n", "line 2"),
        ('[review]\ntitle = "A"\ntitle = "B"\n', "line 3"),
        ("[review]\n[criteria]\n[review]\n", "line 3"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(Configuration) as refused:
        checked(tmp_path, text)
    assert refused.value.message.startswith(f"{tmp_path / 'review.toml'} is not valid TOML: ")
    assert f"(at {place}, column" in refused.value.message


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(Configuration) as refused:
        checked(tmp_path, '[review]\n\ntitle = "Métastases"\n'.encode("cp1252"))
    assert refused.value.message == (
        f"{tmp_path / 'review.toml'} is not UTF-8 text (line 3); save it again with the encoding UTF-8"
    )


def test_the_mark_that_windows_puts_before_a_file_does_no_harm(tmp_path: Path) -> None:
    assert checked(tmp_path, b"\xef\xbb\xbf" + EXAMPLE.encode()) == checked(tmp_path, EXAMPLE)


def test_a_missing_file_is_said_without_numbers_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(Configuration, match=r"review\.toml cannot be read: No such file or directory$"):
        config.read(tmp_path)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_protocol_comes_back_from_the_store_as_it_went_in(name: str) -> None:
    protocol = config.checked(config.read(SHIPPED[name].parent))
    assert config.revived(json.loads(config.as_plain(protocol))) == protocol


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
protocols = st.builds(
    Protocol,
    review=st.builds(ReviewHead, texts, texts, st.text(max_size=3), st.text(max_size=3)),
    criteria=st.builds(
        Criteria,
        st.tuples(texts, texts),
        st.just(()),
        st.integers(1, 9),
        st.lists(st.builds(Amendment, st.integers(2, 9), texts, st.tuples(texts)), max_size=2).map(tuple),
    ),
    exclusion_reasons=st.lists(st.builds(ExclusionReason, texts, texts), min_size=1, max_size=3).map(tuple),
    sources=st.lists(
        st.builds(Source, texts, texts, st.sampled_from(SourceKind), texts, st.sampled_from(Service)),
        min_size=1,
        max_size=2,
    ).map(tuple),
    reviewers=st.lists(
        st.builds(
            Reviewer, texts, texts, st.lists(st.sampled_from(Role), min_size=1).map(tuple), st.booleans()
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    living=st.builds(Living, texts, texts, st.none() | st.dates()),
    screening=st.builds(
        Screening,
        votes_abstract=st.integers(1, 5),
        votes_fulltext=st.integers(1, 5),
        second_abstract=st.sampled_from(SecondVotes),
        sample=st.floats(0, 1),
        differing_reasons=st.sampled_from(ReasonRule),
        assignment=st.sampled_from(Assignment),
        show_authors=st.booleans(),
        highlight=st.lists(texts, max_size=2).map(tuple),
        keys=st.builds(Keys, preset=st.sampled_from(Preset), include=st.just("y")),
    ),
    removals=st.lists(
        st.builds(Removal, texts, st.tuples(texts), st.sampled_from(CountedAs)), max_size=2
    ).map(tuple),
    ncbi=st.builds(Ncbi, texts, texts),
    output=st.builds(Output, texts, st.lists(st.builds(Footnote, texts, texts), max_size=2).map(tuple)),
    syntheses=st.lists(
        st.builds(
            Synthesis,
            texts,
            texts,
            st.sampled_from(Method),
            st.lists(st.sampled_from(Validation), min_size=1, max_size=3).map(tuple),
            st.lists(texts, max_size=2).map(tuple),
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(protocols)
def test_any_protocol_comes_back_from_the_store_as_it_went_in(protocol: Protocol) -> None:
    assert config.revived(json.loads(config.as_plain(protocol))) == protocol


@pytest.fixture
def review(tmp_path: Path) -> Path:
    folder = tmp_path / "a review"
    (folder / "reports" / "old").mkdir(parents=True)
    shutil.copyfile(SHIPPED["example"], folder / "review.toml")
    return folder


def test_a_review_is_found_from_any_folder_in_it(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(review / "reports" / "old")
    assert config.find(None, {}) == review
    monkeypatch.chdir(review)
    assert config.find(None, {"LIVREV_REVIEW": ""}) == review


def test_the_nearest_review_upwards_is_taken(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(SHIPPED["example"], review / "reports" / "review.toml")
    monkeypatch.chdir(review / "reports" / "old")
    assert config.find(None, {}) == review / "reports"


def test_the_option_goes_before_the_environment_and_that_before_the_folder(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [tmp_path / name for name in ("by option", "by environment")]
    for other in others:
        other.mkdir()
        shutil.copyfile(SHIPPED["example"], other / "review.toml")
    monkeypatch.chdir(review)
    environment = {"LIVREV_REVIEW": str(others[1])}
    assert config.find(None, environment) == others[1]
    assert config.find(others[0], environment) == others[0]


def test_no_review_says_where_it_looked_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Usage) as refused:
        config.find(None, {})
    assert refused.value.status == 2
    assert refused.value.message == (
        f"no review.toml in {tmp_path} or above; go to a review's folder, name it with --review, or: livrev init DIR"
    )


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_named_folder_without_a_review_is_not_replaced_by_another(
    review: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.chdir(review)
    empty = review / "reports"
    with pytest.raises(Usage) as refused:
        config.find(empty if by == "option" else None, {"LIVREV_REVIEW": str(empty)})
    assert refused.value.message == (
        f"{empty} is no review: it has no review.toml; make one with: livrev init {empty}"
    )
