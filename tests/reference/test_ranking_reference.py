"""The order of ``asreview simulate`` (ASReview 3.0.8, its default model ELAS u4), record by record.

Recorded with scikit-learn 1.9.1 and numpy 2.4.6: one include and one exclude known, ``--prior-seed 42``, ``--seed``
as told. ``benchmarks/ranking.py`` runs ASReview itself beside ours.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from screening.backtest import simulate
from screening.ranking import Text, features

pytest.importorskip("sklearn")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Record numbers known beforehand, how many were read after them, the SHA-256 of their numbers in order.

    Of the larger sets it is the first 400 or 700 (two seeds part at 666); the benchmark compares all of every set.
    """

    name: str
    seed: int
    known: tuple[int, int]
    read: int
    order: str


RECORDED = (
    Recorded(
        "cohen_Triptans",
        42,
        (261, 258),
        474,
        "2b88df1651c9dc99c57b9b721cf884c86a2c4f0be59dcf1f06ade56ab882d437",
    ),
    Recorded(
        "cohen_ADHD", 7, (17, 716), 348, "004ba11d05907bc93ef5ddd6f356a1515fbd67899cc567886f1f9a6ebdf2d8e9"
    ),
    Recorded(
        "appenzeller_2019_wilson",
        42,
        (16, 1668),
        407,
        "089ef6ea521858bb046f40f9bbcc5cfce91840856622a9fcc683da57214b6f31",
    ),
    Recorded(
        "kwok_2020_virus",
        7,
        (1538, 311),
        400,
        "ff6f2d81cd9f5a3b8472fbe59790a61f5716b14111f1cc5f6b5352cfe8e87831",
    ),
    Recorded(
        "nagtegaal_2019",
        42,
        (1761, 1003),
        400,
        "66a14de9d0350c6e0e147a7c78dde777a1b2d9e939578a74e16a8220fd8a33f2",
    ),
    Recorded(
        "cohen_Opiods",
        42,
        (820, 1570),
        700,
        "dfdece479b5d76501414d9fd6d9ec10962c1a186c1e8362cfc5a2d615352fbfa",
    ),
    Recorded(
        "cohen_Opiods",
        7,
        (820, 1570),
        700,
        "2d8a45f1256e2b700f2074160f31b6b8ed077e1206eddee93ba54ea011d1476d",
    ),
    Recorded(
        "cohen_ACEInhibitors",
        42,
        (1534, 1782),
        400,
        "e9b6a69cddfd3971ca22088eefc5ee09ba7e15f6fa2ae044b42c4b6b1f44d1f7",
    ),
)
QUICK = {"cohen_Triptans", "cohen_ADHD"}

# Of the made-up records below: known are 3 (relevant) and 1, as ``--prior-record-id 2 0`` counts from 0.
MADE_UP_ORDER = (
    "88 12 18 68 137 159 4 74 48 128 69 113 55 139 15 23 30 122 63 89 123 56 38 73 50 91 67 117 143 110 104 129 146 "
    "36 149 20 41 32 150 46 121 25 22 106 27 151 147 154 124 78 39 94 152 144 114 108 28 19 141 60 118 158 10 62 111 "
    "156 87 65 76 77 13 133 90 105 79 98 127 109 93 157 47 160 43 116 29 82 7 101 52 134 75 120 92 24 135 16 66 45 8 "
    "6 59 112 96 102 97 86 95 138 99 37 54 53 131 5 11 31 64 103 130 84 70 145 140 83 49 81 148 35 115 42 61 44 126 "
    "14 57 2 153 9 100 107 85 17 71 142 72 119 51 80 34 58 125 33"
)


@dataclass(frozen=True, slots=True)
class Made:
    text: Text
    relevant: bool


def made_up(records: int = 160, every: int = 10) -> list[Made]:
    """Texts of invented words; the relevant ones take an eighth more of theirs from the first 25."""
    dice = Random(20261102)  # noqa: S311 - nothing secret

    def word() -> str:
        pairs = (
            "bdfgklmnprstvz"[int(14 * dice.random())] + "aeiou"[int(5 * dice.random())] for _ in range(3)
        )
        return "".join(pairs)

    words = [word() for _ in range(400)]

    def text(length: int, relevant: bool) -> str:
        reaches = (25 if relevant and dice.random() < 0.12 else 400 for _ in range(length))
        return " ".join(words[int(reach * dice.random() ** 2)] for reach in reaches)

    made = []
    for number in range(1, records + 1):
        relevant = number % every == 3
        title = text(8, relevant)
        made.append(Made(Text(number, title, "" if number % 17 == 0 else text(60, relevant)), relevant))
    return made


def test_made_up_records_are_read_in_asreviews_order() -> None:
    made = made_up()
    truth = {one.text.report: one.relevant for one in made}
    read = simulate(features(one.text for one in made), truth, (3, 1), one_by_one=True, seed=42)
    assert read.order == tuple(map(int, MADE_UP_ORDER.split()))


def test_asreviews_order_does_not_need_its_seed_where_no_scores_are_nearly_equal() -> None:
    made = made_up()
    truth = {one.text.report: one.relevant for one in made}
    texts = features(
        (one.text for one in made), "words of a protocol change nothing once there are decisions"
    )
    orders = {simulate(texts, truth, (3, 1), one_by_one=True, seed=seed).order for seed in (7, 1234)}
    assert orders == {tuple(map(int, MADE_UP_ORDER.split()))}


@pytest.mark.shared
@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(one, id=f"{one.name}-{one.seed}", marks=() if one.name in QUICK else pytest.mark.slow)
        for one in RECORDED
    ],
)
def test_labelled_sets_are_read_in_asreviews_order(shared_data: Path, recorded: Recorded) -> None:
    path = shared_data / "screening" / f"{recorded.name}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [Text(int(row["record_id"]), row["title"], row["abstract"]) for row in rows]
    truth = {int(row["record_id"]): row["label_included"] == "1" for row in rows}
    read = simulate(
        features(texts), truth, recorded.known, one_by_one=True, seed=recorded.seed, at_most=recorded.read
    )
    assert len(read.order) == recorded.read
    assert hashlib.sha256(" ".join(map(str, read.order)).encode()).hexdigest() == recorded.order
