"""What a check would cost, before it is begun: rows, tokens, what sharing saves, and about how long."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
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


@runtime_checkable
class _Knows(Protocol):
    def known(self, rows: Sequence[_Row]) -> Collection[_Row]: ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """Counts are exact; the time is a guess from a short probe."""

    items: int
    """Examples and variants."""
    rows: int
    """One per item and option."""
    distinct_rows: int
    """Equal rows are scored once."""
    tokens: int | None
    """Of all rows; None for models without tokens, whose equal rows cannot be told either."""
    distinct_tokens: int | None
    """Of the distinct rows."""
    seconds: float
    """About how long scoring what is not known yet takes on this machine as it is now."""
    known_rows: int = 0
    """Distinct rows that an earlier run has scored: the cache has them."""
    known_tokens: int = 0
    """Of the known rows."""
    upper_bound: bool = False
    """Whether checks may stop before all of it is scored, as with `--sequential`."""

    @property
    def gain(self) -> float:
        """How many times the work would be without sharing, in tokens (in rows without tokens); at least 1.

        >>> Forecast(2, 6, 5, 600, 480, 1.0).gain
        1.25
        """
        if self.tokens and self.distinct_tokens:
            return self.tokens / self.distinct_tokens
        return self.rows / self.distinct_rows if self.distinct_rows else 1.0


def forecast(suite: Suite, model: Model, *, upper_bound: bool = False) -> Forecast:
    """Return what scoring a suite would cost beside what the model's ledger knows; a few items are scored
    to see how fast it goes. `upper_bound` is passed on.
    """
    items = [*suite.examples, *(variant.example for variant in suite.variants)]
    rows = sum(len(item.options) for item in items)
    if not isinstance(model, _Encodes):
        seconds = _seconds(model, items, [1] * len(items))
        return Forecast(len(items), rows, rows, None, None, seconds, upper_bound=upper_bound)
    seen: set[_Row] = set()
    tokens, distinct, sizes, known = 0, 0, [], []
    for found in _encoded(model, items):
        new = tuple(dict.fromkeys(row for row in found if row not in seen))
        seen.update(new)
        had = model.known(new) if isinstance(model, _Knows) else ()
        tokens += _tokens(found)
        distinct += _tokens(new)
        known += [len(row.ids) for row in had]
        sizes.append(_tokens(new) - _tokens(had))
    return Forecast(
        items=len(items),
        rows=rows,
        distinct_rows=len(seen),
        tokens=tokens,
        distinct_tokens=distinct,
        seconds=_seconds(model, items, sizes),
        known_rows=len(known),
        known_tokens=sum(known),
        upper_bound=upper_bound,
    )


def as_text(found: Forecast) -> str:
    """Return the forecast for people.

    >>> print(as_text(Forecast(2, 6, 5, 600, 480, 75.0, known_rows=2, known_tokens=130)))
    items            2
    rows             6, 5 of them distinct
    tokens         600, 480 in distinct rows
    known            2 rows are in the cache, 130 tokens
    sharing      1.25x
    about    1 min 15 s of scoring; nothing was written
    """
    lines = [
        f"items    {found.items:>9}",
        f"rows     {found.rows:>9}, {found.distinct_rows} of them distinct",
    ]
    if found.tokens is not None:
        lines.append(f"tokens   {found.tokens:>9}, {found.distinct_tokens} in distinct rows")
        lines.append(f"known    {found.known_rows:>9} rows are in the cache, {found.known_tokens} tokens")
    lines.append(f"sharing  {found.gain:>8.2f}x")
    most = "at most" if found.upper_bound else "about"
    why = ": an upper bound, as each check stops where it is decided" if found.upper_bound else ""
    lines.append(f"{most:<8} {_lasting(found.seconds):>9} of scoring{why}; nothing was written")
    return "\n".join(lines)


def as_json(found: Forecast) -> str:
    """Return the forecast for programs."""
    return json.dumps({**asdict(found), "gain": found.gain}, indent=2)


def _lasting(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{max(1, rest)} s" if seconds else "0 s"


def _tokens(rows: Iterable[_Row]) -> int:
    return sum(len(row.ids) for row in rows)


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
    order = sorted((at for at in range(len(items)) if sizes[at]), key=lambda at: (sizes[at], at))
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
