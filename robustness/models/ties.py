"""Which options of an item are too close for fp32 to rank, and what their fp64 scores say."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

from robustness.domain import Scores

__all__ = ["EXACT_TIE", "NEAR_TIE", "close_calls", "decided"]

NEAR_TIE = 2.0**-14
"""Options within this of the best score, relative to the larger of 1 and that score, are ranked in
fp64. It is some hundred times what fp32 was seen to be off by."""

EXACT_TIE = 1e-9
"""Scores in fp64 that are closer than this, as above, tie: the credit is shared."""


def close_calls(inputs: Sequence[Hashable], scores: Sequence[float]) -> tuple[int, ...]:
    """Return the positions that could have the top score; none where one leads clearly.

    Options whose `inputs` are equal have equal scores and are no call to decide. None either where a
    score is not finite: then nothing is measured.

    >>> close_calls("abc", (-1.0, -1.00001, -3.0)), close_calls("aab", (-1.0, -1.0, -3.0))
    ((0, 1), ())
    """
    if not scores or not all(map(math.isfinite, scores)):
        return ()
    top = max(scores)
    close = tuple(at for at, score in enumerate(scores) if top - score <= NEAR_TIE * max(1.0, abs(top)))
    return close if len({inputs[at] for at in close}) > 1 else ()


def decided(scores: Sequence[float], exact: Mapping[int, float]) -> Scores:
    """Return the scores with the fp64 ones in their places, exact ties made equal.

    >>> decided((-1.0, -1.0, -3.0), {0: -1.25, 1: -1.25 - 1e-12})
    (-1.25, -1.25, -3.0)
    """
    best = max(exact.values())
    room = EXACT_TIE * max(1.0, abs(best))
    tied = {at: best if best - value < room else value for at, value in exact.items()}
    return tuple(tied.get(at, score) for at, score in enumerate(scores))
