from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, Levenshtein

from robustness.attacks.noise import CharacterNoise, sampled
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import words

ITEM = Example(
    "m1",
    "Norbert packed fourteen yellow blankets on Friday. They never reached Windermere before nightfall.",
    "What did Norbert never reach?",
    ("Windermere.", "The yellow blankets."),
    0,
    "p1",
)
CHINESE = Example(
    "m2", "诺拉昨天没有收拾蓝色帐篷。他们不想去湖边露营。", "他们想去哪儿？", ("湖边。", "山上。"), 0, "p1"
)
KINDS = ("swap", "insert", "delete", "substitute", "keyboard")
every_kind = pytest.mark.parametrize("kind", KINDS)


def noised(kind: str, example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Variant:
    attack = CharacterNoise(name="x", polarity=Polarity.ATTACK, kind=kind, **parameters)  # type: ignore[arg-type]
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    return made


def pairs(made: Variant, example: Example = ITEM) -> list[tuple[str, str]]:
    old = words(example.passage).words + words(example.question).words
    new = words(made.example.passage).words + words(made.example.question).words
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


@every_kind
@pytest.mark.parametrize("seed", range(6))
def test_one_edit_per_word_and_first_and_last_letter_stay(kind, seed):
    changed = pairs(noised(kind, seed=seed, rate=1.0))
    assert changed
    for before, after in changed:
        assert (before[0], before[-1]) == (after[0], after[-1])
        assert OSA.distance(before, after) == 1
        assert len(before) >= 4


@pytest.mark.parametrize(
    ("kind", "longer"), [("swap", 0), ("insert", 1), ("delete", -1), ("substitute", 0), ("keyboard", 0)]
)
def test_the_length_of_a_misspelling_follows_from_its_kind(kind, longer):
    assert {len(after) - len(before) for before, after in pairs(noised(kind, rate=1.0))} == {longer}


def test_a_swap_is_one_transposition_and_never_a_substitution():
    assert all(
        Levenshtein.distance(a, b) == 2 and sorted(a) == sorted(b) for a, b in pairs(noised("swap", rate=1.0))
    )


def test_a_keyboard_typo_hits_a_key_beside_the_right_one():
    beside = {"a": "qwsz", "e": "wrsd", "l": "kop", "n": "bhjm", "o": "iklp", "r": "etdf", "t": "ryfg"}
    for seed in range(20):
        for before, after in pairs(noised("keyboard", seed=seed, rate=1.0)):
            ((x, y),) = [(x, y) for x, y in zip(before, after, strict=True) if x != y]
            assert x not in beside or y in beside[x]


@every_kind
def test_numbers_negations_and_short_words_stay(kind):
    item = replace(
        ITEM, passage="Norbert never had 12345 of fourteen nothing without him.", question="Nobody ran?"
    )
    for seed in range(10):
        assert {before for before, _ in pairs(noised(kind, item, seed=seed, rate=1.0), item)} == {"Norbert"}


@every_kind
def test_options_keep_their_spelling(kind):
    assert noised(kind, rate=1.0).example.options == ITEM.options


def test_the_rate_is_the_share_of_the_eligible_words_of_a_field():
    item = replace(ITEM, passage=" ".join(f"abcd{chr(97 + i)}fgh" for i in range(20)), question="")
    for rate, count in [(0.05, 1), (0.1, 2), (0.25, 5), (0.5, 10), (1.0, 20)]:
        made = noised("swap", item, rate=rate)
        assert made.notes["words_eligible"] == 20
        assert made.notes["words_changed"] == len(pairs(made, item)) == count


def test_protected_names_and_option_words_stay():
    for seed in range(10):
        made = noised("delete", seed=seed, rate=1.0, protect=("names", "option-words"))
        before = {word for word, _ in pairs(made)}
        # Norbert opens the passage, so it is no name there; inside the question it is one.
        assert not before & {"yellow", "blankets", "Windermere", "Friday"}
        assert "Norbert" in words(made.example.question).words


def test_a_misspelling_is_never_another_word_of_the_item():
    item = replace(ITEM, passage="form", question="", options=("from", "farm"))
    with pytest.raises(NotApplicable, match="no word that can be misspelt"):
        noised("swap", item)


def test_fields_can_be_chosen():
    made = noised("insert", rate=1.0, fields=("question",))
    assert made.example.passage == ITEM.passage
    assert made.example.question != ITEM.question


def test_an_item_without_long_words_is_not_applicable():
    with pytest.raises(NotApplicable, match="no word"):
        noised("swap", replace(ITEM, passage="He ran. I sat.", question="Who?"))


@pytest.mark.parametrize("seed", range(10))
def test_chinese_negations_and_numerals_stay_in_place_and_half_the_rate_is_taken(seed):
    made = noised("delete", CHINESE, seed=seed, rate=1.0, fields=("passage",))
    assert sorted(c for c in made.example.passage if c in "没不") == sorted("没不")
    eligible = int(made.notes["words_eligible"])
    assert (
        len(CHINESE.passage) - len(made.example.passage) == made.notes["words_changed"] == round(eligible / 2)
    )


def test_a_chinese_swap_moves_neighbours_and_keeps_the_characters():
    made = noised("swap", CHINESE, rate=0.4, fields=("passage",))
    assert made.example.passage != CHINESE.passage
    assert sorted(made.example.passage) == sorted(CHINESE.passage)


def test_a_chinese_insertion_doubles_a_character():
    made = noised("insert", CHINESE, rate=0.1, fields=("passage",))
    assert len(made.example.passage) == len(CHINESE.passage) + 1


@given(count=st.integers(0, 300), rate=st.floats(0.01, 1), seed=st.integers(0, 9))
def test_a_sample_is_sorted_distinct_and_of_the_asked_size(count, rate, seed):
    sample = sampled(count, rate, derive(seed, "x"))
    assert sample == sorted(set(sample))
    assert all(0 <= i < count for i in sample)
    assert len(sample) == (min(count, max(1, round(rate * count))) if count else 0)
