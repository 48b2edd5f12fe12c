"""Whether variants depend on the hash seed of the interpreter: two fresh ones are asked."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from robustness.attacks.corpus import Corpus
from robustness.attacks.recipes import Recipe
from robustness.domain import Example
from robustness.testing.items import SAMPLE_CORPUS
from robustness.testing.promises import applied

__all__ = ["hash_seed_faults", "tell"]

_HASH_SEEDS: Final = ("1", "4242")


def hash_seed_faults(
    recipes: Sequence[Recipe], examples: Sequence[Example], corpus: Corpus = SAMPLE_CORPUS
) -> list[str]:
    """Return the recipes whose variants depend on the hash seed of the interpreter.

    Two fresh interpreters of different seeds make all variants at the first severity.
    """
    sent = {
        "recipes": [one.model_dump(mode="json") for one in recipes],
        "examples": [asdict(replace(example, meta=dict(example.meta))) for example in examples],
        "corpus": [corpus.passages, corpus.questions],
    }
    told = [_told(json.dumps(sent), seed) for seed in _HASH_SEEDS]
    if failed := next((each[""] for each in told if "" in each), ""):
        return [f"a fresh interpreter with hash seed {failed}"]
    names = [one.name for one in recipes if len({each.get(one.name) for each in told}) > 1]
    return [f"{name}: its variants depend on the hash seed; sort what comes out of a set" for name in names]


def _told(sent: str, hash_seed: str) -> dict[str, str]:
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109 - a string is wanted
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    command = [sys.executable, "-c", "from robustness.testing.hash_seeds import tell; tell()"]
    done = subprocess.run(command, input=sent, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        return {"": f"{hash_seed}: {done.stderr[-2000:]}"}
    told: dict[str, str] = json.loads(done.stdout)
    return told


def tell() -> None:
    """Print the digest of each recipe's variants: what a fresh interpreter is asked for."""
    sent = json.load(sys.stdin)
    examples = [Example(**{**row, "options": tuple(row["options"])}) for row in sent["examples"]]
    passages = tuple((group, text) for group, text in sent["corpus"][0])
    questions = tuple((group, asked, tuple(options)) for group, asked, options in sent["corpus"][1])
    corpus = Corpus(passages, questions)
    digests = {}
    for row in sent["recipes"]:
        made = Recipe.model_validate(row)
        found = [applied(made, example, 1, corpus=corpus) for example in examples]
        digests[made.name] = hashlib.sha256(repr(found).encode("utf-8", "surrogatepass")).hexdigest()
    sys.stdout.write(json.dumps(digests))
