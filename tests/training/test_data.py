from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.demo.stories import stories
from robustness.errors import DataError
from robustness.models.encoding import Row
from robustness.training.data import Item, choice_items, padded, recall_items, shuffled_batches
from robustness.training.recall import curriculum, passages
from robustness.training.scratch import tokenizer

EXAMPLES = stories("train", passages=12)
CODER = tokenizer(EXAMPLES, size=1000, max_length=256)


def item(length: int, group: str = "a") -> Item:
    return Item((Row((1,) * length, (0,) * length),) * 2, 0, group)


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    size=st.integers(1, 9),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_an_epoch_takes_each_item_once(lengths, size, seed):
    items = [item(length, str(at)) for at, length in enumerate(lengths)]
    plan = shuffled_batches(items, size, seed=seed, epochs=1.0)
    assert Counter(one.group for batch in plan for one in batch) == Counter(one.group for one in items)
    assert max(map(len, plan)) <= size
    assert plan == shuffled_batches(items, size, seed=seed, epochs=1.0)


@pytest.mark.parametrize(("epochs", "steps"), [(0.001, 1), (0.6, 3), (1.0, 5), (2.2, 11)])
def test_a_part_of_an_epoch_takes_its_share_of_the_batches(epochs, steps):
    items = [item(5, str(at)) for at in range(20)]
    assert len(shuffled_batches(items, 4, seed=0, epochs=epochs)) == steps


def test_padding_is_masked_and_at_the_end():
    made = padded([Row((7, 8, 9), (0, 0, 1)), Row((5,), (0,))], 3)
    assert made["input_ids"].tolist() == [[7, 8, 9], [5, 3, 3]]
    assert made["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert made["token_type_ids"].tolist() == [[0, 0, 1], [0, 0, 0]]


def test_rows_without_types_get_none():
    assert set(padded([Row((7,), ())], 0)) == {"input_ids", "attention_mask"}


def test_recall_is_asked_at_the_token_before_the_option_for_the_words_of_the_gold():
    for made, example in zip(recall_items(CODER, EXAMPLES, max_length=256), EXAMPLES, strict=True):
        assert example.answer is not None
        for row, before, option in zip(made.rows, made.before, example.options, strict=True):
            assert CODER.decode(row.ids[before]) == "?"
            assert CODER.decode(row.ids[before + 1 : -1]) == option.lower()
        words = CODER.decode(made.gold).split()
        assert set(words) <= set(example.options[example.answer].lower().split())
        assert "the" not in words or example.meta["kind"] == "reason"


def test_a_row_of_the_warm_start_asks_all_questions_of_its_passage():
    items = recall_items(CODER, EXAMPLES, max_length=256)
    rows = passages(items, max_length=256, seed=0)
    assert len(rows) == 12
    asked = Counter(gold for row in rows for _, gold in row.asked)
    assert asked == Counter(one.gold for one in items)
    for row in rows:
        assert {CODER.decode(row.row.ids[at]) for at, _ in row.asked} == {"?"}
        assert len(row.row.ids) == len(row.row.types)


def test_rows_of_the_warm_start_never_exceed_the_length_limit():
    items = recall_items(CODER, EXAMPLES, max_length=256)
    limit = max(one.length for one in items) + 3
    rows = passages(items, max_length=limit, seed=0)
    assert max(row.length for row in rows) <= limit
    assert sum(len(row.asked) for row in rows) == len(items)


def test_the_warm_start_begins_with_short_passages():
    examples = stories("train", passages=200, sentences=(2, 9))
    rows = passages(recall_items(CODER, examples, max_length=256), max_length=256, seed=0)
    plan = curriculum(rows, 8, seed=0, epochs=4.0)
    assert len(plan) == 100
    longest = [max(row.length for row in batch) for batch in plan]
    assert max(longest[:5]) < sorted(row.length for row in rows)[60]
    assert max(longest[50:]) == max(row.length for row in rows)


def test_an_example_without_gold_is_refused():
    with pytest.raises(DataError, match="training needs a gold option"):
        choice_items(CODER, [replace(EXAMPLES[0], answer=None)], max_length=256)


def test_an_example_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="question and option alone exceed 8 tokens"):
        choice_items(CODER, [EXAMPLES[0]], max_length=8)
