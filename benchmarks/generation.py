"""Variants per second of every recipe over a data set; one line of JSON.

    python benchmarks/generation.py dream:PATH [--limit N] [--recipes A,B]

CPU seconds of this process, one thread, severity 1, after one warm-up item. The caches of words and sentences
are shared between recipes in a build, and so they are here. Beside ours stands nlpaug's random character
swap, where it is installed (`pip install nlpaug`): texts per second, same passages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from importlib.util import find_spec

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import apply, recipe, recipe_names
from robustness.attacks.wordnet import has_wordnet
from robustness.domain import Example, Variant
from robustness.readers.load import load


def rate(name: str, examples: Sequence[Example], corpus: Corpus) -> float | None:
    """Return variants per CPU second; `None` for a recipe without variants on this data."""
    made = recipe(name)
    attack = made.attack()
    bound = attack.bind(corpus) if isinstance(attack, NeedsCorpus) else attack
    list(apply(made, bound, examples[0], severity=1, seed=1))
    count, begun = 0, time.process_time()
    for example in examples:
        count += sum(isinstance(v, Variant) for v in apply(made, bound, example, severity=1, seed=0))
    spent = time.process_time() - begun
    return round(count / spent, 1) if count else None


def nlpaug_rate(passages: Sequence[str]) -> float | None:
    """Return texts per CPU second of nlpaug's character swap at our severity 1; `None` without nlpaug."""
    if find_spec("nlpaug") is None:
        return None
    import nlpaug.augmenter.char as nac  # type: ignore[import-not-found]

    swap = nac.RandomCharAug(action="swap", aug_word_p=0.1, aug_char_max=1, min_char=4, aug_word_max=None)
    swap.augment(passages[0])
    begun = time.process_time()
    for passage in passages:
        swap.augment(passage)
    return round(len(passages) / (time.process_time() - begun), 1)


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--recipes", default="")
    flags = parser.parse_args()
    examples = load(flags.data, limit=flags.limit).examples
    corpus = Corpus.of(examples)
    names = flags.recipes.split(",") if flags.recipes else recipe_names()
    runnable = [n for n in names if recipe(n).parameters.get("lexicon") != "wordnet" or has_wordnet()]
    rates = {name: rate(name, examples, corpus) for name in runnable}
    measured = [value for value in rates.values() if value is not None]
    line = {
        "benchmark": "generation",
        "items": len(examples),
        "unit": "variants per CPU second, severity 1",
        "median": statistics.median(measured),
        "slowest": min((value, name) for name, value in rates.items() if value is not None)[::-1],
        "nlpaug_char_swap_texts_per_second": nlpaug_rate([example.passage for example in examples]),
        "recipes": rates,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
