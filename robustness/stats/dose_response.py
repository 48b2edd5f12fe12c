"""Dose and response: how a rate falls as an attack grows more severe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["area_under"]


def area_under(doses: Sequence[float], responses: Sequence[float]) -> float:
    """Return the area under the curve through the points, by trapezoids, over the range of the doses.

    That is the mean response over all doses from the first to the last, in the unit of `responses`: a
    model that loses nothing keeps its clean accuracy. Equal weights per dose, not per severity.

    Args:
        doses: float[N], strictly rising, two or more.
        responses: float[N].

    Raises:
        ValueError: fewer than two points, another number of responses, or doses that do not rise.

    >>> area_under((0, 1, 2), (1.0, 0.5, 0.5))
    0.625
    """
    if len(doses) < 2 or len(doses) != len(responses):
        raise ValueError(
            f"area_under: {len(doses)} doses and {len(responses)} responses, but 2 and more are needed"
        )
    if any(high <= low for low, high in pairwise(doses)):
        raise ValueError(
            f"area_under: the doses are {tuple(doses)}, but each must be above the one before it"
        )
    points = zip(doses, responses, strict=True)
    total = sum((b - a) * (left + right) / 2 for (a, left), (b, right) in pairwise(points))
    return total / (doses[-1] - doses[0])
