from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.attacks.likeness import form
from robustness.attacks.mining import pieces
from robustness.domain import Example
from robustness.text import content_words

PASSAGE = (
    "M: Nora saw a white heron near the wooden bridge, and she fed the heron. "
    "W: Leo went to sleep because the night was cold. He paid 15 dollars at the gate. "
    "Anna Smith kept the brass lamp."
)
ITEM = Example("m1", PASSAGE, "What did Anna keep?", ("The brass lamp.", "The drum."), 0, "p1")


def mined(own: str, example: Example = ITEM) -> tuple[str, ...]:
    return pieces(example, own, [])


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            "The drum.",
            ("a white heron", "white heron", "the wooden bridge", "wooden bridge", "the heron", "the gate"),
        ),
        ("Near the mill.", ("near the wooden bridge", "at the gate")),
        ("Because it was dark.", ("she fed the heron", "because the night was cold")),
        ("To eat.", ("to sleep",)),
        ("20 euros.", ("15 dollars",)),
    ],
)
def test_pieces_have_the_build_the_kind_and_the_size_of_the_option(own, expected):
    assert set(expected) <= set(mined(own))
    for piece in mined(own):
        assert form(piece).kind == form(own).kind
        assert piece in PASSAGE


def test_nothing_that_shares_a_word_with_the_gold_option_is_mined():
    for own in ("The drum.", "Near the mill.", "Anna Jones"):
        assert all(not {"brass", "lamp"} & set(content_words(piece)) for piece in mined(own))
        assert not any("Anna" in piece for piece in mined(own))


def test_the_evidence_is_not_mined():
    whole = [(0, len(PASSAGE))]
    assert pieces(ITEM, "The drum.", whole) == ()
    assert "the gate" not in pieces(
        ITEM, "The drum.", [(PASSAGE.index("He paid"), PASSAGE.index("Anna") - 1)]
    )


def test_chinese_pieces_are_whole_clauses():
    item = replace(
        ITEM,
        passage="男：他昨天去了公园，天气很好。女：商店关门了！",
        options=("下雪", "下雨了"),
        question="？",
    )
    assert mined("关门了吗", item) == ("天气很好", "商店关门了")
