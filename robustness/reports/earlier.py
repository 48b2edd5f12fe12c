"""Reports of earlier schemas, brought to the present one: what they did not say stays unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

__all__ = ["LACKED_BY", "LACKING", "READABLE", "brought_up"]

Json: TypeAlias = dict[str, Any]

READABLE: Final = (1, 2)
"""Schemas of `summary.json` that this version reads."""

LACKING: Final[Json] = {
    "calibration": None,
    "position_bias": None,
    "correction": "none",
    "baseline": "",
    "comparisons": [],
    "slices": [],
    "dose_responses": [],
    "contrasts": [],
    "roles": [],
}
"""What a summary of schema 1 did not say, and what stands for it."""

_ATTACK: Final[Json] = {
    "p_drop": None,
    "p_drop_adjusted": None,
    "design_effect": None,
    "detectable_drop": None,
    "power": None,
    "margin_shift": None,
    "margin_lower": None,
    "calibration": None,
    "baseline_limits": {},
    "limits_reason": "",
    "known_failure": "",
}
_VERDICT: Final[Json] = {
    "gate": "fixed",
    "step": None,
    "baseline": "",
    "p_value": None,
    "p_adjusted": None,
    "known_failure": "",
    "slice": "",
}
LACKED_BY: Final[Mapping[str, Json]] = {"AttackSummary": _ATTACK, "Verdict": _VERDICT}
"""The same for each attack and each verdict of it."""


def brought_up(value: Json) -> Json:
    """Return the JSON value of a summary in the present schema.

    Schema 1 had no p-values, no power, no calibration, no baseline, no slices, ladders or contrast sets
    and one kind of gate. What is there is never changed, and keys that both need are not filled in.

    >>> brought_up({"schema": 1, "attacks": [], "verdicts": []})["correction"]
    'none'
    """
    if value.get("schema") != 1:
        return value
    lists = {name: _each(value[name], more) for name, more in _LISTS.items() if name in value}
    return {**LACKING, **value, **lists, "schema": 2}


_LISTS: Final = {"attacks": _ATTACK, "verdicts": _VERDICT}


def _each(entries: object, more: Mapping[str, Any]) -> object:
    if not isinstance(entries, Iterable) or isinstance(entries, str | dict):
        return entries
    return [{**more, **entry} if isinstance(entry, dict) else entry for entry in entries]
