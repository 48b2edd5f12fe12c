"""The word lists of `attacks/words/`, read once."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from robustness.share import share

__all__ = ["aligned", "cased", "word_list"]


@cache
def word_list(name: str, language: str = "en") -> Mapping[str, Any]:
    """Return one language's part of `attacks/words/NAME.toml`.

    >>> "because" in word_list("closed-class")["causal"]
    True
    """
    file = share("attacks") / "words" / f"{name}.toml"
    tables: dict[str, dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return tables.get(language, {})


def aligned(pairs: Iterable[Sequence[str]], *, both_ways: bool = True) -> dict[str, tuple[str, ...]]:
    """Return form -> forms on the other side, for pairs whose n-th forms answer each other.

    >>> aligned([("old older", "new newer"), ("old", "young")])["old"]
    ('new', 'young')
    """
    found: dict[str, list[str]] = defaultdict(list)
    for first, second in pairs:
        for one, other in zip(first.split(), second.split(), strict=True):
            found[one].append(other)
            if both_ways:
                found[other].append(one)
    return {form: tuple(dict.fromkeys(others)) for form, others in found.items()}


def cased(word: str, like: str) -> str:
    """Return the word with the case of another one: capitals, a capital first letter, or as it is.

    >>> cased("new", "Old"), cased("new", "OLD"), cased("new", "old")
    ('New', 'NEW', 'new')
    """
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
