from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.attacks.operators import contains_run, shuffle_degree
from robustness.attacks.order import WordOrder
from robustness.attacks.recipes import recipe
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import content_words, sentences, words

PASSAGE = "Nora packed the blue tent . Her brother left a lamp at home ! They never reached it ?"
ITEM = Example("m1", PASSAGE, "What did Leo leave at home?", ("A lamp.", "A tent."), 0, "p1")
CHINESE = replace(ITEM, passage="男：你昨天去哪儿了？\n女：我去了商店，买了旧书。", question="他们说什么？")
SEEDS = pytest.mark.parametrize("seed", range(8))
PLAIN = st.lists(st.sampled_from("ant bee cat dog elk fox .".split()), min_size=1, max_size=9).map(" ".join)


def one(name: str, example: Example, *, seed: int = 0, severity: int = 1) -> Variant:
    (made,) = recipe(name).attack(severity)(example, severity, derive(seed, name, example.id))
    return made


def ordered(example: Example, *, seed: int = 0, **parameters: Any) -> Variant:
    attack = WordOrder(name="x", polarity=Polarity.ABLATION, **parameters)
    (made,) = attack(example, 1, derive(seed, "x"))
    return made


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def by_sentence(before: str, after: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pair the words of each sentence with those at the same places in the other text."""
    pairs, old, new = [], words(before).words, words(after).words
    assert len(old) == len(new)
    start = 0
    for sentence in cut(before):
        end = start + len(words(sentence).words)
        pairs.append((old[start:end], new[start:end]))
        start = end
    return pairs


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("passage-word-shuffle", {"passage"}),
        ("question-word-shuffle", {"question"}),
        ("both-word-shuffle", {"passage", "question"}),
    ],
)
@pytest.mark.parametrize("example", [ITEM, CHINESE], ids=["english", "chinese"])
def test_a_word_shuffle_permutes_each_named_field_within_itself(name, changed, example):
    made = one(name, example).example
    for place in ("passage", "question"):
        before, after = getattr(example, place), getattr(made, place)
        assert (before != after) == (place in changed)
        assert Counter(words(after).words) == Counter(words(before).words)


@SEEDS
def test_a_field_shuffle_crosses_sentence_boundaries(seed):
    made = one("passage-word-shuffle", ITEM, seed=seed).example.passage
    assert words(made).words[:6] != words(PASSAGE).words[:6]
    assert set(made.split()[:6]) != set(PASSAGE.split()[:6])


@pytest.mark.parametrize(
    "name", ["passage-word-shuffle", "within-sentence-shuffle", "ngram-shuffle", "window-shuffle"]
)
def test_chinese_is_shuffled_by_characters_without_spaces(name):
    after = one(name, CHINESE).example.passage
    assert after != CHINESE.passage
    assert Counter(after.replace("\n", "")) == Counter(CHINESE.passage.replace("\n", ""))
    assert " " not in after


@pytest.mark.parametrize(
    "name",
    ["passage-word-shuffle", "within-sentence-shuffle", "ngram-shuffle", "window-shuffle",
     "sentence-order-shuffle"],
)  # fmt: skip
@given(passage=PLAIN, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_no_order_attack_changes_a_bag_of_content_words(name, passage, seed):
    try:
        made = one(name, replace(ITEM, passage=passage), seed=seed)
    except NotApplicable:
        assert name == "sentence-order-shuffle"
        return
    assert Counter(content_words(made.example.passage)) == Counter(content_words(passage))


@SEEDS
@pytest.mark.parametrize("spacing", ["spaced", "natural"])
def test_within_a_sentence_its_last_token_stays_and_the_others_move(seed, spacing):
    made = ordered(ITEM, seed=seed, scope="sentence", keep_final=True, spacing=spacing)
    for before, after in by_sentence(PASSAGE, made.example.passage):
        assert after[-1] == before[-1]
        assert Counter(after) == Counter(before)
        assert after != before


def test_within_a_sentence_the_last_word_is_fixed_where_no_stop_ends_it():
    made = ordered(replace(ITEM, passage="one two three four"), scope="sentence", keep_final=True)
    assert made.example.passage.endswith(" four")
    assert made.example.passage != "one two three four"


def test_white_space_between_sentences_stays():
    text = "M: one two three.\n\nW: four five six."
    made = ordered(replace(ITEM, passage=text), scope="sentence", keep_final=True)
    first, second = made.example.passage.split("\n\n")
    assert Counter(words(first).words) == Counter(words("M: one two three.").words)
    assert Counter(words(second).words) == Counter(words("W: four five six.").words)


@SEEDS
@pytest.mark.parametrize(("severity", "window"), [(1, 3), (2, 6), (3, 12)])
def test_words_stay_inside_their_window(seed, severity, window):
    made = one("window-shuffle", ITEM, seed=seed, severity=severity)
    before, after = words(PASSAGE).words, words(made.example.passage).words
    assert before != after
    for start in range(0, len(before), window):
        assert Counter(after[start : start + window]) == Counter(before[start : start + window])


@SEEDS
@pytest.mark.parametrize(("severity", "n"), [(1, 3), (2, 2)])
def test_ngrams_stay_together_and_the_final_stop_stays_last(seed, severity, n):
    made = one("ngram-shuffle", ITEM, seed=seed, severity=severity)
    for before, after in by_sentence(PASSAGE, made.example.passage):
        assert after[-1] == before[-1]
        assert Counter(after) == Counter(before)
        head = before[:-1]
        for start in range(0, len(head), n):
            assert contains_run(after, head[start : start + n])


@pytest.mark.parametrize("seed", range(60))
def test_equal_blocks_are_not_mistaken_for_another_order(seed):
    made = ordered(
        replace(ITEM, passage="a b a b c d."), seed=seed, scope="sentence", block=2, keep_final=True
    )
    assert not made.degraded
    assert words(made.example.passage).words[:-1] in {tuple("abcdab"), tuple("cdabab")}


@given(PLAIN, st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_a_field_shuffle_is_degraded_exactly_when_no_other_order_reads_differently(passage, seed):
    made = ordered(replace(ITEM, passage=passage), seed=seed)
    tokens = words(passage).words
    assert made.degraded == (len(set(tokens)) < 2)
    assert (words(made.example.passage).words == tokens) == made.degraded


def test_a_sentence_of_one_movable_word_is_degraded_with_the_field_named():
    made = ordered(replace(ITEM, passage="Go!"), scope="sentence", keep_final=True)
    assert made.notes["reason"] == "passage: no other order of these words"


def test_the_recorded_degree_is_the_lower_one_of_the_fields():
    made = one("both-word-shuffle", ITEM)
    degrees = [
        shuffle_degree(words(getattr(ITEM, place)).words, words(getattr(made.example, place)).words)
        for place in ("passage", "question")
    ]
    assert made.notes["shuffle_degree"] == pytest.approx(min(degrees), abs=1e-6)


@pytest.mark.parametrize("fields", [("passage",), ("question",), ("passage", "question")])
def test_an_empty_field_is_not_applicable(fields):
    with pytest.raises(NotApplicable, match="empty"):
        ordered(replace(ITEM, passage=" \n", question=""), fields=fields)


def test_a_cloze_blank_moves_as_one_word():
    made = ordered(replace(ITEM, question="Leo left the ___ at home"), fields=("question",))
    assert "___" in made.example.question.split()


@SEEDS
@pytest.mark.parametrize(
    "passage",
    [
        "He didn't go. She did! Why? Mr. Lee said so.",
        "M: Hi, Ann.\nW: Hi. How are you?\nM: Fine.",
        "他走了。她没走！真的？",
        "One line that goes\non here. Two. Three.",
    ],
)
def test_sentence_order_keeps_each_sentence_whole_and_every_gap_in_place(seed, passage):
    made = one("sentence-order-shuffle", replace(ITEM, passage=passage), seed=seed)
    after = made.example.passage
    before, places = cut(passage), sentences(passage)
    assert made.notes["sentences"] == len(before)
    assert after != passage
    assert len(after) == len(passage)
    gaps = [passage[a[1] : b[0]] for a, b in pairwise(places)]
    assert after in {joined(order, gaps) for order in permutations(before)}


def joined(pieces: tuple[str, ...], gaps: list[str]) -> str:
    return pieces[0] + "".join(gap + piece for gap, piece in zip(gaps, pieces[1:], strict=True))


@pytest.mark.parametrize("passage", ["", "One sentence.", "他走了。"])
def test_fewer_than_two_sentences_have_no_order(passage):
    with pytest.raises(NotApplicable, match="fewer than two sentences"):
        one("sentence-order-shuffle", replace(ITEM, passage=passage))


def test_equal_sentences_are_degraded():
    made = one("sentence-order-shuffle", replace(ITEM, passage="Go. Go. Go."))
    assert made.degraded
    assert not made.edits
