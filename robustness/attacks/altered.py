"""A question altered by rules so that it asks something else (AdvRACE, Si et al. 2021, from its released
code): numbers, names, one antonym, else a negation.

The published rules use a tagger, GloVe neighbours and WordNet. Here names come from lists, a capitalised
word inside a sentence that no list has gets a family name, and antonyms come from a list of ours, or
from WordNet where that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal, TypeAlias

from robustness.attacks.wordlists import aligned, cased, word_list
from robustness.rng import Rng
from robustness.text import join, words

__all__ = ["Lexicon", "Rules", "Used", "altered", "name_kinds"]

Lexicon: TypeAlias = Literal["words", "wordnet", "auto"]

_KINDS = ("she", "he", "surname", "city", "country", "day", "month")


@dataclass(slots=True)
class Used:
    """What earlier sentences of one item already took, and what stands in the item."""

    known: frozenset[str]
    """Lower-cased words of the item: never a substitute name."""
    taken: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Rules:
    """A text after the rules, and which of them changed something, in order."""

    text: str
    applied: tuple[str, ...]


def altered(text: str, lexicon: Lexicon, used: Used, rng: Rng, *, distractor: bool = False) -> Rules:
    """Return an English text altered; unchanged (no rule applied) where no rule has a hold.

    A question gets at most one antonym, then a negation where nothing else changed. A `distractor`
    gets every antonym and smaller shifts of numbers, and no negation.
    """
    taken = words(text)
    tokens, applied = list(taken.words), []
    for i, word in enumerate(tokens):
        rule, new = _substitute(tokens, i, used, rng, span=(1, 10) if distractor else (10, 100))
        if not rule and (distractor or "antonym" not in applied):
            rule, new = "antonym", _antonym(word, lexicon, used, rng)
        if new != word:
            tokens[i] = new
            applied.append(rule)
    if not applied and not distractor:
        tokens, rule = _negated(tokens)
        return Rules(join(tokens, spacing="natural"), (rule,)) if rule else Rules(text, ())
    return Rules(replace(taken, words=tuple(tokens)).text, tuple(dict.fromkeys(applied)))


def _substitute(
    tokens: Sequence[str], at: int, used: Used, rng: Rng, *, span: tuple[int, int]
) -> tuple[str, str]:
    """Return the rule that owns this word, and what becomes of it; no rule where it is not its turn."""
    word = tokens[at]
    if word.isdecimal() and word.isascii():
        low, high = span
        return "number", str(int(word) + low + rng.below(high - low + 1))
    if kind := _kind(tokens, at):
        return "name", _other_name(kind, used, rng)
    return "", word


@cache
def name_kinds() -> Mapping[str, str]:
    """Return name -> kind: she, he, surname, city, country, day, month."""
    lists = word_list("names")
    return {name: kind for kind in reversed(_KINDS) for name in lists[kind]}


def _kind(tokens: Sequence[str], at: int) -> str:
    """Return the kind of name that a word is; empty where it is none."""
    word = tokens[at]
    if known := name_kinds().get(word):
        return known
    opens = at == 0 or not tokens[at - 1][0].isalnum()
    # All capitals are an acronym or a shout; "I" is neither.
    plain = opens or not word.isalpha() or not word[0].isupper() or word.isupper()
    return "" if plain or word in word_list("names")["kept"] else "surname"


def _other_name(kind: str, used: Used, rng: Rng) -> str:
    names: list[str] = word_list("names")[kind]
    free = [name for name in names if name.lower() not in used.known]
    unused = [name for name in free if name.lower() not in used.taken]
    chosen = rng.choice(unused or free or names)
    used.taken.add(chosen.lower())
    return chosen


def _antonym(word: str, lexicon: Lexicon, used: Used, rng: Rng) -> str:
    options = _antonyms(word.lower(), lexicon)
    if not options:
        return word
    unused = [option for option in options if option not in used.taken]
    chosen = rng.choice(unused or options)
    used.taken.add(chosen)
    return cased(chosen, word)


def _antonyms(word: str, lexicon: Lexicon) -> Sequence[str]:
    from robustness.attacks.wordnet import has_wordnet, wordnet_antonyms

    if not word.isalpha() or word in _auxiliaries():
        return ()
    if lexicon == "wordnet" or (lexicon == "auto" and has_wordnet()):
        return () if word in _stop_words() else wordnet_antonyms(word)
    return _listed().get(word, ())


def _negated(tokens: Sequence[str]) -> tuple[list[str], str]:
    """Drop "not"; else set it behind the first auxiliary, or before the first listed word."""
    plain = [token.lower().replace("’", "'") for token in tokens]
    for i, word in enumerate(plain):
        if word in {"not", "n't"}:
            restored = _restored(tokens[:i], clitic=word == "n't")
            return [*restored, *tokens[i + 1 :]], "negation dropped"
    for i, word in enumerate(plain):
        if word in _auxiliaries():
            return [*tokens[: i + 1], "not", *tokens[i + 1 :]], "negation added"
    return list(tokens), ""


def _restored(before: Sequence[str], *, clitic: bool) -> list[str]:
    """Return the words before a dropped "n't" with the auxiliary whole again: wo|n't, ca|n't."""
    irregular: Mapping[str, str] = word_list("contractions")["irregular"]
    if not before or not clitic:
        return list(before)
    whole = irregular.get(before[-1].lower())
    return [*before[:-1], cased(whole, before[-1]) if whole else before[-1]]


@cache
def _listed() -> Mapping[str, tuple[str, ...]]:
    lists = word_list("antonyms")
    return aligned(pair for kind in ("adjective", "adverb", "verb") for pair in lists[kind])


@cache
def _auxiliaries() -> frozenset[str]:
    return frozenset(word_list("antonyms")["auxiliaries"])


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word_list("closed-class")["stop"])
