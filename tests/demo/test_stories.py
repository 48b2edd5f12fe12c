from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.demo.stories import OVERLAP_SHARE, PASSAGES, read, stories
from robustness.demo.templates import SPLITS
from robustness.domain import Example
from robustness.errors import UsageError

SPLIT_NAMES = st.sampled_from(sorted(SPLITS))
MANY = 500


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - {"the", "was", "on", "in"}


def spans_of(example: Example) -> list[tuple[int, int]]:
    return [
        (int(low), int(high))
        for low, high in (part.split(":") for part in example.meta["evidence"].split(","))
    ]


def evidence_of(example: Example) -> str:
    return " ".join(example.passage[low:high] for low, high in spans_of(example))


def test_the_test_split_has_about_four_hundred_questions_over_a_hundred_passages():
    items = stories("test")
    assert len({item.group for item in items}) == PASSAGES["test"] == 100
    assert 350 <= len(items) <= 450


@given(split=SPLIT_NAMES, seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_same_seed_gives_the_same_items_and_another_seed_gives_others(split, seed):
    made = stories(split, seed=seed, passages=4)
    assert made == stories(split, seed=seed, passages=4)
    other = stories(split, seed=seed + 1, passages=4)
    assert {item.passage for item in made}.isdisjoint(item.passage for item in other)


def test_asking_for_more_passages_leaves_the_first_ones_as_they_were():
    few, many = stories("dev", passages=5), stories("dev", passages=9)
    assert many[: len(few)] == few


def test_the_items_are_the_same_under_another_hash_seed():
    code = (
        "import hashlib; from robustness.demo.stories import stories;"
        "print(hashlib.sha256(repr([(e.id, e.passage, e.question, e.options, e.answer, e.group,"
        " sorted(e.meta.items())) for e in stories('test', passages=20)]).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1
    assert len(seen.pop().strip()) == 64


@given(split=SPLIT_NAMES, seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_a_passage_has_five_to_nine_sentences_and_three_to_five_questions(split, seed):
    items = stories(split, seed=seed, passages=6)
    for passage in {item.passage for item in items}:
        assert 5 <= passage.count(".") <= 9
    assert set(Counter(item.group for item in items).values()) <= {3, 4, 5}
    assert len({(item.group, item.question) for item in items}) == len(items)


@given(split=SPLIT_NAMES, seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_evidence_spans_are_whole_sentences_that_hold_the_gold_option(split, seed):
    for item in stories(split, seed=seed, passages=6):
        for low, high in spans_of(item):
            sentence = item.passage[low:high]
            assert sentence.endswith(".")
            assert sentence[0].isupper()
            assert sentence.count(".") == 1
            assert low == 0 or item.passage[low - 2 : low] == ". "
        assert item.answer is not None
        assert words_of(item.options[item.answer]) <= words_of(evidence_of(item))


def test_a_pronoun_question_depends_on_two_sentences():
    items = [item for item in stories("test", passages=MANY) if item.meta["kind"] == "pronoun"]
    assert len(items) > 50
    assert all(len(spans_of(item)) == 2 for item in items)


def test_every_kind_of_question_occurs_in_the_test_split():
    kinds = Counter(item.meta["kind"] for item in stories("test"))
    assert set(kinds) == {
        "negation",
        "object",
        "order",
        "person",
        "place",
        "pronoun",
        "reason",
        "time",
    }
    assert min(kinds.values()) >= 8


def test_options_are_distinct_and_three_or_four():
    items = stories("test", passages=MANY)
    assert all(len(set(item.options)) == len(item.options) for item in items)
    counts = Counter(len(item.options) for item in items)
    assert set(counts) == {3, 4}
    assert counts[3] > len(items) // 20


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_share_of_overlap_items_is_the_one_asked_for(share):
    items = stories("test", passages=60, overlap_share=share)
    marked = sum(item.meta["overlap"] == "yes" for item in items)
    assert marked == int(len(items) * share + 1e-9)


def test_the_share_of_overlap_items_has_a_default():
    items = stories("train", passages=100)
    marked = sum(item.meta["overlap"] == "yes" for item in items)
    assert marked == int(len(items) * OVERLAP_SHARE)


def test_on_overlap_items_only_the_gold_option_shares_words_with_the_passage():
    for item in stories("test", passages=200, overlap_share=1.0):
        passage = words_of(item.passage)
        for position, option in enumerate(item.options):
            assert (words_of(option) <= passage) == (position == item.answer)


def test_on_other_items_the_passage_holds_the_words_of_every_option():
    for item in stories("test", passages=200, overlap_share=0.0):
        assert all(words_of(option) <= words_of(item.passage) for option in item.options)


def test_gold_positions_are_balanced():
    items = stories("test")
    for count in (3, 4):
        seats = Counter(item.answer for item in items if len(item.options) == count)
        assert max(seats.values()) - min(seats[at] for at in range(count)) <= 1


def hit_rate(rule: Callable[[Example], int], items: tuple[Example, ...]) -> float:
    return sum(rule(item) == item.answer for item in items) / len(items)


@pytest.mark.parametrize("split", sorted(SPLITS))
@pytest.mark.parametrize("best", [max, min])
def test_the_longest_or_shortest_option_is_right_about_as_often_as_chance(split, best):
    items = stories(split, passages=MANY)
    chance = sum(item.chance for item in items) / len(items)
    rate = hit_rate(lambda item: item.options.index(best(item.options, key=len)), items)
    assert abs(rate - chance) < 0.05


def test_word_overlap_alone_is_at_chance_where_it_does_not_give_the_answer_away():
    def most_shared(item: Example) -> int:
        told = words_of(item.passage) | words_of(item.question)
        return max(range(len(item.options)), key=lambda at: len(words_of(item.options[at]) & told))

    items = stories("test", passages=MANY, overlap_share=0.0)
    chance = sum(item.chance for item in items) / len(items)
    assert abs(hit_rate(most_shared, items) - chance) < 0.05
    assert hit_rate(most_shared, stories("test", overlap_share=1.0)) == 1.0


def test_read_takes_a_split_and_settings():
    assert tuple(read("test")) == stories("test")
    settings_ = "dev?passages=3&seed=5&overlap=0.5&sentences=5-6"
    assert tuple(read(settings_)) == stories("dev", passages=3, seed=5, overlap_share=0.5, sentences=(5, 6))
    assert list(read("test?passages=0")) == []


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("tset", "did you mean 'test'"),
        ("", "no split is called ''"),
        ("test?pasages=3", "did you mean 'passages'"),
        ("test?passages=-3", "passages is '-3'"),
        ("test?passages=", "passages is ''"),
        ("test?overlap=1.5", "a number from 0 to 1"),
        ("test?overlap=nan", "a number from 0 to 1"),
        ("test?sentences=9-5", "LOW-HIGH"),
        ("test?sentences=1", "LOW-HIGH"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_known(argument, part):
    with pytest.raises(UsageError, match=re.escape(part)):
        list(read(argument))
