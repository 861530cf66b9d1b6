"""Colours and places of the screening app. Every colour stands beside a weight, a shape or a word."""

from __future__ import annotations

from textual.theme import Theme

WIDE = 110  # columns from which the criteria stand beside the report

# Text on the ground at 7:1 or more (WCAG 2.2, 1.4.6), computed by a test.
THEME = Theme(
    name="livrev",
    primary="#8ab4f8",
    background="#14171c",
    surface="#14171c",
    panel="#1f242c",
    foreground="#e6e8eb",
    warning="#f0c674",
    dark=True,
    variables={
        "for": "#8fe39b",
        "against": "#ffb1a6",
        "title": "#ffffff",
        "label": "#9cc2ff",
        "quiet": "#b3bac4",
        "own": "#f0c674",
        "thumb": "#5b6572",
        "found": "#f2d95c",
    },
)

CSS = """
Desktop { layers: base above; }
#head { height: 1; background: $panel; padding: 0 1; }
#review { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; text-style: bold; }
#place { width: auto; max-width: 70%; text-wrap: nowrap; text-overflow: ellipsis; padding-left: 2; color: $quiet; }
#progress { height: auto; max-height: 3; padding: 0 1; background: $panel; color: $quiet; }
#votes { height: auto; max-height: 40%; overflow-y: auto; padding: 0 1; display: none; border-bottom: solid $quiet; }
#middle { height: 1fr; layers: base above; }
#body { height: 1fr; padding: 1 1 0 1;  }
#card { max-width: 100; }
#criteria { background: $panel; padding: 0 1;  }
VerticalScroll, OptionList { scrollbar-size-vertical: 1; scrollbar-color: $thumb; scrollbar-background: $panel; }
#message { background: $panel; height: auto; max-height: 4; min-height: 1; padding: 0 1; }
#message.refused { color: $own; text-style: bold; }
#keys { height: 1; background: $panel; padding: 0 1; text-wrap: nowrap; }

.-narrow #criteria { layer: above; dock: bottom; height: auto; max-height: 75%; padding: 0 1 1 1; border-top: solid $quiet; }
.-wide #criteria { dock: right; width: 36%; max-width: 60; height: 100%; padding: 1 2; }
.-wide #body { padding: 1 2 0 2; }

ModalScreen { align: center middle; background: $background 60%; }
.window { width: 90%; max-width: 100; height: auto; background: $panel; border: round $quiet; padding: 0 1; }
.window.tall { max-height: 90%; }
.window .question { text-style: bold; padding-bottom: 1; }
.window .hint { color: $quiet; padding-top: 1; }
.window Input { border: none; height: 1; padding: 0 1; background: $background; }
.window Input:focus { border: none; }
.window OptionList { height: auto; max-height: 55vh; border: none; padding: 0; background: $panel; }
.lines OptionList { text-wrap: nowrap; text-overflow: ellipsis; margin-top: 1; }
.window VerticalScroll { height: auto; max-height: 55vh; }
"""


def breakpoints() -> list[tuple[int, str]]:
    """Classes of the screen by its width in columns."""
    return [(0, "-narrow"), (WIDE, "-wide")]
