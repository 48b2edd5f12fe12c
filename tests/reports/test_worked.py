from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.attacks.recipes import recipe, recipe_names
from robustness.reports.excerpts import rewritten
from robustness.reports.worked import worked_example, worked_options

WORDS = st.text(alphabet="ab .,船", max_size=40)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_of_ours_shows_what_it_changes(name: str):
    told = recipe(name).model_dump(mode="json")
    shown, options = worked_example(told), worked_options(told)
    same = all(
        told["example"].get(key) == told["after"].get(key) for key in ("passage", "question", "options")
    )
    assert same or shown or options[0]
    for one in shown:
        assert one.before != one.after
    if options[0]:
        assert not [one for one in shown if one.place == "option"]


@given(WORDS, WORDS)
def test_marks_are_sorted_apart_and_inside_and_what_is_left_comes_from_before(before: str, after: str):
    marks = rewritten(("passage", 0), before, after).marks
    ends = [end for mark in marks for end in mark]
    assert ends == sorted(set(ends))
    assert all(0 <= end <= len(after) for end in ends)
    left = after
    for low, high in reversed(marks):
        left = left[:low] + left[high:]
    rest = iter(before)
    assert all(char in rest for char in left)  # a subsequence


@pytest.mark.parametrize(
    "broken", [{}, {"example": 3, "after": {}}, {"example": {"options": "ab"}, "after": {}}]
)
def test_a_recipe_without_an_example_shows_none(broken: dict[str, object]):
    assert worked_example(broken) == ()
    assert worked_options(broken) == ((), ())
