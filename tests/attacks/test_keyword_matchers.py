"""What rules without understanding do under the attacks: exact oracles over generated stories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import apply, recipe
from robustness.choices import credit, right_options
from robustness.domain import Example, Scores, Variant
from robustness.models.stub import stub
from robustness.readers.load import load


@cache
def stories() -> tuple[Example, ...]:
    return load("stories:test?passages=30").examples


@dataclass(frozen=True, slots=True)
class Pair:
    clean: Example
    attacked: Example


@cache
def pairs(name: str) -> tuple[Pair, ...]:
    made = recipe(name)
    attack = made.attack()
    bound = attack.bind(Corpus.of(stories())) if isinstance(attack, NeedsCorpus) else attack
    found = [
        Pair(example, variant.example)
        for example in stories()
        for variant in apply(made, bound, example, severity=1, seed=0)
        if isinstance(variant, Variant)
    ]
    assert len(found) >= 10, name
    return tuple(found)


def scored(rule: str, name: str) -> tuple[list[Scores], list[Scores]]:
    model = stub(rule)
    clean = model.score([pair.clean for pair in pairs(name)])
    return list(clean), list(model.score([pair.attacked for pair in pairs(name)]))


def accuracy(rule: str, name: str) -> tuple[float, float]:
    clean, attacked = scored(rule, name)
    before = [credit(s, right_options(pair.clean)) for s, pair in zip(clean, pairs(name), strict=True)]
    after = [credit(s, right_options(pair.attacked)) for s, pair in zip(attacked, pairs(name), strict=True)]
    return sum(before) / len(before), sum(after) / len(after)


@pytest.mark.parametrize("rule", ["overlap", "overlap-fraction", "overlap-window"])
@pytest.mark.parametrize("name", ["rename-people", "rename-people-random", "rename-people-same-data"])
def test_renaming_everywhere_changes_no_score_of_a_matcher(name, rule):
    clean, attacked = scored(rule, name)
    assert attacked == clean


@pytest.mark.parametrize(
    "name",
    [
        "doubled-spaces",
        "final-mark",
        "lower-case",
        "random-case",
        "lost-punctuation",
        "swap-letters-protected",
    ],
)
def test_a_change_of_form_that_spares_the_options_words_changes_no_overlap(name):
    clean, attacked = scored("overlap", name)
    assert attacked == clean


@pytest.mark.parametrize("name", ["synonym-swap", "punctuation-dropped", "causal-words-dropped"])
def test_words_that_no_option_has_can_go_without_a_matcher_noticing(name):
    clean, attacked = scored("overlap", name)
    assert attacked == clean


@pytest.mark.parametrize("name", ["addsent", "addsent-end", "addsent-start", "addonesent"])
def test_a_planted_distractor_draws_a_matcher_away(name):
    clean, attacked = accuracy("overlap", name)
    control_clean, control = accuracy("overlap", "foreign-sentence")
    assert clean - attacked > 0.08
    assert abs(control_clean - control) < 0.05


def test_swapped_links_blind_a_matcher():
    clean, attacked = accuracy("overlap-window", "charswap")
    assert clean - attacked > 0.2


def test_without_content_words_a_matcher_is_at_chance():
    _, attacked = accuracy("overlap-window", "function-words-only")
    chance = sum(pair.clean.chance for pair in pairs("function-words-only")) / len(
        pairs("function-words-only")
    )
    assert attacked == pytest.approx(chance, abs=0.05)


@pytest.mark.parametrize("name", ["rename-people", "addsent", "keyboard-typos", "function-words-only"])
def test_the_oracle_is_always_right_where_the_label_stays(name):
    assert accuracy("oracle", name) == (1.0, 1.0)
