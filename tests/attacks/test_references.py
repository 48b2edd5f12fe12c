from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.attacks.references import dependence, lettered, refuse_references, segments
from robustness.domain import Example, NotApplicable

ITEM = Example("m1", "", "Who left?", ("Ann", "Bob", "Lee", "Mia"), 0, "p1")
BY_PLACE = (
    "Both A and B.",
    "A and B are correct",
    "All of the above except A.",
    "The first two.",
    "Both of the first two",
    "the last two options",
    "Option B",
    "The second answer is right",
    "A和B",
    "前两项",
    "前两种都是",
    "第一和第二",
    "①②",
    "选项A",
    "C项正确",
)
BY_SET = (
    "None of the above.",
    "All of the above choices .",
    "Neither of the above",
    "None of these",
    "Both of them",
    "Any of the others",
    "none of the other answers",
    "以上都是",
    "以上都不对",
    "都对",
    "两者都是",
    "其他选项",
)
NEITHER = (
    "Both Ann and Bob",
    "The first two chapters of the book",
    "The first.",
    "At the second stop",
    "A lamp",
    "He answered all of the questions above",
    "都在公园里",
    "前天",
    "两个人",
    "All day",
    "Plan A",
    "The answer was not clear.",
    "Either today or tomorrow",
    "",
)


@pytest.mark.parametrize("option", BY_PLACE)
def test_an_option_that_names_places_depends_on_the_order(option):
    assert dependence(option) == "order"


@pytest.mark.parametrize("option", BY_SET)
def test_an_option_about_the_others_depends_on_their_set(option):
    assert dependence(option) == "set"


@pytest.mark.parametrize("option", NEITHER)
def test_an_option_about_the_world_depends_on_nothing(option):
    assert dependence(option) == ""


def test_a_pinned_option_parts_those_above_it_from_those_below():
    assert segments(ITEM) == ((0, 1, 2, 3),)
    last = replace(ITEM, options=("Ann", "Bob", "Lee", "None of the above"))
    assert segments(last) == ((0, 1, 2),)
    middle = replace(ITEM, options=("Ann", "Both of the above", "以上都是", "Lee"))
    assert segments(middle) == ((0,), (3,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"options": ("Ann", "Bob", "Both A and B")}, "an option names others by letter or place"),
        ({"options": ("A. Ann", "B. Bob", "C. Lee")}, "the options carry the letters of their places"),
        ({"options": ("(A) Ann", "(B) Bob")}, "the options carry the letters of their places"),
        ({"question": "Is option B right?"}, "the question names an option by letter or place"),
        ({"question": "选项A说了什么？"}, "the question names an option by letter or place"),
    ],
)
def test_items_whose_options_are_named_by_letter_or_place_are_refused(change, reason):
    for refusing in (segments, refuse_references):
        if refusing is refuse_references and "Both A and B" in change.get("options", ()):
            continue
        with pytest.raises(NotApplicable, match=reason):
            refusing(replace(ITEM, **change))


def test_initials_are_no_letters_of_places():
    assert not lettered(replace(ITEM, options=("B. Smith", "A. Jones")))
    assert lettered(replace(ITEM, options=("A、公园", "B、商店")))


@pytest.mark.parametrize("option", [*BY_PLACE, *BY_SET])
def test_no_option_can_be_replaced_beside_one_that_refers(option):
    with pytest.raises(NotApplicable, match="an option refers to other options"):
        refuse_references(replace(ITEM, options=("Ann", option)))


@given(
    st.lists(st.sampled_from(["Ann", "Bob", "None of the above", "以上都是", "Lee"]), min_size=2, max_size=6)
)
def test_every_place_is_pinned_or_in_one_segment(options):
    runs = segments(replace(ITEM, options=tuple(options)))
    free = [place for run in runs for place in run]
    assert free == sorted(place for place, option in enumerate(options) if not dependence(option))
    assert all(list(run) == list(range(run[0], run[-1] + 1)) for run in runs)
