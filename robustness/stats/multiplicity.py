"""p-values adjusted for their number: Holm for the gates of a run, Benjamini-Hochberg for a look around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

__all__ = ["benjamini_hochberg", "holm"]


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return adjusted p-values that control the chance of any false alarm (family-wise error).

    Rejecting where the adjusted value is at most alpha keeps that chance at alpha or less, however
    the tests depend on each other. The family must be declared before the run.

    Args:
        p_values: in [0, 1]; None where not measured. None stays None and counts for nothing.

    Returns:
        One value in [0, 1] per p-value, in the order they came, never smaller than the p-value.

    Raises:
        ValueError: a p-value is NaN or outside [0, 1].

    Source: Holm 1979, Scandinavian Journal of Statistics 6, p. 65.

    >>> holm((0.01, None, 0.04, 0.03))
    (0.03, None, 0.06, 0.06)
    """
    ranked = _ranked(p_values)
    m = len(ranked)
    scaled = (min(1.0, (m - rank) * p) for rank, (p, _) in enumerate(ranked))
    return _placed(p_values, zip(ranked, accumulate(scaled, max), strict=True))


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return adjusted p-values that control the expected share of false alarms among all alarms.

    Weaker than `holm`, for tables that are read to find something and never for gates. The promise
    holds for tests that are independent or positively dependent, as attacks on one model are.

    Args:
        p_values: in [0, 1]; None where not measured. None stays None and counts for nothing.

    Returns:
        One value in [0, 1] per p-value, in the order they came, never smaller than the p-value.

    Raises:
        ValueError: a p-value is NaN or outside [0, 1].

    Source: Benjamini and Hochberg 1995, JRSS B 57, p. 289.

    >>> benjamini_hochberg((0.01, None, 0.04, 0.03))
    (0.03, None, 0.04, 0.04)
    """
    ranked = _ranked(p_values)
    m = len(ranked)
    # p * m / rank, the product first: the largest p must come back as it was.
    scaled = [p * m / rank for rank, (p, _) in enumerate(ranked, 1)]
    lowest = accumulate(reversed(scaled), min)
    return _placed(p_values, zip(reversed(ranked), lowest, strict=True))


def _ranked(p_values: Sequence[float | None]) -> list[tuple[float, int]]:
    """Return (p-value, position) of the measured ones, the smallest first."""
    for i, p in enumerate(p_values):
        if p is not None and not 0 <= p <= 1:
            raise ValueError(
                f"p-value {i}: {p!r} came, but a number in [0, 1] is needed; pass None if not measured"
            )
    return sorted((p, i) for i, p in enumerate(p_values) if p is not None)


def _placed(
    p_values: Sequence[float | None], adjusted: Iterator[tuple[tuple[float, int], float]]
) -> tuple[float | None, ...]:
    """Return the adjusted values back where their p-values stood."""
    # A product that was rounded down may end a hair below the p-value it came from.
    by_position = {position: max(value, p) for (p, position), value in adjusted}
    return tuple(by_position.get(i) for i in range(len(p_values)))
