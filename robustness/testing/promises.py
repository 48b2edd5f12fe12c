"""What every attack promises on one item, and what is broken of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import Recipe, apply
from robustness.domain import Attack, Example, NotApplicable, Polarity, Skip, Variant, replay
from robustness.errors import DataError
from robustness.rng import derive
from robustness.testing.items import SAMPLE_CORPUS
from robustness.text import fold

__all__ = ["applied", "broken_promises", "odd_faults"]


def applied(
    made: Recipe, example: Example, severity: int, *, seed: int = 0, corpus: Corpus
) -> list[Variant | Skip]:
    """Return what a recipe makes of an item: variants and skips."""
    attack = _bound(made, severity, corpus)
    return list(apply(made, attack, example, severity=severity, seed=seed))


def _bound(made: Recipe, severity: int, corpus: Corpus) -> Attack:
    attack = made.attack(severity)
    return cast(Attack, attack.bind(corpus)) if isinstance(attack, NeedsCorpus) else attack


def broken_promises(
    made: Recipe, example: Example, *, severity: int = 1, seed: int = 0, corpus: Corpus = SAMPLE_CORPUS
) -> list[str]:
    """Return what is broken on one item with a right answer; empty where all is kept.

    >>> from robustness.attacks.recipes import recipe
    >>> from robustness.testing.items import SAMPLE_ITEMS
    >>> broken_promises(recipe("no-question"), SAMPLE_ITEMS[0])
    []
    """
    attack = _bound(made, severity, corpus)
    if (attack.name, attack.polarity) != (made.name, made.polarity):
        return [
            f"generator: its name and polarity are {attack.name!r}, {attack.polarity!r}, not the recipe's"
        ]
    untouched = deepcopy(replace(example, meta=dict(example.meta)))
    try:
        found = list(apply(made, attack, example, severity=severity, seed=seed))
        again = _again(made, attack, example, severity=severity, seed=seed)
        anew = applied(made, example, severity, seed=seed, corpus=corpus)
    except Exception as error:  # noqa: BLE001 - whatever a foreign generator raises is the finding
        return [f"{_where(example)} raises {error!r}, but only NotApplicable may be raised"]
    faults = [fault for made_one in found for fault in _faults(made, example, made_one, severity)]
    faults += _numbering(made, example, found, severity)
    if replace(example, meta=dict(example.meta)) != untouched:
        faults.append(f"{_where(example)} the item was changed in place")
    if found != again:
        faults.append(f"{_where(example)} what ran before changes the variants: it keeps a state")
    if found != anew:
        faults.append(f"{_where(example)} the same seed gives other variants the second time")
    return faults


def _again(
    made: Recipe, attack: Attack, example: Example, *, severity: int, seed: int
) -> list[Variant | Skip]:
    """Return the variants after another item has been attacked by the same object."""
    other = replace(example, id=f"{example.id}-other", passage=f"{example.passage} It rained.", meta={})
    list(apply(made, attack, other, severity=severity, seed=seed))
    return list(apply(made, attack, example, severity=severity, seed=seed))


def _where(example: Example) -> str:
    return f"item {example.id!r}:"


def _numbering(
    made: Recipe, example: Example, found: Sequence[Variant | Skip], severity: int
) -> Iterator[str]:
    variants = [one for one in found if isinstance(one, Variant)]
    for number, one in enumerate(variants, 1):
        wanted = f"{example.id}~{made.name}.{severity}" + (f"/{number}" if number > 1 else "")
        if one.id != wanted or one.example.id != wanted:
            yield f"{_where(example)} variant {number} has the id {one.id!r}, but {wanted!r} is needed"
        if (one.source, one.attack, one.severity) != (example.id, made.name, severity):
            yield f"{_where(example)} source, attack or severity of variant {number} is wrong"
        if one.example.group != example.group:
            yield f"{_where(example)} variant {number} left its passage's group"


def _faults(made: Recipe, example: Example, one: Variant | Skip, severity: int) -> Iterator[str]:
    if isinstance(one, Skip):
        if not one.reason:
            yield f"{_where(example)} skipped without a reason"
        return
    fault = _map_fault(example, one) or _label_fault(made, example, one)
    checks = (fault, _replay_fault(example, one), _record_fault(example, one), _options_fault(example, one))
    yield from (f"{_where(example)} severity {severity}: {fault}" for fault in checks if fault)


def _map_fault(example: Example, one: Variant) -> str:
    old = [origin for origin in one.option_map if origin != -1]
    if len(one.option_map) != len(one.example.options):
        return "the option map is not as long as the options"
    inside = set(old) <= set(range(len(example.options)))
    return "" if inside and len(old) == len(set(old)) else f"the option map {one.option_map} is not one"


def _label_fault(made: Recipe, example: Example, one: Variant) -> str:
    answer = one.example.answer
    if made.polarity is Polarity.ABSTAIN:
        kept = answer is not None and one.option_map[answer] != -1
        return "an option of the source is called right, but none can be known to be" if kept else ""
    if answer is None:
        return f"no option is right, but polarity {made.polarity.value} has one"
    if made.polarity is Polarity.CONTRAST:
        return "" if one.option_map[answer] != example.answer else "the answer did not change"
    if one.option_map[answer] != example.answer:
        return "another option is called right"
    if made.alike:
        return ""
    gold = example.options[example.answer]
    return "" if one.example.options[answer] == gold else "the gold option has another text"


def _replay_fault(example: Example, one: Variant) -> str:
    bare: dict[str, Any] = {"answer": None, "group": "", "meta": {}}
    try:
        replayed = replay(example, one)
    except (DataError, KeyError, IndexError) as error:
        return f"the edits cannot be replayed: {error}"
    same = replace(replayed, **bare) == replace(one.example, **bare)
    return "" if same else "the edits do not give the variant"


def _record_fault(example: Example, one: Variant) -> str:
    if one.degraded != bool(one.notes.get("reason")):
        return "degraded and notes['reason'] do not go together"
    if not all(isinstance(note, str | int | float | bool) for note in one.notes.values()):
        return "a note is not a string, number or boolean"
    moved = one.option_map != tuple(range(len(example.options)))
    blank = example.answer is not None and not example.options[example.answer].strip()
    if not (one.edits or moved or one.degraded or blank):
        return "nothing was changed: raise NotApplicable, or say why it is degraded"
    return ""


def _options_fault(example: Example, one: Variant) -> str:
    """An option that folds like the gold one (case, space and punctuation dropped) is right, too.

    Wrong options may fall together: two shuffles of one short text do (Si et al. 2019).
    """
    if one.example.answer is None or example.answer is None:
        return ""
    alike_before = _like(example.options, example.answer)
    alike = _like(one.example.options, one.example.answer)
    return "an option became like the right one" if alike and not (alike_before or one.degraded) else ""


def _like(options: Sequence[str], answer: int) -> bool:
    gold = fold(options[answer])
    return any(fold(text) == gold for place, text in enumerate(options) if place != answer)


def odd_faults(
    made: Recipe, example: Example, *, severity: int = 1, corpus: Corpus = SAMPLE_CORPUS
) -> list[str]:
    """Return what goes wrong on the item emptied or made odd: nothing but `NotApplicable` may be raised."""
    attack = _bound(made, severity, corpus)
    faults = []
    for what, odd in _odd(example):
        try:
            if not list(attack(odd, severity, derive(0, "odd"))):
                continue
        except NotApplicable as reason:
            if not str(reason):
                faults.append(f"{what}: NotApplicable without a reason")
        except Exception as error:  # noqa: BLE001 - whatever a foreign generator raises is the finding
            faults.append(f"{what}: raises {error!r}, but only NotApplicable may be raised")
    return faults


def _odd(example: Example) -> Iterator[tuple[str, Example]]:
    two = ("", "")
    yield "an empty passage", replace(example, passage="", meta={})
    yield "an empty question", replace(example, question="")
    yield "empty options", replace(example, options=two, answer=0)
    yield "no right option", replace(example, answer=None)
    yield "nothing at all", replace(example, passage="", question="", options=two, answer=0, meta={})
    yield "spans that are none", replace(example, meta={"evidence": "lamp", "distractor_span": "9:1"})
    yield "text of no language", replace(example, passage="\u200b\ufeff \n\t", question="?", meta={})
