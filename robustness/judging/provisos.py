"""What takes a verdict back, whatever its limit says: a guesser, unseen edits, a run for exploring alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from robustness.domain import Polarity, Status
from robustness.judging.limits import COUNTS
from robustness.results import Estimate, Result, Verdict

__all__ = ["guesses", "of_a_guesser", "of_exploring", "of_the_seen"]

_SEEN: Final = 0.5
"""Least share of an attack's edits that a model must have seen for a PASS, where the plan has no floor."""


def of_a_guesser(one: Verdict) -> Verdict:
    """Return a verdict on a model that is not clearly better than guessing on the clean questions.

    It has nothing to lose, so nothing passes; counts of the suite do not ask the model.
    """
    return _taken_back(
        one, "clean accuracy is not clearly above chance, so that nothing is lost says nothing of reading"
    )


def of_the_seen(verdicts: Sequence[Verdict], found: Result) -> Sequence[Verdict]:
    """Return the verdicts on a result: text behind the cut hurts nobody, so nothing passes under an attack
    of whose edits less than half was seen, unless one of the limits is `max_truncated`, a floor of its own.
    """
    share = found.visible_share
    if found.polarity is not Polarity.ATTACK or not (isinstance(share, float) and share < _SEEN):
        return verdicts
    if any(one.check == "max_truncated" for one in verdicts):
        return verdicts
    reason = (
        f"the model saw {share:.0%} of what the attack edited, the rest is behind the cut; give a larger "
        f"--max-length, or set max_truncated where that is as it should be"
    )
    return [_taken_back(one, reason) for one in verdicts]


def _taken_back(one: Verdict, reason: str) -> Verdict:
    """Return the verdict, a PASS taken back for this reason; counts of the suite stay."""
    if one.status is not Status.PASS or one.check in COUNTS:
        return one
    return replace(one, status=Status.INVALID, reason=reason, p_value=None)


def of_exploring(verdicts: Sequence[Verdict], unfit: str) -> Sequence[Verdict]:
    """Return the verdicts; all INVALID where the run says (`unfit`) that it can carry none."""
    reason = f"exploratory: {unfit}"
    return [replace(one, status=Status.INVALID, reason=reason) for one in verdicts] if unfit else verdicts


def guesses(clean: Estimate, chance: float | None) -> bool:
    """Return whether clean accuracy is not clearly above chance.

    >>> guesses(Estimate(0.4, 0.3, 0.5), 0.25), guesses(Estimate(0.4, 0.2, 0.6), 0.25)
    (False, True)
    """
    return clean.low is not None and clean.low <= (chance or 0.0)
