from __future__ import annotations

import pytest

from robustness.attacks.pronouns import PronounsResolved
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive


def resolved(text: str) -> str:
    item = Example("m1", text, "Who is he?", ("Leo.", "Nora."), 0, "p1")
    (made,) = PronounsResolved(name="x", polarity=Polarity.ATTACK)(item, 1, derive(0, "x"))
    assert (made.example.question, made.example.options) == (item.question, item.options)
    return made.example.passage


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Leo ran. He fell and hurt his knee.", "Leo ran. Leo fell and hurt Leo's knee."),
        ("Leo ran. We saw him on Friday.", "Leo ran. We saw Leo on Friday."),
        ("Nora ran. She lost her hat in Paris.", "Nora ran. Nora lost her hat in Paris."),
        ("Leo met Nora. He ran when she left.", "Leo met Nora. Leo ran when Nora left."),
        ("He came first, then Leo sat where he liked.", "He came first, then Leo sat where Leo liked."),
    ],
)
def test_a_pronoun_behind_the_only_name_becomes_that_name(before, after):
    assert resolved(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "Leo met Carl. He ran.",
        "Leo saw a man. He ran.",
        "Leo asked a teacher. He ran.",
        "Leo met Zoltan. He ran.",
        'Leo said: "He ran."',
        "M: Leo is here. He ran.",
        "Leo ran. The hat is his.",
        "He ran. It rained.",
        "Leo ran.",
        "Nora ran. We saw her.",
    ],
)
def test_where_somebody_else_may_be_meant_nothing_is_resolved(text):
    with pytest.raises(NotApplicable):
        resolved(text)
