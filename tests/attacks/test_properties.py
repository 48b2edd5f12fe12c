"""One suite of properties that holds for every recipe, over generated English and Chinese items."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.attacks.corpus import NeedsCorpus
from robustness.attacks.recipes import apply, recipe, recipe_names
from robustness.domain import Example, Polarity, Skip, Variant
from robustness.testing import (
    SAMPLE_CORPUS,
    SAMPLE_ITEMS,
    broken_promises,
    example_faults,
    hash_seed_faults,
    odd_faults,
)
from robustness.text import sentences

# An attack on WordNet runs where WordNet is; `test_wordnet.py` brings a small one of its own.
NAMES = tuple(name for name in recipe_names() if recipe(name).parameters.get("lexicon") != "wordnet")
LEVELS = [(name, level) for name in NAMES for level in range(1, len(recipe(name).levels) + 1)]
KEEPS_OPTIONS = {
    "word-order", "sentence-order", "add-sent-to-passage", "foreign-sentence",
    "fields-removed", "foreign-passage", "evidence-deleted", "marked-span",
    "add-sent", "character-noise", "char-swap", "surface-noise", "synonym-swap", "number-form",
    "contractions", "pronouns-resolved", "mask-words", "numerals-changed",
    "exchange-answers", "exchange-numbers", "negate-question", "words-replaced", "words-planted",
}  # fmt: skip
ENGLISH = tuple(
    "the The a Ann Bob didn't it's Lee's lamp tent old blue left went home to at 9:00 Dr. U.S. café "
    "well-known".split()
)
CHINESE = (*"他她们昨天去了公园商店买书很高兴没有", "OK", "3")
ODD = ("Both A and B", "None of the above.", "以上都是", "A", "?", "No", "5", "", "  two  spaces ", "好")


def text_of(vocabulary: tuple[str, ...], glue: str, stops: str, size: int) -> st.SearchStrategy[str]:
    clause = st.lists(st.sampled_from(vocabulary), min_size=1, max_size=size).map(glue.join)
    return st.tuples(clause, st.sampled_from(stops)).map("".join)


def item_in(words: st.SearchStrategy[str], option: st.SearchStrategy[str], turn: str, glue: str):
    prose = st.lists(words, max_size=5).map(glue.join)
    dialogue = st.lists(words, min_size=1, max_size=4).map(
        lambda said: "\n".join(f"{turn[i % 2]}{turn[2:]}{sentence}" for i, sentence in enumerate(said))
    )
    options = st.lists(st.one_of(option, option, option, st.sampled_from(ODD)), min_size=2, max_size=5)
    return st.tuples(st.one_of(prose, prose, dialogue), words, options.map(tuple))


ENGLISH_TEXT = text_of(ENGLISH, " ", ".!?", 9)
CHINESE_TEXT = text_of(CHINESE, "", "。！？", 12)
FIELDS = st.one_of(
    item_in(ENGLISH_TEXT, st.one_of(ENGLISH_TEXT, st.sampled_from(ENGLISH)), "MW: ", " "),
    item_in(CHINESE_TEXT, st.one_of(CHINESE_TEXT, st.sampled_from(CHINESE)), "男女：", ""),
)


@st.composite
def examples(draw):
    passage, question, options = draw(FIELDS)
    answer = draw(st.integers(0, len(options) - 1))
    marked = draw(st.lists(st.sampled_from(sentences(passage)), min_size=1, max_size=2)) if passage else []
    meta = {"evidence": ",".join(f"{start}:{end}" for start, end in marked)} if marked else {}
    if marked and draw(st.booleans()):
        start, end = draw(st.sampled_from(sentences(passage)))
        meta["distractor_span"] = f"{start}:{end}"
    return Example("m1#0", passage, question, options, answer, "p1", meta)


def made_by(name: str, level: int):
    attack = recipe(name).attack(level)
    return attack.bind(SAMPLE_CORPUS) if isinstance(attack, NeedsCorpus) else attack


def applied(name: str, level: int, example: Example, seed: int = 0) -> list[Variant | Skip]:
    return list(apply(recipe(name), made_by(name, level), example, severity=level, seed=seed))


def variants(name: str, level: int, example: Example, seed: int = 0) -> list[Variant]:
    return [made for made in applied(name, level, example, seed) if isinstance(made, Variant)]


every_recipe = pytest.mark.parametrize(("name", "level"), LEVELS, ids=[f"{n}.{s}" for n, s in LEVELS])
generated = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_recipe
@generated
@given(example=examples(), seed=st.integers(0, 3))
def test_every_variant_keeps_the_contract_of_attacks(name, level, example, seed):
    assert broken_promises(recipe(name), example, severity=level, seed=seed) == []


@every_recipe
@settings(parent=generated, max_examples=8)
@given(example=examples())
def test_an_attack_raises_nothing_but_not_applicable_on_odd_items(name, level, example):
    assert odd_faults(recipe(name), example, severity=level) == []


@every_recipe
@generated
@given(example=examples())
def test_an_attack_leaves_the_fields_alone_that_it_does_not_name(name, level, example):
    of = recipe(name)
    for made in variants(name, level, example):
        if of.generator in KEEPS_OPTIONS:
            assert made.example.options == example.options
            assert made.option_map == tuple(range(len(example.options)))
        elif of.alike:
            assert made.option_map == tuple(range(len(example.options)))
        elif of.generator != "composition":
            assert made.example.passage == example.passage
            assert made.example.question == example.question
        if of.polarity in {Polarity.ATTACK, Polarity.ABLATION}:
            changed = {"add-distractor": 1, "remove-distractor": -1}.get(of.generator, 0)
            assert len(made.example.options) == len(example.options) + changed


def test_no_attack_depends_on_the_hash_seed():
    assert hash_seed_faults([recipe(name) for name in NAMES], SAMPLE_ITEMS) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_keeps_the_contract_on_the_items_of_the_kit(name):
    made = recipe(name)
    faults = [*example_faults(made)]
    for item in SAMPLE_ITEMS:
        for severity in range(1, len(made.levels) + 1):
            faults += broken_promises(made, item, severity=severity)
            faults += odd_faults(made, item, severity=severity)
    assert faults == []


RANDOM = [
    name for name in NAMES
    if "shuffle" in name
    or name.startswith(("addsent", "addonesent", "foreign-passage-random", "foreign-sentence"))
    or recipe(name).generator in {"character-noise", "char-swap"}
]  # fmt: skip
ITEM = Example(
    "m1#0",
    "Ann left the old lamp at home. Bob didn't see it. Lee's tent was blue! They went to the lake.",
    "What did Ann leave at home on Friday?",
    ("The old brass lamp.", "Her brother's blue tent.", "A very warm coat."),
    0,
    "p1",
)


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_gives_other_variants(name):
    assert len({repr(variants(name, 1, ITEM, seed)) for seed in range(12)}) > 1


@pytest.mark.parametrize("name", RANDOM)
def test_another_item_id_gives_other_variants(name):
    made = [variants(name, 1, replace(ITEM, id=f"m{i}"))[0].example for i in range(12)]
    assert len({repr((e.passage, e.question, e.options)) for e in made}) > 1


def test_ids_are_unique_over_all_recipes_and_severities():
    ids = [made.id for name, level in LEVELS for made in variants(name, level, ITEM)]
    assert len(ids) == len(set(ids))
    assert len(ids) > 25


HARD = {
    "one word 500 times": replace(
        ITEM, passage="lamp " * 500, question="lamp " * 30, options=("lamp " * 50, "lamp")
    ),
    "options of one character": replace(ITEM, options=("a", "b", "a", "中", "?")),
    "a passage of 5,000 words without a stop": replace(
        ITEM, passage=" ".join(f"word{i % 997}" for i in range(5000)), meta={"evidence": "0:10"}
    ),
    "a passage of 5,000 sentences": replace(ITEM, passage="。".join("他去公园" for _ in range(5000))),
}


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("name", NAMES)
def test_no_attack_runs_away_on_hard_input(name, hard):
    begun = time.process_time()
    assert applied(name, 1, HARD[hard])
    assert time.process_time() - begun < 5
