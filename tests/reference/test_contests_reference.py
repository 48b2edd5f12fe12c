"""A comparison that can be done by hand: 80 passages of one question, worked out by scipy and statsmodels."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from robustness.domain import Polarity
from robustness.judging.comparisons import adjusted
from robustness.judging.contests import Condition, contest
from robustness.results import Outcome
from robustness.stats import closed_form

SUITE = SimpleNamespace(fingerprint="by hand")
ATTACK = Condition("foreign-sentence", 1, Polarity.ATTACK)

BOTH, LOST, WON, NEITHER = 40, 20, 6, 14
"""The flip matrix: the reference is right on 60 of 80 (75 %), the contestant on 46 (57.5 %)."""


def outcome(place: int, credit: float) -> Outcome:
    name = f"p{place:03d}#q1"
    return Outcome(
        id=f"{name}~foreign-sentence.1",
        source=name,
        attack="foreign-sentence",
        severity=1,
        group=f"p{place:03d}",
        status="ok",
        degraded=False,
        chance_clean=0.25,
        chance=0.25,
        clean_credit=1.0,
        credit=credit,
        same_choice=credit,
        top=0.5,
        brier=0.5,
        margin_change=0.0,
        confidence_clean=0.5,
        confidence=0.5,
        planted=math.nan,
        visible_share=1.0,
    )


def run(credits_: list[float]) -> dict[str, Outcome]:
    rows = [outcome(place, credit) for place, credit in enumerate(credits_)]
    return {row.id: row for row in rows}


REFERENCE = [1.0] * (BOTH + LOST) + [0.0] * (WON + NEITHER)
CONTESTANT = [1.0] * BOTH + [0.0] * LOST + [1.0] * WON + [0.0] * NEITHER


@pytest.fixture(scope="module")
def played():
    return contest(SUITE, [run(CONTESTANT)], [run(REFERENCE)], condition=ATTACK, margin=0.3)


def test_the_difference_is_won_minus_lost_over_all(played):
    assert (played.found.value, played.found.baseline) == (46 / 80, 60 / 80)
    assert played.found.difference.value == pytest.approx((WON - LOST) / 80)
    assert (played.found.n, played.found.clusters) == (80, 80)


def test_the_interval_is_near_scipys_bca_and_never_narrower(played):
    change = np.subtract(CONTESTANT, REFERENCE)
    theirs = bootstrap((change,), np.mean, n_resamples=20_000, method="BCa", rng=0).confidence_interval
    ours = played.found.difference
    assert ours.low == pytest.approx(theirs.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.high, abs=0.015)
    assert ours.high - ours.low >= theirs.high - theirs.low


def test_the_p_value_is_near_the_exact_sign_test_where_passages_have_one_question(played):
    exact = mcnemar([[BOTH, LOST], [WON, NEITHER]], exact=True).pvalue
    assert exact == pytest.approx(binomtest(WON, WON + LOST).pvalue)
    assert closed_form.mcnemar(LOST, WON) == pytest.approx(exact)
    # 0.009 by McNemar; the clustered bootstrap knows the spread of the passages and not the binomial.
    assert played.found.p_value == pytest.approx(exact, abs=0.008)


def test_equivalence_is_near_the_two_t_tests(played):
    p_value = ttost_paired(np.array(CONTESTANT), np.array(REFERENCE), -0.3, 0.3)[0]
    assert played.p_equivalent == pytest.approx(p_value, abs=0.01)


def test_no_margin_asks_for_no_equivalence():
    assert contest(SUITE, [run(CONTESTANT)], [run(REFERENCE)], condition=ATTACK).p_equivalent is None


def test_holm_over_the_comparisons_is_statsmodels(played):
    raw = [played.found.p_value, 0.001, 0.04, 0.03, 0.5]
    corrected = adjusted([replace(played.found, p_value=p) for p in raw])
    assert [one.p_adjusted for one in corrected] == pytest.approx(multipletests(raw, method="holm")[1])
    # By hand: the smallest of five is counted five times, the next four times, and none below the last.
    assert corrected[1].p_adjusted == pytest.approx(5 * 0.001)
    assert corrected[4].p_adjusted == 0.5


def test_the_clustered_p_value_grows_where_passages_share_their_questions():
    """The same 80 answers in 20 passages of four that flip together say less."""

    def grouped(credits_: list[float]) -> dict[str, Outcome]:
        rows = run(credits_)
        return {name: replace(row, group=f"g{place // 4}") for place, (name, row) in enumerate(rows.items())}

    apart = contest(SUITE, [run(CONTESTANT)], [run(REFERENCE)], condition=ATTACK).found
    together = contest(SUITE, [grouped(CONTESTANT)], [grouped(REFERENCE)], condition=ATTACK).found
    assert together.clusters == 20
    assert together.p_value is not None
    assert apart.p_value is not None
    assert together.p_value > apart.p_value
