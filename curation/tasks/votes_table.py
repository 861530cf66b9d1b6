"""Votes in long form, one row a vote: superseded and taken-back ones too, nobody's before it may be seen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields

from curation.errors import Usage
from curation.model import Citation, Decision, Stage
from curation.sources.files.write.exported import one_line
from curation.sources.files.write.table import neutral
from curation.store import flow as flow_store
from curation.store import searches, vote_rows
from curation.store.vote_rows import Standing, VoteRow
from curation.tasks.places import all_places
from curation.tasks.report_members import canonical_of
from curation.tasks.review import Review
from screening.harmless import on_one_line
from screening.votes import Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """Which votes: also those of ``reviewer`` that others may not see yet; None means any stage, any round."""

    reviewer: str | None = None
    stage: Stage | None = None
    round: int | None = None


@dataclass(frozen=True, slots=True)
class VoteLine:
    """A vote as the table shows it.

    ``secondary`` are codes of further reasons, ``at`` is UTC, ``criteria`` the number of the eligibility criteria it
    was cast under, ``seconds`` the time on the screen (None: not measured), ``how`` the command that stored it.
    """

    uid: str
    report: str
    doi: str
    pmid: str
    title: str
    stage: Stage
    reviewer: str
    decision: Decision
    reason: str
    secondary: tuple[str, ...]
    note: str
    at: str
    criteria: int | None
    seconds: float | None
    standing: Standing
    how: str


_SETTLED = frozenset({Verdict.INCLUDE, Verdict.EXCLUDE})
COLUMNS = tuple(field.name for field in fields(VoteLine))


def votes_table(review: Review, asked: Asked) -> tuple[VoteLine, ...]:
    """Every vote that may be seen, in the order in which they were stored.

    That is: every vote on a report that is settled at that stage, and those of ``asked.reviewer``; an adjudicator
    learns nothing of a conflict before deciding. Raises
    Usage for an unknown reviewer or round, Refused for a reviewer who has left.
    """
    wanted = _wanted(review, asked)
    whole = canonical_of(review.sql, {row.report for row in wanted})
    return tuple(_line(row, whole[row.report].citation) for row in wanted)


def brief(lines: Iterable[VoteLine]) -> str:
    """The table as it is read on a screen: a line a vote, parted by tabs."""
    return "".join(
        f"{one.report}\t{one.stage}\t{one.reviewer}\t{one.decision}{f' ({one.reason})' if one.reason else ''}"
        f"\t{one.standing}\t{one.at}\t{on_one_line(one.title)}\n"
        for one in lines
    )


def as_csv(lines: Iterable[VoteLine]) -> str:
    """The table as CSV with a header; a row is one line, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([neutral(one_line(_cell(getattr(line, name)))) for name in COLUMNS])
    return text.getvalue()


def as_json(lines: Iterable[VoteLine]) -> str:
    """The table as JSON: an object a vote, texts as they were written."""
    return json.dumps([asdict(line) for line in lines], indent=2, ensure_ascii=False) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)


def _wanted(review: Review, asked: Asked) -> list[VoteRow]:
    if asked.reviewer is not None:
        review.person(asked.reviewer)
    in_round = _reports_of(review, asked.round)
    seen = _seen(review)
    return [
        row
        for row in vote_rows.all_rows(review.sql)
        if ((row.report, row.stage) in seen or row.reviewer == asked.reviewer)
        and asked.stage in {None, row.stage}
        and (in_round is None or row.report in in_round)
    ]


def _seen(review: Review) -> frozenset[tuple[int, Stage]]:
    """Reports whose votes are no secret at a stage: nobody is left to cast one there, or to settle it, blindly."""
    return frozenset(_open_books(review))


def _open_books(review: Review) -> Iterator[tuple[int, Stage]]:
    for item in all_places(review.sql, review.protocol):
        if item.placed.record == item.placed.report:
            if item.abstract.verdict in _SETTLED:
                yield item.placed.report, Stage.ABSTRACT
            if item.fulltext.verdict in _SETTLED:
                yield item.placed.report, Stage.FULLTEXT


def _reports_of(review: Review, number: int | None) -> frozenset[int] | None:
    """Reports whose first record came in that round; None for every round."""
    if number is None:
        return None
    known = [r.number for r in searches.rounds(review.sql)]
    if number not in known:
        message = f"there is no round {number} (known: {', '.join(map(str, known)) or 'none yet'})"
        raise Usage(message)
    rows = flow_store.record_rows(review.sql)
    return frozenset(row.report for row in rows if row.record == row.report and row.round == number)


def _line(row: VoteRow, citation: Citation) -> VoteLine:
    return VoteLine(
        uid=row.uid,
        report=f"R{row.report}",
        doi=citation.doi or "",
        pmid=citation.pmid or "",
        title=citation.title,
        stage=row.stage,
        reviewer=row.reviewer,
        decision=row.decision,
        reason=row.reason or "",
        secondary=row.secondary,
        note=row.note,
        at=row.at,
        criteria=row.criteria,
        seconds=None if row.milliseconds is None else row.milliseconds / 1000,
        standing=row.standing,
        how=row.how,
    )
