from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from robustness.demo.stories import stories
from robustness.errors import DataError, UsageError
from robustness.training.conditions import CONDITIONS, under

ITEMS = stories("train", passages=8)
ALTERING = sorted(name for name, recipe in CONDITIONS.items() if recipe is not None)


def test_the_conditions_are_plain_and_the_six_of_si_et_al():
    assert len(CONDITIONS) == 7
    assert CONDITIONS["plain"] is None


@pytest.mark.parametrize("condition", sorted(CONDITIONS))
def test_a_condition_never_touches_options_answers_or_ids(condition):
    altered = under(condition, ITEMS, seed=3)
    assert [(i.id, i.group, i.options, i.answer) for i in altered] == [
        (i.id, i.group, i.options, i.answer) for i in ITEMS
    ]


def test_the_plain_condition_changes_nothing():
    assert under("plain", ITEMS, seed=3) == ITEMS


@pytest.mark.parametrize("condition", ALTERING)
def test_a_condition_changes_just_the_fields_of_its_name(condition):
    for new, old in zip(under(condition, ITEMS, seed=3), ITEMS, strict=True):
        assert (new.passage != old.passage) == ("passage" in condition)
        if "question" not in condition:
            assert new.question == old.question


@pytest.mark.parametrize("condition", [name for name in ALTERING if name.endswith("remove")])
def test_a_removed_field_is_empty(condition):
    for item in under(condition, ITEMS, seed=3):
        assert (item.passage == "") == ("passage" in condition)
        assert (item.question == "") == ("question" in condition)


def test_a_shuffle_keeps_the_words_of_the_passage():
    for new, old in zip(under("passage-shuffle", ITEMS, seed=3), ITEMS, strict=True):
        words = [Counter(re.findall(r"\w+", item.passage)) for item in (new, old)]
        assert words[0] == words[1]


def test_a_shuffle_depends_on_the_seed_and_not_on_the_order_of_the_items():
    straight = under("passage-shuffle", ITEMS, seed=3)
    assert under("passage-shuffle", ITEMS[::-1], seed=3) == straight[::-1]
    assert under("passage-shuffle", ITEMS, seed=4) != straight


def test_an_unknown_condition_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError, match="did you mean 'passage-shuffle'"):
        under("pasage-shuffle", ITEMS, seed=0)


def test_a_condition_that_changes_nothing_at_all_is_refused():
    bare = [replace(item, passage="") for item in ITEMS]
    with pytest.raises(DataError, match="changes none of the"):
        under("passage-remove", bare, seed=0)
