"""Batches on several threads, each computing on one: the number of threads cannot reach a score."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["in_order"]

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], parts: Iterable[T], *, threads: int) -> Generator[R, None, None]:
    """Yield `work(part)` for each part, in order, computed on at most `threads` threads.

    An error reaches the caller at its part's turn, and parts that have not begun are dropped.

    >>> list(in_order(abs, [-1, 2, -3], threads=2))
    [1, 2, 3]
    """
    if threads == 1:
        yield from map(work, parts)
        return
    left = iter(parts)
    with ThreadPoolExecutor(threads, thread_name_prefix="score") as pool:
        begun: deque[Future[R]] = deque(pool.submit(work, part) for part in islice(left, 2 * threads))
        try:
            while begun:
                done = begun.popleft().result()
                begun.extend(pool.submit(work, part) for part in islice(left, 1))
                yield done
        finally:
            for future in begun:
                future.cancel()
