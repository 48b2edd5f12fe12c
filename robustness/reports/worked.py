"""A recipe's worked example as a report shows it: what it changes, before and after."""

from __future__ import annotations

from collections.abc import Mapping

from robustness.domain import Place
from robustness.reports.excerpts import rewritten
from robustness.reports.illustrations import Excerpt

__all__ = ["worked_example", "worked_options"]

_FIELDS: tuple[Place, ...] = ("passage", "question")


def worked_example(recipe: Mapping[str, object]) -> tuple[Excerpt, ...]:
    """Return every text that a recipe's worked example changes; empty where it has none.

    Options are compared place by place, and only where their number stays and few of them change;
    else `worked_options` has them.

    >>> found = worked_example({"example": {"question": "Who?"}, "after": {"question": ""}})
    >>> [(one.place, one.before, one.after) for one in found]
    [('question', 'Who?', '')]
    """
    sides = _sides(recipe)
    shown = []
    for place in _FIELDS:
        before, after = (str(side.get(place, "")) for side in sides)
        if before != after:
            shown.append(rewritten((place, 0), before, after))
    old_options, new_options = map(_options, sides)
    if not _moved(old_options, new_options):
        pairs = enumerate(zip(old_options, new_options, strict=True))
        shown += [rewritten(("option", n), old, new) for n, (old, new) in pairs if old != new]
    return tuple(shown)


def worked_options(recipe: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the options of the worked example before and after, where their number or order changes.

    >>> worked_options({"example": {"options": ["a", "b"]}, "after": {"options": ["b", "a"]}})
    (('a', 'b'), ('b', 'a'))
    """
    before, after = map(_options, _sides(recipe))
    return (before, after) if _moved(before, after) else ((), ())


def _moved(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    return before != after and (len(before) != len(after) or set(before) == set(after))


def _sides(recipe: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, object]]:
    before, after = recipe.get("example"), recipe.get("after")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return {}, {}
    return before, after


def _options(side: Mapping[str, object]) -> tuple[str, ...]:
    options = side.get("options", ())
    return tuple(map(str, options)) if isinstance(options, list | tuple) else ()
