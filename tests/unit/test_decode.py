"""Bytes become text once, and the encoding is told."""

from __future__ import annotations

import codecs
import hashlib

import pytest

from curation.errors import BadInput
from curation.sources.files.decode import PIECE, of_bytes

WORDS = "TY  - JOUR\nTI  - Wirbelsäule – Ø 3 µm\nER  - \n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (codecs.BOM_UTF8 + WORDS.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "utf-16"),
        (WORDS.encode("cp1252"), "cp1252"),
    ],
)
def test_the_same_words_come_from_every_encoding(content: bytes, encoding: str) -> None:
    document = of_bytes(content, "export.ris")
    assert document.text() == WORDS
    assert document.encoding == encoding


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\r\r\n"])
def test_every_line_end_becomes_a_line_feed(end: str) -> None:
    assert of_bytes(f"a{end}b{end}".encode(), "export.ris").text() == "a\nb\n"


def test_line_ends_may_be_mixed_in_one_file() -> None:
    assert [*of_bytes(b"a\r\nb\nc\rd", "export.ris").lines()] == ["a", "b", "c", "d"]


def test_separators_of_unicode_do_not_end_a_line() -> None:
    document = of_bytes("one\u2028two\x0bthree\x85four\nfive".encode(), "export.ris")
    assert [*document.lines()] == ["one\u2028two\x0bthree\x85four", "five"]


def test_utf_16_without_its_mark_is_read_and_said() -> None:
    document = of_bytes(WORDS.encode("utf-16-le"), "export.ris")
    assert document.text() == WORDS
    assert document.assumed == ("no byte order mark; read as UTF-16-LE",)


def test_a_few_strange_bytes_in_utf_8_are_read_as_windows_1252_and_counted() -> None:
    document = of_bytes("Ø Å é ü ".encode() * 20 + "µ".encode("cp1252") + b"m\n", "export.ris")
    assert document.text() == "Ø Å é ü " * 20 + "µm\n"
    assert document.assumed == ("UTF-8, but for 1 bytes that were read as Windows-1252",)


def test_a_character_cut_in_two_at_the_end_is_said() -> None:
    document = of_bytes(b"TI  - Wirbels" + "ä".encode()[:1], "export.ris")
    assert document.text() == "TI  - Wirbels\ufffd"
    assert document.assumed == ("ends in the middle of a character; it may have been cut off",)


@pytest.mark.parametrize("before", [b"a" * (PIECE - 1), b"a" * PIECE, b"a\n" * (PIECE // 2)])
def test_a_line_end_across_two_pieces_is_one_line_end(before: bytes) -> None:
    lines = [*of_bytes(before + b"\r\nlast", "export.ris").lines()]
    assert lines[-1] == "last"
    assert len(lines) == (before + b"\r\nlast").count(b"\n") + 1


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"TY  - JOUR\0\n", 1), (b"TY  - JOUR\r\nTI  - \0\n", 2), (codecs.BOM_UTF16_LE + b"a\0\0\0", 1)],
)
def test_what_is_no_text_is_refused_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(BadInput, match=rf"^export\.ris: holds a NUL character in line {line},"):
        of_bytes(content, "export.ris")


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", codecs.BOM_UTF8])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="is empty"):
        of_bytes(content, "export.ris")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4\n", "is a PDF"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"\xd0\xcf\x11\xe0\xa1", "Excel file of the old kind"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"\n <!-- x -->\n<HTML><body>Log in", "is a web page"),
        (codecs.BOM_UTF8 + b"<!doctype html>", "is a web page"),
    ],
)
def test_other_things_are_named_with_the_mend(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        of_bytes(content, "export.ris")


def test_hash_and_size_are_of_the_bytes_as_given() -> None:
    document = of_bytes(b"a\r\n", "export.ris")
    assert document.sha256 == hashlib.sha256(b"a\r\n").hexdigest()
    assert document.size == 3
