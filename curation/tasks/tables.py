"""Tables 1 to 4 and the pooled results, now or as of a release."""

from __future__ import annotations

from curation.tasks.evidence import current_and_released, released
from curation.tasks.outputs import Output, results_table, review_tables, table_files
from curation.tasks.pool import pool, pool_of_release
from curation.tasks.review import Review


def tables(review: Review, release: str | None = None) -> list[Output]:
    """Every table as HTML, CSV and Markdown.

    Raises Usage for an unknown release.
    """
    protocol = review.protocol
    if release is None:
        evidence = current_and_released(review.store, protocol)[-1]
        results = pool(review) if protocol.syntheses else ()
    else:
        evidence = released(review.store, protocol, release)
        results = pool_of_release(review, release)
    studies = [s.study for s in evidence.studies]
    return table_files([*review_tables(studies, protocol), results_table(results)])
