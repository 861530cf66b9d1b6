"""Bytes become text once, and the encoding is told."""

from __future__ import annotations

import codecs

import pytest

from curation.errors import BadInput
from curation.sources.files.decode import decoded

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
    text = decoded(content, "export.ris")
    assert text.content == WORDS
    assert text.encoding == encoding


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\r\r\n"])
def test_every_line_end_becomes_a_line_feed(end: str) -> None:
    assert decoded(f"a{end}b{end}".encode(), "export.ris").content == "a\nb\n"


def test_line_ends_may_be_mixed_in_one_file() -> None:
    assert decoded(b"a\r\nb\nc\rd", "export.ris").lines == ["a", "b", "c", "d"]


def test_separators_of_unicode_do_not_end_a_line() -> None:
    text = decoded("one\u2028two\x0bthree\x85four\nfive".encode(), "export.ris")
    assert text.lines == ["one\u2028two\x0bthree\x85four", "five"]


@pytest.mark.parametrize(
    "content",
    [b"TY  - JOUR\0\n", WORDS.encode("utf-16-le"), codecs.BOM_UTF16_LE + b"\0"],
)
def test_what_is_no_text_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"^export\.ris: .*export it again as UTF-8"):
        decoded(content, "export.ris")


def test_bytes_of_neither_encoding_are_refused_with_their_place() -> None:
    with pytest.raises(BadInput, match=r"not UTF-8 nor Windows-1252 \(at byte 4\)"):
        decoded(b"abc\x81", "export.ris")
