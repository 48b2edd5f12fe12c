from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from robustness.models.batches import MOST_PADDING, plan, plan_alone, plan_packed
from robustness.models.encoding import Row

lengths = st.lists(st.integers(1, 90), max_size=80)
budgets = st.sampled_from([1, 64, 256, 1_024, 8_192])


def rows_of(sizes: list[int]) -> list[Row]:
    return [Row(tuple(range(at, at + size)), ()) for at, size in enumerate(sizes)]


def padded(rows: list[Row], batch: tuple[int, ...]) -> int:
    return len(batch) * max(len(rows[at].ids) for at in batch)


@given(lengths, budgets, st.booleans())
def test_every_row_is_in_one_batch_within_the_budget(sizes, budget, may_pad):
    rows = rows_of(sizes)
    batches = plan(rows, budget=budget, may_pad=may_pad)
    assert sorted(at for batch in batches for at in batch) == list(range(len(rows)))
    assert all(len(batch) == 1 or padded(rows, batch) <= budget for batch in batches)


@given(lengths, budgets)
def test_padding_stays_below_five_per_cent_of_every_batch(sizes, budget):
    rows = rows_of(sizes)
    for batch in plan(rows, budget=budget, may_pad=True):
        assert padded(rows, batch) <= MOST_PADDING * sum(len(rows[at].ids) for at in batch)


@given(lengths, budgets)
def test_without_padding_the_rows_of_a_batch_are_equally_long(sizes, budget):
    rows = rows_of(sizes)
    for batch in plan(rows, budget=budget, may_pad=False):
        assert len({len(rows[at].ids) for at in batch}) == 1


@given(lengths, budgets, st.randoms(use_true_random=False))
def test_the_batches_do_not_depend_on_the_order_of_the_rows(sizes, budget, random: Random):
    rows = rows_of(sizes)
    other = random.sample(rows, len(rows))
    assert [[rows[at] for at in batch] for batch in plan(rows, budget=budget, may_pad=True)] == [
        [other[at] for at in batch] for batch in plan(other, budget=budget, may_pad=True)
    ]


def test_one_long_row_among_many_short_ones_pads_nothing():
    rows = rows_of([10] * 200 + [512])
    batches = plan(rows, budget=1_024, may_pad=True)
    assert batches[0] == (200,)
    assert sum(padded(rows, batch) for batch in batches) == 2_512


@given(lengths, budgets)
def test_packed_batches_hold_every_row_once_within_the_budget_and_longest_first(sizes, budget):
    rows = rows_of(sizes)
    batches = plan_packed(rows, budget=budget)
    order = [at for batch in batches for at in batch]
    assert sorted(order) == list(range(len(rows)))
    assert [sizes[at] for at in order] == sorted(sizes, reverse=True)
    assert all(len(batch) == 1 or sum(sizes[at] for at in batch) <= budget for batch in batches)


@given(lengths, budgets)
def test_packed_batches_are_filled(sizes, budget):
    batches = plan_packed(rows_of(sizes), budget=budget)
    filled = [sum(sizes[at] for at in batch) for batch in batches]
    for now, behind in zip(filled, batches[1:], strict=False):
        assert now + sizes[behind[0]] > budget


@given(lengths, st.randoms(use_true_random=False))
def test_packed_batches_do_not_depend_on_the_order_of_the_rows(sizes, random: Random):
    rows = rows_of(sizes)
    other = random.sample(rows, len(rows))
    assert [[rows[at] for at in batch] for batch in plan_packed(rows, budget=128)] == [
        [other[at] for at in batch] for batch in plan_packed(other, budget=128)
    ]
    assert [rows[at] for (at,) in plan_alone(rows)] == [other[at] for (at,) in plan_alone(other)]
