"""A screening page: one HTML file that a co-author opens from disk, without a server, an account or a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from curation.report.render import render
from screening.desk import Card, Setting
from screening.harmless import all_of
from screening.queue import MOST_SKIPS
from screening.terminal.highlight import Terms
from screening.terminal.wording import NO_ABSTRACT, facts

FORM = 1  # of the file that the page writes; read by curation.sources.files.own_votes


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything the page holds.

    ``review`` tells this review from others, ``batch`` this page from the reviewer's others. ``keys`` are the names
    that browsers give the keys of each action, ``signs`` how they are shown. ``made_at`` is UTC, ISO 8601.
    """

    setting: Setting
    cards: tuple[Card, ...]
    review: str
    batch: str
    made_at: str
    tool_version: str
    keys: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, str]


def as_html(pack: Pack) -> str:
    """The page. It may run its own script and style, told by their hashes, and load nothing."""
    script, style = render("pack.js"), render("pack.css")
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    values = {"policy": policy, "script": script, "style": style, "data": _data(pack)}
    return render("pack.html.j2", pack=pack, **values)


def _hash(text: str) -> str:
    """A source expression of Content Security Policy level 2."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(pack: Pack) -> str:
    """The page's data as JSON in ASCII that no HTML parser takes for markup."""
    setting = all_of(pack.setting)
    terms = Terms(setting.highlight, setting.against)
    value = {
        "form": FORM,
        "review": pack.review,
        "title": setting.review,
        "reviewer": setting.reviewer,
        "stage": str(setting.work.stage),
        "batch": pack.batch,
        "criteria": setting.criteria_number,
        "reasons": [{"code": r.code, "label": r.label} for r in setting.reasons],
        "keys": pack.keys,
        "signs": pack.signs,
        "most_skips": MOST_SKIPS,
        "reports": [_report(all_of(card), setting, terms) for card in pack.cards],
    }
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _report(card: Card, setting: Setting, terms: Terms) -> dict[str, object]:
    return {
        "report": f"R{card.report}",
        "title": _marked(card.title, terms),
        "facts": list(facts(card, authors=setting.show_authors)),
        "abstract": _marked(card.abstract or NO_ABSTRACT, terms),
        "keywords": _marked("; ".join(card.keywords), terms),
        "links": [link for link in card.links if link.startswith(("https://", "http://"))],
    }


def _marked(text: str, terms: Terms) -> dict[str, object]:
    """A text with its terms: start, end and side of each, counted as a browser counts (UTF-16)."""
    spans = terms.spans(text)
    if not text.isascii():
        return {"text": text, "spans": [[_utf16(text, s.start), _utf16(text, s.end), s.side] for s in spans]}
    return {"text": text, "spans": [[s.start, s.end, s.side] for s in spans]}


def _utf16(text: str, place: int) -> int:
    return place + sum(ord(letter) > 0xFFFF for letter in text[:place])  # noqa: PLR2004 - above it, two units
