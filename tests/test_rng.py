from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.rng import Rng, derive

FIRST_DRAWS = (
    "from robustness.rng import derive; r = derive(7, 'a', '中'); print([r.below(99) for _ in range(9)])"
)


def draws(generator: Rng, count: int = 5) -> list[int]:
    return [generator.below(1_000_000) for _ in range(count)]


def test_a_place_has_the_same_numbers_whatever_was_drawn_before():
    alone = draws(derive(3, "attack", "1", "item 2"))
    draws(derive(3, "attack", "1", "item 1"), 100)
    assert draws(derive(3, "attack", "1", "item 2")) == alone


def test_the_hash_seed_changes_nothing():
    said = {
        subprocess.run(
            [sys.executable, "-c", FIRST_DRAWS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1


def test_the_first_values_are_pinned_so_that_suites_stay_the_same_across_versions():
    generator = derive(7, "a", "b")
    assert [generator.below(1000) for _ in range(6)] == [536, 175, 54, 475, 330, 596]
    assert derive(0, "word-shuffle", "1", "m1#0").permutation(8) == [5, 1, 7, 4, 2, 0, 3, 6]
    assert derive(-1, "中").uniform() == 0.9782697226200578


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("ab",), ("a", "b")),
        (("",), ()),
        (("a", ""), ("", "a")),
        (("1",), ("１",)),
    ],
)
def test_names_have_boundaries(one, other):
    assert draws(derive(0, *one)) != draws(derive(0, *other))


def test_the_seed_is_not_mistaken_for_a_name():
    assert draws(derive(12)) != draws(derive(1, "2"))
    assert draws(derive(1)) != draws(derive(-1))


def test_a_lone_surrogate_in_an_id_is_a_name_like_any_other():
    assert draws(derive(0, "\ud800")) != draws(derive(0, "\ud801"))


def test_every_order_of_four_is_as_likely_as_any_other():
    from scipy.stats import chisquare

    generator = derive(20, "uniformity")
    seen = Counter(tuple(generator.permutation(4)) for _ in range(24_000))
    assert set(seen) == set(permutations(range(4)))
    assert chisquare([seen[order] for order in permutations(range(4))]).pvalue > 0.001


def test_below_is_uniform_and_independent_between_neighbouring_places():
    from scipy.stats import chisquare

    seen = Counter(derive(0, "attack", "1", f"item{i}").below(10) for i in range(10_000))
    assert chisquare([seen[i] for i in range(10)]).pvalue > 0.001


@given(st.integers(1, 200), st.integers(), st.text(max_size=5))
def test_a_permutation_holds_every_index_once(n, seed, name):
    assert sorted(derive(seed, name).permutation(n)) == list(range(n))


@given(st.lists(st.integers(), min_size=1), st.integers())
def test_choice_and_shuffle_keep_to_the_items(items, seed):
    generator = derive(seed)
    assert generator.choice(items) in items
    shuffled = list(items)
    generator.shuffle(shuffled)
    assert sorted(shuffled) == sorted(items)


def test_uniform_stays_below_one():
    generator = derive(0)
    assert all(0 <= generator.uniform() < 1 for _ in range(1000))


@pytest.mark.parametrize("n", [0, -3])
def test_nothing_can_be_drawn_from_an_empty_range(n):
    with pytest.raises(ValueError, match=f"n is {n}, but it must be at least 1"):
        derive(0).below(n)
