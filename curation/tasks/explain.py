"""The published results beside the recommended ones, now or as of a release, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from curation.errors import Refused
from curation.protocol import Dependence, Estimator, MeanInterval, Method, Synthesis
from curation.report.differences import Choice, Difference, paragraph
from curation.synthesis.analysis import Item, chosen_items
from curation.synthesis.effects import raw_se
from curation.synthesis.pooled import Pooled
from curation.tasks.pool import Gathered, at, main, pooled_items
from curation.tasks.review import Review


@dataclass(frozen=True, slots=True)
class Explained:
    """Two results over the same kinds of validation, and why they differ."""

    evidence: str
    published: Synthesis
    recommended: Synthesis
    difference: Difference
    paragraph: str


def explain(review: Review, release: str | None = None) -> tuple[Explained, ...]:
    """Each published result beside the primary one over its kinds of validation, or else beside every recommended one.

    Now, or as of a release. Raises Usage for an unknown release, Refused where there are no two results to compare.
    """
    found = tuple(over(main(review), at(review, release)))
    if not found:
        message = "nothing to compare: review.toml declares no published and recommended synthesis with a result each"
        raise Refused(message)
    return found


def over(declared: Sequence[Synthesis], now: Gathered) -> Iterator[Explained]:
    """The pairs over one evidence."""
    for published in (s for s in declared if s.method is Method.PUBLISHED):
        for recommended in _beside(published, declared):
            difference = _difference(published, recommended, now)
            if difference is not None:
                said = paragraph(difference)
                yield Explained(now.evidence.name, published, recommended, difference, said)


def _beside(published: Synthesis, declared: Sequence[Synthesis]) -> list[Synthesis]:
    same_kind = [
        s
        for s in declared
        if s.method is Method.RECOMMENDED and set(s.validation) <= set(published.validation)
    ]
    return [s for s in same_kind if s.primary] or same_kind


def _difference(published: Synthesis, recommended: Synthesis, now: Gathered) -> Difference | None:
    old = pooled_items(published, now.evidence.name, now.items).result
    new = pooled_items(recommended, now.evidence.name, now.items).result
    if (
        old is None or new is None or new.k == 1
    ):  # of one AUC nothing is pooled, and there is nothing to explain
        return None
    way = tuple(_way(published, recommended, now.items))
    labels = [item.patients for item in chosen_items(published, now.items)]
    return Difference(
        published_title=published.title,
        recommended_title=recommended.title,
        published=old,
        choices=(*way, Choice(_last(recommended, new.k), new)),
        recommended=new,
        again=len(labels) - len(set(labels)),
    )


def _way(published: Synthesis, recommended: Synthesis, items: Sequence[Item]) -> Iterator[Choice]:
    """Each choice with all before it; one that changes nothing is left out."""
    chosen = chosen_items(recommended, items)
    usable = tuple(item for item in chosen if raw_se(item.estimate) is not None)
    plain = replace(recommended, estimator=Estimator.COMMON, interval=MeanInterval.WALD)
    if len(chosen) < len(chosen_items(published, items)):
        yield Choice(f"only the {len(chosen)} AUCs of this analysis", _result(published, chosen))
    if len(usable) < len(chosen):
        bare = len(chosen) - len(usable)
        said = "the one that reports" if bare == 1 else f"the {bare} that report"
        yield Choice(f"without {said} no interval", _result(published, usable))
    yield Choice(f"on the {recommended.scale} scale", _result(plain, chosen))
    if recommended.estimator is not Estimator.COMMON:
        wald = replace(recommended, interval=MeanInterval.WALD)
        free = _result(wald, chosen)
        tau2 = "" if free is None or free.tau2 is None else f"tau² {free.tau2:.3f} by "
        yield Choice(f"with random effects ({tau2}{recommended.estimator})", free)


def _result(synthesis: Synthesis, items: Sequence[Item]) -> Pooled | None:
    # The items are those of the recommended synthesis, whatever the published one is about.
    kinds = tuple(dict.fromkeys(item.estimate.validation for item in items)) or synthesis.validation
    about = replace(synthesis, markers=(), outcomes=(), validation=kinds)
    return pooled_items(about, "", items).result


def _last(recommended: Synthesis, k: int) -> str:
    if recommended.dependence is Dependence.THREE_LEVEL:
        return "with studies and the estimates within them apart"
    return {
        MeanInterval.GUARDED: f"with Hartung and Knapp's interval (t on {k - 1} degrees of freedom), its factor not below 1",
        MeanInterval.HARTUNG_KNAPP: f"with Hartung and Knapp's interval (t on {k - 1} degrees of freedom)",
        MeanInterval.WALD: "with all that is declared besides",
    }[recommended.interval]
