"""The stretch of dates that esearch's own date parameters ask for."""

from __future__ import annotations

from curation.sources.standin.asked import Asked
from curation.sources.standin.fields import Field, back, days_of, field_of, written
from curation.sources.standin.query import Range
from curation.sources.standin.wire import Refusal

# What NCBI documents for PubMed; the create date goes into the term as [crdt].
_TYPES = ("pdat", "edat", "mdat")


def window(asked: Asked) -> Range | None:
    """Dates of ``reldate``, or of ``mindate`` and ``maxdate``, by ``datetype``; None when none are asked for.

    ``reldate`` counts back from the corpus' last day. Raises Refusal for half a range, for a date that is
    none, and without a ``datetype`` that NCBI documents: nobody should rely on what it takes instead.
    """
    low, high = asked.text("mindate"), asked.text("maxdate")
    days = asked.text("reldate")
    if not (low or high or days):
        return None
    if days and (low or high):
        raise Refusal("reldate and mindate, maxdate exclude each other")
    if not days and not (low and high):
        raise Refusal("mindate and maxdate are needed together")
    where = _field(asked.text("datetype"))
    if days:
        today = asked.corpus.last_day
        return Range(written(back(today, asked.number("reldate", 0))), written(today), where)
    for name, date in (("mindate", low), ("maxdate", high)):
        if days_of(date) is None:
            raise Refusal(f"{name} is no date (YYYY, YYYY/MM or YYYY/MM/DD): {date}")
    return Range(low, high, where)


def _field(name: str) -> Field:
    field = field_of(name) if name in _TYPES else None
    if field is None:
        raise Refusal(f"datetype must be one of {', '.join(_TYPES)}, not {name or 'left out'}")
    return field
