"""Attaches PDFs to the reports that their names speak of. Nothing is guessed: what is not plain is left, with why."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from curation.errors import BadInput, Refused, Usage
from curation.store import fulltexts
from curation.store.connect import Stamp
from curation.tasks.fulltext import Attempt, check_sought, kept, note_fulltext
from curation.tasks.fulltext_names import Names, is_supplement, named_in, names
from curation.tasks.fulltext_pdf import pdf_fault
from curation.tasks.review import Review
from screening.flow import Retrieval


class Outcome(StrEnum):
    """What becomes of a file that belongs to a report."""

    ATTACHED = "attached"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Taken:
    """A file and its report; UNCHANGED where the same bytes are there already."""

    file: Path
    report: int
    sha256: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Left:
    """A file that was not attached, and why."""

    file: Path
    why: str


@dataclass(frozen=True, slots=True)
class Attached:
    """What became of every file; ``overlooked`` counts files of folders that do not call themselves PDF."""

    taken: tuple[Taken, ...]
    left: tuple[Left, ...]
    overlooked: int


@dataclass(frozen=True, slots=True)
class _Found:
    file: Path
    report: int
    sha256: str


def attach(
    review: Review, paths: Sequence[Path], reviewer: str, stamp: Stamp, *, dry_run: bool = False
) -> Attached:
    """Attach the PDFs among ``paths``, folders with all that is in them.

    Each file by itself: a run that was killed is completed by the next. Raises Usage for an unknown person, and
    for paths that do not exist, all at once, before anything is attached.
    """
    review.person(reviewer)
    plan = _plan(review, paths)
    return plan if dry_run else _applied(review, plan, reviewer, stamp)


def _applied(review: Review, plan: Attached, reviewer: str, stamp: Stamp) -> Attached:
    taken, left = [], list(plan.left)
    for one in plan.taken:
        why = _stored(review, one, reviewer, stamp) if one.outcome is Outcome.ATTACHED else ""
        if why:
            left.append(Left(one.file, why))
        else:
            taken.append(one)
    return replace(plan, taken=tuple(taken), left=tuple(left))


def _stored(review: Review, one: Taken, reviewer: str, stamp: Stamp) -> str:
    """Store a file; why it could not be where it, or its report, changed since it was looked at."""
    attempt = Attempt(one.report, reviewer, Retrieval.RETRIEVED, file=one.file, sha256=one.sha256)
    try:
        note_fulltext(review, attempt, stamp)
    except (BadInput, Refused, Usage) as problem:
        return problem.message
    return ""


def _plan(review: Review, paths: Sequence[Path]) -> Attached:
    files, overlooked = _files(paths)
    known = names(review.sql)
    looked = [_looked(file, known) for file in files]
    found = [one for one in looked if isinstance(one, _Found)]
    left = [one for one in looked if isinstance(one, Left)]
    by_report: dict[int, list[_Found]] = defaultdict(list)
    for one in found:
        by_report[one.report].append(one)
    decided = [made for report in sorted(by_report) for made in _decided(review, by_report[report])]
    taken = tuple(made for made in decided if isinstance(made, Taken))
    left += [made for made in decided if isinstance(made, Left)]
    return Attached(taken, tuple(left), overlooked)


def _files(paths: Sequence[Path]) -> tuple[list[Path], int]:
    gone = tuple(f"{path} does not exist" for path in paths if not path.exists())
    if gone:
        message = "some of the files are not there; nothing was attached: name others, or leave them out"
        raise Usage(message, faults=gone)
    files: dict[Path, Path] = {}
    overlooked = 0
    for path in paths:
        for file in _inside(path) if path.is_dir() else (path,):
            if path.is_dir() and file.suffix.lower() != ".pdf":
                overlooked += 1
            else:
                files.setdefault(file.resolve(), file)
    return list(files.values()), overlooked


def _inside(folder: Path) -> Iterator[Path]:
    """Files of a folder and its folders, in order; what is hidden is none of the user's papers."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _looked(file: Path, known: Names) -> _Found | Left:
    reports = sorted(named_in(file.name, known))
    if not reports:
        return Left(file, "no DOI, PubMed number or report number of this review in its name")
    if len(reports) > 1:
        said = f"its name speaks of {_listed(f'R{n}' for n in reports)}; say which"
        return Left(file, f"{said}: {_by_hand()}")
    (report,) = reports
    if is_supplement(file.name):
        return Left(file, f"its name calls it a supplement; if it is the full text: {_by_hand(report)}")
    try:
        fault = pdf_fault(file)
        sha256 = "" if fault else _hash(file)
    except OSError as problem:
        return Left(file, f"it cannot be read: {problem.strerror or problem}")
    if fault:
        return Left(file, f"it {fault}; get it again, or if it can be read: {_by_hand(report)}")
    return _Found(file, report, sha256)


def _decided(review: Review, found: Sequence[_Found]) -> Iterator[Taken | Left]:
    """What becomes of the files of one report."""
    first, *others = found
    if any(one.sha256 != first.sha256 for one in others):
        others_of = {one.file: [o.file.name for o in found if o.sha256 != one.sha256] for one in found}
        for one in found:
            said = f"another file for R{one.report}, {_listed(others_of[one.file])}, differs"
            yield Left(one.file, f"{said}; {_by_hand(one.report)}")
        return
    made = _against_store(review, first)
    yield made
    for one in others:  # the same bytes again
        yield (
            replace(made, file=one.file, outcome=Outcome.UNCHANGED)
            if isinstance(made, Taken)
            else replace(made, file=one.file)
        )


def _against_store(review: Review, found: _Found) -> Taken | Left:
    try:
        check_sought(review.sql, review.protocol, found.report)
    except Refused as problem:
        return Left(found.file, problem.message)
    now = fulltexts.fulltext_of(review.sql, found.report)
    there = kept(review.folder, now) if now and now.event == Retrieval.RETRIEVED else None
    if now is None or there is None:
        return Taken(found.file, found.report, found.sha256, Outcome.ATTACHED)
    if now.file_sha256 != found.sha256:
        said = f"R{found.report} has another full text, {now.file_name}; to put this one in its place"
        return Left(found.file, f"{said}: {_by_hand(found.report)}")
    outcome = Outcome.UNCHANGED if there.is_file() else Outcome.ATTACHED
    return Taken(found.file, found.report, found.sha256, outcome)


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _by_hand(report: int | None = None) -> str:
    return f"livrev fulltext {'REPORT' if report is None else f'R{report}'} --retrieved FILE --as ID"


def _listed(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
