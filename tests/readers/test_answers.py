from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.readers.answers import (
    from_digits,
    from_index,
    from_label,
    from_letter,
    from_text,
)
from robustness.readers.rows import Fault


@given(st.integers(), st.integers(2, 1000))
def test_an_index_is_itself_or_refused(value, count):
    if 0 <= value < count:
        assert from_index(value, count) == value
        assert from_digits(str(value), count) == value
    else:
        with pytest.raises(Fault):
            from_index(value, count)


@given(st.sampled_from(string.ascii_letters), st.integers(2, 26))
def test_a_letter_is_its_place_in_the_alphabet(letter, count):
    place = string.ascii_lowercase.index(letter.lower())
    if place < count:
        assert from_letter(letter, count) == place
    else:
        with pytest.raises(Fault, match=f"there are {count} options"):
            from_letter(letter, count)


@given(st.lists(st.text(min_size=1), min_size=2, unique=True), st.data())
def test_the_text_of_any_distinct_option_finds_it(options, data):
    place = data.draw(st.integers(0, len(options) - 1))
    assert from_text(options[place], options) == place


def test_an_index_just_past_the_end_asks_about_the_base():
    with pytest.raises(Fault, match="counted from 1"):
        from_index(4, 4)


@pytest.mark.parametrize("value", ["B", "1", 1.0, True, [1]])
def test_only_an_integer_is_an_index(value):
    with pytest.raises(Fault, match="an integer from 0 to 3"):
        from_index(value, 4)


@pytest.mark.parametrize("value", ["AB", "1", "é", " A", 0, "Ａ"])
def test_only_one_plain_letter_is_a_letter(value):
    with pytest.raises(Fault, match="one letter from A to D"):
        from_letter(value, 4)


@pytest.mark.parametrize("value", ["B", "²", "1.0", "-2", "9" * 50])
def test_only_plain_digits_in_range_are_digits(value):
    with pytest.raises(Fault, match="answer is"):
        from_digits(value, 4)


def test_an_answer_that_is_no_option_is_refused():
    with pytest.raises(Fault, match=r"'Red' is not among the options: 'red', 'blue'"):
        from_text("Red", ["red", "blue"])


def test_an_answer_that_is_two_options_is_refused():
    with pytest.raises(Fault, match="matches options 0 and 2"):
        from_text("red", ["red", "blue", "red"])


def test_labels_that_repeat_are_ambiguous():
    with pytest.raises(Fault, match="ambiguous"):
        from_label("A", ["A", "A", "B"])


def test_a_letter_among_digit_labels_is_refused():
    with pytest.raises(Fault, match="the option labels are"):
        from_label("A", ["1", "2"])


@pytest.mark.parametrize("hidden", [None, "", -1, "-1"])
@pytest.mark.parametrize("parse", [from_digits, from_index, from_letter])
def test_a_hidden_answer_is_named_as_such(parse, hidden):
    with pytest.raises(Fault, match="hidden"):
        parse(hidden, 4)
