"""Names in a text: which can be replaced everywhere, and the replacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from robustness.attacks.altered import name_kinds
from robustness.attacks.wordlists import word_list
from robustness.text import Words, words

__all__ = ["chinese_surnames", "named", "opens_sentence", "renamed", "renamed_chinese"]

_OPENERS = frozenset('.!?:;"“‘(…') | {"...", "--", "—"}


def opens_sentence(taken: Words, at: int) -> bool:
    """Tell whether the word at `at` has its capital, if it has one, from its place."""
    return at == 0 or taken.words[at - 1] in _OPENERS or "\n" in taken.gaps[at]


def named(texts: Sequence[str], kinds: Iterable[str]) -> dict[str, str]:
    """Return name -> kind in order of appearance, without those that are part of something longer.

    >>> named(["Leo met Mr. Bell and Julia Roberts."], ["he", "she", "surname"])
    {'Leo': 'he', 'Bell': 'surname'}
    """
    found: dict[str, str] = {}
    unsafe: set[str] = set()
    wanted = frozenset(kinds)
    for text in texts:
        taken = words(text)
        for i, word in enumerate(taken.words):
            if "-" in word:
                unsafe.update(word.split("-"))
            # All capitals alone may be an acronym; beside the name itself they follow it.
            if not word[0].isupper() or not word.isalpha() or (len(word) > 1 and word.isupper()):
                continue
            kind = _kind(taken, i, wanted)
            if not kind:
                continue
            name = _base(word)
            found.setdefault(name, kind)
            if _is_part(taken, i):
                unsafe.add(name)
    found = {name: kind for name, kind in found.items() if name not in unsafe}
    plain = {word for text in texts for word in words(text).words if word.islower()} if found else set()
    return {name: kind for name, kind in found.items() if name.lower() not in plain}


def renamed(text: str, mapping: Mapping[str, str]) -> str:
    """Return the text with every name of the mapping replaced at once, plurals and capitals too.

    >>> renamed("Leo's map and LEO'S lamp, Leos", {"Leo": "Carl"})
    "Carl's map and CARL'S lamp, Carls"
    """
    taken = words(text)
    return replace(taken, words=tuple(_renamed(word, mapping) for word in taken.words)).text


def _renamed(word: str, mapping: Mapping[str, str]) -> str:
    if word in mapping:
        return mapping[word]
    if len(word) > 2 and word.isupper() and word.capitalize() in mapping:
        return mapping[word.capitalize()].upper()
    if word.endswith("s") and word[:-1] in mapping:
        return mapping[word[:-1]] + "s"
    return word


def _base(word: str) -> str:
    """Return the name in the singular."""
    kinds = name_kinds()
    return word[:-1] if word not in kinds and word.endswith("s") and word[:-1] in kinds else word


def _kind(taken: Words, at: int, wanted: frozenset[str]) -> str:
    """Return the kind of the name at `at`, if it is a wanted one: from the lists, or behind a title."""
    word = taken.words[at]
    kind = name_kinds().get(_base(word), "")
    if kind == "surname" or not kind:
        kind = "surname" if _behind_title(taken, at) and len(word) > 1 else ""
    return kind if kind in wanted else ""


def _behind_title(taken: Words, at: int) -> bool:
    return at > 0 and taken.words[at - 1] in _titles() and taken.gaps[at] == " "


def _is_part(taken: Words, at: int) -> bool:
    """Tell whether the name is part of a longer one, or of a place with its country."""
    tokens, gaps = taken.words, taken.gaps
    behind = tokens[at + 1 : at + 3]
    if behind and gaps[at + 1] == " " and _is_capital(behind[0]):
        return True
    if len(behind) == 2 and behind[0] == "," and name_kinds().get(behind[1]) == "country":
        return True
    before = tokens[at - 1] if at else ""
    if not before or not _is_capital(before) or before in _titles():
        return False
    return not opens_sentence(taken, at - 1) or before.lower() not in _stop_words()


def _is_capital(word: str) -> bool:
    return word[0].isupper() and word != "I" and word.lower() not in _stop_words()


def chinese_surnames(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the family names in forms of address, in order of appearance.

    >>> chinese_surnames(["小王和李老师去看老张。"])
    ('王', '李', '张')
    """
    found = (match.group("name") for text in texts for match in _address().finditer(text))
    return tuple(dict.fromkeys(found))


def renamed_chinese(text: str, mapping: Mapping[str, str]) -> str:
    """Return the text with the family names in forms of address replaced at once."""
    return _address().sub(lambda match: mapping[match.group("name")], text)


@cache
def _address() -> re.Pattern[str]:
    lists: Mapping[str, Sequence[str]] = word_list("names", "zh")
    surname, before = "".join(lists["surname"]), "".join(lists["before"])
    behind, never = "|".join(lists["behind"]), "".join(lists["never_behind"])
    inside = rf"(?<=[{before}])[{surname}](?![{never}])|[{surname}](?={behind})"
    return re.compile(f"(?P<name>{inside})")


@cache
def _titles() -> frozenset[str]:
    return frozenset(word_list("names")["title"])


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word_list("closed-class")["stop"])
