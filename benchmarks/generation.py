"""Items and variants per second of every recipe over a data set, and nlpaug beside ours; one line of JSON.

    python benchmarks/generation.py dream:PATH [--limit N] [--recipes A,B] [--repeats N]

CPU seconds of this process, one thread, severity 1. Caches start warm with one pass over the first items;
those of words and sentences are shared between recipes, as in a build. A recipe that applies to few items
makes few variants however fast it is: items per second say how fast it looked, variants per second what
came of it.

nlpaug's random character swap runs beside ours on the same passages, alternating: one swap in a tenth of
the words of four letters and more. Ours starts with no word cached. Without nlpaug that part is null.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.noise import CharacterNoise
from robustness.attacks.recipes import apply, recipe, recipe_names
from robustness.attacks.wordnet import has_wordnet
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.readers.load import load
from robustness.rng import derive
from robustness.text import words

GOAL_MEDIAN, GOAL_RATIO = 2000, 2.0
WARM = 50


def rates(name: str, examples: Sequence[Example], corpus: Corpus) -> tuple[float, float | None]:
    """Return items and variants per CPU second; variants are None for a recipe without any on this data."""
    made = recipe(name)
    attack = made.attack()
    bound = attack.bind(corpus) if isinstance(attack, NeedsCorpus) else attack

    def pass_over(items: Sequence[Example], seed: int) -> int:
        return sum(
            isinstance(made_one, Variant)
            for example in items
            for made_one in apply(made, bound, example, severity=1, seed=seed)
        )

    pass_over(examples[:WARM], 1)
    begun = time.process_time()
    count = pass_over(examples, 0)
    spent = time.process_time() - begun
    return round(len(examples) / spent, 1), round(count / spent, 1) if count else None


def ours(passages: Sequence[str]) -> Callable[[], object]:
    """Return one pass of our character swap over the passages alone, from cold words."""
    attack = CharacterNoise(name="swap", polarity=Polarity.ATTACK, kind="swap", rate=0.1, fields=("passage",))
    empty = Example("m", "", "", ("", " "), 0, "g")
    items = [replace(empty, id=f"m{i}", passage=text) for i, text in enumerate(passages)]

    def run() -> None:
        words.cache_clear()
        for item in items:
            with suppress(NotApplicable):
                list(attack(item, 1, derive(0, "swap", item.id)))

    return run


def theirs(passages: Sequence[str]) -> Callable[[], object] | None:
    """Return one pass of nlpaug's character swap over the passages; `None` without nlpaug."""
    if find_spec("nlpaug") is None:
        return None
    import nlpaug.augmenter.char as nac  # type: ignore[import-not-found]

    swap = nac.RandomCharAug(action="swap", aug_word_p=0.1, aug_char_max=1, min_char=4, aug_word_max=None)

    def run() -> None:
        for passage in passages:
            swap.augment(passage)

    return run


def beside_nlpaug(passages: Sequence[str], repeats: int) -> dict[str, float] | None:
    """Return texts per CPU second of both, medians of alternating passes, and the ratio."""
    other = theirs(passages)
    if other is None:
        return None
    seen: dict[str, list[float]] = {"ours": [], "nlpaug": []}
    for _ in range(repeats):
        for name, run in (("ours", ours(passages)), ("nlpaug", other)):
            begun = time.process_time()
            run()
            seen[name].append(time.process_time() - begun)
    median = {name: round(len(passages) / statistics.median(spent), 1) for name, spent in seen.items()}
    return {**median, "ratio": round(median["ours"] / median["nlpaug"], 2)}


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--recipes", default="")
    parser.add_argument("--repeats", type=int, default=5)
    flags = parser.parse_args()
    examples = load(flags.data, limit=flags.limit).examples
    corpus = Corpus.of(examples)
    names = flags.recipes.split(",") if flags.recipes else recipe_names()
    runnable = [n for n in names if "wordnet" not in recipe(n).needs or has_wordnet()]
    found = {name: rates(name, examples, corpus) for name in runnable}
    made = {name: variants for name, (_, variants) in found.items()}
    measured = [value for value in made.values() if value is not None]
    beside = beside_nlpaug(list(dict.fromkeys(e.passage for e in examples if e.passage)), flags.repeats)
    line = {
        "benchmark": "generation",
        "items": len(examples),
        "unit": "per CPU second, severity 1",
        "median_variants": statistics.median(measured),
        "median_items": statistics.median(items for items, _ in found.values()),
        "slowest_items": min((items, name) for name, (items, _) in found.items())[::-1],
        "character_swap": beside,
        "goals": {
            "median_variants": statistics.median(measured) > GOAL_MEDIAN,
            "twice_nlpaug": None if beside is None else beside["ratio"] >= GOAL_RATIO,
        },
        "recipes": made,
        "items_per_second": {name: items for name, (items, _) in found.items()},
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
