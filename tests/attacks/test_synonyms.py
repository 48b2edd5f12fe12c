from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robustness.attacks import wordnet
from robustness.attacks.synonyms import SynonymSwap
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive

ITEM = Example(
    "m1",
    "Leo bought a big car. Perhaps he often phoned a lawyer.",
    "Who phoned?",
    ("Leo.", "A baker."),
    0,
    "p1",
)


def swapped(example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Variant:
    attack = SynonymSwap(name="x", polarity=Polarity.ATTACK, **parameters)
    (made,) = attack(example, 1, derive(seed, "x"))
    return made


def test_every_listed_word_is_replaced_in_its_form_and_the_article_follows():
    passage = swapped().example.passage
    assert passage == "Leo purchased a large automobile. Perhaps he frequently telephoned an attorney."


def test_a_word_of_an_option_stays_and_none_becomes_one():
    item = replace(ITEM, options=("A car.", "A large boat.", "An attorney."))
    assert (
        swapped(item).example.passage == "Leo purchased a big car. Perhaps he frequently telephoned a lawyer."
    )


def test_question_and_options_stay():
    made = swapped().example
    assert (made.question, made.options) == (ITEM.question, ITEM.options)


def test_the_rate_is_the_share_of_the_words_that_have_a_synonym():
    made = swapped(rate=0.5)
    assert made.notes["words_eligible"] == 6
    assert made.notes["words_changed"] == 3


def test_capitals_and_items_without_a_listed_word_are_left():
    with pytest.raises(NotApplicable, match="no word with a synonym"):
        swapped(replace(ITEM, passage="Perhaps. Big. The tent."))


def test_wordnet_is_asked_where_the_recipe_says_so_but_never_for_stop_words(monkeypatch):
    asked = []

    def synonyms(word):
        asked.append(word)
        return ("barrister",) if word == "lawyer" else ()

    monkeypatch.setattr(wordnet, "wordnet_synonyms", synonyms)
    made = swapped(lexicon="wordnet")
    assert made.example.passage.endswith("phoned a barrister.")
    assert not {"a", "he", "often."} & set(asked)
