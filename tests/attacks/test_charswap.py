from __future__ import annotations

from dataclasses import replace

import pytest
from nltk.stem.lancaster import LancasterStemmer

from robustness.attacks.charswap import CharSwap
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import words

ITEM = Example(
    "m1",
    "The gardeners watered twelve tulips before breakfast, and nobody helped. A gardening poem lay there.",
    "What did the gardener water?",
    ("The tulips.", "Some poems."),
    0,
    "p1",
)


def swapped(example: Example = ITEM, *, seed: int = 0) -> Variant:
    (made,) = CharSwap(name="x", polarity=Polarity.ATTACK)(example, 1, derive(seed, "x", example.id))
    return made


def touched(before: str, after: str) -> dict[str, str]:
    pairs = zip(words(before).words, words(after).words, strict=True)
    return {old: new for old, new in pairs if old != new}


def test_only_linked_words_of_the_passage_are_touched():
    seen = set()
    for seed in range(10):
        seen |= set(touched(ITEM.passage, swapped(seed=seed).example.passage))
    # "gardening" holds the stem of "gardener", "poem" that of "poems"; "breakfast" and "helped" are free.
    assert LancasterStemmer().stem("gardener") in "gardening"
    assert seen == {"gardeners", "watered", "tulips", "gardening", "poem"}


def test_every_word_of_the_question_that_is_long_enough_and_no_stop_word_is_touched():
    made = swapped().example.question
    assert set(touched(ITEM.question, made)) == {"gardener", "water"}


@pytest.mark.parametrize("seed", range(10))
def test_one_swap_of_neighbours_inside_each_word(seed):
    made = swapped(seed=seed).example
    for old, new in (touched(ITEM.passage, made.passage) | touched(ITEM.question, made.question)).items():
        at = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        assert len(at) == 2
        assert at[1] == at[0] + 1
        assert 1 <= at[0] <= len(old) - 3
        assert old[at[0]] + old[at[1]] == new[at[1]] + new[at[0]]


def test_options_and_answer_stay():
    made = swapped().example
    assert (made.options, made.answer) == (ITEM.options, ITEM.answer)


def test_a_pair_of_equal_letters_is_drawn_again_once_and_then_left():
    item = replace(ITEM, passage="nothing", question="aooooa baab", options=("x", "y"))
    for seed in range(20):
        # Both inner pairs of "aooooa" and the only one of "baab" are equal: nothing can move.
        with pytest.raises(NotApplicable, match="no word that can be swapped"):
            swapped(item, seed=seed)


def test_digits_end_the_try():
    with pytest.raises(NotApplicable):
        swapped(replace(ITEM, passage="none", question="a1234567b", options=("x", "y")))
