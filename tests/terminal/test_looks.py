"""Contrast of every colour of a text on the grounds it stands on."""

from __future__ import annotations

import pytest
from textual.color import Color

from screening.terminal.looks import THEME

ENOUGH = 7.0  # WCAG 2.2, success criterion 1.4.6


def luminance(colour: Color) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in colour.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", [THEME.background, THEME.panel])
@pytest.mark.parametrize("text", sorted({*THEME.variables, "foreground"} - {"thumb"}))
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    colours = (Color.parse(THEME.variables.get(text) or THEME.foreground), Color.parse(ground))
    light, dark = sorted(map(luminance, colours), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= ENOUGH
