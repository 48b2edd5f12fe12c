from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from robustness.models.trie import Branch, grow

sequences = st.lists(st.lists(st.integers(0, 2), max_size=7).map(tuple), max_size=12)


def walk(
    branches: tuple[Branch, ...], before: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], Branch]]:
    for branch in branches:
        whole = (*before, *branch.ids)
        yield whole, branch
        yield from walk(branch.children, whole)


@given(sequences)
def test_every_distinct_beginning_is_there_once(made):
    beginnings = {one[:stop] for one in made for stop in range(1, len(one) + 1)}
    tree = grow(made)
    assert sum(branch.size for branch in tree) == len(beginnings)
    assert sum(len(branch.ids) for _, branch in walk(tree)) == len(beginnings)


@given(sequences)
def test_members_are_the_sequences_that_pass_through(made):
    for whole, branch in walk(grow(made)):
        assert branch.start == len(whole) - len(branch.ids)
        assert set(branch.members) == {at for at, one in enumerate(made) if one[: len(whole)] == whole}


@given(sequences, st.randoms())
def test_the_order_of_the_sequences_does_not_matter(made, random):
    shuffled = list(made)
    random.shuffle(shuffled)
    assert [(w, b.ids) for w, b in walk(grow(made))] == [(w, b.ids) for w, b in walk(grow(shuffled))]


@given(sequences)
def test_children_part_at_their_first_token(made):
    for _, branch in walk(grow(made)):
        firsts = [child.ids[0] for child in branch.children]
        assert firsts == sorted(set(firsts))
        assert branch.ids


def test_nothing_grows_from_nothing():
    assert grow([]) == grow([(), ()]) == ()
