"""What a search found, as an ordinary suite, and what the suite says of the search once it is scored."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from robustness.choices import credit, right_options
from robustness.domain import Example, Note, Run, Skip, Suite, Variant
from robustness.errors import ScoreError
from robustness.searching.lockstep import Found
from robustness.searching.proposals import Family
from robustness.suites.plan import Check, Plan
from robustness.suites.store import fingerprint
from robustness.text import words

__all__ = ["SearchSummary", "as_text", "frozen", "share_changed", "summarise_search"]


@dataclass(frozen=True, slots=True)
class SearchSummary:
    """How far a search got. Rates and shares are fractions."""

    attack: str
    n: int
    """Items with a variant, over which the three accuracies are taken."""
    skipped: int
    accuracy_clean: float
    accuracy_fixed: float
    """Under the recipe's own variants of the same severity and seed: what no search was needed for."""
    accuracy: float
    """Under the variants that the search kept."""
    attacked: int
    """Items with any credit on the clean text: what there was to lose."""
    success_rate: float
    """Credit lost over credit held on the clean text, as everywhere; NaN where none was held."""
    repair_rate: float
    """Credit won over credit missing: read it beside the success rate."""
    median_queries: float
    """Over the attacked items, hurt or not; the clean text counts as one."""
    median_words_changed: float
    """Share of the words of passage, question and options changed, over the items that lost credit."""
    found: str = ""
    """What a trigger or magnet search found for all items; its examples are the half it was not found on."""
    one_off_queries: int = 0
    """Queries that this took, once, on the other half."""


def frozen(
    family: Family,
    examples: Sequence[Example],
    found: Mapping[str, Found | Skip],
    *,
    settings: Mapping[str, Any],
    data: str = "",
) -> Suite:
    """Return the suite of what was found for these examples, which are sorted by id.

    It replays through `check --frozen` like any other.

    `settings` (method, budget, model) go into the recipe that the suite carries, and so into its
    fingerprint. Each variant's notes hold `queries`, `words_changed` (a share) and `fixed_credit`.
    """
    made = [found[example.id] for example in examples]
    variants = tuple(
        _noted(one, example) for one, example in zip(made, examples, strict=True) if not isinstance(one, Skip)
    )
    skipped = tuple(one for one in made if isinstance(one, Skip))
    document = _document(family, settings)
    return Suite(
        name=document["name"],
        seed=family.seed,
        plan=document,
        examples=tuple(examples),
        variants=variants,
        skipped=skipped,
        audit={},
        fingerprint=fingerprint(family.seed, document, examples, variants, skipped),
        data=data,
    )


def _noted(found: Found, example: Example) -> Variant:
    notes: dict[str, Note] = {
        **found.variant.notes,
        "queries": found.queries,
        "words_changed": share_changed(example, found.variant),
    }
    if not math.isnan(found.fixed_credit):
        notes["fixed_credit"] = found.fixed_credit
    return replace(found.variant, notes=notes)


def share_changed(example: Example, variant: Variant) -> float:
    """Return the word edit distance between an example and its variant, over the example's number of
    words (passage, question and options), at most 1.

    Options are compared with those that they come from: another order changes no word.
    """
    from rapidfuzz.distance import Levenshtein

    after = variant.example
    pairs = [(example.passage, after.passage), (example.question, after.question)]
    for text, origin in zip(after.options, variant.option_map, strict=True):
        pairs.append((example.options[origin] if origin >= 0 else "", text))
    changed = sum(Levenshtein.distance(words(a).words, words(b).words) for a, b in pairs)
    total = sum(len(words(text).words) for text in (example.passage, example.question, *example.options))
    return min(1.0, changed / total) if total else 0.0


def _document(family: Family, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan of the recipe alone, under the name and with the words of its search."""
    recipe, check = family.recipe, Check(attack=family.recipe.name, severities=(family.severity,))
    plan = Plan(
        name=f"search-{recipe.name}",
        description=f"The variants of {recipe.name} that hurt {settings['model']} most, found by search.",
        check=(check,),
    ).as_json()
    plan["checks"][0]["attack"] = family.name
    made = plan["recipes"].pop(recipe.name)
    plan["recipes"][family.name] = {
        **made,
        "name": family.name,
        "title": f"{made['title']}: searched for what hurts most",
        "parameters": {**made["parameters"], "search": dict(settings)},
        "known_limits": [
            *made["known_limits"],
            f"Found against {settings['model']} ({settings['method']}, at most {settings['budget']} queries "
            f"an item): for any other model this is a transfer attack, and a weaker one.",
        ],
    }
    return plan


def summarise_search(suite: Suite, run: Run) -> SearchSummary:
    """Return how the search did, from the suite it froze and a run of the model it was made for.

    Success is what the run says, not what the search remembers. Degraded variants are left out.

    Raises:
        ScoreError: an item was not measured.
    """
    sources = {example.id: example for example in suite.examples}
    kept = [variant for variant in suite.variants if not variant.degraded]
    clean = [_credit(sources[variant.source], run) for variant in kept]
    now = [_credit(variant.example, run) for variant in kept]
    lost = [max(0.0, before - after) for before, after in zip(clean, now, strict=True)]
    won = [max(0.0, after - before) for before, after in zip(clean, now, strict=True)]
    attacked = [variant for variant, earned in zip(kept, clean, strict=True) if earned]
    hurt = [variant for variant, gone in zip(kept, lost, strict=True) if gone]
    plan: Mapping[str, Any] = suite.plan
    attack = plan["checks"][0]["attack"]
    settings = plan["recipes"][attack]["parameters"]["search"]
    return SearchSummary(
        attack=attack,
        n=len(kept),
        skipped=len(suite.examples) - len(kept),
        accuracy_clean=_mean(clean),
        accuracy_fixed=_mean([float(variant.notes.get("fixed_credit", "nan")) for variant in kept]),
        accuracy=_mean(now),
        attacked=len(attacked),
        success_rate=_ratio(lost, clean),
        repair_rate=_ratio(won, [1 - earned for earned in clean]),
        median_queries=_median([float(variant.notes["queries"]) for variant in attacked]),
        median_words_changed=_median([float(variant.notes["words_changed"]) for variant in hurt]),
        found=settings.get("found", ""),
        one_off_queries=settings.get("one_off_queries", 0),
    )


def _credit(example: Example, run: Run) -> float:
    try:
        return credit(run.scores[example.id], right_options(example))
    except (KeyError, ScoreError):
        raise ScoreError(
            f"search: item {example.id!r} was not measured, but every one is needed to say what the search "
            f"came to; look at the model's scores of it"
        ) from None


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else float("nan")


def _ratio(part: Sequence[float], whole: Sequence[float]) -> float:
    return math.fsum(part) / held if (held := math.fsum(whole)) else float("nan")


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")


def as_text(summary: SearchSummary, *, json: bool = False) -> str:
    """Return the summary a line a number, or as JSON with the same names."""
    if json:
        from json import dumps

        told = {name: None if value != value else value for name, value in asdict(summary).items()}
        return dumps(told, indent=2)
    lines = {
        "attack": summary.attack,
        "items": f"{summary.n}, {summary.skipped} left out; {summary.attacked} attacked, right on clean",
        "clean": f"{summary.accuracy_clean:.1%}",
        "fixed recipe": f"{summary.accuracy_fixed:.1%}",
        "searched": f"{summary.accuracy:.1%}",
        "success rate": f"{summary.success_rate:.1%} of what was right",
        "repair rate": f"{summary.repair_rate:.1%} of what was wrong",
        "median queries": f"{summary.median_queries:g} an attacked item, the clean text included",
        "median change": f"{summary.median_words_changed:.1%} of the words of a lost item",
    }
    if summary.one_off_queries:
        lines["found"] = f"{summary.found} ({summary.one_off_queries} queries, once, on other passages)"
    return "\n".join(f"{name:<15} {text}" for name, text in lines.items())
