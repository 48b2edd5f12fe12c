"""Sentinels: rules of form run over a suite, so that one that leaks its answers says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from robustness.choices import credit, right_options
from robustness.domain import Example, Scores, Suite, Variant
from robustness.errors import SuiteError
from robustness.models.stub import stub

__all__ = ["SENTINELS", "Sentinel", "as_json", "refuse_leaks", "sentinels"]

SENTINELS = ("shortest", "longest", "no-detached-punctuation", "byte-identical-option")
MARGIN = 0.05
"""A rule that gains more than this over its own clean accuracy has been fed by the attack."""
_MIN_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Sentinel:
    """How one rule of form did on one recipe's variants."""

    attack: str
    severity: int
    sentinel: str
    n: int
    accuracy_clean: float
    accuracy: float
    leak: bool
    declared: bool


def sentinels(suite: Suite) -> tuple[Sentinel, ...]:
    """Return every sentinel's accuracy on clean and attacked items, by recipe and severity.

    Ties count 1/ties. A leak is a gain of more than 5 points over the better of chance and the
    rule's own clean accuracy, clear of noise (one-sided 95 %, items taken as independent).
    Only variants of polarity `attack` or `contrast` with changed options can leak an answer that
    counts; degraded ones are left out.
    """
    sources = {example.id: example for example in suite.examples}
    recipes: Mapping[str, Any] = suite.plan["recipes"]  # type: ignore[assignment]
    judged = {name for name, made in recipes.items() if made["polarity"] in ("attack", "contrast")}
    cells: dict[tuple[str, int], list[Variant]] = {}
    for variant in suite.variants:
        if variant.attack in judged and not variant.degraded and _options_changed(variant):
            cells.setdefault((variant.attack, variant.severity), []).append(variant)
    return tuple(
        _sentinel(name, variants, sources, _declared(suite, variants[0].attack))
        for variants in cells.values()
        for name in SENTINELS
    )


def refuse_leaks(found: Iterable[Sentinel]) -> None:
    """Raise `SuiteError` naming every leak that its recipe does not declare."""
    leaks = [s for s in found if s.leak and not s.declared]
    if leaks:
        lines = "; ".join(
            f"{s.attack!r} lets {s.sentinel!r} score {s.accuracy:.3f} (clean {s.accuracy_clean:.3f}, "
            f"{s.n} items)"
            for s in leaks
        )
        raise SuiteError(
            f"suite: answers leak through form: {lines}; declare it under `leaks` in the recipe or "
            f"`accept_leaks` in the plan's check, or drop the attack"
        )


def as_json(found: Iterable[Sentinel]) -> list[dict[str, Any]]:
    """Return sentinels in JSON types, as a suite's audit keeps them."""
    return [asdict(sentinel) for sentinel in found]


def _options_changed(variant: Variant) -> bool:
    return any(edit.place == "option" for edit in variant.edits)


def _declared(suite: Suite, attack: str) -> frozenset[str]:
    recipes: Mapping[str, Any] = suite.plan["recipes"]  # type: ignore[assignment]
    checks: Sequence[Mapping[str, Any]] = suite.plan["checks"]  # type: ignore[assignment]
    accepted = (leak for c in checks if c["attack"] == attack for leak in c.get("accept_leaks", ()))
    return frozenset((*recipes[attack]["leaks"], *accepted))


def _sentinel(
    name: str, variants: Sequence[Variant], sources: Mapping[str, Example], declared: frozenset[str]
) -> Sentinel:
    clean, attacked, floors = [], [], []
    for variant in variants:
        source = sources[variant.source]
        clean.append(_credit(name, source, None))
        attacked.append(_credit(name, variant.example, variant))
        floors.append(max(source.chance, variant.example.chance))
    n = len(variants)
    accuracy_clean, accuracy = sum(clean) / n, sum(attacked) / n
    gain = accuracy - max(accuracy_clean, sum(floors) / n)
    noise = 1.645 * sqrt(max(accuracy * (1 - accuracy), 0.01) / n)
    return Sentinel(
        attack=variants[0].attack,
        severity=variants[0].severity,
        sentinel=name,
        n=n,
        accuracy_clean=accuracy_clean,
        accuracy=accuracy,
        leak=n >= _MIN_ITEMS and gain > MARGIN and gain > noise,
        declared=name in declared,
    )


def _credit(name: str, example: Example, variant: Variant | None) -> float:
    return credit(_scores(name, example, variant), right_options(example))


def _scores(name: str, example: Example, variant: Variant | None) -> Scores:
    if name != "byte-identical-option":
        return stub(name).score([example])[0]
    if variant is None:
        return (0.0,) * len(example.options)
    edited = {edit.index for edit in variant.edits if edit.place == "option"}
    return tuple(float(i not in edited) for i in range(len(example.options)))
