from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.results import Position
from robustness.stats.position_bias import position_table, rstd, rstd_by_chance

ITEM = st.integers(2, 5).flatmap(
    lambda size: st.tuples(
        st.integers(0, size - 1),
        st.frozensets(st.integers(0, size - 1), min_size=1),
        st.just(size),
    )
)


def test_a_small_table_comes_out_by_hand():
    table = position_table(
        gold=(0, 1, 0, 2),
        picks=(frozenset({0}), frozenset({0}), frozenset({0, 1}), frozenset({2})),
        sizes=(2, 2, 2, 3),
    )
    guess = (3 * 1 / 2 + 1 / 3) / 4
    assert table == (
        Position(0, offered=4, chosen=0.625, expected=guess, gold=2, recall=0.75),
        Position(1, offered=4, chosen=0.125, expected=guess, gold=1, recall=0.0),
        Position(2, offered=1, chosen=1.0, expected=1 / 3, gold=1, recall=1.0),
    )


@given(st.lists(ITEM, max_size=30))
def test_choices_and_guesses_add_up_to_the_items(items):
    table = position_table(*zip(*items, strict=True)) if items else position_table((), (), ())
    assert sum(row.chosen * row.offered for row in table) == pytest.approx(len(items))
    assert sum(row.expected * row.offered for row in table) == pytest.approx(len(items))
    assert sum(row.gold for row in table) == len(items)


@given(st.lists(ITEM, min_size=1, max_size=30))
def test_a_model_that_is_always_right_favours_no_position(items):
    gold, _, sizes = zip(*items, strict=True)
    table = position_table(gold, [frozenset({g}) for g in gold], sizes)
    assert rstd(table) == (0.0 if len(set(gold)) > 1 else None)
    assert rstd_by_chance(table) == (0.0 if len(set(gold)) > 1 else None)


@pytest.mark.parametrize("place", range(4))
def test_a_model_that_always_takes_one_position_shows_it(place):
    table = position_table([i % 4 for i in range(40)], [frozenset({place})] * 40, [4] * 40)
    assert [row.recall for row in table] == [float(i == place) for i in range(4)]
    assert rstd(table) == pytest.approx(3**0.5 / 4)
    assert rstd_by_chance(table) == pytest.approx((0.75 * 0.25 * 0.75 / 10) ** 0.5)


def test_positions_without_a_gold_option_have_no_recall():
    table = position_table((1, 1), (frozenset({1}), frozenset({0})), (3, 3))
    assert [row.recall for row in table] == [None, 0.5, None]
    assert rstd(table) is None
    assert rstd_by_chance(table) is None


def test_no_items_have_no_table():
    assert position_table((), (), ()) == ()
    assert rstd(()) is None


@pytest.mark.parametrize(
    ("gold", "picks", "sizes", "said"),
    [
        ((0,), (), (2,), "one each is needed"),
        ((0,), (frozenset[int](),), (2,), "at least one pick"),
        ((0,), (frozenset({2}),), (2,), "among the options"),
        ((2,), (frozenset({0}),), (2,), "a gold option"),
        ((-1,), (frozenset({0}),), (2,), "a gold option"),
    ],
)
def test_items_without_a_gold_option_or_a_pick_are_refused(gold, picks, sizes, said):
    with pytest.raises(ValueError, match=said):
        position_table(gold, picks, sizes)
