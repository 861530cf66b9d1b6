"""Widths against the font itself, and lines that never grow wider than their column."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.report.text_width import width, wrap

FONTS = Path("/usr/share/fonts/truetype/dejavu")

# Advances are whole numbers of 1/2048 em; only the order of adding floats can differ.
ROUNDING = 1e-9


def test_widths_are_those_of_the_font_tables_of_dejavu_sans_2_37() -> None:
    assert width("A", 2048) == 1401
    assert width("n", 2048) == 1298
    assert width("0", 2048) == width("9", 2048) == 1303
    assert width("–", 2048) == 1024
    assert width("A", 2048, bold=True) == 1585


def test_width_grows_with_size_and_text() -> None:
    assert width("", 10) == 0
    assert width("AA", 10) == pytest.approx(2 * width("A", 10), abs=ROUNDING)
    assert width("A", 20) == pytest.approx(2 * width("A", 10), abs=ROUNDING)


def test_an_unknown_character_counts_as_the_widest_known_one() -> None:
    widest = max(width(chr(code), 10) for code in range(0x20, 0x2300))
    assert width("\u6f22", 10) == widest > width("…", 10)


@pytest.mark.parametrize("character", "éßŁžŐαβμ†±≤≥²³×…–—“”‘’€°½⁷₂√∞≈−")
def test_what_papers_print_is_known(character: str) -> None:
    assert width(character, 10) < width("\u6f22", 10)


def test_lines_break_between_words() -> None:
    text = "Reports assessed for eligibility"
    assert wrap(text, 10, 1000) == [text]
    assert wrap(text, 10, width("Reports assessed", 10)) == ["Reports assessed", "for eligibility"]


def test_bold_lines_are_measured_bold() -> None:
    room = width("Reports assessed", 10)
    assert wrap("Reports assessed", 10, room, bold=True) == ["Reports", "assessed"]


def test_a_no_break_space_holds_words_together() -> None:
    assert wrap("label (n\u00a0=\u00a05)", 10, width("label (n", 10)) == ["label", "(n\u00a0=\u00a05)"]


def test_an_overlong_word_is_broken_inside_and_stays_whole_in_sum() -> None:
    word = "Pneumonoultramicroscopicsilicovolcanoconiosis"
    lines = wrap(f"a {word} b", 10, 60)
    assert len(lines) > 3
    assert "".join(lines).replace(" ", "") == f"a{word}b"


def test_an_empty_text_is_one_empty_line() -> None:
    assert wrap("", 10, 100) == [""]


@given(text=st.text(max_size=80), room=st.floats(0, 200))
def test_no_line_is_wider_than_its_room_and_no_character_is_lost(text: str, room: float) -> None:
    lines = wrap(text, 10, room)
    assert all(width(line, 10) <= room or len(line) <= 1 for line in lines)
    white = dict.fromkeys(map(ord, " \t\r\n"))
    assert "".join(lines).translate(white) == text.translate(white)


@pytest.mark.skipif(not FONTS.exists(), reason="DejaVu is not installed here")
@pytest.mark.parametrize(("file", "bold"), [("DejaVuSans.ttf", False), ("DejaVuSans-Bold.ttf", True)])
def test_every_width_is_the_installed_fonts_own(*, file: str, bold: bool) -> None:
    advances = _advances(FONTS / file)
    ranges = [range(0x20, 0x7F), range(0xA0, 0xAD), range(0xAE, 0x180), range(0x391, 0x3A2)]
    for code in (code for codes in ranges for code in codes):
        assert width(chr(code), 2048, bold=bold) == advances[code], hex(code)


def _advances(path: Path) -> dict[int, int]:
    """Advance width by character, read from the tables ``cmap`` (format 4) and ``hmtx``."""
    data = path.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    records = [struct.unpack_from(">4sIII", data, 12 + 16 * i) for i in range(count)]
    tables = {name.decode(): offset for name, _, offset, _ in records}
    (metrics,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    widths = [struct.unpack_from(">H", data, tables["hmtx"] + 4 * i)[0] for i in range(metrics)]
    return {code: widths[min(glyph, metrics - 1)] for code, glyph in _glyphs(data, tables["cmap"]).items()}


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    offsets = [cmap + struct.unpack_from(">I", data, cmap + 8 + 8 * i)[0] for i in range(count)]
    at = next(offset for offset in offsets if struct.unpack_from(">H", data, offset)[0] == 4)
    (twice,) = struct.unpack_from(">H", data, at + 6)
    glyphs: dict[int, int] = {}
    for i in range(0, twice, 2):
        end, start, delta, jump = (
            struct.unpack_from(">H", data, at + 14 + i + shift)[0]
            for shift in (0, twice + 2, 2 * twice + 2, 3 * twice + 2)
        )
        for code in range(start, min(end, 0xFFFE) + 1):
            place = at + 14 + 3 * twice + 2 + i + jump + 2 * (code - start)
            glyph = struct.unpack_from(">H", data, place)[0] if jump else code
            glyphs[code] = (glyph + delta) & 0xFFFF if glyph else 0
    return glyphs
