"""What a record is brought to before it is compared: titles, places in print, people, journals, block keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.dedupe import journals, people, places, wording
from curation.dedupe.entry import Entry, Version, bare_doi, prepare, unreliable_issues
from curation.dedupe.keys import is_identifier, keys
from curation.dedupe.normalise import roman, squeezed
from curation.dedupe.places import Pages
from curation.dedupe.titles import Mark, Target, title
from curation.dedupe.venues import Venue
from curation.model import Author, Citation, Number

ROOT = Path(__file__).resolve().parents[2]
LONG = "Radiomics of spinal metastases predicts mutation"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The α-subunit of IL-2", "the alpha subunit of IL2"),
        ("Rôle of CO<sub>2</sub> &amp; heat", "role of CO2 and heat"),
        ("Alzheimer's disease", "Alzheimer’s disease"),
        ("fran?aise", "franaise"),
    ],
)
def test_spellings_of_one_text_are_squeezed_to_one_run(one: str, other: str) -> None:
    assert squeezed(one) == squeezed(other)


def test_letters_of_other_scripts_stay() -> None:
    assert squeezed("ЗАЙНЯТІСТЬ, і мотивація") == "заинятістьімотивація"
    assert squeezed("脊椎 転移") == "脊椎転移"


@pytest.mark.parametrize(
    ("text", "value"), [("iv", 4), ("xviii", 18), ("mcmxc", 1990), ("", None), ("vivo", None)]
)
def test_roman_numerals_are_read(text: str, value: int | None) -> None:
    assert roman(text) == value


@pytest.mark.parametrize(
    "remark",
    [
        " [Review] [33 refs]",
        ".[Erratum appears in Lancet Oncol. 2011 Aug;12(8):722]",
        " (Structured abstract)",
        " [abstract no: 134]",
        " [German]",
        " [Erratum appears in Arch",
    ],
)
def test_a_database_s_remark_behind_a_title_says_nothing(remark: str) -> None:
    found = title(LONG + remark)
    assert (found.run, found.marks) == (squeezed(LONG), frozenset())


@pytest.mark.parametrize(
    ("given", "mark"),
    [
        (f"Erratum to: {LONG}", Mark.CORRECTION),
        (f"Erratum to - {LONG}", Mark.CORRECTION),
        (f"{LONG} - Reply", Mark.REPLY),
        (f"Author reply: {LONG}", Mark.REPLY),
        (f"Re: {LONG}", Mark.REPLY),
        (f"Comment on: {LONG}", Mark.COMMENT),
        (f"Retraction notice to {LONG}", Mark.RETRACTION),
        (f"{LONG}: study protocol", Mark.PROTOCOL),
        (f"{LONG} (vol 360, pg 542, 2009)", Mark.CORRECTION),
    ],
)
def test_a_notice_or_reply_is_known_by_its_word_and_keeps_the_bare_title(given: str, mark: Mark) -> None:
    found = title(given)
    assert (found.run, found.marks) == (squeezed(LONG), frozenset({mark}))


def test_a_notice_names_the_volume_and_page_of_its_article() -> None:
    assert title(f"{LONG} (vol 360, pg 542, 2009)").target == Target(360, 542)


@pytest.mark.parametrize(
    "given",
    ["Correction of hyponatraemia in the intensive care unit", "Response to chemotherapy in lymphoma"],
)
def test_a_title_that_only_sounds_like_a_notice_is_none(given: str) -> None:
    assert title(given).marks == frozenset()


def test_a_retracted_article_is_still_the_article() -> None:
    assert title(f"RETRACTED ARTICLE: {LONG}") == title(LONG)


@pytest.mark.parametrize(
    "given",
    ["Editorial", "Editor's comments", "Preface", "Remarks from the Editor - Editor's Comments", "News", ""],
)
def test_titles_that_many_texts_bear_are_known(given: str) -> None:
    assert title(given).generic


def test_parts_and_phases_are_numbers_and_a_letter_is_not() -> None:
    assert title("Vitamin C in sepsis. Part II").numbers == {2}
    assert title("A phase one trial of 12 drugs").numbers == {1, 12}
    assert title("Vitamin C and D").numbers == frozenset()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("221-8", Pages(221, 228)),
        ("S847-S848", Pages(847, 848, "s")),
        ("2539‐2546", Pages(2539, 2546)),
        ("376 -- 383", Pages(376, 383)),
        ("08-Nov", Pages(8, 11)),
        ("Jan-14", Pages(1, 14)),
        ("iii-xi", Pages(3, 11, "roman")),
        ("t-71", Pages(tail="71")),
        ("Suppl-29", Pages(tail="29")),
        ("527-532.e1", Pages(527, 532)),
        ("14; quiz 15-6", Pages(14)),
        ("e0201490", Pages(201490, None, "e")),
        ("", Pages()),
        ("unpaginated", Pages()),
    ],
)
def test_pages_are_read_as_exports_write_and_spoil_them(given: str, expected: Pages) -> None:
    assert places.pages(given) == expected


@pytest.mark.parametrize(
    ("given", "number"), [("30a", 30), ("61 Suppl 1", 61), ("Suppl 1", None), ("XXIV", 24), ("", None)]
)
def test_volumes_are_read_as_numbers(given: str, number: int | None) -> None:
    assert places.volume(given) == number


def test_an_issue_may_be_double_spoilt_or_a_supplement() -> None:
    assert places.issue("2-3") == {2, 3} == places.issue("02-Mar")
    assert places.issue("Suppl. 3") == {3}
    assert places.issue("") == frozenset()


def test_an_author_field_without_separators_is_taken_apart() -> None:
    found = people.people([Author("Adeli K.Lewis G. F.")])
    assert (found.families, found.initials) == (("adeli", "lewis"), ("k", "g"))


def test_a_collective_is_no_person_however_it_is_written() -> None:
    found = people.people(
        [Author("Hu", "Y"), Author("Group, ALTS"), Author("COVID Network", collective=True)]
    )
    assert (found.families, found.collective) == (("hu",), True)


def test_anonymous_is_nobody() -> None:
    assert people.people([Author("Anonymous")]).families == ()


def test_misspelt_names_and_double_names_are_shared_and_short_names_are_not() -> None:
    assert people.shared(["froberg"], ["frberg"]) == 1
    assert people.shared(["puigtintore"], ["puig"]) == 1
    assert people.shared(["lee"], ["lea"]) == 0


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Curr Opin Lipidol", "Current Opinion in Lipidology", journals.SAME),
        ("JAMA", "Journal of the American Medical Association", journals.SAME),
        ("AMCIS 2017 Proceedings", "Americas Conference on Information Systems", journals.SAME),
        ("Ai zheng = Aizheng = Chinese journal of cancer", "Chinese Journal of Cancer", journals.SAME),
        ("BMJ (Clinical research ed.)", "BMJ", journals.SAME),
        ("Circulation", "Circulation: Heart Failure", journals.LIKE),
        ("Blood", "Thorax", journals.UNLIKE),
        ("Diabetes", "Diabetologia", journals.UNLIKE),
    ],
)
def test_journals_are_compared_by_name(one: str, other: str, level: int) -> None:
    assert journals.compared(one.casefold(), other.casefold()) == level
    assert journals.compared(other.casefold(), one.casefold()) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (
            "Tumour centres in a follow-up study of bone",
            "Tumor centers in a followup study of bone",
            wording.CLOSE,
        ),
        (f"{LONG}: a cohort", LONG, wording.SHORTENED),
        (f"{LONG} in adults", f"{LONG} in adolescents", wording.SWAPPED),
        (f"{LONG} by hyperthermia", f"{LONG} by hypothermia", wording.SWAPPED),
        (f"New {LONG}", LONG, wording.EXTRA),
        (LONG, "Deep learning for osteoporotic fractures", wording.OTHER),
        (LONG, "", wording.MISSING),
    ],
)
def test_titles_differ_by_spelling_by_length_or_by_a_word(one: str, other: str, level: str) -> None:
    assert wording.compared(title(one), title(other)).level == level


@pytest.mark.parametrize(
    ("one", "other"),
    [("hypertension", "hypotension"), ("male", "female"), ("invasive", "noninvasive"), ("il2", "il6")],
)
def test_words_that_look_alike_and_mean_other_things_are_two(one: str, other: str) -> None:
    assert not wording.same_word(one, other)


def test_a_doi_s_escapes_are_undone() -> None:
    assert bare_doi("10.1016/S0025-7753%2817%2930624-3") == bare_doi("10.1016/s0025-7753(17)30624-3")


def test_a_cochrane_review_s_version_is_in_its_doi_or_its_pages() -> None:
    by_doi = prepare(Entry(1, 0, Citation(LONG, doi="10.1002/14651858.cd003316.pub5")))
    by_pages = prepare(Entry(2, 0, Citation(LONG, pages="CD003316")))
    assert by_doi.version == Version("cd003316", 5)
    assert by_pages.version == Version("cd003316", 0)


@pytest.mark.parametrize(
    ("citation", "venue"),
    [
        (Citation(LONG, journal="medRxiv"), Venue.PREPRINT),
        (Citation(LONG, journal="Blood", publication_types=("Conference Abstract",)), Venue.ABSTRACT),
        (Citation(LONG, journal="Proceedings of the 51st Hawaii Conference"), Venue.CONFERENCE),
        (Citation(LONG, journal="https://clinicaltrials.gov/show/NCT1"), Venue.REGISTRATION),
        (Citation(LONG, journal="Blood"), Venue.ARTICLE),
        (Citation(LONG), Venue.UNKNOWN),
    ],
)
def test_a_record_shows_where_its_text_appeared(citation: Citation, venue: Venue) -> None:
    assert prepare(Entry(1, 0, citation)).venue is venue


def test_a_source_that_numbers_its_records_in_the_issue_field_is_found() -> None:
    running = [Entry(n, 1, Citation(LONG, issue=str(n))) for n in range(1, 60)]
    real = [Entry(n, 2, Citation(LONG, issue=str(n % 12 + 1))) for n in range(60, 120)]
    unreliable = unreliable_issues([*running, *real])
    assert unreliable == {1}
    assert prepare(running[0], unreliable).issue == frozenset()


def test_keys_of_identifiers_are_known_as_such_and_fit_a_sqlite_integer() -> None:
    numbers = {Number.EMBASE: ("2099000001",), Number.ISSN: ("1234-5678",)}
    citation = Citation(
        LONG, doi="10.5555/a", pmid="11", pmcid="PMC1", year=2024, volume="3", pages="5", numbers=numbers
    )
    found = keys(prepare(Entry(1, 0, citation)))
    assert sum(map(is_identifier, found)) == 4
    assert all(-(2**63) <= key < 2**63 for key in found)
    assert len(set(found)) == len(found) <= 20


def test_neighbouring_years_share_a_key_and_a_record_without_title_has_none_for_it() -> None:
    author = (Author("Okafor", "I"),)
    early, late = (
        frozenset(keys(prepare(Entry(1, 0, Citation(words, authors=author, year=year)))))
        for words, year in (("Zinc in infection", 2019), ("Infection, zinc and more", 2020))
    )
    assert early & late
    assert len(keys(prepare(Entry(1, 0, Citation("", year=2019))))) == 1


def test_keys_are_the_same_in_every_process() -> None:
    program = (
        "from curation.dedupe.entry import Entry, prepare\nfrom curation.dedupe.keys import keys\n"
        "from curation.model import Citation\nprint(keys(prepare(Entry(1, 0, Citation('Zinc in infection', year=2019)))))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{keys(prepare(Entry(1, 0, Citation('Zinc in infection', year=2019))))}\n"}
