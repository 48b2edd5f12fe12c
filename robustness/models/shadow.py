"""The shadow check: before anything is scored, the fast path is held against plain Hugging Face.

It catches wrong masks, positions and read-outs of architectures that changed, and it says how far
fp32 is from the canonical score, from which the bound for near ties follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from robustness.errors import ModelError
from robustness.models.encoding import Row

__all__ = ["LARGEST_DIFFERENCE", "Shadow", "difference", "near_tie_bound", "refuse_chance", "shadow_of"]

Scorer = Callable[[Sequence[Row]], list[float]]

LARGEST_DIFFERENCE = 1e-4
"""Between fast and plain scores, relative to the larger of 1 and the score."""

_NOISE_FACTOR = 64
_SPREAD_SHARE = 1e-5
_STEP = 2.0**-20
"""Between the notes of a bound and of its double."""
_SHORT = 128
"""Longest probe, in tokens, that is also scored canonically: fp64 is slow."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """What the check measured."""

    difference: float
    """Largest difference of fast and plain scores, as `LARGEST_DIFFERENCE` counts it."""
    invariant: bool
    """Whether each row scored alone equals itself in a batch, to the last bit."""
    bound: float
    """Gap below which two scores are a near tie."""

    @property
    def agrees(self) -> bool:
        """Whether the fast path may be used."""
        return self.difference <= LARGEST_DIFFERENCE

    def notes(self) -> dict[str, float]:
        """Return what a ledger keeps of the check, by name; empty where there is nothing to be kept.

        Where ledgers are united, the smaller of two numbers stays, and two that are close do not
        contradict each other: so the smaller is here the more careful one, and all are within 1e-4.
        """
        if not self.agrees or self.bound <= 0:
            return {}
        return {
            "bound": -math.log2(self.bound) * _STEP,
            "difference": -self.difference,
            "invariant": self.invariant * _STEP,
        }

    @classmethod
    def of_notes(cls, notes: Mapping[str, float]) -> Shadow | None:
        """Return the check that `notes` tell of; None where they do not tell all.

        >>> Shadow.of_notes(Shadow(1e-7, True, 2.0**-15).notes())
        Shadow(difference=1e-07, invariant=True, bound=3.0517578125e-05)
        """
        if not notes.keys() >= {"bound", "difference", "invariant"}:
            return None
        bound = 2.0 ** -round(notes["bound"] / _STEP)
        return cls(-notes["difference"], notes["invariant"] > 0, bound)


def shadow_of(rows: Sequence[Row], *, fast: Scorer, plain: Scorer, canonical: Scorer) -> Shadow:
    """Return how a fast path does on `rows`; where there are none, nothing is known of it.

    Args:
        rows: distinct rows, some of them short.
        fast: the path to be checked; rows may share a batch.
        plain: plain Hugging Face, one row at a time.
        canonical: the same in fp64.
    """
    if not rows:
        return Shadow(difference=0.0, invariant=False, bound=0.0)
    together = fast(rows)
    alone = [fast([row])[0] for row in rows]
    short = [at for at, row in enumerate(rows) if len(row.ids) <= _SHORT] or [0]
    exact = canonical([rows[at] for at in short])
    return Shadow(
        difference=difference(together, plain(rows)),
        invariant=all(_same(a, b) for a, b in zip(together, alone, strict=True)),
        bound=near_tie_bound([together[at] for at in short], exact),
    )


def difference(scores: Iterable[float], reference: Iterable[float]) -> float:
    """Return the largest |a - b| / max(1, |b|); infinite where only one of two is a number.

    >>> difference([2.5, float("nan")], [2.0, float("nan")]), difference([1.0], [float("nan")])
    (0.25, inf)
    """
    return max((_apart(a, b) for a, b in zip(scores, reference, strict=True)), default=0.0)


def refuse_chance(rows: Sequence[Row], plain: Scorer) -> None:
    """Return if two plain passes over the same rows agree, as `LARGEST_DIFFERENCE` counts it.

    Raises:
        ModelError: they do not, so that nothing that the network says can be repeated.
    """
    apart = difference(plain(rows), plain(rows))
    if not apart <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"model: two passes over the same {len(rows)} row(s) differ by {apart:.1e}, but one input needs "
            f"one score; turn off what draws random numbers in it, such as dropout that eval() does not reach"
        )


def _apart(a: float, b: float) -> float:
    if _same(a, b):
        return 0.0
    apart = abs(a - b) / max(1.0, abs(b))
    return apart if math.isfinite(apart) else math.inf


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def near_tie_bound(scores: Sequence[float], exact: Sequence[float]) -> float:
    """Return the gap below which fp32 does not decide: a power of two.

    It is at least 64 times the largest rounding error seen and at least 1e-5 of the spread of the
    scores, and rounded up so that a last bit does not move it. 0 where a score is not finite: then
    nothing can be decided anyway.

    >>> near_tie_bound([0.5, 3.0], [0.5, 3.0 + 2**-22])
    3.0517578125e-05
    """
    if not all(map(math.isfinite, (*scores, *exact))):
        return 0.0
    noise = max(abs(a - b) for a, b in zip(scores, exact, strict=True))
    least = max(_NOISE_FACTOR * noise, _SPREAD_SHARE * (max(exact) - min(exact)))
    return 2.0 ** math.ceil(math.log2(least)) if least > 0 else 0.0
