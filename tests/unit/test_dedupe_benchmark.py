"""The benchmark's measures against examples worked by hand, its reading of a set, and its figures on real sets."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dedupe_benchmark", ROOT / "benchmarks" / "dedupe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


# Works: three records of one (a1 a2 a3), two of another (b1 b2), one alone (c1).
TRUTH = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "b2": "b", "c1": "c"}


def test_a_perfect_answer_removes_what_is_to_go_and_nothing_else(benchmark: ModuleType) -> None:
    one = benchmark.score(TRUTH, benchmark.Found(TRUTH, []))
    assert (one.removed_tp, one.removed_fp, one.removed_fn) == (3, 0, 0)
    assert (one.pair_tp, one.pair_fp, one.pair_fn, one.wrong_unions) == (4, 0, 0, 0)
    assert (one.removed_f1, one.pair_f1, one.queue, one.recall_after) == (1, 1, 0, 1)


def test_records_that_nothing_is_said_of_stand_alone(benchmark: ModuleType) -> None:
    one = benchmark.score(TRUTH, benchmark.Found({}, []))
    assert (one.removed_tp, one.removed_fp, one.removed_fn) == (0, 0, 3)
    assert (one.pair_tp, one.pair_fp, one.pair_fn) == (0, 0, 4)
    assert one.removed_f1 == 0


def test_a_wrong_union_loses_a_work_and_counts_once_for_each_work_too_many(benchmark: ModuleType) -> None:
    cluster = {"a1": "x", "a2": "x", "a3": "y", "b1": "x", "b2": "x", "c1": "y"}
    one = benchmark.score(TRUTH, benchmark.Found(cluster, []))
    # Kept: a1 (of x) and a3 (of y). a: 2 of 3 stay. b: none of 2 stays. c: gone.
    assert (one.removed_tp, one.removed_fp, one.removed_fn) == (1 + 1 + 0, 1 + 1, 1)
    assert one.wrong_unions == 2
    # x holds 6 pairs, 2 of them true; y holds 1, none true; of 4 true pairs 2 are missed.
    assert (one.pair_tp, one.pair_fp, one.pair_fn) == (2, 5, 2)


def test_a_queue_asks_once_about_two_clusters_and_its_answers_join_them(benchmark: ModuleType) -> None:
    cluster = {"a1": "x", "a2": "x", "a3": "y", "b1": "z", "b2": "z", "c1": "w"}
    queue = [("a1", "a3"), ("a2", "a3"), ("b1", "c1"), ("a1", "a2")]
    one = benchmark.score(TRUTH, benchmark.Found(cluster, queue))
    assert one.questions == 2
    assert one.queue == pytest.approx(100 * 2 / 6)
    assert (one.pair_tp, one.pair_tp_after, one.recall_after) == (2, 4, 1)


def test_disputed_pairs_count_neither_way(benchmark: ModuleType) -> None:
    disputed = frozenset({frozenset(("a1", "a3")), frozenset(("b1", "c1"))})
    cluster = {**TRUTH, "a3": "alone", "c1": "b"}
    one = benchmark.score(TRUTH, benchmark.Found(cluster, []), disputed)
    # True pairs a1-a2 and b1-b2 found, a2-a3 missed (a1-a3 is disputed), b2-c1 wrong (b1-c1 is disputed).
    assert (one.pair_tp, one.pair_fp, one.pair_fn) == (2, 1, 1)


def test_scores_of_sets_add_up(benchmark: ModuleType) -> None:
    one = benchmark.score(TRUTH, benchmark.Found(TRUTH, [("a1", "b1")]))
    both = one + one
    assert (both.records, both.pair_tp, both.questions, both.removed_f1) == (12, 8, 2, 1)


HEAD = "id,entrytype,title,author,year,journal,volume,number,pages,doi,abstract,isbn,url,accession,source_db,language\n"
ROWS = (
    'r1,Journal Article,Zinc in the hospitals of Calabar,"Okafor, I. M. and Ekong, E.",2018,Integr Med Res,7,1,53-60,'
    "10.5555/A,,2213-4239,,29629291,,eng\n"
    'r2,Journal Article,Zinc in the hospitals of Calabar,"Okafor, I. and Ekong, E.",2018,Integrative Medicine Research,7,,'
    "53-60,https://doi.org/10.5555/a,,,https://www.embase.com/?id=L620761946,,Embase,eng\n"
    "r3,Journal Article,Copper on the wards,,2001,Thorax,,,,,,,,CN-00168108,,\n"
)


def test_a_set_is_read_deduplicated_and_told_in_a_process(benchmark: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "records.csv").write_text(HEAD + ROWS, encoding="utf-8")
    (tmp_path / "truth.csv").write_text("id,group\nr1,g1\nr2,g1\nr3,s3\n", encoding="utf-8")
    read = [entry.citation for entry in benchmark.entries(benchmark.rows(tmp_path))]
    assert [(c.pmid, c.doi, len(c.authors)) for c in read] == [
        ("29629291", "10.5555/a", 2),
        (None, "10.5555/a", 2),
        (None, None, 0),
    ]
    assert [{kind.value for kind in c.numbers} for c in read] == [{"issn"}, {"embase"}, {"central"}]
    (found,), seconds = benchmark.in_a_process(sys.executable, benchmark.OURS, [tmp_path], "")
    assert found.cluster == {"r1": "r1", "r2": "r1", "r3": "r3"}
    assert 0 < found.seconds < seconds
    assert benchmark.score(benchmark.truth_of(tmp_path), found).removed_f1 == 1


@pytest.mark.shared
@pytest.mark.parametrize("name", ["copper", "tafenoquine", "special_cases"])
def test_small_labelled_sets_come_out_without_a_wrong_union(
    benchmark: ModuleType, shared_data: Path, name: str
) -> None:
    folder = shared_data / "dedup" / name
    one = benchmark.score(benchmark.truth_of(folder), benchmark.ours(folder, frozenset()))
    assert one.wrong_unions == 0
    assert one.removed_f1 >= benchmark.MUST_F1
    assert one.queue <= benchmark.MUST_QUEUE
    assert one.recall_after >= benchmark.MUST_RECALL
