"""What befalls export files on their way to us: whatever it is, no record is lost without a word, and no trace is shown.

Every file of tests/data/exports is tried, whichever are there.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from string import ascii_uppercase, digits

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.errors import LivrevError
from curation.model import Citation, SourceRecord
from curation.sources.files import RefusedRecord, read_document
from curation.sources.files.decode import of_bytes
from curation.sources.files.write import Exported, form

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
NAMES = sorted(path.name for path in EXPORTS.iterdir() if path.is_file())
RIS = [name for name in NAMES if name.endswith(".ris")]
BOM = codecs.BOM_UTF8
BESIDE = 13  # of so many places for a cut one is tried in the quick run; the slow one tries them all


@dataclass(frozen=True)
class Reading:
    """What a reader made of a file."""

    format: str
    encoding: str
    openers: int
    records: tuple[SourceRecord, ...]
    refused: tuple[RefusedRecord, ...]
    complete: bool

    @property
    def citations(self) -> list[Citation]:
        return [record.citation for record in self.records]

    @property
    def titles(self) -> list[str]:
        return [citation.title for citation in self.citations]

    def names(self, title: str) -> bool:
        """Whether a record has the title, or what was refused holds it."""
        return title in self.titles or any(title in refused.raw.decode() for refused in self.refused)


def read(content: bytes) -> Reading | None:
    """The file with all that can be had of it; None when it is refused as a whole, in one line that names it."""
    said = ""
    try:
        export = read_document(of_bytes(content, "mutated.txt"), allow_partial=True)
    except LivrevError as refusal:
        said = refusal.message
    if said:
        assert "mutated.txt" in said
        assert "\n" not in said
        return None
    with export:
        records = tuple(export.records)
    assert len(records) == export.read
    for refused in export.refused:
        assert refused.reason
        assert refused.raw or refused.outside  # where a file ends too early nothing may stand
        assert refused.line >= 1
    return Reading(export.format, export.encoding, export.openers, records, export.refused, export.complete)


def added_up(content: bytes) -> Reading:
    """The reading of a file that is one, each of whose beginnings led to a record or to a refusal."""
    found = read(content)
    assert found is not None
    assert len(found.records) + sum(not refused.outside for refused in found.refused) == found.openers
    return found


def is_refused(content: bytes) -> bool:
    """Whether an import without --allow-partial takes nothing over."""
    try:
        read_document(of_bytes(content, "mutated.txt")).close()
    except LivrevError:
        return True
    return False


@cache
def text(name: str) -> str:
    """Text of a fixture: UTF-8, no mark, line feeds."""
    return of_bytes((EXPORTS / name).read_bytes(), name).text()


@cache
def whole(name: str) -> Reading:
    return added_up(text(name).encode())


@cache
def spans(name: str) -> tuple[tuple[int, int], ...]:
    """Where each record of a fixture stands in the bytes of its text."""
    content, at, found = text(name).encode(), 0, []
    for record in whole(name).records:
        start = content.index(record.raw, at)
        at = start + len(record.raw)
        found.append((start, at))
    return tuple(found)


def test_every_shape_of_source_is_tried() -> None:
    formats = {whole(name).format for name in NAMES}
    assert formats >= {"ris", "nbib", "enw", "wos", "ovid", "bibtex", "pubmed-xml", "endnote-xml", "table"}


# How a file was saved


def saved(name: str) -> Iterator[tuple[str, bytes]]:
    """The same text as other programs and systems save it."""
    plain = text(name)
    content = plain.encode()
    yield "BOM", BOM + content
    for end in ("\r\n", "\r", "\r\r\n"):
        yield repr(end), plain.replace("\n", end).encode()
        yield f"UTF-16 {end!r}", plain.replace("\n", end).encode("utf-16")
    yield "UTF-16 big end first", codecs.BOM_UTF16_BE + plain.encode("utf-16-be")
    yield "UTF-16 without its mark", plain.encode("utf-16-le")
    yield "UTF-16 big end first without its mark", plain.encode("utf-16-be")
    yield "UTF-32", plain.encode("utf-32")
    yield "empty lines around it", b"\n\n" + content + b"\n\n\n"
    yield "no last line end", content.rstrip(b"\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_way_a_file_was_saved_changes_nothing_of_it(name: str) -> None:
    for how, content in saved(name):
        found = added_up(content)
        assert found.citations == whole(name).citations, how
        assert found.complete == whole(name).complete, how


@pytest.mark.parametrize("name", NAMES)
def test_windows_1252_is_read_as_the_same_text_as_unicode(name: str) -> None:
    accented = text(name).replace("vented", "venté").encode("cp1252", "replace").decode("cp1252")
    unicode, windows = added_up(accented.encode()), added_up(accented.encode("cp1252"))
    assert windows.citations == unicode.citations
    if not accented.isascii():
        assert windows.encoding == "cp1252"


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_line_ends_may_differ_from_line_to_line(name: str, random: Random) -> None:
    lines = text(name).split("\n")
    ends = [random.choice(("\n", "\r\n", "\r")) for _ in lines[1:]] + [""]
    for at, (line, end) in enumerate(zip(lines[1:], ends[1:], strict=True)):
        if ends[at] == "\r" and line == "" and end in ("\n", "\r\n"):  # together they are the end of one line
            ends[at] = "\n"
    mixed = "".join(line + end for line, end in zip(lines, ends, strict=True))
    assert added_up(mixed.encode()).citations == whole(name).citations


@pytest.mark.parametrize("name", NAMES)
def test_the_mark_of_the_end_of_a_dos_file_is_no_record(name: str) -> None:
    assert added_up(text(name).encode() + b"\x1a").citations == whole(name).citations


# Files put together


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mark", [b"", BOM], ids=["bare", "each with its mark"])
def test_a_file_put_behind_itself_gives_its_records_twice(name: str, mark: bytes) -> None:
    once = mark + text(name).encode().rstrip(b"\n") + b"\n\n"
    found = added_up(once + once)
    assert found.titles == [*whole(name).titles, *whole(name).titles]


@cache
def one_of_each() -> Mapping[str, str]:
    """A fixture of each format."""
    return {whole(name).format: name for name in reversed(NAMES)}


@pytest.mark.parametrize("first", one_of_each())
def test_records_of_another_format_behind_the_first_are_never_lost_in_silence(first: str) -> None:
    lost = []
    for other in set(one_of_each()) - {first}:
        content = "\n".join(text(one_of_each()[which]) for which in (first, other)).encode()
        found = read(content)
        if found is not None and not is_refused(content):
            lost += [(other, title) for title in whole(one_of_each()[other]).titles if not found.names(title)]
    assert not lost


# Files cut off


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "beside", [pytest.param(BESIDE, id="quick"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
def test_a_file_cut_off_anywhere_loses_no_record_in_silence(name: str, beside: int) -> None:
    content = text(name).encode()
    for end in range(1, len(content), beside):
        ended = [i for i, (_, last) in enumerate(spans(name)) if last <= end]
        found = read(content[:end])
        if found is None:
            assert not ended, end
            continue
        assert len(found.records) + sum(not refused.outside for refused in found.refused) == found.openers, (
            end
        )
        assert found.titles[: len(ended)] == [whole(name).titles[i] for i in ended], end
        told = len(found.records) + len(found.refused)
        assert told >= sum(first_line_end(content, start) <= end for start, _ in spans(name)), end


def first_line_end(content: bytes, start: int) -> int:
    end = content.find(b"\n", start)
    return end + 1 if end >= 0 else len(content)


@pytest.mark.parametrize("name", NAMES)
def test_utf_16_cut_off_anywhere_shows_no_trace(name: str) -> None:
    content = text(name).encode("utf-16")
    for end in range(1, len(content), 8 * BESIDE + 1):
        found = read(content[:end])
        titles = found.titles[:-1] if found is not None else []  # the last may be half a title
        assert titles == whole(name).titles[: len(titles)], end


@pytest.mark.parametrize("name", [name for name in NAMES if len(whole(name).records) > 1])
def test_a_file_whose_beginning_is_lost_tells_of_it_and_keeps_what_is_whole(name: str) -> None:
    if whole(name).format == "table":
        pytest.skip("rows without their header are no table")
    content = text(name).encode()
    starts = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")]
    for start in starts:
        kept = [t for t, (first, _) in zip(whole(name).titles, spans(name), strict=True) if first >= start]
        found = read(content[start:])
        if found is None:
            assert not kept, start
            continue
        assert found.titles[len(found.titles) - len(kept) :] == kept, start
        rest = content[start:].decode()
        lost = [t for t in whole(name).titles if t in rest and not found.names(t)]
        assert not lost, content[start : start + 60]


# Bytes that changed on the way


def opener_damaged(name: str, number: int) -> tuple[bytes, str]:
    """A fixture of which one record has lost the first letter, and that record's title."""
    content, start = text(name).encode(), spans(name)[number][0]
    start += len(content[start:]) - len(content[start:].lstrip())
    return content[:start] + content[start + 1 :], whole(name).titles[number]


@pytest.mark.parametrize("name", [name for name in NAMES if len(whole(name).records) > 1])
def test_a_record_whose_beginning_is_damaged_is_not_lost_in_silence(name: str) -> None:
    for number in range(len(whole(name).records)):
        content, title = opener_damaged(name, number)
        found = read(content)
        before = content[: spans(name)[number][0]].rstrip()
        if whole(name).format == "wos" and number and not before.endswith(b"ER"):
            continue  # two faults at once: the record before it has no end either
        lost = found is not None and not found.names(title) and title != ""
        assert not lost or whole(name).format == "table" or is_refused(content), (number, title)


EDITS = st.lists(
    st.tuples(st.integers(0, 1 << 30), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_bytes_changed_lost_and_put_in_show_no_trace(
    name: str, edits: Sequence[tuple[int, int, bytes]]
) -> None:
    content = (EXPORTS / name).read_bytes()
    for place, gone, new in edits:
        at = place % (len(content) + 1)
        content = content[:at] + new + content[at + gone :]
    found = read(content)
    assert is_refused(content) or (found is not None and found.complete)


TELLING = "\"'{}<>()&\\$%@#,;|\t\n\r\x1a\ufeff -=/*[]0Aé"


@pytest.mark.parametrize("name", [name for name in NAMES if len(whole(name).records) > 1])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_letter_changed_within_one_record_spoils_no_other(name: str, data: st.DataObject) -> None:
    content = text(name).encode()
    hit = data.draw(st.integers(0, len(spans(name)) - 1), label="record")
    start, end = spans(name)[hit]
    first, last = first_line_end(content, start), content.rfind(b"\n", start, end)
    if first >= last:  # a record on one line, or two
        first, last = start + len("<record>"), end - len("</record>")
    at = data.draw(st.integers(first, last - 1), label="place")
    new = data.draw(st.sampled_from(TELLING) | st.just(""), label="letter").encode()
    changed = content[:at] + new + content[at + 1 :]
    found = read(changed)
    if found is None or is_refused(changed):
        return
    others = [title for number, title in enumerate(whole(name).titles) if number != hit]
    assert [title for title in others if not found.names(title)] == []


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=400) | st.text(min_size=1, max_size=200).map(str.encode))
def test_random_bytes_and_random_text_are_never_a_trace(content: bytes) -> None:
    found = read(content)
    assert is_refused(content) or (found is not None and found.complete)


SNIPPETS = st.sampled_from(
    (
        "TY  - JOUR", "TI  - A", "AB  - b", "ER  - ", "ER", "PMID- 99000001", "PMID- ", "OWN - NLM", "PMC - PMC9900001", "      c",
        "%0 Book", "%T A", "%", "FN Clarivate", "VR 1.0", "PT J", "TI A", "   c", "EF", "<1>", "<2. >", "Title", "  A", "DB  - Embase",
        "@article{a,", "  title = {A},", "}", '  title = "A", title = {B', "@string{a = {b}}", "@comment{", "<?xml version='1.0'?>",
        "<PubmedArticleSet>", "<PubmedArticle><PMID>1</PMID>", "</PubmedArticle>", "</PubmedArticleSet>", "<xml><records>",
        "<record>", "<title>A</title>", "</record>", "</records></xml>", "<!--", "-->", "<![CDATA[", "]]>", "Title,Authors,Year,DOI",
        '"A","B, C",2024,10.1/x', 'A,"B', '"', '"TITLE","A"', '"AUTHOR NAMES","B"', "PMID\tTitle\tAuthors", "1\tA\tB", "sep=;", '{"livrev":1,"citation":{}}',
        '{"livrev":1', '{"livrev":[]}', "", "", "words of somebody", "\x0c", "\u2028", "\ufeff",
    )
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(SNIPPETS, min_size=1, max_size=14), st.sampled_from(("\n", "\r\n", "", " ")))
def test_pieces_of_all_formats_in_any_order_are_never_a_trace(pieces: Sequence[str], between: str) -> None:
    content = between.join(pieces).encode()
    found = read(content)
    # A complete file may be refused too: records of two formats in one.
    assert is_refused(content) or (found is not None and found.complete)


# The ways of RIS


SLIPS: Mapping[str, Callable[[str], str]] = {
    "no ER": lambda ris: re.sub(r"^ER  -.*\n?", "\n", ris, flags=re.MULTILINE),
    "bare ER": lambda ris: re.sub(r"^ER  -.*$", "ER", ris, flags=re.MULTILINE),
    "ER without a blank": lambda ris: re.sub(r"^ER  - $", "ER  -", ris, flags=re.MULTILINE),
    "one blank": lambda ris: re.sub(r"^([A-Z][A-Z0-9])  -", r"\1 -", ris, flags=re.MULTILINE),
    "three blanks": lambda ris: re.sub(r"^([A-Z][A-Z0-9])  -", r"\1   -", ris, flags=re.MULTILINE),
    "glued value": lambda ris: re.sub(r"^([A-Z][A-Z0-9]  -) ", r"\1", ris, flags=re.MULTILINE),
    "tab": lambda ris: re.sub(r"^([A-Z][A-Z0-9])  -", "\\1\t-", ris, flags=re.MULTILINE),
    "indented": lambda ris: re.sub(r"^([A-Z][A-Z0-9]  -)", r"  \1", ris, flags=re.MULTILINE),
    "ER glued to TY": lambda ris: re.sub(r"^ER  -\s*\n+(?=TY  -)", "ER  - ", ris, flags=re.MULTILINE),
    "empty lines between fields": lambda ris: re.sub(r"^(?=[A-Z][A-Z0-9]  -)", "\n", ris, flags=re.MULTILINE),
}


@pytest.mark.parametrize("name", RIS)
@pytest.mark.parametrize("slip", SLIPS)
def test_no_slip_of_a_ris_exporter_costs_a_record_or_its_fields(name: str, slip: str) -> None:
    found = added_up(SLIPS[slip](text(name)).encode())
    assert found.complete
    assert [fields(c) for c in found.citations] == [fields(c) for c in whole(name).citations]


def fields(citation: Citation) -> tuple[object, ...]:
    c = citation
    return (c.title, c.authors, c.year, c.doi, c.pmid, c.volume, c.issue, c.pages, c.journal, c.numbers)


# No value vanishes, whatever its tag, however often


LETTERED = [a + b for a in ascii_uppercase for b in ascii_uppercase + digits]
MEDLINE = [
    *(f"{tag}  " for tag in LETTERED),
    "AUID",
    "BTI ",
    "CIN ",
    "COIS",
    "CRDT",
    "DCOM",
    "FAU ",
    "ISBN",
    "LID ",
    "MHDA",
    "OABL",
    "PMC ",
    "ZZZZ",
]
ELEMENTS = re.findall(
    r"[\w-]+",
    "author year journal volume number pages month doi note url issn isbn keywords abstract eprint publisher editor booktitle "
    "series edition organization institution school type annote file language pmid pmcid unique-id source art_number date eid "
    "accession-num custom1 custom2 custom5 custom7 electronic-resource-num label notes remote-database-name rec-number section "
    "work-type research-notes auth-address whatever",
)
FORMS = {
    "ris": (LETTERED, "TY  - JOUR\nTI  - T\n{0}  - {1}\n{0}  - {2}\nER  - \n\n", {"TY", "ER"}),
    "enw": (list(ascii_uppercase + digits[1:] + "@!~+^$&()[]<>?#=*|"), "%0 Book\n%T T\n%{0} {1}\n%{0} {2}\n\n", set()),
    "nbib": (MEDLINE, "PMID- {3}\nTI  - T\n{0}- {1}\n{0}- {2}\n\n", set()),
    "wos": (LETTERED, "PT J\nTI T\n{0} {1}\n{0} {2}\nUT WOS:{3}\nER\n\n", {"PT", "ER", "EF", "FN", "VR"}),
    "ovid": (LETTERED, "<{3}. >\nUI  - {3}\nTI  - T\n{0}  - {1}\n{0}  - {2}\n\n", set()),
    "bibtex": (ELEMENTS, "@article{{k{3},\n title = {{T}},\n {0} = {{{1}}},\n {0} = {{{2}}}\n}}\n", set()),
    "endnote-xml": (ELEMENTS, "<record><titles><title>T</title></titles><{0}>{1}</{0}><{0}>{2}</{0}></record>", set()),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["word", "number", "words"])
@pytest.mark.parametrize("shape", FORMS)
def test_no_value_vanishes_under_any_tag_and_none_of_two(shape: str, kind: str) -> None:
    tags, form, frame = FORMS[shape]
    values = {"word": "gnu{}q", "number": "{}", "words": "Gnus{}q of the herd"}[kind]
    tried = [(tag, values.format(7_000_000 + n), values.format(8_000_000 + n)) for n, tag in enumerate(tags)]
    tried = [one for one in tried if one[0] not in frame]
    records = "".join(form.format(*one, 99_000_000 + n) for n, one in enumerate(tried))
    found = added_up(
        (f"<xml><records>\n{records}\n</records></xml>" if shape.endswith("xml") else records).encode()
    )
    assert found.format == shape
    assert len(found.records) == len(tried)
    vanished = [
        (tag, value)
        for (tag, *twice), record in zip(tried, found.records, strict=True)
        for value in twice
        if value not in f"{record.accession} {record.citation} {[a.name for a in record.citation.authors]}"
    ]
    assert vanished == []


# Through a spreadsheet


DANGEROUS = ("=", "+", "-", "@", "\t=", "\r=", "=cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "'=", "''+")


@pytest.mark.parametrize("name", ["csv", "asreview", "rayyan", "covidence-csv", "xlsx"])
@pytest.mark.parametrize("begin", DANGEROUS)
def test_every_cell_we_write_is_a_text_and_every_value_comes_back(name: str, begin: str) -> None:
    shown = Citation(title=f"{begin}T", abstract=f"{begin}A", journal=f"{begin}J", volume=f"{begin}1", issue=f"{begin}2", keywords=(f"{begin}k",), year=2024)  # fmt: skip
    item = Exported(1, shown, "L1", note=f"{begin}n", reason_label=f"{begin}r")
    stream = io.BytesIO()
    form(name).write([item], stream)
    if name != "xlsx":
        rows = list(csv.reader(io.StringIO(stream.getvalue().decode("utf-8-sig"), newline="")))
        assert [
            cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        ] == []
    [citation] = added_up(stream.getvalue()).citations
    assert replace(citation, extra={}) == shown
