"""Ratios of two groups' risks or odds, pooled by the counts themselves: sound where outcomes are rare.

Mantel, Haenszel, J Natl Cancer Inst 1959;22:719-748. Variances: of the risk ratio Greenland, Robins, Biometrics
1985;41:55-68; of the odds ratio Robins, Breslow, Greenland, Biometrics 1986;42:311-323. As metafor's ``rma.mh``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from curation.errors import BadInput, Refused
from curation.synthesis.generic import Measure, Measured, Table

if TYPE_CHECKING:
    from collections.abc import Sequence


def mantel_haenszel(tables: Sequence[Table], measure: Measure) -> Measured:
    """Common RISK_RATIO or ODDS_RATIO of the first group to the second (log), with its standard error.

    No count is corrected: a study without any event adds nothing. Raises Refused without tables and where one of
    the groups has no event (or, for odds, nobody without one) in any study.
    """
    if measure not in {Measure.RISK_RATIO, Measure.ODDS_RATIO}:
        raise BadInput(f"Mantel and Haenszel's method is for risk and odds ratios here, not for {measure}")
    terms = [_risks(table) if measure is Measure.RISK_RATIO else _odds(table) for table in tables]
    above, below, variance = (
        (math.fsum(column) for column in zip(*terms, strict=True)) if terms else (0, 0, 0)
    )
    if not (above and below):
        raise Refused(
            "the studies' counts give no ratio: in one of the groups nobody has the outcome (or all)"
        )
    if measure is Measure.RISK_RATIO:
        return Measured(math.log(above / below), math.sqrt(variance / (above * below)), measure)
    return Measured(math.log(above / below), _robins(tables, above, below), measure)


def _risks(table: Table) -> tuple[float, float, float]:
    a, _, c, _ = table.cells
    n = table.n1 + table.n2
    return a * table.n2 / n, c * table.n1 / n, (table.n1 * table.n2 * (a + c) - a * c * n) / n**2


def _odds(table: Table) -> tuple[float, float, float]:
    a, b, c, d = table.cells
    n = table.n1 + table.n2
    return a * d / n, b * c / n, 0.0


def _robins(tables: Sequence[Table], above: float, below: float) -> float:
    same_above = mixed = same_below = 0.0
    for table in tables:
        a, b, c, d = table.cells
        n = table.n1 + table.n2
        r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
        same_above, mixed, same_below = same_above + p * r, mixed + p * s + q * r, same_below + q * s
    variance = same_above / above**2 + mixed / (above * below) + same_below / below**2
    return math.sqrt(variance / 2)
