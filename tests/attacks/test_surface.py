from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from robustness.attacks.surface import SurfaceNoise
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive
from robustness.text import words

ITEM = Example(
    "m1",
    'M: Leo, where did you put the lamp?\nW: "At home", I said; at 9:00 or 26.5 minutes later.',
    "What did Leo lose?",
    ("The lamp.", "A coat."),
    0,
    "p1",
)
CHINESE = Example(
    "m2", "女：你去哪儿了？男：我去了“商店”，买了书。", "他们说什么？", ("商店。", "书。"), 0, "p1"
)


def changed(kind: str, example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Example:
    attack = SurfaceNoise(name="x", polarity=Polarity.ATTACK, kind=kind, **parameters)  # type: ignore[arg-type]
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    assert made.example.options == example.options
    return made.example


@pytest.mark.parametrize(("kind", "method"), [("lower", str.lower), ("upper", str.upper)])
def test_case_changes_everywhere_but_in_the_options(kind, method):
    made = changed(kind)
    assert (made.passage, made.question) == (method(ITEM.passage), method(ITEM.question))


def test_random_case_turns_letters_and_nothing_else():
    made = changed("random-case", rate=0.5)
    assert made.passage.lower() == ITEM.passage.lower()
    letters = sum(c.isalpha() for c in ITEM.passage)
    assert sum(a != b for a, b in zip(made.passage, ITEM.passage, strict=True)) == round(letters / 2)


def test_added_spaces_leave_the_words_and_the_lines():
    made = changed("spaces-added", rate=1.0)
    assert words(made.passage).words == words(ITEM.passage).words
    assert made.passage.count("\n") == 1
    assert made.passage.count("  ") == ITEM.passage.count(" ")


def test_chinese_gets_spaces_between_its_characters():
    made = changed("spaces-added", CHINESE, rate=1.0)
    assert made.passage.replace(" ", "") == CHINESE.passage
    assert " " in made.passage


def test_lost_spaces_join_plain_words_only():
    made = changed("spaces-lost", rate=1.0)
    assert made.passage == 'M: Leo, wheredidyouputthelamp?\nW: "Athome", Isaid; at 9:00 or 26.5 minuteslater.'


def test_lost_punctuation_spares_speakers_and_the_inside_of_numbers():
    made = changed("punctuation-lost")
    assert (
        made.passage == "M: Leo where did you put the lamp\nW: At home I said at 9:00 or 26.5 minutes later"
    )
    assert made.question == "What did Leo lose"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who left?", "Who left"),
        ("He left ___", "He left ___?"),
        ("谁走了？", "谁走了"),
        ("他去了", "他去了？"),
        ("Why?!", "Why"),
    ],
)
def test_the_final_mark_is_dropped_or_set(question, expected):
    item = replace(ITEM, passage="谁来了" if question[0] in "谁他" else "Leo came.", question=question)
    assert changed("final-mark", item, fields=("question",)).question == expected


def test_homoglyphs_change_one_letter_a_word_into_another_script():
    made = changed("homoglyph", rate=1.0)
    for old, new in zip(words(ITEM.passage).words, words(made.passage).words, strict=True):
        different = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert len(different) <= 1
        assert all(unicodedata.name(b).startswith("CYRILLIC") for _, b in different)
    assert made.passage != ITEM.passage


@pytest.mark.parametrize("item", [ITEM, CHINESE], ids=["en", "zh"])
def test_zero_width_spaces_are_all_that_is_added(item):
    made = changed("zero-width", item, rate=1.0)
    assert made.passage.replace("\u200b", "") == item.passage
    assert "\u200b" in made.passage


def test_half_width_punctuation_keeps_every_character_of_the_text():
    made = changed("half-width", CHINESE)
    assert made.passage == '女:你去哪儿了?男:我去了"商店",买了书.'


def test_the_rate_is_the_share_of_the_places():
    item = replace(ITEM, passage="lamp " * 40, question="?")
    assert changed("zero-width", item, rate=0.25).passage.count("\u200b") == 10


@pytest.mark.parametrize("kind", ["lower", "spaces-lost", "homoglyph", "half-width", "punctuation-lost"])
def test_where_nothing_would_change_it_is_not_applicable(kind):
    with pytest.raises(NotApplicable, match="nothing that this would change"):
        changed(kind, replace(ITEM, passage="123", question="45"))
