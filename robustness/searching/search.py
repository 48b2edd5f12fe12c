"""Search over a recipe for the variants that hurt one model most, frozen as a suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import recipe
from robustness.attacks.word_edits import edits_words
from robustness.domain import Attack, Example, Model, Polarity, Skip, Suite
from robustness.errors import UsageError
from robustness.searching.freezing import frozen
from robustness.searching.lockstep import Found, search_items
from robustness.searching.method import Method
from robustness.searching.proposals import Family, Strategy
from robustness.searching.strategies import beam, restarts, words_only
from robustness.suites.build import ordered

__all__ = ["Searching", "search"]

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


def search(examples: Sequence[Example], model: Model, asked: Searching, *, data: str = "") -> Suite:
    """Return the suite of the variants that lower the gold margin of a model most, not yet audited.

    What is found for an item depends on seed, recipe, method, budget and the item (and, where the
    recipe draws on other items, on the data set), not on the order or number of the others.

    Raises:
        UsageError: an unknown recipe or severity, a recipe that is no attack, a method that does not fit
            it, a budget below 2, or a model without scores of its own.
        DataError: no examples, or two with one id.
        ScoreError: the model returned rows of the wrong shape.
    """
    arranged = ordered(examples)
    _refuse_answers(model)
    family = _family(asked, Corpus.of(arranged))
    method = _method(asked, family)
    strategy = _strategies(asked)[method](family)
    found: dict[str, Found | Skip] = {}
    for chunk in _chunks(arranged):
        found |= search_items(family, chunk, model, strategy=strategy, budget=asked.budget)
    settings = {
        "method": method.value,
        "budget": asked.budget,
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        **({"beam": asked.beam} if method is Method.BEAM else {}),
    }
    return frozen(family, arranged, found, settings=settings, data=data)


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


def _method(asked: Searching, family: Family) -> Method:
    if asked.method is Method.AUTO:
        return Method.GREEDY if edits_words(family.attack) else Method.RESTARTS
    return asked.method


def _strategies(asked: Searching) -> Mapping[Method, Callable[[Family], Strategy]]:
    def over_words(family: Family, width: int) -> Strategy:
        words_only(family)
        return beam(width, budget=asked.budget)

    return {
        Method.GREEDY: lambda family: over_words(family, 1),
        Method.BEAM: lambda family: over_words(family, asked.beam),
        Method.RESTARTS: lambda _: restarts,
    }


def _chunks(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    from tqdm import tqdm

    with tqdm(total=len(examples), desc="search", unit="item", delay=1) as bar:
        for start in range(0, len(examples), _CHUNK):
            chunk = examples[start : start + _CHUNK]
            yield chunk
            bar.update(len(chunk))
