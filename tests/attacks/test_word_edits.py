from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import recipe, recipe_names
from robustness.attacks.word_edits import CHOICES, EditsWords, edits_words
from robustness.domain import Example, NotApplicable
from robustness.rng import derive
from robustness.text import words

NAMES = [
    name for name in recipe_names()
    if edits_words(recipe(name).attack()) and recipe(name).parameters.get("lexicon") != "wordnet"
]  # fmt: skip
ENGLISH = "Ann didn't often purchase a big lamp. It's nearly home, at 9:00 the children watched Lee's boat."
CHINESE = "他们昨天去了公园。天气很好，孩子们很高兴。"


def example(passage: str) -> Example:
    return Example("i", passage, "What did Ann purchase?", ("the lamp", "A boat.", "no"), 0, "g")


OTHERS = Corpus.of([replace(example("The baker opened early. Fresh rolls were gone by eight."), group="h")])


def offered(name: str, of: Example, seed: int = 0, level: int = 1):
    attack = recipe(name).attack(level)
    if isinstance(attack, NeedsCorpus):
        attack = attack.bind(OTHERS)
    assert isinstance(attack, EditsWords)
    return attack.word_edits(of, derive(seed, "x"))


def test_letters_swaps_synonyms_and_look_alikes_edit_words():
    assert {"swap-letters", "keyboard-typos", "charswap", "synonym-swap", "homoglyphs", "zero-width"} <= {
        *NAMES
    }
    assert not {"rename-people", "lost-spaces", "addsent", "upper-case", "option-reverse"} & {*NAMES}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(passage=st.sampled_from([ENGLISH, CHINESE, "", "No."]), seed=st.integers(0, 5))
def test_every_edit_says_what_stands_there_and_changes_it(name, passage, seed):
    of = example(passage)
    found = offered(name, of, seed)
    texts = {"passage": of.passage, "question": of.question}
    for edit in found.edits:
        assert texts[edit.place][edit.start : edit.start + len(edit.before)] == edit.before
        assert edit.before
        assert edit.after != edit.before
    assert len({*found.edits}) == len(found.edits)
    per_word: dict[tuple[str, int], int] = {}
    for edit in found.edits:
        per_word[edit.place, edit.start] = per_word.get((edit.place, edit.start), 0) + 1
    assert max(per_word.values(), default=0) <= 2 * CHOICES  # a synonym may start at its article


@pytest.mark.parametrize("name", [n for n in NAMES if n != "charswap"])
def test_the_limits_are_how_many_words_the_attack_itself_edits(name):
    of = example(ENGLISH)
    for level in range(1, len(recipe(name).levels) + 1):
        attack = recipe(name).attack(level)
        try:
            made = next(iter(attack(of, level, derive(3, "x"))))
        except NotApplicable:
            continue
        limits = offered(name, of, level=level).limits
        for place, limit in limits.items():
            before, after = (getattr(x, place).split() for x in (of, made.example))
            changed = sum(a != b for a, b in zip(before, after, strict=True))
            assert changed <= 2 * limit  # an article changes with its synonym
            assert limit <= max(1, len(before))


def test_an_article_follows_its_synonym():
    found = offered("synonym-swap", example("Leo is a clever boy and has an old car."))
    assert all(e.after.split()[0] in {"a", "an"} for e in found.edits if " " in e.before)


def test_option_words_get_no_synonym():
    of = Example("i", "She bought a big tent.", "What?", ("a big one", "bought bread"), 0, "g")
    assert not {e.before for e in offered("synonym-swap", of).edits} & {"big", "bought"}


def test_a_word_never_becomes_another_word_of_the_item():
    of = example("The form came from the farm.")
    known = {w.lower() for text in (of.passage, of.question, *of.options) for w in words(text).words}
    for name in ("swap-letters", "substitute-letters", "keyboard-typos", "delete-letters", "insert-letters"):
        assert not {e.after.lower() for e in offered(name, of).edits} & known
