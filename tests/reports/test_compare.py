"""Comparisons of stored runs against what scipy and statsmodels make of the same flip matrix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from robustness.domain import Polarity
from robustness.errors import UsageError
from robustness.reports.compare import compare, standing
from robustness.reports.compared import Match, RunsCompared, Standing
from robustness.reports.contestants import contestants, refuse_different_suites
from robustness.results import Comparison, Estimate
from tests.reports.stored_runs import ATTACK, keep, questions

BOTH, LOST, WON, NEITHER = 40, 20, 6, 14
"""The flip matrix: the reference is right on 60 of 80 items (75 %), the contestant on 46 (57.5 %)."""
REFERENCE = [True] * (BOTH + LOST) + [False] * (WON + NEITHER)
CONTESTANT = [True] * BOTH + [False] * LOST + [True] * WON + [False] * NEITHER


def beside(*folders: Path | str, **asked: object) -> RunsCompared:
    return compare(contestants([str(folder) for folder in folders], Path("reports")), **asked)  # type: ignore[arg-type]


def under_attack(compared: RunsCompared, contestant: str = "") -> Match:
    return next(m for m in compared.matches if m.found.attack == ATTACK and contestant in {"", m.contestant})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    reports = tmp_path_factory.mktemp("reports")
    suite = questions()
    return keep(reports / "old", suite, REFERENCE), keep(reports / "new", suite, CONTESTANT)


@pytest.fixture(scope="module")
def made(pair: tuple[Path, Path]) -> RunsCompared:
    return beside(*pair)


def test_the_flip_matrix_and_its_test_are_those_of_statsmodels(made: RunsCompared):
    flips = under_attack(made).flips
    assert flips is not None
    assert (flips.both, flips.lost, flips.won, flips.neither) == (BOTH, LOST, WON, NEITHER)
    exact = mcnemar([[BOTH, LOST], [WON, NEITHER]], exact=True).pvalue
    assert flips.p_value == pytest.approx(exact)
    assert exact == pytest.approx(0.0094, abs=1e-4)


def test_the_difference_is_won_minus_lost_over_all_items(made: RunsCompared):
    found = under_attack(made).found
    assert (found.baseline, found.value) == (60 / 80, 46 / 80)
    assert found.difference.value == pytest.approx((WON - LOST) / 80)
    assert (found.n, found.clusters) == (80, 80)


def test_the_interval_is_near_the_bootstrap_of_scipy_and_never_narrower(made: RunsCompared):
    change = np.subtract(CONTESTANT, REFERENCE, dtype=float)
    theirs = bootstrap((change,), np.mean, n_resamples=20_000, method="BCa", rng=0).confidence_interval
    ours = under_attack(made).found.difference
    assert ours.low == pytest.approx(theirs.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.high, abs=0.015)
    assert ours.low is not None
    assert ours.high is not None
    assert ours.high - ours.low >= theirs.high - theirs.low


def test_the_correction_is_holm_of_statsmodels_over_all_rows_of_the_page(made: RunsCompared):
    raw = [m.found.p_value for m in made.matches]
    assert [m.found.p_adjusted for m in made.matches] == pytest.approx(multipletests(raw, method="holm")[1])
    assert len(raw) == 2


def test_the_standings_follow_from_the_corrected_values(made: RunsCompared):
    assert [(m.found.attack, m.standing) for m in made.matches] == [
        ("clean", Standing.UNDECIDED),
        (ATTACK, Standing.WORSE),
    ]


def test_the_other_way_round_says_the_opposite(pair: tuple[Path, Path], made: RunsCompared):
    back, there = under_attack(beside(*pair[::-1])), under_attack(made)
    assert back.standing is Standing.BETTER
    assert back.found.difference.value == pytest.approx(-(there.found.difference.value or 0))
    assert back.flips is not None
    assert (back.flips.lost, back.flips.won) == (WON, LOST)
    assert back.found.p_value == pytest.approx(there.found.p_value, abs=0.002)


def test_items_are_joined_by_id_whatever_order_they_lie_in(pair: tuple[Path, Path], tmp_path: Path):
    suite = questions()
    turned = replace(suite, examples=suite.examples[::-1], variants=suite.variants[::-1])
    again = keep(tmp_path / "new", turned, CONTESTANT[::-1])
    assert under_attack(beside(pair[0], again)) == under_attack(beside(*pair))


def test_those_who_flipped_are_shown_in_both_directions(made: RunsCompared):
    flips = under_attack(made).flips
    assert flips is not None
    ids = [
        [int(item.id.split("#")[0].removeprefix("camp")) for item in side]
        for side in (flips.lost_items, flips.won_items)
    ]
    assert [len(side) for side in ids] == [3, 3]
    assert set(ids[0]) <= set(range(BOTH, BOTH + LOST))
    assert set(ids[1]) <= set(range(BOTH + LOST, BOTH + LOST + WON))
    shown = flips.lost_items[0]
    assert shown.question == "What did Leo leave at home?"
    gold = shown.options[0]
    assert (gold.gold, gold.chosen_reference, gold.chosen_contestant) == (True, True, False)
    assert gold.reference > 0.8 > 0.2 > gold.contestant


def test_passages_of_four_that_flip_together_say_less(tmp_path: Path, made: RunsCompared):
    suite = questions(240, together=8)
    more = [
        keep(tmp_path / name, suite, right * 3) for name, right in (("old", REFERENCE), ("new", CONTESTANT))
    ]
    apart = [
        keep(tmp_path / f"{name}1", questions(240), right * 3)
        for name, right in (("old", REFERENCE), ("new", CONTESTANT))
    ]
    together, alone = under_attack(beside(*more)).found, under_attack(beside(*apart)).found
    assert (together.clusters, alone.clusters) == (30, 240)
    assert together.difference.value == pytest.approx(alone.difference.value)
    assert (together.p_value or 0) > (alone.p_value or 1)


@pytest.mark.parametrize("margin", [None, 0.2])
def test_the_same_answers_are_undecided_without_a_margin_and_equivalent_within_a_wide_one(
    margin: float | None, tmp_path: Path
):
    suite = questions()
    same = [keep(tmp_path / name, suite, REFERENCE) for name in ("old", "new")]
    found = under_attack(beside(*same, margin=margin))
    assert found.standing is (Standing.EQUIVALENT if margin else Standing.UNDECIDED)
    assert found.found.difference.value == 0


def test_fewer_than_thirty_passages_decide_nothing(tmp_path: Path):
    suite = questions(29)
    runs = [keep(tmp_path / "old", suite, [True] * 29), keep(tmp_path / "new", suite, [False] * 29)]
    assert under_attack(beside(*runs)).standing is Standing.UNDECIDED


FOUND = Comparison("a", 1, "accuracy", 0.5, 0.6, Estimate(-0.1, -0.2, -0.01), 0.01, 0.02, 90, 40)


@pytest.mark.parametrize(
    ("changes", "p_equivalent", "expected"),
    [
        ({}, None, Standing.WORSE),
        ({}, 0.04, Standing.EQUIVALENT),
        ({}, 0.06, Standing.WORSE),
        ({"difference": Estimate(0.1, 0.01, 0.2)}, None, Standing.BETTER),
        ({"measure": "margin_retained"}, None, Standing.BETTER),
        ({"measure": "margin_retained", "difference": Estimate(0.1)}, None, Standing.WORSE),
        ({"measure": "auroc"}, None, Standing.WORSE),
        ({"p_adjusted": 0.05}, None, Standing.WORSE),
        ({"p_adjusted": 0.0501}, None, Standing.UNDECIDED),
        ({"difference": Estimate(0.0)}, None, Standing.UNDECIDED),
        ({"clusters": 29}, 0.01, Standing.UNDECIDED),
        ({"p_adjusted": None}, None, Standing.NOT_MEASURED),
        ({"difference": Estimate(None)}, 0.01, Standing.NOT_MEASURED),
    ],
)
def test_each_standing_needs_what_it_says(
    changes: dict[str, object], p_equivalent: float | None, expected: Standing
):
    assert standing(replace(FOUND, **changes), p_equivalent) is expected  # type: ignore[arg-type]


SEEDS = ([True] * 70 + [False] * 10, [True] * 60 + [False] * 20, [True] * 50 + [False] * 30)


def test_seeds_of_one_model_stand_for_it_by_their_mean_and_widen_the_interval(
    pair: tuple[Path, Path], tmp_path: Path
):
    seeds = [keep(tmp_path / f"seed{n}", questions(), right) for n, right in enumerate(SEEDS)]
    pooled = beside(pair[0], "trained=" + ",".join(map(str, seeds)))
    found = under_attack(pooled)
    assert (found.contestant, len(pooled.contestants[0].runs)) == ("trained", 3)
    means = [np.mean(right) for right in SEEDS]
    assert found.found.value == pytest.approx(np.mean(means))
    assert found.spread[0] == pytest.approx(np.std(means, ddof=1))
    assert found.spread[1] is None
    single = under_attack(beside(pair[0], seeds[1])).found.difference
    wide = found.found.difference
    assert width(wide) > 1.5 * width(single)


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_an_item_that_some_seeds_lose_is_lost_in_part(pair: tuple[Path, Path], tmp_path: Path):
    seeds = [keep(tmp_path / f"seed{n}", questions(), right) for n, right in enumerate(SEEDS)]
    flips = under_attack(beside(pair[0], ",".join(map(str, seeds)))).flips
    # The reference is right on 0-59. Of the seeds all are on 0-49, two on 50-59, one on 60-69.
    assert flips is not None
    assert (flips.both, flips.lost, flips.won, flips.neither) == (50, 10, 10, 10)


def test_two_runs_of_one_checkpoint_are_no_two_seeds(pair: tuple[Path, Path], tmp_path: Path):
    again = keep(tmp_path / "again", questions(), CONTESTANT, model="new")
    with pytest.raises(UsageError, match="2 runs of one and the same model"):
        beside(pair[0], f"{pair[1]},{again}")


def test_ranks_are_tied_wherever_no_difference_is_shown(tmp_path: Path):
    suite = questions()
    close = [True] * 62 + [False] * 18
    rights = {"first": REFERENCE, "near": close, "far": [True] * 10 + [False] * 70}
    made = beside(*(keep(tmp_path / name, suite, right) for name, right in rights.items()))
    ranking = next(r for r in made.rankings if r.attack == ATTACK)
    assert [(r.contestant, r.best, r.worst) for r in ranking.ranks] == [
        ("near", 1, 2),
        ("first", 1, 2),
        ("far", 3, 3),
    ]
    clean = next(r for r in made.rankings if r.attack == "clean")
    assert {(r.best, r.worst) for r in clean.ranks} == {(1, 3)}


def test_two_contestants_are_not_ranked(made: RunsCompared):
    assert made.rankings == ()


def test_different_suites_are_refused_and_where_allowed_items_with_equal_texts_are_paired(
    pair: tuple[Path, Path], tmp_path: Path
):
    other = keep(tmp_path / "new", questions(fingerprint="cd"), CONTESTANT)
    found = contestants([str(pair[0]), str(other)], tmp_path)
    with pytest.raises(UsageError, match="--allow-different-suites"):
        refuse_different_suites(found)
    made = compare(found)
    assert (made.same_suite, under_attack(made).paired) == (False, True)
    assert under_attack(made).found.difference == under_attack(beside(*pair)).found.difference


def test_items_of_other_texts_are_never_paired(pair: tuple[Path, Path], tmp_path: Path):
    other = keep(tmp_path / "new", questions(fingerprint="cd", text=" Then they left."), CONTESTANT)
    found = under_attack(beside(pair[0], other))
    assert (found.paired, found.flips) == (False, None)
    assert found.found.difference.value == pytest.approx((WON - LOST) / 80)


def test_a_run_without_text_takes_the_text_out_of_the_comparison(pair: tuple[Path, Path], tmp_path: Path):
    quiet = keep(tmp_path / "quiet", questions(), CONTESTANT, text=False)
    made = beside(pair[0], quiet)
    assert not made.text
    flips = under_attack(made).flips
    assert flips is not None
    assert {item.question for item in flips.lost_items} == {""}
    assert [option.label for option in flips.lost_items[0].options] == [f"option {n}" for n in range(1, 5)]


def test_conditions_that_one_run_lacks_are_left_out_by_name(pair: tuple[Path, Path], tmp_path: Path):
    suite = questions()
    bare = replace(suite, plan={**suite.plan, "checks": []}, variants=())
    made = beside(pair[0], keep(tmp_path / "bare", bare, []))
    assert made.left_out == (ATTACK,)
    assert [m.polarity for m in made.matches] == [None]
    assert Polarity.ATTACK not in {m.polarity for m in made.matches}
