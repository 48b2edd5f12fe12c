"""What a check would cost, before it is begun: rows, tokens, what sharing saves, and about how long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol, runtime_checkable

from robustness.domain import Example, Model, Suite

__all__ = ["Forecast", "as_json", "as_text", "forecast"]

_CHUNK = 256
_PROBE_SECONDS, _PROBE_ITEMS = 2.0, 32
"""How long is scored to find the rate, and how many items at a time."""


class _Row(Protocol):
    @property
    def ids(self) -> Sequence[int]: ...


class _Encoded(Protocol):
    @property
    def rows(self) -> Sequence[_Row]: ...


@runtime_checkable
class _Encodes(Protocol):
    def encode(self, batch: Sequence[Example]) -> Sequence[_Encoded]: ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """Counts are exact for an empty cache; the time is a guess from a short probe."""

    items: int
    """Examples and variants."""
    rows: int
    """One per item and option."""
    distinct_rows: int
    """What is forwarded: equal rows are scored once."""
    tokens: int | None
    """Of all rows; None for models without tokens, whose equal rows cannot be told either."""
    distinct_tokens: int | None
    """Of the distinct rows."""
    seconds: float
    """About how long scoring takes on this machine as it is now."""

    @property
    def gain(self) -> float:
        """How many times the work would be without sharing, in tokens (in rows without tokens); at least 1.

        >>> Forecast(2, 6, 5, 600, 480, 1.0).gain
        1.25
        """
        if self.tokens and self.distinct_tokens:
            return self.tokens / self.distinct_tokens
        return self.rows / self.distinct_rows if self.distinct_rows else 1.0


def forecast(suite: Suite, model: Model) -> Forecast:
    """Return what scoring a suite would cost; a few items are scored to see how fast it goes."""
    items = [*suite.examples, *(variant.example for variant in suite.variants)]
    rows = sum(len(item.options) for item in items)
    if not isinstance(model, _Encodes):
        return Forecast(len(items), rows, rows, None, None, _seconds(model, items, [1] * len(items)))
    seen: set[_Row] = set()
    tokens, sizes = 0, []
    for found in _encoded(model, items):
        new = set(found) - seen
        seen |= new
        tokens += sum(len(row.ids) for row in found)
        sizes.append(sum(len(row.ids) for row in new))
    return Forecast(len(items), rows, len(seen), tokens, sum(sizes), _seconds(model, items, sizes))


def as_text(found: Forecast) -> str:
    """Return the forecast for people.

    >>> print(as_text(Forecast(2, 6, 5, 600, 480, 75.0)))
    items            2
    rows             6, 5 of them distinct
    tokens         600, 480 in distinct rows
    sharing      1.25x
    about    1 min 15 s of scoring with an empty cache; nothing was written
    """
    minutes, seconds = divmod(round(found.seconds), 60)
    lasting = f"{minutes} min {seconds} s" if minutes else f"{max(1, seconds)} s"
    lines = [
        f"items    {found.items:>9}",
        f"rows     {found.rows:>9}, {found.distinct_rows} of them distinct",
    ]
    if found.tokens is not None:
        lines.append(f"tokens   {found.tokens:>9}, {found.distinct_tokens} in distinct rows")
    lines.append(f"sharing  {found.gain:>8.2f}x")
    lines.append(f"about    {lasting:>9} of scoring with an empty cache; nothing was written")
    return "\n".join(lines)


def as_json(found: Forecast) -> str:
    """Return the forecast for programs."""
    return json.dumps({**asdict(found), "gain": found.gain}, indent=2)


def _encoded(model: _Encodes, items: Sequence[Example]) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(items), _CHUNK):
        yield from (coded.rows for coded in model.encode(items[start : start + _CHUNK]))


def _seconds(model: Model, items: Sequence[Example], sizes: Sequence[int]) -> float:
    """Return the seconds that all items would take, from some of every length.

    Args:
        model: what scores.
        items: all of them.
        sizes: the new work that each brings, in any unit.
    """
    order = sorted(range(len(items)), key=lambda at: (sizes[at], at))
    steps = max(1, len(order) // _PROBE_ITEMS)
    probes = [order[first::steps] for first in range(steps)]
    if not order:
        return 0.0
    model.score([items[order[0]]])  # what is done once, such as the shadow check, is left out
    began, done = time.perf_counter(), 0
    for probe in probes[::-1]:
        model.score([items[at] for at in probe])
        done += sum(sizes[at] for at in probe)
        if time.perf_counter() - began > _PROBE_SECONDS:
            break
    return (time.perf_counter() - began) * sum(sizes) / max(1, done)
