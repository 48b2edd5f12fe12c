from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.choices import (
    chosen,
    confidence,
    credit,
    gold_margin,
    identities,
    outcome,
    overlap,
    read,
    right_options,
    squared_error,
    visible_share,
)
from robustness.domain import Edit, Example, Run, Variant
from robustness.errors import ScoreError
from robustness.stats.calibration import softmax

ROWS = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=6)
OPTIONS = ("in the harbour", "at school", "on a farm")


def example(id_: str = "q1", *, options: tuple[str, ...] = OPTIONS, answer: int | None = 0):
    return Example(id_, "Nora sailed home.", "Where is Nora?", options, answer, "p1")


def variant(*, edits: tuple[Edit, ...] = (), option_map=(0, 1, 2), notes=None, **changed):
    return Variant(
        id="q1~swap.1",
        source="q1",
        attack="swap",
        severity=1,
        example=example("q1~swap.1", **changed),
        option_map=option_map,
        edits=edits,
        notes=notes or {},
    )


def run(scores, visible=None) -> Run:
    return Run("m", "fp", "s", scores, visible or {}, {})


def test_one_top_score_is_one_choice():
    assert chosen((0.1, 0.7, 0.2)) == {1}


def test_equal_top_scores_are_all_chosen():
    assert chosen((1.0, 1.0, 1.0)) == {0, 1, 2}


def test_a_score_that_differs_in_the_last_bit_is_not_a_tie():
    assert chosen((1.0, math.nextafter(1.0, 2.0))) == {1}


@pytest.mark.parametrize(
    "scores",
    [(), (math.nan, 1.0), (math.inf, 0.0), (-math.inf, -math.inf), (0.0, -math.inf)],
    ids=str,
)
def test_scores_that_are_not_all_finite_numbers_choose_nothing_and_say_so(scores):
    with pytest.raises(ScoreError, match=r"choices: scores .* but one finite number per option"):
        chosen(scores)


@given(ROWS)
def test_credits_over_all_golds_sum_to_one_whatever_the_ties(scores):
    total = math.fsum(credit(scores, frozenset({i})) for i in range(len(scores)))
    assert total == pytest.approx(1.0)


@given(ROWS, st.data())
def test_permuting_options_and_scores_together_changes_nothing(scores, data):
    gold = data.draw(st.integers(0, len(scores) - 1))
    order = data.draw(st.permutations(range(len(scores))))
    moved, moved_gold = [scores[i] for i in order], frozenset({order.index(gold)})
    assert credit(moved, moved_gold) == credit(scores, frozenset({gold}))
    assert confidence(moved) == confidence(scores)
    assert gold_margin(moved, moved_gold) == gold_margin(scores, frozenset({gold}))
    assert identities(order, chosen(moved)) == chosen(scores)


def test_no_right_option_earns_nothing():
    assert credit((0.1, 0.9), frozenset()) == 0.0


def test_either_copy_of_the_gold_option_is_right():
    doubled = example(options=("At school!", "on a farm", "at  School"), answer=0)
    assert right_options(doubled) == {0, 2}
    assert credit((0.0, 0.1, 0.9), right_options(doubled)) == 1.0


def test_options_of_different_signs_are_not_copies():
    assert right_options(example(options=("?", "!", "..."), answer=1)) == {1}


def test_without_an_answer_no_option_is_right():
    assert right_options(example(answer=None)) == frozenset()


def test_a_swap_is_mapped_back_in_one_step():
    assert identities((1, 0, 2), {0}) == {1}
    assert identities((1, 0, 2), {0, 1}) == {0, 1}


def test_new_options_equal_no_clean_option_and_no_other_new_option():
    assert identities((-1, 1, -1), {0}).isdisjoint({0, 1, 2})
    assert len(identities((-1, 1, -1), {0, 1, 2})) == 3


def test_overlap_is_the_jaccard_index():
    assert overlap(frozenset({0, 1}), frozenset({1, 2})) == pytest.approx(1 / 3)


def test_confidence_is_zero_for_equal_scores_of_any_number_of_options():
    assert [confidence((5.0,) * k) for k in (2, 3, 4, 5)] == [0.0] * 4


def test_confidence_of_two_options_is_twice_the_excess_over_one_half():
    assert confidence((math.log(3), 0.0)) == pytest.approx(2 * (0.75 - 0.5))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
def test_confidence_stays_between_zero_and_one(scores):
    assert 0.0 <= confidence(scores) <= 1.0


def test_the_margin_is_undefined_without_a_gold_or_without_a_rival():
    assert math.isnan(gold_margin((1.0, 2.0), frozenset()))
    assert math.isnan(gold_margin((1.0, 2.0), frozenset({0, 1})))


@pytest.mark.parametrize(
    ("row", "visible", "status"),
    [
        ((0.1, 0.2, 0.3), {}, "ok"),
        ((0.1, math.nan, 0.3), {}, "non-finite"),
        ((0.1, math.inf, 0.3), {}, "non-finite"),
        (None, {}, "missing"),
        ((0.1, 0.2, 0.3), {"q1": 0}, "ok"),
        ((0.1, 0.2, 0.3), {"q1": -1}, "too-long"),
    ],
)
def test_each_row_is_measured_or_says_why_not(row, visible, status):
    scores = {} if row is None else {"q1": row}
    reading = read(example(), run(scores, visible))
    assert reading.status == status
    assert math.isnan(reading.credit) == (status != "ok")


def test_a_row_of_the_wrong_length_is_refused_by_name():
    with pytest.raises(ScoreError, match=r"item 'q1': 2 score\(s\) came, but one for each of its 3"):
        read(example(), run({"q1": (0.1, 0.2)}))


def test_an_outcome_compares_by_identity_and_credits_the_planted_option():
    scores = {"q1": (3.0, 1.0, 0.0), "q1~swap.1": (0.0, 2.0, 2.0)}
    swapped = variant(option_map=(1, 0, -1), answer=1, notes={"planted": 2})
    found = outcome(swapped, example(), read(example(), run(scores)), run(scores))
    assert (found.status, found.clean_credit, found.credit) == ("ok", 1.0, 0.5)
    assert found.same_choice == 0.5
    assert found.margin_change == 0.0 - 2.0
    assert found.planted == 0.5


@pytest.mark.parametrize("notes", [{}, {"planted": True}, {"planted": "2"}], ids=str)
def test_without_a_planted_position_there_is_no_planted_credit(notes):
    scores = {"q1": (3.0, 1.0, 0.0), "q1~swap.1": (0.0, 2.0, 1.0)}
    found = outcome(variant(notes=notes), example(), read(example(), run(scores)), run(scores))
    assert math.isnan(found.planted)


@pytest.mark.parametrize(
    ("clean", "attacked", "status"),
    [
        ((1.0, 0.0, 0.0), (math.nan, 0.0, 0.0), "non-finite"),
        ((math.nan, 0.0, 0.0), (1.0, 0.0, 0.0), "non-finite"),
        (None, (1.0, 0.0, 0.0), "missing"),
        (None, (math.inf, 0.0, 0.0), "non-finite"),
    ],
)
def test_a_variant_is_measured_only_beside_a_measured_source(clean, attacked, status):
    scores = {"q1~swap.1": attacked} | ({"q1": clean} if clean else {})
    found = outcome(variant(), example(), read(example(), run(scores)), run(scores))
    assert found.status == status
    assert math.isnan(found.same_choice)
    assert math.isnan(found.margin_change)


PASSAGE = Edit("passage", 0, 10, "", "0123456789")


@pytest.mark.parametrize(
    ("edits", "visible", "share"),
    [
        ((PASSAGE,), {}, 1.0),
        ((PASSAGE,), {"q1~swap.1": 10}, 0.0),
        ((PASSAGE,), {"q1~swap.1": 15}, 0.5),
        ((PASSAGE,), {"q1~swap.1": 20}, 1.0),
        ((), {"q1~swap.1": 0}, 1.0),
        ((Edit("passage", 0, 0, "all of it", ""),), {"q1~swap.1": 0}, 1.0),
        ((Edit("question", 0, 0, "", "Why?"),), {"q1~swap.1": 0}, 1.0),
        # The second edit puts 4 characters before the first one's span, which moves to 14..24.
        ((PASSAGE, Edit("passage", 0, 0, "", "abcd")), {"q1~swap.1": 17}, 7 / 14),
        # The second edit rewrites the tail of the first; together they wrote 10..22.
        ((PASSAGE, Edit("passage", 0, 15, "56789", "new end")), {"q1~swap.1": 16}, 6 / 12),
    ],
)
def test_the_visible_share_counts_edited_passage_characters_before_the_cut(edits, visible, share):
    assert visible_share(variant(edits=edits), run({}, visible)) == pytest.approx(share)


@given(ROWS)
def test_the_squared_error_of_one_item_is_its_brier_score(scores):
    shares = softmax(scores)
    wanted = sum((share - (k == 0)) ** 2 for k, share in enumerate(shares))
    assert squared_error(scores, frozenset({0})) == pytest.approx(wanted)


def test_copies_of_the_gold_option_are_one_option_to_the_brier_score():
    assert squared_error((5.0, 5.0, -900.0), frozenset({0, 1})) == pytest.approx(0.0)


def test_no_right_option_has_no_brier_score():
    assert math.isnan(squared_error((1.0, 0.0), frozenset()))


def test_an_outcome_says_how_sure_the_model_was_and_how_far_off():
    seen = (0.0, 1.0, 2.0)
    made = outcome(variant(), example(), read(example(), run({"q1": seen})), run({"q1~swap.1": seen}))
    assert made.top == pytest.approx(max(softmax(seen)))
    assert made.brier == pytest.approx(squared_error(seen, frozenset({0})))
    assert math.isnan(outcome(variant(), example(), read(example(), run({})), run({})).top)
