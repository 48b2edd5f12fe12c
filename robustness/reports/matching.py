"""Which items of two contestants are the same: by id in one suite, by id and text in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from robustness.judging.contests import Condition
from robustness.reports.contestants import Contestant
from robustness.results import Outcome

__all__ = ["Items", "matched"]

Items: TypeAlias = tuple[Mapping[str, Outcome], ...]
"""The measured outcomes of each run of a contestant, by a key that tells one item from another."""

_ENOUGH: Final = 0.5
"""Smaller common parts are an odd choice of items (a shuffle of two words has only two outcomes)."""


def matched(ours: Contestant, theirs: Contestant, condition: Condition) -> tuple[Items, Items]:
    """Return both contestants' outcomes, with equal keys where they are answers to the same text.

    In one suite an id is enough. In two, an item is the same where id and digest of its text are; and
    where that holds for fewer than half of the items of the smaller side, or an old run tells no
    digests, nothing is: the keys of the two sides have nothing in common.
    """
    if ours.suite == theirs.suite:
        return _by_id(ours, condition), _by_id(theirs, condition)
    mine, other = _by_text(ours, condition), _by_text(theirs, condition)
    common = set(mine[0]) & set(other[0])
    if common and len(common) >= _ENOUGH * min(len(mine[0]), len(other[0])):
        return mine, other
    return _by_id(ours, condition, "ours"), _by_id(theirs, condition, "theirs")


def _by_id(one: Contestant, condition: Condition, side: str = "") -> Items:
    key = condition.attack, condition.severity
    found = tuple(run.outcomes.get(key, {}) for run in one.runs)
    if not side:
        return found
    return tuple({f"{side} {name}": outcome for name, outcome in run.items()} for run in found)


def _by_text(one: Contestant, condition: Condition) -> Items:
    key = condition.attack, condition.severity
    return tuple(
        {
            f"{name} {digest}": outcome
            for name, outcome in run.outcomes.get(key, {}).items()
            if (digest := run.digest(name))
        }
        for run in one.runs
    )
