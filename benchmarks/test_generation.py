"""The same as `generation.py`, under pytest-benchmark: recipes over items, and nlpaug beside ours.

    pip install -e '.[bench]'
    pytest -c benchmarks/pytest.ini benchmarks

On DREAM test where it lies in ../shared, else on the generated stories.
"""

from __future__ import annotations

import pytest
from generation import ours, theirs
from measure import SHARED, real_data

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import apply, recipe
from robustness.domain import Example
from robustness.readers.load import load

ITEMS = 300


@pytest.fixture(scope="session")
def examples() -> tuple[Example, ...]:
    file = real_data(str(SHARED))
    return load(f"dream:{file}" if file else "stories:test", limit=ITEMS).examples


@pytest.mark.benchmark(group="generation")
@pytest.mark.parametrize(
    "name",
    ["addsent2pas-shuffle", "swap-letters", "rename-places", "numbers-shifted", "passage-word-shuffle"],
)
def test_a_recipe_over_items(benchmark, examples, name):
    made, corpus = recipe(name), Corpus.of(examples)
    attack = made.attack()
    bound = attack.bind(corpus) if isinstance(attack, NeedsCorpus) else attack
    found = benchmark(
        lambda: sum(1 for item in examples for _ in apply(made, bound, item, severity=1, seed=0))
    )
    assert found >= len(examples)


@pytest.mark.benchmark(group="character swap")
def test_our_character_swap(benchmark, examples):
    benchmark(ours(list(dict.fromkeys(e.passage for e in examples))))


@pytest.mark.benchmark(group="character swap")
def test_the_character_swap_of_nlpaug(benchmark, examples):
    run = theirs(list(dict.fromkeys(e.passage for e in examples)))
    if run is None:
        pytest.skip("nlpaug is not installed: pip install '.[bench]'")
    benchmark(run)
