from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.models.workers import in_order


@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_results_come_in_the_order_of_the_parts(parts, threads):
    assert list(in_order(lambda part: part * 2, parts, threads=threads)) == [part * 2 for part in parts]


def test_one_thread_is_the_callers_own():
    assert list(in_order(lambda _: threading.current_thread(), [0], threads=1)) == [threading.main_thread()]


def test_more_threads_than_one_work_at_once():
    both = threading.Barrier(2, timeout=30)  # broken unless two parts are in hand together
    assert len(list(in_order(lambda _: both.wait(), range(4), threads=2))) == 4


def test_an_error_comes_at_its_turn_and_later_parts_are_dropped():
    begun: list[int] = []

    def work(part: int) -> int:
        begun.append(part)
        if part == 1:
            raise ValueError("one")
        return part

    results = in_order(work, range(1_000), threads=2)
    assert next(results) == 0
    with pytest.raises(ValueError, match="one"):
        list(results)
    assert len(begun) < 1_000


def test_parts_are_taken_as_they_are_needed_not_all_at_once():
    taken: list[int] = []

    def parts() -> Iterator[int]:
        for part in range(1_000):
            taken.append(part)
            yield part

    results = in_order(abs, parts(), threads=2)
    next(results)
    results.close()
    assert len(taken) <= 6
