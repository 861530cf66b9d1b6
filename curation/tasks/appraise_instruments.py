"""The instruments a review can use: those that ship with livrev, and its own in ``instruments/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import BadInput, Usage
from curation.extraction.instruments import Instrument, key_of, read
from curation.resources import shipped
from curation.tasks.review import Review

FOLDER = "instruments"  # of a review's own


@dataclass(frozen=True, slots=True)
class Known:
    """An instrument, and whether it is the review's own."""

    instrument: Instrument
    own: bool


def instruments(review: Review) -> tuple[Known, ...]:
    """Every instrument, the shipped ones first.

    Raises BadInput for a faulty file of the review's own, or one that bears the name of a shipped one.
    """
    return tuple(Known(_read(review, key), key not in _shipped()) for key in _keys(review))


def instrument(review: Review, name: str) -> Instrument:
    """The instrument of this name or key, however it is spelt (``probast``, ``PROBAST``).

    Raises Usage when there is none, BadInput when its file is faulty.
    """
    key = key_of(name)
    if key not in _keys(review):
        known = ", ".join(_keys(review))
        message = f"there is no instrument {name!r} (known: {known}); one of your own goes into {FOLDER}/{key or 'NAME'}.toml"
        raise Usage(message)
    return _read(review, key)


def _keys(review: Review) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_shipped(), *_own(review)]))


def _read(review: Review, key: str) -> Instrument:
    own, built_in = _own(review).get(key), _shipped().get(key)
    if own is not None and built_in is not None:
        message = (
            f"{own} bears the name of an instrument that ships with livrev; give it and its file another name"
        )
        raise BadInput(message)
    return read(own or _shipped()[key])


def _shipped() -> dict[str, Path]:
    return _files(shipped("db", "instruments"))


def _own(review: Review) -> dict[str, Path]:
    return _files(review.folder / FOLDER)


def _files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
