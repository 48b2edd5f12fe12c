from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from robustness.attacks import wordnet
from robustness.attacks.addsent import AddSent
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import sentences

ITEM = Example(
    "m1",
    "Nora packed on Friday. Leo left the lamp at home. They came late.",
    "Which old thing did Leo leave at home?",
    ("The lamp.", "The tent.", "A coat", "A boat."),
    0,
    "p1",
)
CHINESE = Example(
    "m2", "女：你喜欢茶吗？\n男：我喜欢咖啡。", "男的喜欢喝什么？", ("咖啡", "茶", "水"), 0, "p1"
)


def added(example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Variant:
    attack = AddSent(name="x", polarity=Polarity.ATTACK, **parameters)
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    return made


def sentences_of(text: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text)]


def inserted(made: Variant, example: Example = ITEM) -> str:
    """Return what was added, where it stands in one piece."""
    before, after = example.passage, made.example.passage
    return after.removeprefix(before) if after.startswith(before) else after.removesuffix(before)


@pytest.mark.parametrize("seed", range(12))
def test_two_sentences_come_in_and_the_passage_stays_whole_and_in_order(seed):
    made = added(seed=seed).example
    old, new = sentences_of(ITEM.passage), sentences_of(made.passage)
    assert [s for s in new if s in old] == old
    assert len(new) == len(old) + 4  # a question and an answer are two sentences each time
    assert (made.question, made.options, made.answer) == (ITEM.question, ITEM.options, ITEM.answer)


def test_every_boundary_is_drawn_ends_included():
    places: Counter[int] = Counter()
    for seed in range(400):
        after = added(seed=seed, count=1).example.passage
        places[next(i for i, s in enumerate(sentences_of(after)) if s.startswith("Which"))] += 1
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 60


@pytest.mark.parametrize("position", ["end", "start"])
def test_at_one_end_the_sentences_stand_beside_the_passage(position):
    passage = added(position=position).example.passage
    assert (
        passage.startswith(ITEM.passage + " ") if position == "end" else passage.endswith(" " + ITEM.passage)
    )


def test_the_sentence_is_an_altered_question_and_an_unaltered_distractor():
    for seed in range(20):
        text = inserted(added(seed=seed, position="end", count=1)).strip()
        question, _, answer = text.partition("? ")
        assert answer in {"The tent.", "A coat.", "A boat."}
        assert question + "?" != ITEM.question
        assert question.startswith(("Which new thing did ", "Which young thing did "))
        assert " Leo " not in question


def test_the_second_sentence_takes_another_distractor_antonym_and_name():
    for seed in range(20):
        text = inserted(added(seed=seed, position="end"))
        assert {"new", "young"} <= set(text.split())
        answers = [s for s in ("The tent.", "A coat.", "A boat.") if s in text]
        assert len(answers) == 2
        names = [text.split()[i + 1] for i, word in enumerate(text.split()) if word == "did"]
        assert len(set(names)) == 2


def test_with_one_distractor_it_is_used_twice():
    text = inserted(added(replace(ITEM, options=("The lamp.", "The tent.")), position="end"))
    assert text.count("The tent.") == 2


def test_the_gold_option_and_options_about_options_are_never_inserted():
    item = replace(ITEM, options=("The lamp.", "Both A and C.", "the lamp", "A boat."))
    for seed in range(20):
        text = inserted(added(item, seed=seed, position="end"))
        assert "lamp" not in text
        assert "Both" not in text


def test_where_no_distractor_says_something_by_itself_it_is_not_applicable():
    with pytest.raises(NotApplicable, match="no distractor"):
        added(replace(ITEM, options=("The lamp.", "All of the above.")))


@pytest.mark.parametrize(
    ("change", "reason"), [({"passage": " "}, "empty passage"), ({"answer": None}, "right")]
)
def test_it_needs_a_passage_and_a_right_option(change, reason):
    with pytest.raises(NotApplicable, match=reason):
        added(replace(ITEM, **change))


def test_a_blank_is_filled_and_not_followed():
    item = replace(ITEM, question="Leo left 3 ___ at home.")
    text = inserted(added(item, position="end", count=1)).strip()
    assert text.endswith(" at home.")
    assert any(f" {answer} at" in text for answer in ("The tent", "A coat", "A boat"))


def test_where_no_rule_has_a_hold_on_the_question_the_distractor_changes():
    made = added(replace(ITEM, question="Where to sleep?"), position="end", count=1)
    assert made.notes["rules"] == "distractor"
    assert inserted(made).strip() in {
        "Where to sleep? not The tent.",
        "Where to sleep? not A coat.",
        "Where to sleep? not A boat.",
    }


def test_chinese_sentences_come_without_a_space():
    made = added(CHINESE, position="end", count=1)
    assert inserted(made, CHINESE) in {"女的喜欢喝什么？茶。", "女的喜欢喝什么？水。"}


def test_a_chinese_question_without_a_hold_denies_the_distractor():
    item = replace(CHINESE, question="什么颜色？")
    assert inserted(added(item, position="end", count=1), item) in {
        "什么颜色？不是茶。",
        "什么颜色？不是水。",
    }


@pytest.mark.parametrize("found", [True, False])
def test_the_notes_say_which_lexicon_was_used(found, monkeypatch):
    monkeypatch.setattr(wordnet, "has_wordnet", lambda: found)
    monkeypatch.setattr(wordnet, "wordnet_antonyms", lambda word: {"old": ("modern",)}.get(word, ()))
    made = added(lexicon="auto", position="end", count=1)
    assert made.notes["lexicon"] == ("wordnet" if found else "words")
    assert ("modern" in inserted(made)) == found
    assert added(lexicon="words").notes["lexicon"] == "words"
