"""Studies that the last release does not hold: looked up without pooling anything, so that a quick command may ask."""

from __future__ import annotations

from curation.store import releases
from curation.tasks.evidence import Evidence, current_and_released
from curation.tasks.review import Review


def unintegrated(review: Review) -> tuple[str, ...]:
    """Labels of the studies with an AUC that came since the last release; none before the first."""
    if not releases.releases(review.sql):
        return ()
    found = current_and_released(review.store, review.protocol)
    return new_studies(found[-2], found[-1]) if found[-1].release is None else ()


def new_studies(then: Evidence, now: Evidence) -> tuple[str, ...]:
    """Labels of the studies with an AUC that only the later evidence has."""
    known = {s.study.key for s in then.studies if s.study.evaluations}
    return tuple(s.study.label for s in now.studies if s.study.evaluations and s.study.key not in known)


def enough_new_studies(review: Review) -> tuple[str, ...]:
    """Those studies, where they are as many as the protocol's integration rule asks for; else none."""
    asked = review.protocol.living.rule.new_studies
    found = unintegrated(review) if asked else ()
    return found if len(found) >= max(asked, 1) else ()
