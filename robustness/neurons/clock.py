"""Time: what is left of a budget, what is put aside for later steps, and what work will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["Clock"]

_SPARE: Final = 0.03
"""Share of a budget that is left for writing."""


class Clock:
    """Counts down from a budget in seconds; without one there is no end of time."""

    def __init__(self, seconds: float | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun = now()
        self.seconds = seconds
        self._rates: dict[str, float] = {}
        self._kept: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self._now() - self._begun

    @property
    def left(self) -> float:
        """Seconds left without what is kept for later steps and a small spare; infinite without a budget."""
        if self.seconds is None:
            return float("inf")
        return self.seconds * (1 - _SPARE) - sum(self._kept.values()) - self.elapsed

    def keep(self, step: str, seconds: float) -> None:
        """Put seconds aside for a later step, in place of what was kept for it before.

        >>> clock = Clock(10, now=iter([0.0, 1.0, 1.0]).__next__)
        >>> clock.keep("sets", 3)
        >>> round(clock.left, 3)
        5.7
        >>> clock.free("sets")
        >>> round(clock.left, 3)
        8.7
        """
        self._kept[step] = seconds

    def free(self, step: str) -> None:
        """Give back what was kept for a step, which begins now, or will not."""
        self._kept.pop(step, None)

    @contextmanager
    def measured(self, kind: str, flops: float) -> Iterator[None]:
        """Measure work of so many operations; the latest measurement of a kind is what counts."""
        begun = self.elapsed
        yield
        self.learn(kind, flops, self.elapsed - begun)

    def learn(self, kind: str, flops: float, seconds: float) -> None:
        """Remember what work of a kind has taken."""
        if flops > 0:
            self._rates[kind] = seconds / flops

    def takes(self, kind: str, flops: float) -> float:
        """Return seconds that work of a kind will take; by what a forward pass took where it is new.

        >>> clock = Clock(10, now=iter([0.0, 0.0, 4.0, 4.0]).__next__)
        >>> with clock.measured("exact", 2e9):
        ...     pass
        >>> clock.takes("exact", 1e9), round(clock.left, 3)
        (2.0, 5.7)
        """
        return flops * self._rates.get(kind, self._rates.get("forward", 0.0))
