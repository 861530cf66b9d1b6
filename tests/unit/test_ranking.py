from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.backtest import (
    Backtest,
    Dated,
    Quality,
    Untestable,
    backtest,
    cautions,
    quality,
    simulate,
)
from screening.ranking import (
    ELAS_U4,
    Basis,
    Features,
    Label,
    Parameters,
    RankingUnavailable,
    Text,
    UnusableCache,
    corpus_key,
    features,
    pack,
    protocol_text,
    rank,
    retraining_due,
    scores,
    unpack,
    until_retraining,
)

sklearn = pytest.importorskip("sklearn")

SPINE = "Radiomics of spinal metastases on magnetic resonance imaging predicts receptor status"
HEART = "Beta blockers after myocardial infarction in a randomised controlled trial"
KNEE = "Cartilage thickness of the knee in marathon runners, a cohort study"
PROTOCOL = "Radiomics and deep learning for spinal metastases"


def corpus(copies: int = 4) -> list[Text]:
    """Reports 1, 4, 7 ... are of the spine, 2, 5, 8 ... of the heart, 3, 6, 9 ... of the knee, each a little different."""
    said = [(SPINE, HEART, KNEE)[n % 3] for n in range(3 * copies)]
    extra = ("women", "men", "Hefei", "Boston", "Graz")
    return [Text(n, title, f"patients in {extra[n % 5]} {n % 2}") for n, title in enumerate(said, 1)]


def is_spine(report: int) -> bool:
    return report % 3 == 1


@pytest.fixture(scope="module")
def made() -> Features:
    return features(corpus(), PROTOCOL)


def test_without_scikit_learn_the_message_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sklearn", "sklearn.svm", "sklearn.feature_extraction.text"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RankingUnavailable, match=r"pip install 'livrev\[rank\]'"):
        features(corpus())


def test_before_any_decision_the_protocols_words_come_first(made: Features) -> None:
    ranking = rank(made, [])
    assert ranking.basis is Basis.PROTOCOL
    assert {ranked.report for ranked in ranking.order[:4]} == {1, 4, 7, 10}
    assert (ranking.includes, ranking.excludes) == (0, 0)


def test_what_was_included_first_widens_the_protocols_words(made: Features) -> None:
    ranking = rank(made, [Label(2, relevant=True)])
    assert ranking.basis is Basis.PROTOCOL
    assert set(ranking.reports[:3]) == {5, 8, 11}


def test_while_everything_was_excluded_the_protocol_stands_in_for_an_include(made: Features) -> None:
    ranking = rank(made, [Label(2, relevant=False), Label(3, relevant=False)])
    assert ranking.basis is Basis.EXCLUSIONS
    assert set(ranking.reports[:4]) == {1, 4, 7, 10}


def test_decisions_of_both_kinds_outweigh_the_protocol(made: Features) -> None:
    labels = [Label(1, relevant=False), Label(2, relevant=True), Label(3, relevant=False)]
    ranking = rank(made, labels)
    assert ranking.basis is Basis.DECISIONS
    assert set(ranking.reports[:3]) == {5, 8, 11}
    assert (ranking.includes, ranking.excludes) == (1, 2)


def test_without_decisions_and_protocol_reports_come_by_number() -> None:
    nothing_known = features(corpus())
    for labels, left in (([], range(1, 13)), ([Label(1, relevant=False)], range(2, 13))):
        ranking = rank(nothing_known, labels)
        assert ranking.basis is Basis.NUMBER
        assert ranking.reports == tuple(left)


def test_living_mode_ranks_the_new_and_learns_from_all(made: Features) -> None:
    labels = [Label(n, is_spine(n)) for n in range(1, 7)]
    ranking = rank(made, labels, among=range(7, 13))
    assert set(ranking.reports) == set(range(7, 13))
    assert set(ranking.reports[:2]) == {7, 10}
    assert (ranking.includes, ranking.excludes) == (2, 4)
    everything = rank(made, labels)
    assert everything.order == ranking.order


def test_equal_texts_come_by_report_number() -> None:
    texts = [Text(number, SPINE) for number in (40, 9, 31)] + [Text(7, HEART), Text(8, KNEE)]
    ranking = rank(features(texts), [Label(7, relevant=False), Label(8, relevant=True)])
    assert [ranked.report for ranked in ranking.order] == [9, 31, 40]
    assert len({ranked.score for ranked in ranking.order}) == 1


@settings(max_examples=25, deadline=None)
@given(
    decided=st.lists(st.tuples(st.integers(1, 12), st.booleans()), unique_by=lambda pair: pair[0]),
    texts=st.permutations(corpus()),
)
def test_every_undecided_report_is_ranked_once_whatever_order_things_come_in(
    decided: list[tuple[int, bool]], texts: list[Text]
) -> None:
    labels = [Label(report, relevant) for report, relevant in decided]
    ranking = rank(features(texts, PROTOCOL), labels)
    assert sorted(ranking.reports) == sorted(set(range(1, 13)) - {report for report, _ in decided})
    labels.sort(key=lambda label: label.report)
    assert rank(features(corpus(), PROTOCOL), labels) == ranking


def test_reports_without_a_text_are_refused(made: Features) -> None:
    with pytest.raises(ValueError, match=r"report 99 has a label and has no text \(of 2 such reports\)"):
        rank(made, [Label(99, relevant=True), Label(100, relevant=True)])
    with pytest.raises(ValueError, match="report 50 is to be ranked and has no text"):
        rank(made, [], among=[1, 50])


def test_two_labels_or_two_texts_of_one_report_are_refused(made: Features) -> None:
    with pytest.raises(ValueError, match="report 3 has two labels"):
        rank(made, [Label(3, relevant=True), Label(1, relevant=True), Label(3, relevant=False)])
    with pytest.raises(ValueError, match="report 5 has two texts"):
        features([Text(5, SPINE), Text(5, HEART)])


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: Parameters(longest_phrase=0),
        lambda: Parameters(fewest_reports=0),
        lambda: Parameters(largest_share=0.0),
        lambda: Parameters(largest_share=1.1),
        lambda: Parameters(cost=0.0),
        lambda: Parameters(include_weight=-1.0),
        lambda: Parameters(tolerance=0.0),
    ],
)
def test_impossible_parameters_are_refused(impossible: Callable[[], Parameters]) -> None:
    with pytest.raises(ValueError, match="no ranking has such parameters"):
        impossible()


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [Text(1, SPINE)],
        [Text(1, SPINE), Text(2, SPINE), Text(3, SPINE)],
        [Text(1, ""), Text(2, ""), Text(3, "")],
    ],
    ids=["none", "one", "all alike", "all empty"],
)
def test_texts_that_cannot_be_told_apart_come_by_number(texts: list[Text]) -> None:
    made = features(texts, PROTOCOL)
    labels = (
        [Label(texts[0].report, relevant=True), Label(texts[1].report, relevant=False)] if texts[2:] else []
    )
    ranking = rank(made, labels)
    assert ranking.basis is Basis.NUMBER
    assert list(ranking.reports) == [text.report for text in texts[len(labels) :]]
    again = unpack(pack(made), made.key)
    assert rank(again, labels) == ranking


def test_packed_features_give_the_same_ranking_to_the_last_digit(made: Features) -> None:
    packed = pack(made)
    again = unpack(packed, corpus_key(corpus(), PROTOCOL))
    for labels in ([], [Label(1, relevant=True), Label(2, relevant=False)], [Label(2, relevant=False)]):
        assert rank(again, labels) == rank(made, labels)
    assert pack(again) == packed
    assert pack(features(corpus(), PROTOCOL)) == packed


def test_damaged_or_foreign_packed_features_are_refused(made: Features) -> None:
    packed = pack(made)
    for place in (0, 20, 60, len(packed) // 2, len(packed) - 1):
        broken = packed[:place] + bytes([packed[place] ^ 1]) + packed[place + 1 :]
        with pytest.raises(UnusableCache, match="damaged"):
            unpack(broken, made.key)
    for short in (b"", packed[:30], packed[:-1]):
        with pytest.raises(UnusableCache, match="damaged or cut short"):
            unpack(short, made.key)
    with pytest.raises(UnusableCache, match="other texts or parameters"):
        unpack(packed, corpus_key(corpus(5), PROTOCOL))


def test_packed_features_of_another_scikit_learn_are_refused(
    made: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(made)
    monkeypatch.setattr(sklearn, "__version__", "0.0")
    with pytest.raises(UnusableCache, match="another version of scikit-learn"):
        unpack(packed, made.key)


def test_the_key_tells_corpora_and_their_terms_apart_and_nothing_else() -> None:
    texts = corpus()
    key = corpus_key(texts, PROTOCOL)
    assert corpus_key(reversed(texts), PROTOCOL) == key
    assert corpus_key(texts, PROTOCOL, replace(ELAS_U4, cost=1.0, include_weight=1.0)) == key
    different = {
        corpus_key(texts),
        corpus_key(texts[1:], PROTOCOL),
        corpus_key([*texts[:-1], replace(texts[-1], abstract="")], PROTOCOL),
        corpus_key([*texts[:-1], Text(12, KNEE + " patients", "in men 1")], PROTOCOL),
        corpus_key(texts, PROTOCOL, replace(ELAS_U4, longest_phrase=1)),
        corpus_key(texts, PROTOCOL, replace(ELAS_U4, fewest_reports=2)),
        corpus_key(texts, PROTOCOL, replace(ELAS_U4, largest_share=0.5)),
    }
    assert len(different) == 7
    assert key not in different


def test_learning_anew_is_due_at_every_tenth_more_labels() -> None:
    fits, trained_on = [], 0
    for labels in range(1, 101):
        if retraining_due(trained_on, labels - trained_on):
            fits.append(labels)
            trained_on = labels
    assert fits[:20] == list(range(1, 21))
    assert fits[20:] == [22, 24, 26, 28, 30, 33, 36, 39, 42, 46, 50, 55, 60, 66, 72, 79, 86, 94]
    assert not retraining_due(1000, 99)
    assert retraining_due(1000, 100)
    assert until_retraining(0) == 1


def test_of_a_strategy_only_what_is_asked_for_is_taken() -> None:
    pubmed = '("spinal metastases"[tiab] OR vertebra*[tiab]) AND radiomics[MeSH Terms] NOT ("animals"[mh] NOT "humans"[mh])'
    assert (
        protocol_text("T", "Q?", ["adults"], [pubmed])
        == "T\nQ?\nadults\nspinal metastases vertebra* radiomics"
    )
    ovid = "1 exp spinal neoplasms/ and (radiomic$ adj3 model).ti,ab. not editorial.pt."
    assert protocol_text("", "", strategies=[ovid]) == "spinal neoplasms radiomic$ model"
    embase = "'spine metastasis'/exp AND radiomics:ti,ab,kw NOT (conference AND abstract)"
    assert protocol_text("", "", strategies=[embase]) == "spine metastasis radiomics"
    assert protocol_text("", "", strategies=["TS=(bone NEAR/3 cancer) NOT"]) == "bone cancer"
    assert protocol_text("A title", "") == "A title"


def test_what_the_title_says_of_the_review_itself_is_left_out() -> None:
    title = "Radiomics in bone: a living systematic review and meta-analysis"
    assert protocol_text(title, "Which reviews?").split() == [
        "Radiomics",
        "in",
        "bone:",
        "a",
        "and",
        "Which",
        "?",
    ]


def test_words_without_meaning_in_the_protocol_draw_nothing_forward() -> None:
    texts = [Text(1, "The heart of the matter and the knee"), Text(2, "Spinal radiomics"), Text(3, "Knee")]
    assert rank(features(texts, "the and of the radiomics"), []).reports[0] == 2
    assert rank(features(texts, "the and of the"), []).basis is Basis.NUMBER


def test_figures_of_an_order_are_those_counted_by_hand() -> None:
    first = [True] * 10 + [False] * 90
    assert quality(first) == Quality(100, 10, 0.85, 1.0, 10)
    last = [False] * 90 + [True] * 10
    assert quality(last) == Quality(100, 10, -0.05, 0.0, 100)
    # 20 relevant: 95 % are 19, the 19th of which stands at 31; 5 of them stand in the first 10 of 100.
    ranks = [1, 3, 5, 7, 9, *range(17, 30), 31, 80]
    mixed = quality([rank in ranks for rank in range(1, 101)])
    assert mixed == Quality(100, 20, 0.64, 0.25, 80)


def test_shares_are_rounded_up_in_whole_reports() -> None:
    # A tenth of 11 is two reports; 95 % of 3 are all three.
    found = quality([False, True, True, False, True, *[False] * 6])
    assert isinstance(found, Quality)
    assert (found.wss95, found.recall10, found.last) == (float(Fraction(95, 100) - Fraction(5, 11)), 1 / 3, 5)


def test_an_order_without_anything_relevant_has_no_figures() -> None:
    assert quality([False] * 5) == Untestable("no report of the order is relevant")
    assert quality([]) == Untestable("no report of the order is relevant")


def dated(eras: dict[int, int]) -> list[Dated]:
    return [Dated(report, is_spine(report), era) for report, era in eras.items()]


def test_a_backtest_ranks_the_newest_searches_by_the_earlier_decisions(made: Features) -> None:
    eras = (
        dict.fromkeys(range(1, 7), 2020)
        | dict.fromkeys(range(7, 10), 2021)
        | dict.fromkeys((10, 11, 12), 2022)
    )
    # Three tenths of 12 are 3.6: 2022 alone fits, 2021 and 2022 together do not.
    assert backtest(made, dated(eras)) == Backtest(9, 3, 2022, Quality(3, 1, float(0.95 - 1 / 3), 1.0, 1))


def test_a_last_search_larger_than_three_tenths_is_held_out_whole(made: Features) -> None:
    eras = dict.fromkeys(range(1, 4), 0) | dict.fromkeys(range(4, 13), 1)
    tested = backtest(made, dated(eras))
    assert isinstance(tested, Backtest)
    assert (tested.trained_on, tested.since, tested.quality.reports) == (3, 1, 9)


def test_a_backtest_learns_nothing_from_what_it_is_tested_on(made: Features) -> None:
    eras = dict.fromkeys(range(1, 10), 0) | dict.fromkeys((10, 11, 12), 1)
    earlier = [Label(n, is_spine(n)) for n in range(1, 10)]
    order = rank(made, earlier, among=(10, 11, 12)).reports
    for wanted in (10, 11, 12):
        decisions = [Dated(n, n == wanted if era else is_spine(n), era) for n, era in eras.items()]
        tested = backtest(made, decisions)
        assert isinstance(tested, Backtest)
        assert tested.quality.last == order.index(wanted) + 1


def test_a_backtest_says_why_there_is_none(made: Features) -> None:
    assert backtest(made, []) == Untestable("all decisions belong to one search")
    assert backtest(made, dated(dict.fromkeys(range(1, 13), 4))) == Untestable(
        "all decisions belong to one search"
    )
    alike = dated({1: 0, 4: 0, 2: 1})
    assert backtest(made, alike) == Untestable("the decisions before the last searches are all of one kind")
    assert str(backtest(made, [])) == "How well it ranks cannot be told: all decisions belong to one search."
    nothing = dated(dict.fromkeys(range(1, 10), 0) | {11: 1, 12: 1})
    assert backtest(made, nothing) == Untestable("the last searches found nothing relevant")


def test_few_includes_a_cold_start_and_a_poor_backtest_are_said(made: Features) -> None:
    none = cautions(rank(made, []), Untestable("all decisions belong to one search"))
    assert none == (
        "The order was made from likeness to the protocol's words and to what was included.",
        "Only 0 included among 0 decisions (fewer than 10): the order may mislead; screen all of it.",
        "How well it ranks cannot be told: all decisions belong to one search.",
    )
    ranking = rank(made, [Label(n, is_spine(n)) for n in range(1, 7)])
    poor = Backtest(100, 12, 2024, Quality(50, 5, 0.12, 0.2, 48))
    assert cautions(replace(ranking, includes=10), poor) == (
        "On the last searches it would have saved 12 % of the work at 95 % recall (less than 30 %): screen all of it.",
    )
    assert str(poor) == (
        "Learnt from 100 decisions (12 included) before 2024, it ranked 50 later ones with 5 relevant: WSS@95 0.12, "
        "recall in the first 10 % 0.20, the last one at 48."
    )
    good = replace(poor, quality=replace(poor.quality, wss95=0.3))
    assert cautions(replace(ranking, includes=10), good) == ()
    assert len(cautions(replace(ranking, includes=9), good)) == 1


def test_a_simulation_reads_each_report_once_and_stops_at_the_last_relevant_one(made: Features) -> None:
    truth = {n: is_spine(n) for n in range(1, 13)}
    done = simulate(made, truth)
    assert sorted(done.order) == [1, 4, 7, 10]
    assert done.fits == 4
    assert simulate(made, truth, at_most=3).order == done.order[:3]
    with pytest.raises(ValueError, match="some reports have a decision and no text"):
        simulate(made, {**truth, 77: True})
    known = simulate(made, truth, (2, 1))
    assert sorted(known.order) == [4, 7, 10]


def test_a_simulation_learns_after_every_decision_or_as_it_falls_due() -> None:
    texts = corpus(40)
    made = features(texts, "heart")
    hidden = {text.report: text.report == 118 for text in texts}
    each = simulate(made, hidden, one_by_one=True)
    assert each.fits == len(each.order)
    seldom = simulate(made, hidden)
    assert len(set(seldom.order)) == len(seldom.order)
    assert seldom.order[-1] == each.order[-1] == 118
    assert seldom.fits < len(seldom.order)


def test_scores_are_given_for_decided_reports_too(made: Features) -> None:
    labels = [Label(1, relevant=True), Label(2, relevant=False)]
    basis, values = scores(made, labels)
    assert basis is Basis.DECISIONS
    assert values.shape == (12,)
    assert values[0] > values[1]
