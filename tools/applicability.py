"""Count where each recipe applies: a Markdown table over several data sets, numbers only.

    python tools/applicability.py NAME=FORMAT:PATH... [--recipes A,B] [--limit N]

Per data set and recipe, at severity 1: variants / degraded / skipped. No text leaves this command.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import apply, recipe, recipe_names
from robustness.domain import Example, Skip
from robustness.errors import RobustnessError
from robustness.readers.load import load


def counted(name: str, examples: Sequence[Example], corpus: Corpus) -> Counter[str]:
    """Return how many variants, degraded variants and skips one recipe has on these examples."""
    made = recipe(name)
    attack = made.attack()
    bound = attack.bind(corpus) if isinstance(attack, NeedsCorpus) else attack
    counts: Counter[str] = Counter()
    for example in examples:
        for item in apply(made, bound, example, severity=1, seed=0):
            counts["skipped" if isinstance(item, Skip) else "variants"] += 1
            counts["degraded"] += not isinstance(item, Skip) and item.degraded
    return counts


def rows(names: Sequence[str], data: dict[str, tuple[Example, ...]]) -> Iterator[str]:
    """Yield the lines of the table."""
    corpora = {label: Corpus.of(examples) for label, examples in data.items()}
    heads = [f"{label} ({len(examples):,})" for label, examples in data.items()]
    yield f"| recipe | {' | '.join(heads)} |"
    yield "|---|" + "---|" * len(heads)
    for name in names:
        cells = []
        for label, examples in data.items():
            counts = counted(name, examples, corpora[label])
            cells.append(f"{counts['variants']} / {counts['degraded']} / {counts['skipped']}")
        yield f"| `{name}` | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", nargs="+", metavar="NAME=FORMAT:PATH")
    parser.add_argument("--recipes", default="", help="comma-separated; all where left out")
    parser.add_argument("--limit", type=int, default=None)
    flags = parser.parse_args()
    names = flags.recipes.split(",") if flags.recipes else recipe_names()
    try:
        sets: dict[str, list[Example]] = {}
        for label, _, spec in (named.partition("=") for named in flags.data):
            sets.setdefault(label, []).extend(load(spec, limit=flags.limit).examples)
        for line in rows(names, {label: tuple(examples) for label, examples in sets.items()}):
            sys.stdout.write(line + "\n")
    except RobustnessError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
