from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from robustness.attacks.numbers import NumberForm, NumbersShifted
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive

ITEM = Example(
    "m1", "Nora is 12 and Leo is 15 years old.", "How old is Leo?", ("15.", "12.", "Old."), 0, "p1"
)


def shifted(example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Example:
    attack = NumbersShifted(name="x", polarity=Polarity.ATTACK, **parameters)
    (made,) = attack(example, 1, derive(seed, "x"))
    return made.example


def formed(passage: str, to: Literal["letters", "digits"]) -> str:
    attack = NumberForm(name="x", polarity=Polarity.ATTACK, to=to)
    (made,) = attack(replace(ITEM, passage=passage), 1, derive(0, "x"))
    return made.example.passage


@pytest.mark.parametrize("seed", range(10))
def test_one_shift_moves_every_number_in_every_text(seed):
    made = shifted(seed=seed)
    by = int(made.options[0].rstrip(".")) - 15
    assert 1 <= by <= 9
    assert made.passage == f"Nora is {12 + by} and Leo is {15 + by} years old."
    assert made.options == (f"{15 + by}.", f"{12 + by}.", "Old.")


@pytest.mark.parametrize(
    "change",
    [
        {"options": ("27.", "12.")},
        {"options": ("12:15.", "12.")},
        {"question": "How much is half of 12?"},
        {"passage": "It costs $12 or 15."},
        {"passage": "Be there at 12 a.m. or 15."},
        {"passage": "On May 12 and 15."},
        {"passage": "He was born 15 years ago, 12."},
        {"passage": "No digits here."},
        {"passage": "12% and 15."},
        {"passage": "他们12点来，15个人。"},
    ],
)
def test_it_leaves_computed_numbers_dates_and_times_alone(change):
    with pytest.raises(NotApplicable):
        shifted(replace(ITEM, **change))


def test_parts_of_longer_numbers_stay():
    item = replace(
        ITEM, passage="At 9:00 it is 3.5 or 1,000 m, for 4 of us.", question="Who?", options=("A.", "B.")
    )
    made = shifted(item).passage
    assert made.startswith("At 9:00 it is 3.5 or 1,000 m, for ")
    assert " 4 " not in made


def test_chinese_counts_move_too():
    item = Example("m2", "他买了12本书和3支笔。", "他买了几本书？", ("12本", "3本"), 0, "p1")
    made = shifted(item, most=1)
    assert (made.passage, made.options) == ("他买了13本书和4支笔。", ("13本", "4本"))


@pytest.mark.parametrize(
    ("digits", "letters"),
    [("He has 2 cats and 20 dogs.", "He has two cats and twenty dogs."), ("I saw 12.", "I saw twelve.")],
)
def test_the_two_forms_turn_into_each_other(digits, letters):
    assert formed(digits, "letters") == letters
    assert formed(letters, "digits") == digits


@pytest.mark.parametrize(
    "text", ["At 9:00 or 3.5.", "On May 5 it rained.", "It is $ 5.", "He left at 5 p.m.", "We saw 1 or 21."]
)
def test_prices_dates_times_and_other_numbers_keep_their_digits(text):
    with pytest.raises(NotApplicable, match="from two to twenty"):
        formed(text, "letters")


@pytest.mark.parametrize(
    "text", ["One or the other.", "Two came.", "He has two hundred.", "It is twenty five."]
)
def test_openings_and_longer_numbers_keep_their_letters(text):
    with pytest.raises(NotApplicable):
        formed(text, "digits")
