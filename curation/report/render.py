"""The one Jinja2 environment of the report room: same values in, same bytes out."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from curation.resources import shipped

_MARKUP = ("html", "svg", "xml")

# XML 1.0 has no way to write these, not even escaped; they come with pasted titles and reasons.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render(template: str, **values: object) -> str:
    """Text of ``templates/TEMPLATE`` filled with ``values``.

    Escaped for ``.html.j2``, ``.svg.j2`` and ``.xml.j2``. Raises jinja2.UndefinedError when the template asks
    for a value that was not given.
    """
    return _environment().get_template(template).render(**values)


def px(number: float) -> str:
    """A length or a place in an SVG: at most two decimals, no trailing zeros, never ``-0``.

    >>> px(12.5), px(3), px(-0.001)
    ('12.5', '3', '0')
    """
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@cache
def _environment() -> Environment:
    endings = tuple(f"{ending}{suffix}" for ending in _MARKUP for suffix in ("", ".j2"))
    environment = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=select_autoescape(enabled_extensions=endings, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["px"] = px
    return environment


def _printable(value: object) -> object:
    """``value``, with every character that XML cannot hold shown as U+FFFD."""
    if isinstance(value, str) and _NOT_IN_XML.search(value):
        return _NOT_IN_XML.sub("\ufffd", value)
    return value
