"""No attack of ours gives its answers away through form without saying so (sentinels over whole suites)."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustness.attacks.recipes import recipe, recipe_names
from robustness.demo.stories import stories
from robustness.domain import Polarity
from robustness.readers.load import load
from robustness.suites.audit import SENTINELS, refuse_leaks, sentinels
from robustness.suites.build import build
from robustness.suites.plan import Plan, plan

DATA = Path(__file__).parents[3] / "shared" / "data"
JUDGED = {Polarity.ATTACK, Polarity.CONTRAST}
EDITING = Plan.model_validate(
    {
        "name": "editing",
        "description": "Every attack that writes into options, whether a plan of ours has it or not.",
        "check": [
            {"attack": name}
            for name in recipe_names()
            if recipe(name).polarity in JUDGED
            and recipe(name).family in {"distractors", "unreadable", "unanswerable", "lexical"}
            and "wordnet" not in recipe(name).needs
        ],
    }
)


def leaks(suite) -> list[str]:
    found = sentinels(suite)
    refuse_leaks(found)
    assert {one.sentinel for one in found} == set(SENTINELS)
    return [f"{one.attack} {one.sentinel}" for one in found if one.leak]


def test_the_attacks_that_edit_options_leak_what_they_declare_on_the_stories():
    # A recipe that leaks shows that the sentinels see anything at all.
    assert "addans2opt-shuffle shortest" in leaks(build(stories("test"), EDITING))


@pytest.mark.slow
def test_the_full_suite_leaks_nothing_undeclared_on_the_stories():
    assert leaks(build(stories("test", passages=60), plan("full")))


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside the checkout")
@pytest.mark.parametrize(
    "spec",
    ["dream:dream/test.json", "c3:c3/c3-m-dev.json", "c3:c3/c3-d-dev.json", "cosmosqa:cosmosqa/valid.csv"],
)
def test_no_attack_leaks_undeclared_on_published_data(spec):
    reader, _, path = spec.partition(":")
    assert leaks(build(load(f"{reader}:{DATA / path}").examples, EDITING))
