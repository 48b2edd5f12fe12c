from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import UsageError
from robustness.store.shards import Shard, share_of

NAMES = st.lists(st.text(max_size=4), unique=True, max_size=40)
SIZES = st.integers(1, 9)


@given(NAMES, SIZES)
def test_each_item_is_in_exactly_one_share(names: list[str], of: int):
    shares = [share_of(names, Shard(rank, of)) for rank in range(of)]
    assert sorted(name for share in shares for name in share) == sorted(names)


@given(NAMES, SIZES, st.randoms(use_true_random=False))
def test_a_share_does_not_depend_on_the_order_of_the_items(names: list[str], of: int, draw):
    shuffled = draw.sample(names, len(names))
    for rank in range(of):
        assert set(share_of(names, Shard(rank, of))) == set(share_of(shuffled, Shard(rank, of)))


@given(NAMES, SIZES)
def test_shares_differ_by_at_most_one_item_and_keep_the_order(names: list[str], of: int):
    shares = [share_of(names, Shard(rank, of), weight=len) for rank in range(of)]
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    for share in shares:
        assert list(share) == [name for name in names if name in share]


@given(st.lists(st.integers(1, 1000), max_size=60), SIZES)
def test_shares_differ_in_weight_by_at_most_the_heaviest_item(weights: list[int], of: int):
    items = list(enumerate(weights))
    loads = [
        sum(w for _, w in share_of(items, Shard(rank, of), key=str, weight=lambda item: item[1]))
        for rank in range(of)
    ]
    assert max(loads) - min(loads) <= max(weights, default=0)


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/2/3", "1.0/2", "²/3", " 1/2"]
)
def test_what_is_no_shard_is_refused(text: str):
    with pytest.raises(UsageError, match="i/n with i from 1 to n is needed"):
        Shard.parse(text)


@pytest.mark.parametrize("text", ["1/1", "1/4", "4/4"])
def test_a_shard_reads_back_as_written(text: str):
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "2", "WORLD_SIZE": "3", "LOCAL_RANK": "0"}, Shard(2, 3)),
    ],
)
def test_a_launcher_says_the_shard(environment: dict[str, str], shard: Shard | None):
    assert Shard.from_environment(environment) == shard


@pytest.mark.parametrize(
    "environment", [{"RANK": "0"}, {"WORLD_SIZE": "2"}, {"RANK": "x", "WORLD_SIZE": "2"}]
)
def test_half_a_launcher_is_refused(environment: dict[str, str]):
    with pytest.raises(UsageError, match="two numbers are needed"):
        Shard.from_environment(environment)


def test_a_rank_beyond_the_world_is_refused():
    with pytest.raises(UsageError, match="3/2 came"):
        Shard.from_environment({"RANK": "2", "WORLD_SIZE": "2"})
