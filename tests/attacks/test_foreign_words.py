from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.attacks.corpus import Corpus
from robustness.attacks.foreign_words import WordsPlanted, WordsReplaced, asked_words, plain, replaceable
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive
from robustness.text import words

CORPUS = Corpus((("other", "The baker opened his shop early. Seven fresh rolls were never gone quickly."),))
ITEM = Example(
    "m1", "Nora packed the tent and carried water. Leo didn't leave before nine.", "What did Nora carry?",
    ("water", "nothing"), 0, "g",
)  # fmt: skip


def replaced(count: int, example: Example = ITEM, seed: int = 0):
    attack = WordsReplaced(name="x", polarity=Polarity.ATTACK, count=count).bind(CORPUS)
    return next(attack(example, 1, derive(seed, "x")))


def planted(example: Example = ITEM, **settings):
    attack = WordsPlanted(name="x", polarity=Polarity.ATTACK, **settings).bind(CORPUS)
    return next(attack(example, 1, derive(0, "x")))


def test_only_plain_words_that_nobody_asks_about_may_be_exchanged():
    taken = words(ITEM.passage)
    assert [taken.words[at] for at in replaceable(ITEM, taken)] == ["packed", "tent", "carried", "leave"]


def test_marked_evidence_stays():
    start = ITEM.passage.index("carried")
    marked = replace(ITEM, meta={"evidence": f"{start}:{start + 13}"})
    taken = words(ITEM.passage)
    assert [taken.words[at] for at in replaceable(marked, taken)] == ["packed", "tent", "leave"]


@pytest.mark.parametrize(("count", "changed"), [(1, 1), (2, 2), (9, 4)])
def test_as_many_words_are_exchanged_as_were_asked_for_or_as_there_are(count, changed):
    for seed in range(8):
        after = replaced(count, seed=seed).example.passage
        pairs = list(zip(words(ITEM.passage).words, words(after).words, strict=True))
        new = [b for a, b in pairs if a != b]
        assert len(new) == changed
        assert all(plain(word) and word not in asked_words(ITEM) for word in new)
        assert not {"seven", "never"} & set(new)


def test_planted_words_stand_before_or_behind_the_passage():
    assert planted(words=("shop", "rolls")).example.passage == f"shop rolls {ITEM.passage}"
    assert planted(words=("shop",), position="end").example.passage == f"{ITEM.passage} shop"
    drawn = planted(count=3).example.passage.removesuffix(ITEM.passage).split()
    assert len(drawn) == len({*drawn}) == 3


@pytest.mark.parametrize("position", ["start", "end"])
def test_the_place_of_a_planted_word_is_known(position):
    attack = WordsPlanted(name="x", polarity=Polarity.ATTACK, position=position)
    trigger = ("shop", "early", "rolls")
    text = attack.beside("It rained.", trigger)
    for at, word in enumerate(trigger):
        assert text[(start := attack.offset("It rained.", trigger, at)) : start + len(word)] == word


def test_a_word_that_is_asked_about_is_never_planted():
    with pytest.raises(NotApplicable, match="hold a planted word"):
        planted(words=("water",))
