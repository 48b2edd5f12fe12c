from __future__ import annotations

import itertools
import re

import pytest

from robustness.demo.story import tell
from robustness.demo.templates import SLOTS, SPLITS, Split, allowed, phrases, templates, words
from robustness.rng import derive


def told_pairs(split: Split, passages: int) -> set[tuple[str, str]]:
    """The (name, template) pairs that stories of one split really use."""
    return {
        (value, fact.template.id)
        for number in range(passages)
        for fact in tell(split, derive(3, "pairs", split, str(number))).facts
        for slot, value in fact.values.items()
        if SLOTS[slot] == "person"
    }


def test_no_name_and_template_pair_is_told_in_two_splits():
    told = {split: told_pairs(split, 1500) for split in SPLITS}
    for one, other in itertools.combinations(told, 2):
        assert told[one].isdisjoint(told[other])


def test_all_names_and_all_templates_are_told_in_training():
    names, kinds = map(set, zip(*told_pairs("train", 1500), strict=True))
    assert names == set(words().people)
    assert kinds == {template.id for template in templates()}


def test_each_pair_belongs_to_exactly_one_split():
    for template in templates():
        parts = [allowed(template.id, split) for split in SPLITS]
        assert sorted(itertools.chain(*parts)) == sorted(words().people)


def test_the_two_people_of_a_pronoun_fact_differ_in_gender():
    seen = 0
    for number in range(300):
        for fact in tell("test", derive(0, "gender", str(number))).facts:
            if fact.template.gendered:
                seen += 1
                assert fact.values["she"] in words().she
                assert fact.values["he"] in words().he
    assert seen > 100


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.id)
def test_every_way_to_tell_a_template_uses_all_its_slots_in_full_sentences(template):
    for says in template.says:
        assert set(re.findall(r"\{(\w+)\}", says)) == set(template.slots)
        assert says.endswith(".")
        assert says.count(".") == template.sentences
    for ask in template.asks:
        assert ask.question.endswith("?")
        assert "{" + ask.answer + "}" not in ask.question
        assert ask.answer in (*template.slots, "she", "he")


def test_no_word_is_in_two_lists():
    lists = [words().people, words().things, words().faults, *words().phrases.values()]
    every = list(itertools.chain(*lists))
    assert len(set(every)) == len(every)
    assert len(phrases("reason")) == len(words().things) * len(words().faults)
