"""Contrast pairs: a small edit after which another option, known, is right (Gardner et al. 2020).

Each item and its variant are one contrast set. A model that answers both found the fact; one that
answers alike on both sides never read what was edited.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isnan, prod

from robustness.attacks.draft import Draft
from robustness.attacks.references import refuse_references
from robustness.attacks.spans import marked_spans
from robustness.choices import read
from robustness.domain import Example, NotApplicable, Polarity, Run, Suite, Variant
from robustness.rng import Rng
from robustness.text import content_words, fold, is_cjk, sentences

__all__ = [
    "ExchangeAnswers",
    "ExchangeNumbers",
    "contrast_consistency",
    "contrast_sets",
    "evidence_text",
    "sole_gold",
]

_STOPS = ".!?。！？ "
_PRONOUN = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself)\b|[他她]", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,:$-])\$?\d+(?:[.,:]\d+)*(?![\w]|[.,:]\d)")
_CHINESE_NUMBER = re.compile(r"\d+(?:[.:：]\d+)*")
# What sets one number against another: then the new answer does not follow from the edit.
_ARITHMETIC = re.compile(
    r"\b(?:more|most|less|least|fewer|fewest|first|last|than|total|altogether|in all|left|change|discount|"
    r"off|half|twice|double|percent|each|per|both|another|again|earlier|later|late|early|before|after|ago|until|already|"
    r"now|slow|fast|old|older|oldest|young\w*|cheap\w*|expensive|long\w*|short\w*|big\w*|small\w*|rather|instead|"
    r"not|no)\b"
    r"|n['’]t\b|%|[多少]于|最|比|更|共|总|折|半|倍|早|晚|前|后|再|还|剩|找|差|不|没|每|已|现在|大|小|老",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAnswers:
    """The gold phrase and that of a distractor exchanged throughout the passage.

    Where the options differ in these phrases alone and the question names neither, the label is known
    by symmetry: the new passage is the old one with two names swapped, so the answer is swapped too.
    Only where the data marks its evidence and the gold phrase stands in it: elsewhere nothing says that
    the answer is read off that phrase.
    """

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant whose gold option is a former distractor."""
        gold = sole_gold(example)
        phrases = [_phrase(option) for option in example.options]
        evidence = evidence_text(example)
        if not _occurs(phrases[gold], evidence):
            raise NotApplicable("the evidence does not hold the gold option's words")
        fitting = [i for i in range(len(phrases)) if i != gold and _exchangeable(example, phrases, gold, i)]
        if not fitting:
            raise NotApplicable("no distractor can change places with the gold option")
        other = rng.choice(fitting)
        passage = _exchanged(example.passage, phrases[gold], phrases[other])
        yield replace(Draft.of(example), passage=passage, answer=other).variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeNumbers:
    """The one number of the gold option, wherever the passage has it, replaced by a distractor's.

    For options that differ in one number. The gold's must stand in the passage once, the other's
    nowhere, and neither the question nor the sentence may compare, add or correct numbers. What is
    left is read off the passage; still, nobody checked it by hand.
    """

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant whose gold option is a former distractor."""
        gold = sole_gold(example)
        if _ARITHMETIC.search(example.question):
            raise NotApplicable("the question compares or counts")
        numbers = [_one_number(option) for option in example.options]
        place = _single(example.passage, numbers[gold])
        fitting = [i for i in range(len(numbers)) if i != gold and _same_frame(example, numbers, gold, i)]
        if not fitting:
            raise NotApplicable("no distractor differs from the gold option in one number alone")
        other = rng.choice(fitting)
        start, end = place
        if _ARITHMETIC.search(_around(example.passage, start, end)):
            raise NotApplicable("the passage compares or corrects the number")
        passage = example.passage[:start] + numbers[other] + example.passage[end:]
        yield replace(Draft.of(example), passage=passage, answer=other).variant(self, severity)


def contrast_consistency(suite: Suite, run: Run, attack: str) -> tuple[float | None, int]:
    """Return the contrast consistency under one attack, in [0, 1], and the number of sets.

    None where there is no set or a member was not measured.

    Source: Gardner et al. 2020 (arXiv 2004.02709), section 2.2.
    """
    values = [value for _, value in contrast_sets(suite, run, attack)]
    if not values or any(map(isnan, values)):
        return None, len(values)
    return sum(values) / len(values), len(values)


def contrast_sets(suite: Suite, run: Run, attack: str) -> tuple[tuple[str, float], ...]:
    """Return the passage and the value of each contrast set of one attack.

    A set is an example with its variants that are not degraded. Its value is the product of their
    credits, the clean one included: 1 where every member is right, NaN where one was not measured.
    """
    sources = {example.id: example for example in suite.examples}
    sets: defaultdict[str, list[Example]] = defaultdict(list)
    for variant in suite.variants:
        if variant.attack == attack and not variant.degraded:
            sets[variant.source].append(variant.example)
    return tuple(
        (sources[id_].group, prod(read(item, run).credit for item in (sources[id_], *made)))
        for id_, made in sets.items()
    )


def sole_gold(example: Example) -> int:
    """Return the position of the gold option.

    Raises `NotApplicable` where there is none, where another option equals it, or where options refer to
    one another: the label could not be known after an edit.
    """
    refuse_references(example)
    if example.answer is None:
        raise NotApplicable("no option is right")
    keys = [fold(option) for option in example.options]
    if keys.count(keys[example.answer]) > 1:
        raise NotApplicable("another option equals the gold option")
    return example.answer


def evidence_text(example: Example) -> str:
    """Return the marked evidence, its spans joined by spaces.

    Raises `NotApplicable` where the data does not mark any.
    """
    marked = example.meta.get("evidence", "")
    if not marked:
        raise NotApplicable("the data does not mark the evidence")
    return " ".join(example.passage[a:b] for a, b in marked_spans(marked, len(example.passage)))


def _phrase(option: str) -> str:
    """Return an option as it reads inside a sentence: no final stop, no capital on a function word."""
    phrase = option.strip(_STOPS)
    first = phrase.split(" ")[0]
    return phrase if content_words(first) or first == "I" else phrase[:1].lower() + phrase[1:]


def _pattern(phrase: str) -> str:
    """Return the pattern of a phrase as whole words, its first letter in either case."""
    head = re.escape(phrase[0])
    if phrase[0].islower():
        head = f"[{head}{re.escape(phrase[0].upper())}]"
    body = head + re.escape(phrase[1:])
    return body if is_cjk(phrase) else rf"(?<!\w){body}(?!\w)"


def _occurs(phrase: str, text: str) -> bool:
    return bool(phrase) and re.search(_pattern(phrase), text) is not None


def _exchangeable(example: Example, phrases: Sequence[str], gold: int, other: int) -> bool:
    pair = phrases[gold], phrases[other]
    if not pair[1] or fold(pair[0]) in fold(pair[1]) or fold(pair[1]) in fold(pair[0]):
        return False
    rest = [text for i, text in enumerate(phrases) if i not in (gold, other)]
    named = any(_occurs(phrase, text) for phrase in pair for text in (example.question, *rest))
    return not named and not _pronoun_near(example.passage, pair)


def _pronoun_near(passage: str, pair: tuple[str, str]) -> bool:
    """Tell whether a "he" or "she" may stand for one of two names: exchanged, it would stand for nobody."""
    if not all(phrase[:1].isupper() or is_cjk(phrase) for phrase in pair):
        return False
    texts = [passage[a:b] for a, b in sentences(passage)]
    for i, text in enumerate(texts):
        if any(_occurs(phrase, text) for phrase in pair) and _PRONOUN.search(" ".join(texts[i : i + 2])):
            return True
    return False


def _exchanged(text: str, first: str, second: str) -> str:
    def swapped(match: re.Match[str]) -> str:
        found = match.group()
        old, new = (first, second) if found[1:] == first[1:] else (second, first)
        before = text[max(0, match.start() - 4) : match.start()].rstrip(" \"“‘'")
        opens = found[0].isupper() and (not before or before[-1] in ".!?:\n")
        return new[0].upper() + new[1:] if opens or found[0] != old[0] else new

    return re.sub(f"{_pattern(first)}|{_pattern(second)}", swapped, text)


def _one_number(option: str) -> str:
    found = (_CHINESE_NUMBER if is_cjk(option) else _NUMBER).findall(option)
    return str(found[0]) if len(found) == 1 else ""


def _single(passage: str, number: str) -> tuple[int, int]:
    if not number:
        raise NotApplicable("the gold option does not hold one number")
    found = _places(passage, number)
    if len(found) != 1:
        raise NotApplicable("the passage does not hold the gold option's number once")
    return found[0]


def _places(passage: str, number: str) -> list[tuple[int, int]]:
    pattern = _CHINESE_NUMBER if is_cjk(passage) else _NUMBER
    return [match.span() for match in pattern.finditer(passage) if match.group() == number]


def _same_frame(example: Example, numbers: Sequence[str], gold: int, other: int) -> bool:
    if not numbers[other] or numbers[other] == numbers[gold] or _places(example.passage, numbers[other]):
        return False
    wanted = example.options[gold].replace(numbers[gold], numbers[other], 1)
    return fold(wanted) == fold(example.options[other])


def _around(passage: str, start: int, end: int) -> str:
    spans = sentences(passage)
    here = next(i for i, (low, high) in enumerate(spans) if low <= start and end <= high)
    return " ".join(passage[a:b] for a, b in spans[max(0, here - 1) : here + 2])
