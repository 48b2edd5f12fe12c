from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import pytest

from robustness.attacks.recipes import recipe
from robustness.attacks.sugawara import MaskWords
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import words

ITEM = Example(
    "m1",
    "Nora packed 3 tents, because all of them leaked. Leo didn't see it. He left the lamp at home.",
    "What did Leo leave at home?",
    ("The lamp.", "A tent."),
    0,
    "p1",
)
CHINESE = Example(
    "m2",
    "我们昨天去了公园，因为天气很好。他没有买书。",
    "他们为什么去公园？",
    ("天气好。", "买书。"),
    0,
    "p1",
)
MASKS = (
    "question-interrogatives-only",
    "function-words-only",
    "content-words-only",
    "similar-sentences-only",
    "logical-words-dropped",
    "causal-words-dropped",
    "pronouns-masked",
    "question-overlap-dropped",
    "punctuation-dropped",
)


def masked(name: str, example: Example = ITEM, **change: Any) -> Variant:
    attack = recipe(name).attack()
    assert isinstance(attack, MaskWords)
    (made,) = replace(attack, **change)(example, 1, derive(0, "x"))
    return made


A, B, C = "Nora packed 3 tents", "because all of them leaked", "Leo didn't see it"
D = "He left the lamp at home"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("function-words-only", "_ _ _ _, because all of them _. _ did_ _ it. He _ the _ at _."),
        ("content-words-only", f"{A}, _ _ _ _ leaked. Leo _n't see _. _ left _ lamp _ home."),
        ("logical-words-dropped", f"{A}, because _ of them leaked. Leo did_ see it. {D}."),
        ("causal-words-dropped", f"{A}, _ all of them leaked. {C}. {D}."),
        ("pronouns-masked", f"{A}, because all of _ leaked. Leo didn't see _. _ left the lamp at home."),
        ("question-overlap-dropped", f"{A}, {B}. _ _n't see it. He left the lamp _ _."),
        ("punctuation-dropped", f"{A}_ {B}_ {C}_ {D}_"),
    ],
)
def test_each_rule_masks_its_words_in_place(name, expected):
    assert masked(name, mask="_").example.passage == expected


def test_only_interrogatives_are_left_of_the_question():
    made = masked("question-interrogatives-only", mask="_").example
    assert made.question == "What _ _ _ _ __"
    assert made.passage == ITEM.passage


def test_sentences_equally_like_the_question_are_all_kept():
    # Leo and did in one, at and home in another.
    passage = masked("similar-sentences-only", mask="_").example.passage
    assert passage == "_ _ _ __ _ _ _ _ __ Leo didn't see it. He left the lamp at home."


def test_the_sentence_with_most_words_of_the_question_is_kept_alone():
    item = replace(ITEM, question="What lamp did Leo leave at home?")
    assert masked("similar-sentences-only", item, mask="_").example.passage.endswith(
        "He left the lamp at home."
    )
    assert "Leo" not in masked("similar-sentences-only", item).example.passage


@pytest.mark.parametrize("name", MASKS)
def test_nothing_moves_and_nothing_is_deleted(name):
    made = masked(name, mask="MASKED").example
    for old, new in ((ITEM.passage, made.passage), (ITEM.question, made.question)):
        assert len(new.split()) == len(old.split())
    assert (made.options, made.answer) == (ITEM.options, ITEM.answer)


def test_function_words_only_is_the_complement_of_stop_words_and_punctuation():
    stop = set(word_list("closed-class")["stop"]) | set(string.punctuation)
    made = masked("function-words-only", mask="~")
    kept = [word for word in words(ITEM.passage).words if word.lower() in stop]
    assert [word for word in words(made.example.passage).words if word != "~"] == kept
    assert made.notes["masked"] == len(words(ITEM.passage).words) - len(kept)


def test_the_default_mask_is_the_unknown_token_of_bert_and_another_can_be_asked_for():
    assert "[UNK]" in masked("pronouns-masked").example.passage
    assert "<unk>" in masked("pronouns-masked", mask="<unk>").example.passage


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("causal-words-dropped", "我们昨天去了公园，____天气很好。他没有买书。"),
        ("pronouns-masked", "____昨天去了公园，因为天气很好。__没有买书。"),
        ("logical-words-dropped", "我们昨天去了公园，因为天气很好。他____买书。"),
        ("punctuation-dropped", "我们昨天去了公园__因为天气很好__他没有买书__"),
    ],
)
def test_chinese_words_are_found_in_the_text_and_masked_by_character(name, expected):
    assert masked(name, CHINESE, mask="__").example.passage == expected


def test_a_chinese_question_keeps_its_interrogative():
    assert masked("question-interrogatives-only", CHINESE, mask="_").example.question == "__为什么____"


@pytest.mark.parametrize("name", ["causal-words-dropped", "pronouns-masked", "punctuation-dropped"])
def test_a_passage_without_such_words_is_not_applicable(name):
    with pytest.raises(NotApplicable, match="no such word in the passage"):
        masked(name, replace(ITEM, passage="Nora sings"))


def test_numerals_become_integers_from_10_to_100_the_same_for_the_same():
    attack = recipe("numerals-masked").attack()
    item = replace(ITEM, passage="Two tents, 3 lamps, two boats and 26.5 more.", question="Who has 3 or two?")
    for seed in range(30):
        (made,) = attack(item, 1, derive(seed, "x"))
        drawn = made.example.passage.replace(",", "").replace(".", "").split()
        numbers = [drawn[0], drawn[2], drawn[4], drawn[7]]
        assert all(10 <= int(n) <= 100 for n in numbers)
        assert numbers[0] == numbers[2]
        assert made.example.question == f"Who has {numbers[1]} or {numbers[0]}?"
        assert made.example.options == item.options


def test_a_numeral_never_stays():
    attack = recipe("numerals-masked").attack()
    item = replace(ITEM, passage="There are 50.", question="Q")
    for seed in range(300):
        (made,) = attack(item, 1, derive(seed, "x"))
        assert made.example.passage != item.passage


def test_no_numeral_is_not_applicable():
    with pytest.raises(NotApplicable, match="no numeral"):
        list(recipe("numerals-masked").attack()(replace(ITEM, passage="A tent."), 1, derive(0, "x")))


def test_all_are_ablations():
    assert {recipe(name).polarity for name in [*MASKS, "numerals-masked"]} == {Polarity.ABLATION}
