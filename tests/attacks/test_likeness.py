from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.attacks.likeness import Form, dressed, form, too_alike, too_alike_to_any

TEXT = st.text(alphabet="abc ABC.'5好人。", max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At 8:30.", Form(False, "number", "at", 3)),
        ("Two hours.", Form(False, "number", "", 2)),
        ("Anna Smith", Form(False, "name", "", 2)),
        ("Because he was late.", Form(False, "phrase", "because", 4)),
        ("Restaurant.", Form(False, "phrase", "", 1)),
        ("word " * 40, Form(False, "phrase", "", 12)),
        ("三个小时", Form(True, "number", "", 4)),
        ("去了公园。", Form(True, "phrase", "", 4)),
        ("?", Form(False, "phrase", "", 0)),
    ],
)
def test_the_form_of_an_option_is_told_without_reading_it(text, expected):
    assert form(text) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The lamp.", "the lamp"),
        ("The lamp", "The old lamp at home"),
        ("At the cinema", "In a cinema"),
        ("He left the house at nine.", "He leaves the house at nine."),
        ("去公园", "他去公园了"),
        ("", "anything"),
    ],
)
def test_options_that_may_say_the_same_are_too_alike(first, second):
    assert too_alike(first, second)
    assert too_alike(second, first)


@pytest.mark.parametrize(
    ("first", "second"), [("The lamp", "The tent"), ("At 7:30", "At 9:15"), ("公园", "商店")]
)
def test_options_that_say_different_things_are_not(first, second):
    assert not too_alike(first, second)


def test_one_of_many_is_enough_to_be_too_alike():
    assert too_alike_to_any("A lamp.", ["The tent.", "The lamp."])
    assert not too_alike_to_any("A lamp.", [])


@given(TEXT, TEXT)
def test_being_alike_goes_both_ways(first, second):
    assert too_alike(first, second) == too_alike(second, first)


@given(TEXT, st.sampled_from(["The tent.", "a coat", "去了公园。", "Why?", ""]))
def test_a_dressed_text_ends_as_the_option_it_replaces_and_is_dressed_but_once(text, own):
    made = dressed(text, own)
    assert made.endswith(own[len(own.rstrip(" .!?。！？")) :])
    assert dressed(made, own) == made
