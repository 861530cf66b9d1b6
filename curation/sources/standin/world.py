"""What happens to PubMed's records week by week, thrown from a seed: the workings behind ``History``."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from curation.sources.standin import vocabulary
from curation.sources.standin.draft import Draft, Link
from curation.sources.standin.fields import Day, back
from curation.sources.standin.generate import drawn

FIRST_PMID = 30_000_001
RETRACTED = "Retracted Publication"
_AT_FIRST = 80  # records that are there when the history begins
_NEW = (0, 1, 1, 2, 2, 2, 3, 3, 4, 7)  # records of a week, one of these at random
_GAP = 40  # to the next PubMed number, at most: other people's records lie between
_ELSEWHERE = "a neighbouring topic"
# Shares of the records, or events, that something is true of.
_MATCHING = 0.7  # as they arrive
_MATCHING_BY_MESH = 0.17  # not as they arrive, and once they are indexed
_LATE = 0.06  # published a year or more before
_PREPRINTS = 0.04
_INDEXED = 0.7  # the others are in PubMed and never in MEDLINE
_IN_ABSTRACT = 0.6  # corrections; the others mend a title
_TAKEN_BACK = 0.3  # corrections by which a record stops matching
_RESTORED = 0.2  # deletions
_LINKED = 0.8  # notices whose number NLM gives: two of ten RetractionIn were seen without
_UNLINKED_RECORDS = 0.5  # of the others, those that are records of their own


class EventKind(StrEnum):
    """What happened to a record.

    ``LATE`` is an arrival a year or more after publication, its date of entry set back. ``INDEXED`` is MeSH
    added, by which a record may begin to match. ``LEFT`` is a correction by which it stops matching,
    ``RETURNED`` one by which it does again, or a deletion taken back. A ``MERGED`` record is gone, ``other``
    took it in. For ``RETRACTED``, ``ERRATUM``, ``CONCERN`` and ``UPDATED`` ``other`` is the notice or later
    version when NLM links its number, for ``PUBLISHED`` the article that a preprint became.
    """

    ADDED = "added"
    LATE = "late arrival"
    PREPRINT = "preprint"
    INDEXED = "indexed"
    CORRECTED = "corrected"
    LEFT = "left"
    RETURNED = "returned"
    DELETED = "deleted"
    MERGED = "merged"
    RETRACTED = "retracted"
    ERRATUM = "erratum"
    CONCERN = "expression of concern"
    UPDATED = "updated"
    PUBLISHED = "preprint published"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a week to the record ``pmid``."""

    week: int
    kind: EventKind
    pmid: int
    other: int | None = None


@dataclass(frozen=True, slots=True)
class _Notice:
    """How a kind of notice stands in PubMed: on what it is about, on itself, and its publication type."""

    kind: EventKind
    mark: str
    own_mark: str
    own_type: str
    opening: str


_NOTICES = (
    _Notice(EventKind.RETRACTED, "RetractionIn", "RetractionOf", "Retraction Notice", "Retraction: "),
    _Notice(EventKind.ERRATUM, "ErratumIn", "ErratumFor", "Published Erratum", "Erratum: "),
    _Notice(
        EventKind.CONCERN,
        "ExpressionOfConcernIn",
        "ExpressionOfConcernFor",
        "Expression of Concern",
        "Expression of concern: ",
    ),
    _Notice(EventKind.UPDATED, "UpdateIn", "UpdateOf", "Journal Article", "Update of: "),
)
_NOTICE_TYPES = {notice.own_type for notice in _NOTICES} - {"Journal Article"}
# Chances of a week, in a body of some hundred records; higher than in life, so that ten years hold every kind.
_CHANCES = {
    EventKind.CORRECTED: 0.35,
    EventKind.ERRATUM: 0.08,
    EventKind.DELETED: 0.06,
    EventKind.LEFT: 0.05,
    EventKind.MERGED: 0.04,
    EventKind.RETRACTED: 0.04,
    EventKind.UPDATED: 0.03,
    EventKind.CONCERN: 0.02,
}


@dataclass(slots=True)
class World:
    """PubMed's records in the week that has been reached, and all their versions so far.

    ``versions`` holds for each number the weeks in which it changed and what it was from then on, None when
    it was gone.
    """

    seed: int
    start: dt.date
    term: str
    eventful: float
    week: int = 0
    drafts: dict[int, Draft] = field(default_factory=dict)
    versions: dict[int, list[tuple[int, Draft | None]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    due: defaultdict[int, list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))
    numbers: int = 0
    pmid: int = FIRST_PMID
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a made-up history, no secret

    @property
    def today(self) -> Day:
        """The last day of the week that has been reached."""
        day = self.start + dt.timedelta(weeks=self.week)
        return day.year, day.month, day.day


def lived(seed: int, start: dt.date, weeks: int, term: str, eventful: float) -> World:
    """A world after so many weeks."""
    world = World(seed, start, term, eventful)
    for _ in range(_AT_FIRST):
        _arrive(world)
    for week in range(1, weeks + 1):
        world.week = week
        for action in world.due.pop(week, ()):
            action()
        for _ in range(world.chance.choice(_NEW)):
            _arrive(world)
        for kind, chance in _CHANCES.items():
            if world.chance.random() < chance * eventful:
                _happen(world, kind)
    return world


def _happen(world: World, kind: EventKind) -> None:
    candidates = [
        pmid for pmid, draft in world.drafts.items() if not (draft.book or _NOTICE_TYPES & {*draft.types})
    ]
    if not candidates:
        return
    pmid = world.chance.choice(candidates)
    match kind:
        case EventKind.CORRECTED:
            _correct(world, pmid)
        case EventKind.LEFT:
            _leave(world, pmid)
        case EventKind.DELETED:
            _delete(world, pmid)
        case EventKind.MERGED:
            _merge(world, pmid, world.chance.choice(candidates))
        case _:
            _notify(world, pmid, next(notice for notice in _NOTICES if notice.kind is kind))


def _put(world: World, draft: Draft) -> None:
    """Let a record be so from this week on."""
    world.drafts[draft.pmid] = draft
    _turn(world, draft.pmid, draft)


def _drop(world: World, pmid: int) -> None:
    del world.drafts[pmid]
    _turn(world, pmid, None)


def _turn(world: World, pmid: int, draft: Draft | None) -> None:
    versions = world.versions.setdefault(pmid, [])
    if versions and versions[-1][0] == world.week:  # nobody looks twice within a week
        versions.pop()
    versions.append((world.week, draft))


def _note(world: World, kind: EventKind, pmid: int, other: int | None = None) -> None:
    world.events.append(Event(world.week, kind, pmid, other))


def _later(world: World, least: int, most: int, action: Callable[[], None]) -> None:
    world.due[world.week + world.chance.randint(least, most)].append(action)


def _fresh(world: World, term: str) -> Draft:
    """A record that is created today, with nothing yet of what indexers add."""
    drawn_one = drawn(world.seed, world.numbers, FIRST_PMID, term)
    world.numbers += 1
    pmid = world.pmid
    world.pmid += world.chance.randint(1, _GAP)
    issued = back(world.today, world.chance.randrange(120))
    known = [*world.drafts]
    return replace(
        drawn_one,
        pmid=pmid,
        issued=issued,
        created=world.today,
        entered=world.today,
        mesh=(),
        indexed=None,
        revised=None,
        medline_date="",
        doi=f"10.5555/livrev.{world.seed}.{pmid}" if drawn_one.doi else "",
        pmc=f"PMC{pmid - 20_000_000}" if drawn_one.pmc else "",
        references=tuple(sorted(world.chance.sample(known, min(len(known), world.chance.randrange(5))))),
    )


def _arrive(world: World) -> None:
    throw = world.chance.random()
    matches = throw < _MATCHING
    draft = _fresh(world, world.term if matches else _ELSEWHERE)
    kind = EventKind.ADDED
    if world.chance.random() < _LATE:
        kind = EventKind.LATE
        issued = back(draft.created, world.chance.randint(400, 1_500))
        draft = replace(draft, issued=issued, entered=issued)
    elif world.chance.random() < _PREPRINTS and not draft.book:
        kind = EventKind.PREPRINT
        draft = replace(draft, types=("Preprint",), journal=vocabulary.PREPRINTS, volume="", pages="")
        _later(world, 10, 60, partial(_publish, world, draft.pmid))
    _put(world, draft)
    _note(world, kind, draft.pmid)
    if not draft.book and kind is not EventKind.PREPRINT and world.chance.random() < _INDEXED:
        begins = _MATCHING <= throw < _MATCHING + _MATCHING_BY_MESH
        _later(world, 3, 20, partial(_index, world, draft.pmid, begins=begins))


def _index(world: World, pmid: int, *, begins: bool) -> None:
    draft = world.drafts.get(pmid)
    if draft is None:
        return
    headings = world.chance.choice(vocabulary.MESH)
    mesh = (*headings, f"{world.term.capitalize()} Syndrome") if begins else headings
    _put(world, replace(draft, mesh=mesh, indexed=world.today, revised=world.today))
    _note(world, EventKind.INDEXED, pmid)


def _correct(world: World, pmid: int) -> None:
    draft = world.drafts[pmid]
    if draft.paragraphs and world.chance.random() < _IN_ABSTRACT:
        label, text = draft.paragraphs[-1]
        mended = (*draft.paragraphs[:-1], (label, f"{text} Corrected in week {world.week}."))
        draft = replace(draft, paragraphs=mended)
    else:
        draft = replace(draft, title=f"{draft.title[:-1]} [corrected].")
    _put(world, replace(draft, revised=world.today))
    _note(world, EventKind.CORRECTED, pmid)


def _leave(world: World, pmid: int) -> None:
    draft = world.drafts[pmid]
    without = replace(
        draft,
        title=draft.title.replace(world.term, _ELSEWHERE),
        paragraphs=tuple((label, text.replace(world.term, _ELSEWHERE)) for label, text in draft.paragraphs),
        mesh=tuple(name for name in draft.mesh if world.term.casefold() not in name.casefold()),
        revised=world.today,
    )
    if without == replace(draft, revised=world.today):  # the term is not in it
        return
    _put(world, without)
    _note(world, EventKind.LEFT, pmid)
    if world.chance.random() < _TAKEN_BACK:
        _later(world, 4, 10, partial(_return, world, draft))


def _return(world: World, before: Draft) -> None:
    now = world.drafts.get(before.pmid)
    if now is None or now.types != before.types or now.links != before.links:
        return
    _put(world, replace(before, revised=world.today))
    _note(world, EventKind.RETURNED, before.pmid)


def _delete(world: World, pmid: int) -> None:
    draft = world.drafts[pmid]
    _drop(world, pmid)
    _note(world, EventKind.DELETED, pmid)
    if world.chance.random() < _RESTORED:
        _later(world, 2, 8, partial(_restore, world, draft))


def _restore(world: World, draft: Draft) -> None:
    _put(world, draft)
    _note(world, EventKind.RETURNED, draft.pmid)


def _merge(world: World, gone: int, into: int) -> None:
    if gone == into:
        return
    _drop(world, gone)
    _put(world, replace(world.drafts[into], revised=world.today))
    _note(world, EventKind.MERGED, gone, into)


def _notify(world: World, pmid: int, notice: _Notice) -> None:
    """A notice about a record: two marks and, in part, a record of its own whose number NLM links."""
    draft = world.drafts[pmid]
    if any(link.kind == notice.mark for link in draft.links):
        return
    linked = world.chance.random() < _LINKED
    source = f"{draft.journal.short}. {world.today[0]}"
    recorded = linked or world.chance.random() < _UNLINKED_RECORDS
    own = _fresh(world, _ELSEWHERE) if recorded else None
    types = (*draft.types, RETRACTED) if notice.kind is EventKind.RETRACTED else draft.types
    link = Link(notice.mark, source, own.pmid if own and linked else None)
    _put(world, replace(draft, types=types, links=(*draft.links, link), revised=world.today))
    _note(world, notice.kind, pmid, link.pmid)
    if own is not None:
        told = replace(
            own,
            title=notice.opening + draft.title,
            paragraphs=draft.paragraphs if notice.kind is EventKind.UPDATED else (),
            types=(notice.own_type,),
            journal=draft.journal,
            italic="",
            links=(Link(notice.own_mark, source, pmid),),
            references=(),
            book=False,
        )
        _put(world, told)
        _note(world, EventKind.ADDED, own.pmid)


def _publish(world: World, pmid: int) -> None:
    preprint = world.drafts.get(pmid)
    if preprint is None:
        return
    article = replace(
        _fresh(world, _ELSEWHERE),
        title=preprint.title,
        italic=preprint.italic,
        paragraphs=preprint.paragraphs,
        authors=preprint.authors,
        types=("Journal Article",),
        links=(Link("UpdateOf", "preRxiv", pmid),),
        book=False,
    )
    link = Link("UpdateIn", article.journal.short, article.pmid)
    _put(world, replace(preprint, links=(*preprint.links, link), revised=world.today))
    _put(world, article)
    _note(world, EventKind.PUBLISHED, pmid, article.pmid)
    _note(world, EventKind.ADDED, article.pmid)
