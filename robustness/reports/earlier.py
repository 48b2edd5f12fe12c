"""Reports of earlier schemas, brought to the present one: what they did not say stays unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

__all__ = ["LACKED_BY", "LACKING", "READABLE", "brought_up"]

Json: TypeAlias = dict[str, Any]

READABLE: Final = (1, 2, 3)
"""Schemas of `summary.json` that this version reads."""

_SUMMARY_2: Final[Json] = {
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
_ATTACK_2: Final[Json] = {
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
_VERDICT_2: Final[Json] = {
    "gate": "fixed",
    "step": None,
    "baseline": "",
    "p_value": None,
    "p_adjusted": None,
    "known_failure": "",
    "slice": "",
}
_SUMMARY_3: Final[Json] = {"risk_coverage": []}
_ATTACK_3: Final[Json] = {
    "items": [],
    "worked": [],
    "worked_options": [[], []],
    "flips": None,
    "margins": None,
    "risk_coverage": [],
}
_EXAMPLE_3: Final[Json] = {"happened": "", "passage": ""}

LACKING: Final[Mapping[int, Json]] = {2: _SUMMARY_2, 3: _SUMMARY_3}
"""Schema -> what a summary says from it on, and what stands for it where it was not said."""
LACKED_BY: Final[Mapping[int, Mapping[str, Json]]] = {
    2: {"AttackSummary": _ATTACK_2, "Verdict": _VERDICT_2},
    3: {"AttackSummary": _ATTACK_3, "Telling": _EXAMPLE_3},
}
"""The same for each attack, each verdict and each example of it."""


def brought_up(value: Json) -> Json:
    """Return the JSON value of a summary in the present schema.

    Schema 1 had no p-values, no power, no calibration, no baseline and one kind of gate. Schema 2 had
    no flip counts, no spread of margins, no risk-coverage curves, no worked examples and few items.
    What is there is never changed, and keys that all schemas need are not filled in.

    >>> brought_up({"schema": 1, "attacks": [], "verdicts": []})["correction"]
    'none'
    """
    if value.get("schema") == 1:
        value = _filled(value, _SUMMARY_2, {"attacks": _ATTACK_2, "verdicts": _VERDICT_2}) | {"schema": 2}
    if value.get("schema") == 2:
        value = _filled(value, _SUMMARY_3, {"attacks": _ATTACK_3}) | {"schema": 3}
        if "attacks" in value:
            value["attacks"] = _with_examples(value["attacks"])
    return value


def _filled(value: Json, more: Json, lists: Mapping[str, Json]) -> Json:
    entries = {name: _each(value[name], extra) for name, extra in lists.items() if name in value}
    return {**more, **value, **entries}


def _with_examples(attacks: object) -> object:
    if not isinstance(attacks, list):
        return attacks
    return [
        one | {"examples": _each(one["examples"], _EXAMPLE_3)}
        if isinstance(one, dict) and "examples" in one
        else one
        for one in attacks
    ]


def _each(entries: object, more: Mapping[str, Any]) -> object:
    if not isinstance(entries, Iterable) or isinstance(entries, str | dict):
        return entries
    return [{**more, **entry} if isinstance(entry, dict) else entry for entry in entries]
