"""Models without a network: rules that a robust suite must tell apart from reading.

They ship as fakes for trying things out and as sentinels for auditing suites.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum, log1p
from types import MappingProxyType

from robustness.domain import Example, Scores
from robustness.errors import UsageError, unknown
from robustness.rng import derive
from robustness.text import content_words

__all__ = ["STUBS", "Stub", "stub"]

Rule = Callable[[Example], Scores]
_DETACHED = re.compile(r"(?:\s[.,!?;:。！？，；：]|\sn't|\s'(?:s|m|d|ll|re|ve)\b)|\A[.,!?;:。！？，；：]")


@dataclass(frozen=True, slots=True)
class Stub:
    """A rule as a `Model`."""

    name: str
    fingerprint: str
    rule: Rule

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return the rule's scores, one tuple per example."""
        return tuple(self.rule(example) for example in batch)


def _constant(example: Example) -> Scores:
    return (0.0,) * len(example.options)


def _random(example: Example) -> Scores:
    rng = derive(0, "stub:random", example.id)
    return tuple(rng.uniform() for _ in example.options)


def _longest(example: Example) -> Scores:
    return tuple(float(len(option)) for option in example.options)


def _shortest(example: Example) -> Scores:
    return tuple(-float(len(option)) for option in example.options)


def _position(example: Example) -> Scores:
    return tuple(-float(i) for i in range(len(example.options)))


def _oracle(example: Example) -> Scores:
    return tuple(float(i == example.answer) for i in range(len(example.options)))


def _no_detached_punctuation(example: Example) -> Scores:
    return tuple(-float(len(_DETACHED.findall(option))) for option in example.options)


@lru_cache(maxsize=4096)
def _passage_words(passage: str) -> tuple[str, ...]:
    return content_words(passage)


def _overlap(example: Example) -> Scores:
    there = set(_passage_words(example.passage))
    return tuple(float(len(there & set(content_words(option)))) for option in example.options)


def _overlap_fraction(example: Example) -> Scores:
    lengths = (len(set(content_words(option))) for option in example.options)
    counts = _overlap(example)
    return tuple(c / n if n else 0.0 for c, n in zip(counts, lengths, strict=True))


def _overlap_window(example: Example) -> Scores:
    """The sliding window of Richardson et al. 2013 (MCTest, algorithm 1)."""
    passage = _passage_words(example.passage)
    counts = Counter(passage)
    question = set(content_words(example.question))
    return tuple(
        _best_window(passage, counts, question | set(content_words(option))) for option in example.options
    )


def _best_window(passage: Sequence[str], counts: Counter[str], wanted: set[str]) -> float:
    weights = [log1p(1 / counts[word]) if word in wanted else 0.0 for word in passage]
    width = len(wanted)
    starts = range(max(1, len(weights) - width + 1))
    # Rounded once: windows that hold the same weights in another order must tie to the last bit.
    return max(fsum(weights[i : i + width]) for i in starts) if wanted else 0.0


STUBS: Mapping[str, Rule] = MappingProxyType(
    {
        "constant": _constant,
        "random": _random,
        "longest": _longest,
        "shortest": _shortest,
        "position": _position,
        "no-detached-punctuation": _no_detached_punctuation,
        "overlap": _overlap,
        "overlap-fraction": _overlap_fraction,
        "overlap-window": _overlap_window,
        "oracle": _oracle,
    }
)
"""Rule by name. `overlap` counts an option's content words that occur in the passage; `position`
always prefers the first option; `oracle` knows the gold and is unsure where there is none."""


def stub(name: str) -> Stub:
    """Return the stub of that name.

    >>> item = Example("a", "The lamp is red.", "What is red?", ("A lamp.", "A boat."), 0, "a")
    >>> stub("overlap").score([item])
    ((1.0, 0.0),)
    """
    if name not in STUBS:
        raise UsageError(unknown("stub", name, STUBS))
    return Stub(name=f"stub:{name}", fingerprint=f"stub:{name}/1", rule=STUBS[name])
