"""Examples x plan x seed -> Suite: the same bytes for any input order, worker count and hash seed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import Recipe, apply
from robustness.domain import Attack, Example, Skip, Suite, Variant
from robustness.errors import DataError
from robustness.progress import bar
from robustness.suites.plan import Plan
from robustness.suites.store import fingerprint

__all__ = ["CHUNK", "build", "generate", "ordered"]

CHUNK = 256
"""Items that are attacked together: what is held at once of a suite in the making."""
_AHEAD = 2
"""Chunks that each worker process may have under way or waiting to be taken."""


@dataclass(frozen=True, slots=True)
class _Step:
    recipe: Recipe
    attack: Attack
    severity: int


def build(
    examples: Sequence[Example],
    plan: Plan,
    *,
    seed: int = 0,
    workers: int = 1,
    data: str = "",
) -> Suite:
    """Return the suite of these examples under a plan, not yet audited.

    `workers` processes share the work; their number changes nothing but the time.
    Raises `DataError` for no examples and for two items, examples or variants, with one id.
    """
    arranged = ordered(examples)
    document = plan.as_json()
    made = list(generate(arranged, plan, seed=seed, workers=workers))
    variants = tuple(item for item in made if isinstance(item, Variant))
    _refuse_shared_ids(arranged, variants)
    skipped = tuple(item for item in made if isinstance(item, Skip))
    return Suite(
        name=plan.name,
        seed=seed,
        plan=document,
        examples=arranged,
        variants=variants,
        skipped=skipped,
        audit={},
        fingerprint=fingerprint(seed, document, arranged, variants, skipped),
        data=data,
    )


def ordered(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Return examples by id, as a suite keeps them; raises `DataError` for none, and for two with one id."""
    if not examples:
        raise DataError("build: 0 examples came, but at least one is needed; check the data and its limit")
    arranged = tuple(sorted(examples, key=lambda example: example.id))
    for first, second in pairwise(arranged):
        if first.id == second.id:
            raise DataError(f"build: two examples have the id {first.id!r}; ids must be unique")
    return arranged


def _refuse_shared_ids(examples: Sequence[Example], variants: Sequence[Variant]) -> None:
    """Scores are kept by id: a variant called like another item would be given its scores."""
    seen = {example.id for example in examples}
    for variant in variants:
        if variant.id in seen:
            raise DataError(
                f"build: variant {variant.id!r} has the id of another item, but ids must be unique; rename "
                f"the example that is called so, or let the attack number its variants"
            )
        seen.add(variant.id)


def generate(
    examples: tuple[Example, ...], plan: Plan, *, seed: int = 0, workers: int = 1
) -> Iterator[Variant | Skip]:
    """Yield the variants and skips of these examples, in their order and then the plan's.

    A chunk of items is attacked when the one before it has been taken: beside the examples and what
    attacks draw on, no more is held than `CHUNK` items' variants, with `workers` processes a few chunks
    for each. `build` keeps them all.
    """
    with bar(total=len(examples), desc="build", unit="item", delay=1) as shown:
        for made in _mapped(examples, plan, seed, workers):
            yield from made
            shown.update(min(CHUNK, len(examples) - shown.n))


def _mapped(
    examples: tuple[Example, ...], plan: Plan, seed: int, workers: int
) -> Iterator[list[Variant | Skip]]:
    if workers <= 1 or len(examples) <= CHUNK:
        steps = _steps(plan, examples)
        yield from (_chunk(chunk, steps, seed) for chunk in _chunks(examples))
        return
    plain = tuple(map(_plain, examples))
    with ProcessPoolExecutor(workers, initializer=_prepare, initargs=(plan, plain, seed)) as pool:
        yield from _in_order(pool, _chunks(plain), ahead=workers * _AHEAD)


def _chunks(examples: tuple[Example, ...]) -> Iterator[tuple[Example, ...]]:
    return (examples[i : i + CHUNK] for i in range(0, len(examples), CHUNK))


def _in_order(
    pool: Executor, chunks: Iterator[tuple[Example, ...]], *, ahead: int
) -> Iterator[list[Variant | Skip]]:
    """Yield what the pool makes of the chunks, in order, never more than `ahead` of them handed out."""
    waiting = deque(pool.submit(_prepared_chunk, chunk) for chunk in islice(chunks, ahead))
    while waiting:
        made = waiting.popleft().result()
        waiting.extend(pool.submit(_prepared_chunk, chunk) for chunk in islice(chunks, 1))
        yield made


def _plain(example: Example) -> Example:
    """Return an equal example that can be sent to another process: a mapping proxy cannot."""
    return replace(example, meta=dict(example.meta))


def _steps(plan: Plan, examples: tuple[Example, ...]) -> tuple[_Step, ...]:
    corpus = Corpus.of(examples)
    recipes = plan.recipes()
    steps = []
    for check in plan.check:
        for severity in check.severities:
            attack = recipes[check.attack].attack(severity)
            bound = attack.bind(corpus) if isinstance(attack, NeedsCorpus) else attack
            steps.append(_Step(recipes[check.attack], bound, severity))
    return tuple(steps)


def _chunk(chunk: Sequence[Example], steps: Sequence[_Step], seed: int) -> list[Variant | Skip]:
    return [
        made
        for example in chunk
        for step in steps
        for made in apply(step.recipe, step.attack, example, severity=step.severity, seed=seed)
    ]


_worker: dict[str, tuple[tuple[_Step, ...], int]] = {}
"""Filled once in each worker process, so that the corpus is not sent with every chunk."""


def _prepare(plan: Plan, examples: tuple[Example, ...], seed: int) -> None:
    _worker["steps"] = (_steps(plan, examples), seed)


def _prepared_chunk(chunk: Sequence[Example]) -> list[Variant | Skip]:
    steps, seed = _worker["steps"]
    return [
        replace(made, example=_plain(made.example), notes=dict(made.notes))
        if isinstance(made, Variant)
        else made
        for made in _chunk(chunk, steps, seed)
    ]
