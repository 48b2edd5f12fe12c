"""Generation holds a chunk at a time, however large the data set is."""

from __future__ import annotations

import tracemalloc
from collections import deque
from concurrent.futures import Executor, Future
from itertools import islice

import pytest

from robustness.attacks import recipes
from robustness.demo.stories import stories
from robustness.domain import Example, Skip, Variant
from robustness.suites import build as building
from robustness.suites.build import CHUNK, build, generate
from robustness.suites.plan import Plan

PLAN = Plan.model_validate(
    {"name": "p", "description": "d", "check": [{"attack": "no-question"}, {"attack": "option-rotations"}]}
)


def items(count: int) -> tuple[Example, ...]:
    passage = "Nora packed the blue tent. " * 20
    options = ("The lamp.", "The tent.", "A coat.", "A boat.")
    return tuple(
        Example(f"m{i:06}", passage, "What did she pack?", options, 1, f"g{i}") for i in range(count)
    )


def peak_of(count: int) -> int:
    """Return the bytes held at most while everything is generated and thrown away."""
    examples = items(count)
    deque(generate(examples[: 2 * CHUNK], PLAN), maxlen=0)
    tracemalloc.start()
    deque(generate(examples, PLAN), maxlen=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_what_is_held_at_once_does_not_grow_with_the_data_set():
    # Eight times as many items: only the corpus, some hundred bytes an item, may grow.
    small, large = peak_of(4 * CHUNK), peak_of(32 * CHUNK)
    assert large - small < 28 * CHUNK * 600
    kept = tracemalloc_of_kept(32 * CHUNK)
    assert large < kept / 4


def tracemalloc_of_kept(count: int) -> int:
    examples = items(count)
    tracemalloc.start()
    kept = list(generate(examples, PLAN))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(kept) == 4 * count
    return size


def test_items_are_attacked_when_their_variants_are_asked_for(monkeypatch):
    attacked: list[str] = []
    apply = recipes.apply

    def counted(recipe, attack, example, **rest):
        attacked.append(example.id)
        return apply(recipe, attack, example, **rest)

    monkeypatch.setattr(building, "apply", counted)
    stream = generate(items(10 * CHUNK), PLAN)
    assert attacked == []
    list(islice(stream, 10))
    assert len(set(attacked)) == CHUNK
    list(islice(stream, 4 * CHUNK))
    assert len(set(attacked)) == 2 * CHUNK


class Patient(Executor):
    """Runs at once, and counts what was handed out and not yet asked for."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0

    def submit(self, fn, /, *args, **kwargs):
        del fn, kwargs
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        pool = self

        class Asked(Future[list[Skip]]):
            def result(self, timeout=None):
                pool.waiting -= 1
                return [Skip(example.id, "a", "r") for example in args[0]]

        return Asked()


def test_workers_are_never_far_ahead_of_what_is_taken():
    pool = Patient()
    chunks = building._chunks(items(40 * CHUNK))
    ids = [skip.source for made in building._in_order(pool, chunks, ahead=4) for skip in made]
    assert pool.most == 4
    assert ids == [example.id for example in items(40 * CHUNK)]


def test_the_stream_is_what_build_keeps():
    examples = tuple(sorted(stories("test", passages=6), key=lambda example: example.id))
    made = list(generate(examples, PLAN, seed=3))
    suite = build(examples, PLAN, seed=3)
    assert tuple(one for one in made if isinstance(one, Variant)) == suite.variants
    assert tuple(one for one in made if isinstance(one, Skip)) == suite.skipped


@pytest.mark.slow
def test_the_full_suite_is_the_same_for_any_worker_count_and_hash_seed(tmp_path):
    import os
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from robustness.demo.stories import stories\n"
        "from robustness.suites.build import build\n"
        "from robustness.suites.plan import plan\n"
        "if __name__ == '__main__':\n"
        "    made = build(stories('test'), plan('full'), seed=1, workers=int(sys.argv[1]))\n"
        "    print(made.fingerprint, len(made.variants))\n"
    )
    (tmp_path / "full.py").write_text(code)
    told = set()
    for workers, hash_seed in (("1", "0"), ("2", "1"), ("3", "987")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, tmp_path / "full.py", workers]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=900
        )
        told.add(done.stdout)
    assert len(told) == 1
    assert int(told.pop().split()[1]) > 20_000
