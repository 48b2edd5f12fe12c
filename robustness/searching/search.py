"""Search over a recipe for the variants that hurt one model most, frozen as a suite."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import recipe
from robustness.attacks.word_edits import edits_words
from robustness.domain import Attack, Example, Model, Polarity, Skip, Suite
from robustness.errors import UsageError
from robustness.progress import bar
from robustness.searching.freezing import frozen
from robustness.searching.gradient import hotflip
from robustness.searching.lockstep import Found, Terms, search_items
from robustness.searching.magnets import magnets
from robustness.searching.method import Method
from robustness.searching.proposals import Family, Strategy, text_of
from robustness.searching.strategies import beam, restarts, words_only
from robustness.searching.trigger import trigger
from robustness.searching.universal import halves, using
from robustness.suites.build import ordered

__all__ = ["Searching", "search", "search_digest"]

_CHUNK = 256
"""Items that search in lockstep; what one finds does not depend on it."""


@dataclass(frozen=True, slots=True)
class Searching:
    """What a search is asked to do."""

    attack: str
    severity: int = 1
    method: Method = Method.AUTO
    budget: int = 200
    """Most queries per item; a query is one text with its options scored, the clean one included."""
    beam: int = 4
    """States that `beam` keeps."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done on which items."""

    items: tuple[Example, ...]
    strategy: Strategy
    settings: Mapping[str, Any]
    keep_own: bool = True


def search(examples: Sequence[Example], model: Model, asked: Searching, *, data: str = "") -> Suite:
    """Return the suite of the variants that lower the gold margin of a model most, not yet audited.

    What is found for an item depends on seed, recipe, method, budget and the item (and, where recipe or
    method draw on other items, on the data set), not on the order or number of the others. `trigger` and
    `magnet` prepare on a half of the passages; the suite holds the other half alone.

    Raises:
        UsageError: an unknown recipe or severity, a recipe that is no attack, a method that does not fit
            recipe or model, a budget below 2, or a model without scores of its own.
        DataError: no examples, or two with one id.
        ScoreError: the model returned rows of the wrong shape.
    """
    arranged = ordered(examples)
    _refuse_answers(model)
    family = _family(asked, Corpus.of(arranged))
    work = _work(asked, family, model, arranged)
    terms, found = Terms(asked.budget, work.keep_own), dict[str, Found | Skip]()
    for chunk in _chunks(work.items):
        found |= search_items(family, chunk, model, strategy=work.strategy, terms=terms)
    settings = {
        "budget": asked.budget,
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        **work.settings,
    }
    return frozen(family, work.items, found, settings=settings, data=data)


def search_digest(examples: Sequence[Example], asked: Searching) -> str:
    """Return what names a search before it has a suite: 32 hexadecimal digits of items and settings.

    >>> len(search_digest([], Searching("swap-letters")))
    32
    """
    texts = sorted((example.id, *text_of(example), example.answer) for example in examples)
    return hashlib.sha256(repr((asked, texts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _refuse_answers(model: Model) -> None:
    if isinstance(getattr(model, "answers", None), Mapping):
        raise UsageError(
            f"--model: {model.name!r} holds answers to one suite, but a search asks about texts that nobody "
            f"has seen; give the model itself"
        )


def _family(asked: Searching, corpus: Corpus) -> Family:
    made = recipe(asked.attack)
    if made.polarity is not Polarity.ATTACK:
        raise UsageError(
            f"--attack: {asked.attack!r} has the polarity {made.polarity.value!r}, but a search needs an "
            f"attack: elsewhere a wrong answer is no defect; choose another (robustness attacks)"
        )
    attack = made.attack(asked.severity)
    bound = cast(Attack, attack.bind(corpus)) if isinstance(attack, NeedsCorpus) else attack
    return Family(made, bound, asked.severity, asked.seed)


def _work(asked: Searching, family: Family, model: Model, examples: tuple[Example, ...]) -> _Work:
    method = asked.method
    if method is Method.AUTO:
        method = Method.GREEDY if edits_words(family.attack) else Method.RESTARTS
    if method in (Method.TRIGGER, Method.MAGNET):
        return _prepared(method, asked, family, model, examples=examples)
    settings: dict[str, Any] = {"method": method.value}
    if method is Method.RESTARTS:
        return _Work(examples, restarts, settings)
    if method is Method.HOTFLIP:
        return _Work(examples, hotflip(family, model), settings)
    words_only(family)
    width = asked.beam if method is Method.BEAM else 1
    return _Work(examples, beam(width, budget=asked.budget), {**settings, "beam": width})


def _prepared(
    method: Method, asked: Searching, family: Family, model: Model, *, examples: tuple[Example, ...]
) -> _Work:
    prepare = trigger if method is Method.TRIGGER else magnets
    first, rest = halves(examples, asked.seed)
    made = prepare(family, model, first, budget=asked.budget)
    settings = {
        "method": method.value,
        "found": made.found,
        "one_off_queries": made.queries,
        "prepared_on": made.items,
    }
    return _Work(rest, using(made.attack), settings, keep_own=False)


def _chunks(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    with bar(total=len(examples), desc="search", unit="item", delay=1) as shown:
        for start in range(0, len(examples), _CHUNK):
            chunk = examples[start : start + _CHUNK]
            yield chunk
            shown.update(len(chunk))
