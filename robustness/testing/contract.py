"""The contract of an attack as one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robustness.attacks.corpus import Corpus
from robustness.attacks.recipes import Recipe, recipe, worked_example
from robustness.domain import Example, Skip, Variant
from robustness.errors import RobustnessError
from robustness.testing.hash_seeds import hash_seed_faults
from robustness.testing.items import SAMPLE_CORPUS, SAMPLE_ITEMS
from robustness.testing.promises import applied, broken_promises, odd_faults

__all__ = ["AttackReport", "ContractError", "check_attack", "example_faults"]


class ContractError(AssertionError):
    """An attack breaks its contract; the message lists every promise with an item that shows it."""


@dataclass(frozen=True, slots=True)
class AttackReport:
    """What an attack that keeps its contract did on the items it was tried on."""

    items: int
    variants: int
    degraded: int
    skipped: Mapping[str, int]
    """Reason -> how often, over all severities."""


def check_attack(attack: str | Recipe, examples: Sequence[Example] = ()) -> AttackReport:
    """Return what an attack does, having checked all that suites and verdicts rely on.

    At every severity, over its worked example, the kit's own items (English and Chinese) and `examples`:
    the worked example comes out as written; equal seeds give equal variants, whatever ran before and
    whatever the hash seed of the interpreter; the edits turn the item into the variant exactly; the
    gold option keeps its text (polarity attack and ablation), another is right (contrast) or none is
    (abstain); no wrong option becomes like the right one; the item is not changed; empty and odd items
    are skipped with a reason; nothing but `NotApplicable` is raised.

    Args:
        attack: name or path of a recipe, or the recipe.
        examples: items of yours to try it on, too; they are then also what it draws on.

    Raises:
        ContractError: with every promise that is broken.
        PlanError: there is no such recipe, or it cannot be made.

    >>> check_attack("no-question").items > 5
    True
    """
    made = recipe(attack) if isinstance(attack, str) else attack
    corpus = Corpus.of(examples) if examples else SAMPLE_CORPUS
    faults = [*example_faults(made)]
    tried = (*examples, *SAMPLE_ITEMS, *(() if faults else worked_example(made)[:1]))
    found: list[Variant | Skip] = []
    for severity in range(1, len(made.levels) + 1):
        for item in tried:
            faults += broken_promises(made, item, severity=severity, corpus=corpus)
            faults += odd_faults(made, item, severity=severity, corpus=corpus)
            found += applied(made, item, severity, corpus=corpus) if not faults else ()
    faults += hash_seed_faults([made], tried, corpus)
    if not faults and not any(isinstance(one, Variant) for one in found):
        faults.append("no variant came of any item: hand in `examples` that it applies to")
    if faults:
        lines = "\n".join(f"- {fault}" for fault in dict.fromkeys(faults))
        raise ContractError(f"attack {made.name!r} breaks its contract:\n{lines}")
    return _report(found, len(tried))


def _report(found: Sequence[Variant | Skip], items: int) -> AttackReport:
    variants = [one for one in found if isinstance(one, Variant)]
    skipped = Counter(one.reason for one in found if isinstance(one, Skip))
    return AttackReport(items, len(variants), sum(one.degraded for one in variants), dict(skipped))


def example_faults(made: Recipe) -> Iterator[str]:
    """Yield what is wrong with the worked example: it fails, comes out otherwise, or shows no change."""
    try:
        before, after = worked_example(made)
    except RobustnessError as error:
        yield f"worked example: {error}"
        return
    wanted = made.after.model_dump(include=set(after))
    if dict(after) != wanted:
        yield f"worked example: the recipe says {wanted}, but {dict(after)} came out"
    if all(getattr(before, name) == text for name, text in after.items()):
        yield "worked example: it shows no change"
