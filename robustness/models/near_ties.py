"""Which options of an item are too close for fp32 to rank, and what their canonical scores say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robustness.domain import Scores
from robustness.models.encoding import Row

__all__ = ["EXACT_TIE", "contenders", "decided"]

EXACT_TIE = 1e-9
"""Canonical scores closer than this tie: the credit is shared."""


def contenders(rows: Sequence[Row], scores: Sequence[float], *, bound: float) -> tuple[int, ...]:
    """Return the positions that could have the top score: within `bound` of it.

    None where one option leads clearly, where all that are close are one and the same row, and
    where a score is not finite.

    >>> a, b = Row((1, 2), ()), Row((1, 3), ())
    >>> contenders((a, b, b), (0.25, 0.5, 0.5), bound=0.125)
    ()
    >>> contenders((a, b, b), (0.25, 0.5, 0.5), bound=0.375)
    (0, 1, 2)
    """
    top = max(scores, default=0.0)
    if not all(abs(score) < float("inf") for score in scores):
        return ()
    close = tuple(at for at, score in enumerate(scores) if top - score < bound or score == top)
    return close if len({rows[at] for at in close}) > 1 else ()


def decided(
    rows: Sequence[Row], scores: Sequence[float], *, close: Sequence[int], exact: Mapping[Row, float]
) -> Scores:
    """Return the scores with the canonical ones in the places `close`, exact ties made equal.

    >>> a, b, c = Row((1,), ()), Row((2,), ()), Row((3,), ())
    >>> decided((a, b, c), (0.5, 0.5, 0.1), close=(0, 1), exact={a: 0.25, b: 0.25 + 1e-12})
    (0.250000000001, 0.250000000001, 0.1)
    """
    top = max(exact[rows[at]] for at in close)
    settled = list(scores)
    for at in close:
        own = exact[rows[at]]
        settled[at] = top if top - own < EXACT_TIE else own
    return tuple(settled)
