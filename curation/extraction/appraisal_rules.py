"""What the answers of a form come to by the instrument's rules: a default for people to take or to overrule.

PROBAST (Wolff et al., Ann Intern Med 2019;170:51): all questions of a domain answered Y or PY make it low; an N or PN
flags it and the assessor judges; NI makes it unclear. A domain at the worst level makes the whole so, also while
others are unrated (PROBAST+AI: Moons et al., BMJ 2025;388:e082505); otherwise the worst domain counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.extraction.instruments import (
    INCOMPLETE,
    REVIEWER,
    Consider,
    Domain,
    DomainRule,
    Instrument,
    OverallRule,
    Question,
)


@dataclass(frozen=True, slots=True)
class Derived:
    """What a rule gives: a judgement of the instrument, ``incomplete``, or ``reviewer`` where a person must judge.

    ``flags`` are the questions answered poorly, ``missing`` the questions or domains that lack, ``consider`` the
    prompts that ask for a second look at the judgement.
    """

    judgement: str
    flags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    consider: tuple[Consider, ...] = ()

    @property
    def default(self) -> str | None:
        """The judgement that holds unless the assessor says otherwise; None where they must say it."""
        return None if self.judgement in {INCOMPLETE, REVIEWER} or self.consider else self.judgement

    def asks_why(self, recorded: str, best: str) -> bool:
        """Whether recording a judgement needs a rationale: it differs from what is derived, or weighs a flag.

        What is judged directly, without questions, needs one for anything but the ``best`` level.
        """
        if self.judgement == REVIEWER and not self.flags:
            return recorded != best
        return recorded != self.judgement

    @property
    def told(self) -> str:
        """What the rule gives, in words that can follow the name of what is judged."""
        if self.judgement == INCOMPLETE:
            return f"{', '.join(self.missing)} not answered or judged yet"
        if self.flags:
            return f"{', '.join(self.flags)} answered no, which the assessor must weigh"
        if self.judgement == REVIEWER:
            return "judged directly"
        prompts = "".join(f", but consider {c.judgement}: {c.why}" for c in self.consider)
        return f"by the rules {self.judgement}{prompts}"


def domain_judgement(
    instrument: Instrument, domain: str, answers: Mapping[str, str], kind: str = ""
) -> Derived:
    """The default of one domain from its answers by question number; questions that are not applicable are skipped."""
    asked = [q for q in instrument.asked(kind) if q.domain == domain]
    missing = tuple(q.id for q in asked if not answers.get(q.id))
    if instrument.domain_rule is DomainRule.JUDGED:
        return Derived(INCOMPLETE, missing=missing) if missing else Derived(REVIEWER)
    flags = _answered(asked, answers, instrument.answers.poor)
    if missing or flags:
        return Derived(INCOMPLETE if missing else REVIEWER, flags, missing)
    if _answered(asked, answers, instrument.answers.unknown):
        return Derived(instrument.without_information)
    known = _answered(asked, answers, instrument.answers.good)
    return Derived(instrument.judgements[0] if known else REVIEWER)


def overall_judgement(instrument: Instrument, judged: Mapping[str, str], kind: str = "") -> Derived | None:
    """The overall default from the judgements of the domains, by their id; None where the instrument has none."""
    if instrument.overall_rule is OverallRule.NONE:
        return None
    found = _worst(instrument, instrument.domains, judged)
    levels = [judged.get(d.id) for d in instrument.domains]
    prompts = tuple(
        c
        for c in instrument.consider
        if c.kind in {"", kind} and c.level == found.judgement and levels.count(c.level) >= c.at_least
    )
    return Derived(found.judgement, missing=found.missing, consider=prompts)


def overall_applicability(instrument: Instrument, judged: Mapping[str, str]) -> Derived | None:
    """The overall applicability from that of the domains, by their id; None where none is judged, or no overall is."""
    if not instrument.with_applicability or instrument.overall_rule is OverallRule.NONE:
        return None
    return _worst(instrument, instrument.with_applicability, judged)


def _answered(asked: list[Question], answers: Mapping[str, str], among: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(q.id for q in asked if answers.get(q.id) in among)


def _worst(instrument: Instrument, domains: tuple[Domain, ...], judged: Mapping[str, str]) -> Derived:
    order = instrument.judgements
    missing = tuple(d.id for d in domains if d.id not in judged)
    found = [judged[d.id] for d in domains if d.id in judged]
    if order[-1] in found:
        return Derived(order[-1], missing=missing)
    if missing:
        return Derived(INCOMPLETE, missing=missing)
    return Derived(max(found, key=order.index))
