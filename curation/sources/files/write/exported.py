"""What is written of a report, and what has to be carried beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from curation.model import Author, Citation, Decision, SourceRecord, Stage
from curation.sources.files import carried
from curation.sources.files.decode import Outcome, of_bytes
from curation.sources.files.formats import Wanted, named

BATCH = 256  # records written, read again and compared at once

# Control characters, halves of surrogate pairs and what is no character: no text format carries them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Exported:
    """A report to be written: the fields of its first record, and what was decided on it.

    ``accession`` is the number its source gave that record; ``sources`` every source that found it; ``state``
    its place in the flow in words. ``decision`` was taken at ``stage``, ``reason`` is the code of an exclusion
    and ``reason_label`` its wording, ``note`` what the reviewer wrote.
    """

    report: int
    citation: Citation
    accession: str = ""
    sources: tuple[str, ...] = ()
    round: int = 0
    state: str = ""
    stage: Stage | None = None
    decision: Decision | None = None
    reason: str = ""
    reason_label: str = ""
    note: str = ""

    @property
    def token(self) -> str:
        """``livrev:R12``: by it a decision made in another tool finds its report again."""
        return f"{carried.MARK}R{self.report}"

    @property
    def title(self) -> str:
        """The title, or words that say that there is none: no tool keeps a record without one."""
        return one_line(self.citation.title) or f"[R{self.report}: no title given]"

    @property
    def outcome(self) -> str:
        """``abstract: exclude (population: Other population)``; empty where nothing is decided."""
        if self.decision is None:
            return ""
        why = ": ".join(filter(None, (self.reason, self.reason_label)))
        at = f"{self.stage}: " if self.stage else ""
        return f"{at}{self.decision}{f' ({why})' if why else ''}"


@dataclass(frozen=True, slots=True)
class Form:
    """How a format is written: ``reader`` names the one that reads it, ``record`` takes what is to be carried."""

    reader: str
    record: Callable[[Exported, str], bytes]
    head: bytes = b""


def with_carried(exported: Iterable[Exported], form: Form) -> Iterator[tuple[Exported, str]]:
    """Each report, as it is to be written, with what its record has to carry; in the order given.

    What that is shows in reading the record again: so it holds for every reader, as it is and as it will be.
    A title that the reader takes for none (``NULL``) is carried, and words stand in its place.
    """
    waiting = iter(exported)
    while batch := list(islice(waiting, BATCH)):
        for item, outcome in zip(batch, _read_again(batch, form), strict=True):
            if isinstance(outcome, SourceRecord):
                yield item, carried.lost(item.citation, item.accession, outcome)
                continue
            untitled = replace(item, citation=replace(item.citation, title=""))
            (record,) = _read_again([untitled], form)
            if not isinstance(record, SourceRecord):
                raise _defect(form, f"R{item.report} as {record.reason}")
            yield untitled, carried.lost(item.citation, item.accession, record)


def _read_again(batch: Sequence[Exported], form: Form) -> list[Outcome]:
    text = form.head + b"".join(form.record(item, "") for item in batch)
    outcomes = [*named(form.reader).read(of_bytes(text, "what was written"), Wanted())]
    if len(outcomes) != len(batch):
        raise _defect(form, f"{len(batch)} records as {len(outcomes)}")
    return outcomes


def _defect(form: Form, said: str) -> AssertionError:
    return AssertionError(f"the reader of {form.reader} does not read what was written: {said}")


def one_line(text: str) -> str:
    """Text as one line without control characters, blanks folded."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def name_of(person: Author) -> str:
    """``Hu, Yue`` as the source gave it, else ``Hu, Y. J.``; a collective as it is named."""
    if person.collective:
        return one_line(person.family)
    if "," in person.name:
        return one_line(person.name)
    family, initials = one_line(person.family), one_line(person.initials)
    return f"{family}, {_dotted(initials)}" if initials else family


def _dotted(initials: str) -> str:
    """``YJ Jr`` as ``Y. J., Jr``."""
    letters, *suffix = initials.split(" ")
    if letters.isalpha() and letters.isupper():
        letters = " ".join(f"{letter}." for letter in letters)
    return ", ".join((letters, *suffix))
