"""Reports of earlier schemas, brought to the present one: what they did not say stays unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

__all__ = ["READABLE", "brought_up"]

Json: TypeAlias = dict[str, Any]

READABLE: Final = (1, 2)
"""Schemas of `summary.json` that this version reads."""

_SUMMARY: Final[Json] = {
    "calibration": None,
    "position_bias": None,
    "correction": "none",
    "baseline": "",
    "comparisons": [],
}
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
    "not_needed": 0,
}
_VERDICT: Final[Json] = {
    "gate": "fixed",
    "step": None,
    "baseline": "",
    "p_value": None,
    "p_adjusted": None,
    "known_failure": "",
}


def brought_up(value: Json) -> Json:
    """Return the JSON value of a summary in the present schema.

    Schema 1 had no p-values, no power, no calibration, no baseline and one kind of gate. What is
    there is never changed, and keys that both schemas need are not filled in.

    >>> brought_up({"schema": 1, "attacks": [], "verdicts": []})["correction"]
    'none'
    """
    if value.get("schema") != 1:
        return value
    lists = {name: _each(value[name], more) for name, more in _LISTS.items() if name in value}
    return {**_SUMMARY, **value, **lists, "schema": 2}


_LISTS: Final = {"attacks": _ATTACK, "verdicts": _VERDICT}


def _each(entries: object, more: Mapping[str, Any]) -> object:
    if not isinstance(entries, Iterable) or isinstance(entries, str | dict):
        return entries
    return [{**more, **entry} if isinstance(entry, dict) else entry for entry in entries]
