"""The word shuffle with its degree, tries and guard: the one operator under every word-order attack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from robustness.rng import Rng

__all__ = ["Degree", "Shuffled", "contains_run", "shuffle_degree", "shuffle_words"]

TRIES = 50
DEGREE = 0.65
"""Si et al. 2019 do not state their threshold; their average degree is above 0.65 (footnote)."""

Degree: TypeAlias = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Shuffled:
    """A permutation of words and how it went."""

    words: tuple[str, ...]
    degree: float
    """Word edit distance to the original order / number of words, in [0, 1]."""
    tries: int
    degraded: str
    """Why this is not a proper shuffle; empty where it is."""


def shuffle_degree(before: Sequence[str], after: Sequence[str]) -> float:
    """Return the shuffle degree of Si et al. 2019: minimum word edit distance / length, in [0, 1].

    >>> shuffle_degree(["a", "b", "c"], ["c", "a", "b"])
    0.6666666666666666
    """
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(before, after) / len(before) if before else 0.0


def contains_run(words: Sequence[str], run: Sequence[str]) -> bool:
    """Tell whether `run` occurs in `words` as one contiguous piece."""
    n = len(run)
    return any(tuple(words[i : i + n]) == tuple(run) for i in range(len(words) - n + 1))


def shuffle_words(
    words: Sequence[str],
    rng: Rng,
    *,
    degree: float = DEGREE,
    guard: Callable[[Sequence[str]], bool] | None = None,
) -> Shuffled:
    """Return the first of up to 50 uniform permutations whose degree reaches `degree` and which the
    guard lets pass; else the one with the highest degree among those that it lets pass.

    Never loops for ever: one word cannot move, three never reach more than 2/3, repeated words
    lower the maximum. Left in place, or stopped by the guard every time, the result is degraded.
    """
    original = tuple(words)
    best: tuple[float, tuple[str, ...]] | None = None
    tries = 0
    while tries < TRIES:
        tries += 1
        candidate = tuple(original[i] for i in rng.permutation(len(original)))
        if guard is not None and not guard(candidate):
            continue
        reached = shuffle_degree(original, candidate)
        if best is None or reached > best[0]:
            best = (reached, candidate)
        if (reached >= degree and reached > 0) or len(set(original)) < 2:
            break
    if best is None:
        return Shuffled(original, 0.0, tries, "every try was stopped by the verbatim guard")
    reason = "" if best[0] > 0 else "no other order of these words"
    return Shuffled(best[1], best[0], tries, reason)
