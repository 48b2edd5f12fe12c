from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.readers.identity import content_id, group_of, numbered, shuffled

OPTIONS = ("ice", "fire", "air")


def by_content(answer: int = 0, options: tuple[str, ...] = OPTIONS, **meta: str) -> Example:
    return Example(content_id("P", "Q", options), "P", "Q", options, answer, "g", meta)


@given(st.lists(st.text(min_size=1), min_size=2, max_size=8), st.text(min_size=1))
def test_a_stable_shuffle_keeps_the_gold_option_and_loses_none(options, name):
    example = Example(name, "", "Q", tuple(options), 0, "g")
    moved, order = shuffled(example, dataset="d")
    assert moved.answer is not None
    assert moved.options[moved.answer] == options[0]
    assert tuple(options[i] for i in order) == moved.options
    assert sorted(order) == list(range(len(options)))
    assert shuffled(example, dataset="d") == (moved, order)


def test_the_gold_option_lands_everywhere():
    golds = {shuffled(Example(str(i), "", "Q", OPTIONS, 0, "g"), dataset="d")[0].answer for i in range(50)}
    assert golds == {0, 1, 2}


def test_a_content_id_hears_every_field_but_not_the_order_of_options():
    same = content_id("P", "Q", ["a", "b"])
    assert content_id("P", "Q", ["b", "a"]) == same
    others = [content_id("P", "Qa", ["b"]), content_id("PQ", "", ["a", "b"]), content_id("P", "Q", ["a"])]
    assert len({same, *others}) == 4


def test_repeated_content_is_numbered_the_same_in_any_file_order():
    copies = [by_content(0), by_content(1), by_content(0, OPTIONS[::-1])]
    forth = {(e.id, e.answer, e.options) for e in numbered(copies)}
    back = {(e.id, e.answer, e.options) for e in numbered(copies[::-1])}
    assert forth == back
    assert {name.removeprefix(copies[0].id) for name, _, _ in forth} == {"", "-2", "-3"}


def test_repeated_ids_of_the_source_are_left_to_be_refused():
    example = replace(by_content(), id="own")
    assert [e.id for e in numbered([example, example])] == ["own", "own"]


def test_an_item_without_passage_is_its_own_group():
    assert group_of("", "x") == "x"
    assert group_of("P", "x") == group_of("P", "y") != group_of("p", "x")
