"""Batches that outgrow memory: halved, and they alone, down to single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from robustness.models.encoding import Row
from robustness.watchdog import alive

__all__ = ["Fitted", "attempted", "within_memory"]

_NO_MEMORY = ("allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Fitted:
    """One batch, scored in as many forward passes as memory asked for."""

    scores: tuple[float, ...]
    """One per row, in order; NaN for a row that does not fit by itself."""
    passes: tuple[tuple[int, int], ...]
    """First row, and the row behind the last, of each forward pass that was tried."""
    failed: int
    """Rows that do not fit by themselves."""


def within_memory(rows: Sequence[Row], forward: Callable[[Sequence[Row]], list[float]]) -> Fitted:
    """Return the scores of a batch; at most log2(n) tries more than a batch has parts.

    >>> within_memory([Row((1,), ())] * 3, lambda rows: [0.5] * len(rows)).passes
    ((0, 3),)
    """
    done: list[float] = []
    passes: list[tuple[int, int]] = []
    size, failed = len(rows), 0
    while len(done) < len(rows):
        part = rows[len(done) : len(done) + size]
        values = attempted(partial(forward, part))
        passes.append((len(done), len(done) + len(part)))
        if values is not None:
            done += values
        elif len(part) > 1:
            size = len(part) // 2
        else:
            failed += 1
            done.append(_NAN)
    return Fitted(tuple(done), tuple(passes), failed)


def attempted(forward: Callable[[], list[float]]) -> list[float] | None:
    """Return what a forward pass gives, or nothing where memory ran out; other faults keep their stack.

    >>> attempted(lambda: [0.5])
    [0.5]
    """
    import torch

    alive()
    try:
        return forward()
    except MemoryError:
        pass
    except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU has no own class
        known = isinstance(error, torch.OutOfMemoryError)
        if not known and not any(sign in str(error) for sign in _NO_MEMORY):
            raise
    # Outside of the handlers, so that no traceback holds the tensors of the failed attempt.
    torch.cuda.empty_cache()  # nothing where no GPU was used
    return None
