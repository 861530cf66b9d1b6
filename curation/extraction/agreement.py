"""How far two extractors agree, field by field, on what they entered before either saw the other's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from curation.extraction.compare import Compared, Standing
from curation.extraction.form import Form, Kind
from curation.extraction.values import folded


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """Cells of a field that were compared, and how many agreed; of a table, its rows that both have.

    ``kappa`` (Cohen, Educ Psychol Meas 1960;20:37) for choices of one word, None where it is not defined.
    """

    path: str
    label: str
    cells: int
    agreed: int
    kappa: float | None


def agreement(form: Form, studies: Iterable[Iterable[Compared]]) -> tuple[FieldAgreement, ...]:
    """Agreement in every field that was filled in, in the form's order; what is not compared is left out."""
    by_path: dict[str, list[Compared]] = {}
    for study in studies:
        for one in study:
            by_path.setdefault(one.cell.path, []).append(one)
    found = []
    for path in form.paths():
        column, table = form.cell(path), form.table(path)
        cells = by_path.get(path, [])
        if cells and (table is not None or (column is not None and column.compared)):
            single = column is not None and column.kind is Kind.CHOICE and not column.many
            agreed = sum(one.standing.agreed for one in cells)
            found.append(
                FieldAgreement(path, cells[0].label, len(cells), agreed, _kappa(cells) if single else None)
            )
    return tuple(found)


def _kappa(cells: list[Compared]) -> float | None:
    pairs = [
        (folded(one.first.text), folded(one.second.text))
        for one in cells
        if one.first and one.second and one.standing is not Standing.ONE
    ]
    if not pairs:
        return None
    n = len(pairs)
    seen = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[word] * second[word] for word in first) / n**2
    return None if chance == 1 else (seen - chance) / (1 - chance)
