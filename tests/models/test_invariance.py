"""What a run says must not depend on how it was computed (must hold for every number of a report)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from robustness.domain import Example, Suite
from robustness.judging.verdicts import judge
from robustness.models.huggingface import HuggingFaceModel, load
from robustness.models.options import ModelOptions
from robustness.readers.load import load as read
from robustness.reports.summarise import summarise
from robustness.reports.to_json import to_json
from robustness.reports.to_markdown import to_markdown
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import plan

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "robustness" / "demo" / "stories-bert"
SHARED = ROOT / ".." / "shared"
MINILM, DREAM = SHARED / "models" / "dream-minilm", SHARED / "data" / "dream" / "test.json"

BUDGETS, THREADS = (1, 256, 1_024, 8_192), (1, 2)


class Shuffled:
    """The same model, asked in another order and in other portions."""

    def __init__(self, model: HuggingFaceModel, seed: int) -> None:
        self.name, self.fingerprint, self._model, self._seed = model.name, model.fingerprint, model, seed
        self.visible = model.visible

    def score(self, batch: Sequence[Example]):
        order = random.Random(self._seed).sample(range(len(batch)), len(batch))
        scores = {at: self._model.score((batch[at],))[0] for at in order}
        return tuple(scores[at] for at in range(len(batch)))


def suite_of(examples: Sequence[Example], name: str) -> Suite:
    return build(tuple(examples), plan(name))


def body(suite: Suite, model) -> tuple[object, ...]:
    """Return scores, verdicts and the rendered report; the environment tells budget and threads."""
    made = replace(run(suite, model, chunk=64), environment={})
    judgement = judge(suite, made)
    summary = summarise(suite, made, judgement, text=True, created="2020-01-01T00:00:00+00:00")
    return made, judgement.verdicts, to_json(summary), to_markdown(summary)


def opened(folder: Path, *, budget: int, threads: int, limit: int | None = None) -> HuggingFaceModel:
    options = ModelOptions(device="cpu", batch_tokens=budget, threads=threads, max_length=limit)
    return load(str(folder), options=options)


@pytest.fixture(scope="module")
def stories() -> tuple[Example, ...]:
    return read("stories:test?passages=2").examples


@pytest.fixture(scope="module")
def suite(stories) -> Suite:
    return suite_of(stories, "core")


@pytest.fixture(scope="module")
def expected(suite):
    return body(suite, opened(DEMO, budget=1_024, threads=1))


QUICK = {(1, 1), (256, 2), (8_192, 1)}
PAIRS = [
    pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.slow) for pair in product(BUDGETS, THREADS)
]


@pytest.mark.parametrize(("budget", "threads"), PAIRS)
def test_budgets_and_threads_leave_every_byte_of_the_report(suite, expected, budget, threads):
    assert body(suite, opened(DEMO, budget=budget, threads=threads)) == expected


def test_the_order_in_which_items_are_scored_leaves_every_byte_of_the_report(suite, expected):
    assert body(suite, Shuffled(opened(DEMO, budget=256, threads=1), seed=3)) == expected


def test_the_order_of_the_data_leaves_every_byte_of_the_report(stories, expected):
    turned = suite_of(stories[::-1], "core")
    assert body(turned, opened(DEMO, budget=1_024, threads=1)) == expected


PROGRAM = """
import hashlib, sys
sys.path.insert(0, {folder!r})
import test_invariance as t
suite = t.suite_of(t.read("stories:test?passages=2").examples, "core")
_, _, text, _ = t.body(suite, t.opened(t.DEMO, budget=256, threads=1))
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_hash_seeds_and_processes_leave_every_byte_of_the_report(expected, seed):
    from hashlib import sha256

    program = PROGRAM.format(folder=str(Path(__file__).parent))
    made = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": seed},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.split()[-1] == sha256(expected[2].encode()).hexdigest()


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_model_on_real_questions_says_the_same_however_it_is_computed():
    if not (MINILM.is_dir() and DREAM.is_file()):
        pytest.skip(f"no real checkpoint and data under {SHARED}")
    suite = suite_of(read(f"dream:{DREAM}", limit=12).examples, "si2019")
    first, *others = (
        body(suite, opened(MINILM, budget=budget, threads=threads, limit=160))
        for budget, threads in ((1_024, 1), (1, 2), (256, 1), (8_192, 2))
    )
    assert all(other == first for other in others)
