"""Suite x Model -> Run: every clean example and variant scored once, nothing judged."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, runtime_checkable

from robustness.attempts import Attempts
from robustness.domain import Example, Model, Run, Scores, Suite
from robustness.errors import ScoreError
from robustness.progress import bar
from robustness.watchdog import watched

__all__ = ["run"]

_CHUNK = 64
"""Items between two looks at the progress: seconds on a CPU."""


@runtime_checkable
class _Describes(Protocol):
    def environment(self) -> Mapping[str, str]: ...


def run(
    suite: Suite, model: Model, *, whole: Suite | None = None, chunk: int = _CHUNK, label: str = "score"
) -> Run:
    """Return what the model says to every item of the suite, in chunks of `chunk` items.

    `whole` is the suite that `suite` is a share of: its items are no strangers to predictions, and
    its examples may be left out. Items of one source are neighbours, so that a model can spare
    itself equal rows. Non-finite scores are kept as they are: judging makes them INVALID, and so an
    item at which the model raises, where it answers others. `label` stands beside the bar.

    Raises `ScoreError` for predictions of another suite, a wrong number of rows or visible lengths,
    and rows of the wrong length.
    """
    _same_suite(suite, model)
    items = _items(suite)
    _no_foreign_answers(_items(whole or suite), model)
    scores: dict[str, Scores] = {}
    visible: dict[str, int] = {}
    attempts = Attempts(model)
    with watched():
        for batch in _chunks(items, chunk, label, model):
            for found in attempts.answers(batch):
                scores.update(_checked(found.items, found.scores, model.name))
                if found.visible is not None:
                    visible.update(_seen(found.items, found.visible, model.name))
    return Run(
        model=model.name,
        model_fingerprint=model.fingerprint,
        suite=suite.fingerprint,
        scores=scores,
        visible=visible,
        environment={**_environment(model), **attempts.told()},
    )


def _same_suite(suite: Suite, model: Model) -> None:
    claimed = getattr(model, "suite", None)
    if claimed and claimed != suite.fingerprint:
        raise ScoreError(
            f"{model.name}: its predictions are for suite {claimed!r}, but this is {suite.fingerprint!r}; "
            f"predict on this suite"
        )


def _no_foreign_answers(items: Sequence[Example], model: Model) -> None:
    answers = getattr(model, "answers", None)
    if not isinstance(answers, Mapping):
        return
    foreign = sorted(set(answers) - {item.id for item in items})
    if foreign:
        raise ScoreError(
            f"{model.name}: {len(foreign)} predictions are for no item of this suite, such as "
            f"{', '.join(map(repr, foreign[:5]))}; predict on this suite, or leave them out"
        )


def _items(suite: Suite) -> list[Example]:
    by_source: dict[str, list[Example]] = {example.id: [example] for example in suite.examples}
    for variant in suite.variants:
        by_source.setdefault(variant.source, []).append(variant.example)
    return [item for items in by_source.values() for item in items]


def _chunks(items: Sequence[Example], size: int, label: str, model: Model) -> Iterator[Sequence[Example]]:

    begun, before = time.monotonic(), _tokens(model)
    with bar(total=len(items), desc=label, unit="item", delay=1) as shown:
        for start in range(0, len(items), size):
            batch = items[start : start + size]
            yield batch
            if done := _tokens(model) - before:
                seconds = max(time.monotonic() - begun, 1e-3)
                shown.set_postfix_str(f"{done:,} tokens, {done / seconds:,.0f} a second", refresh=False)
            shown.update(len(batch))


def _tokens(model: Model) -> int:
    """Return the tokens that a model has forwarded; 0 for one that does not count them."""
    counts = getattr(model, "counts", {})
    return int(counts.get("tokens", 0)) if isinstance(counts, Mapping) else 0


def _checked(batch: Sequence[Example], returned: Sequence[Scores], name: str) -> Iterator[tuple[str, Scores]]:
    if len(returned) != len(batch):
        raise ScoreError(
            f"{name}: {len(returned)} rows of scores came for {len(batch)} items; "
            f"return one per item, in order"
        )
    for example, row in zip(batch, returned, strict=True):
        if len(row) != len(example.options):
            raise ScoreError(
                f"{name}: item {example.id!r}: {len(row)} scores came for {len(example.options)} options; "
                f"return one per option, in order"
            )
        yield example.id, tuple(float(score) for score in row)


def _seen(batch: Sequence[Example], returned: Sequence[int], name: str) -> Iterator[tuple[str, int]]:
    if len(returned) != len(batch):
        raise ScoreError(
            f"{name}: {len(returned)} visible lengths came for {len(batch)} items; "
            f"return one per item, in order"
        )
    return zip((example.id for example in batch), returned, strict=True)


def _environment(model: Model) -> Mapping[str, str]:
    try:
        ours = version("mcrc-robustness")
    except PackageNotFoundError:
        ours = "not installed"
    common = {"mcrc-robustness": ours, "python": platform.python_version()}
    return {**common, **(model.environment() if isinstance(model, _Describes) else {})}
