from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal

import pytest

from robustness.attacks.corpus import Corpus
from robustness.attacks.insertion import ForeignSentence
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import fold, sentences

ITEM = Example("m1", "Leo left the lamp at home.", "What is at home?", ("The lamp.", "A boat."), 0, "p1")
OTHER = "The baker opened at six. Rolls were gone by eight. He saw the lamp. A boat came in."
CORPUS = Corpus((("p1", "Leo left the lamp at home."), ("p2", OTHER), ("p3", "他去了商店。她买了书。")))


def inserted(
    example: Example, corpus: Corpus = CORPUS, *, seed: int = 0, position: Literal["end", "start"] = "end"
) -> Variant:
    attack = ForeignSentence(name="x", polarity=Polarity.ATTACK, position=position).bind(corpus)
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    return made


def test_one_whole_sentence_of_another_passage_stands_at_the_end():
    seen: Counter[str] = Counter()
    for seed in range(60):
        passage = inserted(ITEM, seed=seed).example.passage
        assert passage.startswith(ITEM.passage + " ")
        seen[passage.removeprefix(ITEM.passage + " ")] += 1
    assert set(seen) == {"The baker opened at six.", "Rolls were gone by eight."}


def test_at_the_start_it_stands_before_the_passage():
    passage = inserted(ITEM, position="start").example.passage
    assert passage.endswith(" " + ITEM.passage)


def test_a_sentence_with_an_option_s_text_is_never_drawn():
    options = [fold(option) for option in ITEM.options]
    for seed in range(60):
        added = inserted(ITEM, seed=seed).example.passage.removeprefix(ITEM.passage)
        assert not any(option in fold(added) for option in options)


def test_chinese_gets_a_chinese_sentence_without_a_space():
    example = replace(ITEM, passage="天气很好。", question="怎么样？", options=("好天气", "不好"))
    made = inserted(example).example.passage
    assert made in {"天气很好。他去了商店。", "天气很好。她买了书。"}


def test_where_every_sentence_holds_an_option_nothing_is_inserted():
    corpus = Corpus((("p2", "He saw the lamp. She saw the lamp."),))
    with pytest.raises(NotApplicable, match="no foreign sentence without an option's text"):
        inserted(ITEM, corpus)


@pytest.mark.parametrize("corpus", [Corpus(()), Corpus((("p1", OTHER),)), Corpus((("p2", "他去了商店。"),))])
def test_without_another_passage_in_the_language_nothing_is_inserted(corpus):
    with pytest.raises(NotApplicable, match="no other passage"):
        inserted(ITEM, corpus)


def test_an_empty_passage_gets_no_sentence():
    with pytest.raises(NotApplicable, match="empty passage"):
        inserted(replace(ITEM, passage=""))


def test_question_options_and_answer_stay():
    made = inserted(ITEM)
    assert (made.example.question, made.example.options, made.example.answer) == (
        ITEM.question,
        ITEM.options,
        ITEM.answer,
    )
    assert len(sentences(made.example.passage)) == 2
