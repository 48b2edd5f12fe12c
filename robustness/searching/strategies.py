"""Ways to look for the variant that hurts: restarts for any recipe, a beam over words for those that
edit words one by one."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from robustness.attacks.word_edits import EditsWords, WordEdits, edits_words
from robustness.domain import Edit, Example, NotApplicable, Place, Skip
from robustness.errors import UsageError
from robustness.rng import derive
from robustness.searching.proposals import (
    Family,
    Proposal,
    Search,
    Step,
    Strategy,
    clean,
    drawn,
    edited,
    left_out,
    text_of,
)

__all__ = ["beam", "climb", "restarts", "words_only"]

_AT_ONCE = 8
"""Restarts per step."""
_STALE = 3
"""Steps of restarts without a new text, after which a recipe is taken to have no other."""
_PROBED = 3
"""At most one query in so many goes into learning which words matter; the rest is for the attack."""

_Span: TypeAlias = tuple[Place, int, int]
_Ordering: TypeAlias = Generator[Step, Sequence[float], list[_Span]]


def restarts(family: Family, example: Example) -> Search:
    """Draw the recipe again and again under other seeds, eight at a time."""
    seen: set[object] = set()
    first, stale = 1, 0
    while stale < _STALE:
        made: list[Proposal] = []
        for number in range(first, first + _AT_ONCE):
            variants = drawn(family, example, number)
            made += [] if isinstance(variants, Skip) else map(Proposal, variants)
        texts = {text_of(p.variant.example) for p in made}
        stale = 0 if texts - seen else stale + 1
        seen |= texts
        first += _AT_ONCE
        yield Step(tuple(made))


def beam(width: int, *, budget: int) -> Strategy:
    """Return the search over the words of an item, most important first, that keeps `width` states.

    A word's importance is how far the gold margin falls when it is left out (TextFooler, Jin et al.
    2020, section 3.1, by deletion). Width 1 is greedy. What is left of the budget goes into restarts.
    """
    return partial(_beam, width=width, probes=budget // _PROBED)


def words_only(family: Family) -> None:
    """Raise `UsageError` where a recipe is not made of independent edits of words."""
    if not edits_words(family.attack):
        raise UsageError(
            f"attack {family.recipe.name!r}: it does not edit single words one by one, but greedy and beam "
            f"need one that does (swap-letters, synonym-swap, charswap, ...); give --method restarts"
        )


def _beam(family: Family, example: Example, *, width: int, probes: int) -> Search:
    attack = family.attack
    assert isinstance(attack, EditsWords), "words_only() comes first"
    rng = derive(family.seed, "search", family.recipe.name, "words", example.id)
    try:
        offered = attack.word_edits(example, rng)
    except NotApplicable:
        offered = WordEdits((), {})
    places = _places(offered.edits)
    spans = list(places)
    asked = [spans[i] for i in rng.permutation(len(spans))[:probes]]
    order = yield from _by_importance(family, example, asked)
    steps = [places[span] for span in order]
    yield from climb(family, example, steps, limits=offered.limits, width=width)
    yield from restarts(family, example)


def _places(edits: Iterable[Edit]) -> dict[_Span, list[Edit]]:
    found: dict[_Span, list[Edit]] = {}
    for edit in edits:
        found.setdefault((edit.place, edit.start, edit.start + len(edit.before)), []).append(edit)
    return found


def _by_importance(family: Family, example: Example, spans: Sequence[_Span]) -> _Ordering:
    """Ask with each span left out, and return the spans, those first without which the margin is lowest."""
    margins = yield Step(tuple(Proposal(left_out(family, example, span), probe=True) for span in spans))
    ranked = sorted(zip(margins, spans, strict=True))
    return [span for _, span in ranked]


def climb(
    family: Family,
    example: Example,
    steps: Iterable[Sequence[Edit]],
    *,
    limits: Mapping[Place, int],
    width: int,
) -> Search:
    """Go through places, each with its edits, and keep the `width` states of lowest gold margin.

    Leaving a place as it is always is one of the choices; of equal states the one with fewer edits stays.
    """
    pool: list[tuple[float, tuple[Edit, ...]]] = [((yield Step((clean(family, example),)))[0], ())]
    for edits in steps:
        grown = [(*state, edit) for _, state in pool for edit in edits if _fits(state, edit, limits)]
        if not grown:
            continue
        margins = yield Step(tuple(Proposal(edited(family, example, state)) for state in grown))
        pool = sorted([*pool, *zip(margins, grown, strict=True)], key=lambda entry: entry[0])[:width]


def _fits(state: Sequence[Edit], edit: Edit, limits: Mapping[Place, int]) -> bool:
    there = [other for other in state if other.place == edit.place]
    end = edit.start + len(edit.before)
    apart = all(end <= other.start or other.start + len(other.before) <= edit.start for other in there)
    return apart and len(there) < limits.get(edit.place, 0)
