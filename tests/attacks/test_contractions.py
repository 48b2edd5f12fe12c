from __future__ import annotations

from typing import Literal

import pytest

from robustness.attacks.contractions import Contractions
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive


def rewritten(text: str, direction: Literal["expand", "contract"]) -> str:
    attack = Contractions(name="x", polarity=Polarity.ATTACK, direction=direction)
    item = Example("m1", text, "Who?", ("Leo.", "Nora."), 0, "p1")
    (made,) = attack(item, 1, derive(0, "x"))
    assert made.example.options == item.options
    return made.example.passage


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("They didn't swim.", "They did not swim."),
        ("I'm sure we'll see it.", "I am sure we will see it."),
        ("You're right and they've been late.", "You are right and they have been late."),
        ("She couldn't reach it. It isn't far.", "She could not reach it. It is not far."),
    ],
)
def test_the_two_forms_turn_into_each_other(short, long):
    assert rewritten(short, "expand") == long
    assert rewritten(long, "contract") == short


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("It won't rain.", "It will not rain."),
        ("He CAN'T swim.", "He CAN NOT swim."),
        ("Don’t go there.", "Do not go there."),
        ("We'll, I said, didn't matter.", "We will, I said, did not matter."),
    ],
)
def test_irregular_short_forms_are_written_out(short, long):
    assert rewritten(short, "expand") == long


@pytest.mark.parametrize(
    "text",
    [
        "It's Leo's.",
        "He'd go.",
        "Didn't they swim?",
        "Why won't Leo swim?",
        "It is late, isn't it.",
        "No short form.",
    ],
)
def test_what_is_two_words_or_would_change_the_word_order_stays_short(text):
    with pytest.raises(NotApplicable, match="without a doubt"):
        rewritten(text, "expand")


@pytest.mark.parametrize(
    "text",
    [
        "I think I am.",
        "They have a car.",
        "Will you come?",
        "Are you not there?",
        "Nora will go.",
        "I am not sure.",
    ],
)
def test_what_has_no_short_form_stays_long(text):
    with pytest.raises(NotApplicable, match="without a doubt"):
        rewritten(text, "contract")


def test_line_ends_and_spaces_stay():
    assert rewritten("M: I'm  here.\nW: You didn't call.", "expand") == "M: I am  here.\nW: You did not call."
