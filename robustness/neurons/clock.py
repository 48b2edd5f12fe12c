"""Time: what is left of a budget, and what work will take as measured so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["Clock"]

_SPARE: Final = 0.03
"""Share of a budget that is left for statistics and writing."""


class Clock:
    """Counts down from a budget in seconds; without one there is no end of time."""

    def __init__(self, seconds: float | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun = now()
        self.seconds = seconds
        self._rates: dict[str, float] = {}

    @property
    def left(self) -> float:
        """Seconds left, a small spare taken off; infinite without a budget."""
        if self.seconds is None:
            return float("inf")
        return self.seconds * (1 - _SPARE) - (self._now() - self._begun)

    @contextmanager
    def measured(self, kind: str, flops: float) -> Iterator[None]:
        """Measure work of so many operations; the latest measurement of a kind is what counts."""
        begun = self._now()
        yield
        if flops > 0:
            self._rates[kind] = (self._now() - begun) / flops

    def takes(self, kind: str, flops: float) -> float:
        """Return seconds that work of a kind will take; by what a forward pass took where it is new.

        >>> clock = Clock(10, now=iter([0.0, 0.0, 4.0, 4.0]).__next__)
        >>> with clock.measured("exact", 2e9):
        ...     pass
        >>> clock.takes("exact", 1e9), round(clock.left, 3)
        (2.0, 5.7)
        """
        return flops * self._rates.get(kind, self._rates.get("forward", 0.0))
