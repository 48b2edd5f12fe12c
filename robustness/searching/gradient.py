"""HotFlip: words chosen by gradient, verified by forward passes (Ebrahimi et al. 2018, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from robustness.attacks.foreign_words import WordsReplaced, asked_words, plain, replaceable
from robustness.attacks.word_edits import word_edit
from robustness.domain import Edit, Example, Model
from robustness.errors import UsageError
from robustness.models.gradients import WordGradients, word_gradients
from robustness.searching.proposals import Family, Proposal, Search, Step, Strategy, clean, edited
from robustness.searching.strategies import restarts
from robustness.text import words

__all__ = ["hotflip"]

_CANDIDATES = 20
"""Substitutions of a step that are scored: the best by gradient, at most one per place and word."""


def hotflip(family: Family, model: Model) -> Strategy:
    """Return the search that exchanges words of the passage for those whose gradient promises most harm.

    Each step takes one gradient (counted as a query) and scores the 20 most promising substitutions; the
    best one stays. When as many words as the recipe allows are exchanged, or no further one helps, each is
    taken back in turn and chosen anew, until a whole round brings nothing. What is left of the budget goes
    into restarts.

    Raises:
        UsageError: a recipe of another generator than `words-replaced`, or a model without gradients.
    """
    if not isinstance(family.attack, WordsReplaced):
        raise UsageError(
            f"attack {family.recipe.name!r}: hotflip exchanges whole words, but this recipe does not; "
            f"give --attack words-replaced, or another method"
        )
    return partial(_hotflip, count=family.attack.count, gradients=word_gradients(model, plain))


def _hotflip(family: Family, example: Example, *, count: int, gradients: WordGradients) -> Search:
    places = _places(example)
    state: tuple[Edit, ...] = ()
    (margin,) = yield Step((clean(family, example),))
    idle = rounds = 0
    while places and idle <= len(state):
        rounds += 1
        back = rounds % max(1, len(state))
        kept = state if len(state) < count and not idle else (*state[:back], *state[back + 1 :])
        yield Step((), spent=1)
        tried = _promising(family, example, kept, places=places, gradients=gradients)
        margins = yield Step(tuple(Proposal(edited(family, example, one)) for one in tried))
        best = min(range(len(tried)), key=margins.__getitem__, default=None)
        if best is not None and margins[best] < margin:
            state, margin, idle = tried[best], margins[best], 0
        else:
            idle += 1
    yield from restarts(family, example)


def _places(example: Example) -> tuple[Edit, ...]:
    """Return an empty edit of each word that may be exchanged."""
    taken = words(example.passage)
    return tuple(word_edit("passage", taken, at, "") for at in replaceable(example, taken))


def _promising(
    family: Family,
    example: Example,
    kept: tuple[Edit, ...],
    *,
    places: Sequence[Edit],
    gradients: WordGradients,
) -> list[tuple[Edit, ...]]:
    """Return the states one exchange away from `kept` that the gradient at `kept` likes best."""
    used = {edit.start for edit in kept}
    free = [edit for edit in places if edit.start not in used]
    now = edited(family, example, kept).example
    spans = [_moved(edit, kept) for edit in free]
    refused = asked_words(example)
    changes = gradients.changes(now, spans)
    columns = [at for at, word in enumerate(gradients.vocabulary) if word not in refused]
    made: list[tuple[Edit, ...]] = []
    allowed = changes[:, columns]
    for flat in np.argsort(allowed, axis=None, kind="stable")[: 2 * _CANDIDATES]:
        row, column = np.unravel_index(flat, allowed.shape)
        word = gradients.vocabulary[columns[int(column)]]
        edit = free[int(row)]
        if allowed[row, column] < 0 and word != edit.before and len(made) < _CANDIDATES:
            made.append((*kept, Edit("passage", 0, edit.start, edit.before, word)))
    return made


def _moved(edit: Edit, kept: Sequence[Edit]) -> tuple[int, int]:
    """Return where the word of an edit stands after other edits before it."""
    shift = sum(len(other.after) - len(other.before) for other in kept if other.start < edit.start)
    return edit.start + shift, edit.start + shift + len(edit.before)
