"""The test-time ablations of Sugawara, Stenetorp, Inui and Aizawa, AAAI 2020 (arXiv 1911.09241).

"Drop" means: replaced in place by the unknown token, positions kept; nothing is deleted. Rules follow the
released code. Its rows that shuffle or empty a field are the recipes `passage-word-shuffle`,
`within-sentence-shuffle`, `sentence-order-shuffle`, `no-question`, `no-passage` and `options-only`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from robustness.attacks.draft import Draft
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, is_cjk, sentences, words

__all__ = ["MaskWords", "NumeralsChanged"]

Rule: TypeAlias = Literal[
    "all-but-interrogatives", "all-but-function-words", "function-words", "logical-words", "causal-words",
    "pronouns", "punctuation", "question-overlap", "all-but-similar-sentences",
]  # fmt: skip
Hits: TypeAlias = frozenset[int]

UNKNOWN = "[UNK]"
_ASCII_PUNCTUATION = frozenset(string.punctuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskWords:
    """Every word that the rule names replaced by `mask`, in passage or question."""

    name: str
    polarity: Polarity
    rule: Rule
    field: Literal["passage", "question"] = "passage"
    mask: Annotated[str, Field(min_length=1)] = UNKNOWN
    """What a word becomes: the unknown token as the model's tokenizer writes it. `[UNK]` is that of BERT's
    family, `<unk>` that of RoBERTa, T5 and others."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with masked words."""
        text = example.passage if self.field == "passage" else example.question
        taken = words(text)
        hits = _RULES[self.rule](taken, example.question)
        if not hits:
            raise NotApplicable(f"no such word in the {self.field}")
        tokens = tuple(self.mask if i in hits else word for i, word in enumerate(taken.words))
        draft = Draft.of(example).with_field(self.field, replace(taken, words=tokens).text)
        share = round(len(hits) / len(taken.words), 6)
        yield draft.noting(masked=len(hits), masked_share=share).variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumeralsChanged:
    """Every numeral of passage and question replaced by a random integer from 10 to 100, the same for the
    same word (mask_numerics). Digits and number words; the published rule takes what is tagged CD."""

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with other numerals."""
        drawn: dict[str, str] = {}

        def drawn_for(match: re.Match[str]) -> str:
            numeral = match.group().lower()
            while numeral not in drawn or drawn[numeral] == numeral:
                drawn[numeral] = str(10 + rng.below(91))
            return drawn[numeral]

        pattern = _numeral("zh" if is_cjk(example.passage or example.question) else "en")
        passage = pattern.sub(drawn_for, example.passage)
        question = pattern.sub(drawn_for, example.question)
        if not drawn:
            raise NotApplicable("no numeral in passage or question")
        draft = replace(Draft.of(example), passage=passage, question=question)
        yield draft.noting(numerals=len(drawn)).variant(self, severity)


@cache
def _numeral(language: str) -> re.Pattern[str]:
    listed: list[str] = word_list("closed-class", language)["numerals"]
    if language == "zh":
        # A lone 一 is an article more often than a number, and 半, 万 and the like stand in names.
        return re.compile(rf"\d+(?:[.,]\d+)*|[{''.join(listed)}]{{2,}}|[二两三四五六七八九十]")
    return re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{'|'.join(listed)})\b", re.IGNORECASE)


def _listed(name: str, *, inverted: bool = False) -> Callable[[Words, str], Hits]:
    """Return the rule that hits the words of a list, or (`inverted`) all others."""

    def rule(taken: Words, _: str) -> Hits:
        found = _in_list(taken, name)
        return frozenset(range(len(taken.words))) - found if inverted else found

    return rule


def _in_list(taken: Words, name: str) -> Hits:
    chinese = is_cjk("".join(taken.words))
    listed = _members(name, "zh" if chinese else "en")
    if not chinese:
        return frozenset(i for i, word in enumerate(taken.words) if _plain(word) in listed)
    # Words of Chinese are several of ours (one per character): search the text, longest first.
    starts, found = {}, set()
    at = 0
    for i, word in enumerate(taken.words):
        starts[at] = i
        at += len(word)
    for match in _any_of(name).finditer("".join(taken.words)):
        found |= {starts[offset] for offset in range(*match.span()) if offset in starts}
    return frozenset(found)


def _plain(word: str) -> str:
    return word.lower().replace("’", "'")


@cache
def _members(name: str, language: str) -> frozenset[str]:
    return frozenset(word_list("closed-class", language)[name])


@cache
def _any_of(name: str) -> re.Pattern[str]:
    listed = sorted(_members(name, "zh"), key=lambda word: (-len(word), word))
    return re.compile("|".join(listed))


def _punctuation(taken: Words, _: str) -> Hits:
    return frozenset(i for i, word in enumerate(taken.words) if _is_punctuation(word))


def _is_punctuation(word: str) -> bool:
    return word in _WIDE or (word[0] in _ASCII_PUNCTUATION and not any(c.isalnum() for c in word))


_WIDE = frozenset("，。！？：；、（）《》“”‘’…—「」")


def _content(taken: Words, question: str) -> Hits:
    every = frozenset(range(len(taken.words)))
    return every - _in_list(taken, "stop") - _punctuation(taken, question)


def _overlap(taken: Words, question: str) -> Hits:
    asked = {_plain(word) for word in words(question).words}
    return frozenset(i for i, word in enumerate(taken.words) if _plain(word) in asked)


def _dissimilar(taken: Words, question: str) -> Hits:
    """Hit all sentences but those with most words that the question has too; ties are all kept."""
    asked = {_plain(word) for word in words(question).words}
    spans = _word_spans(taken)
    counts = [sum(_plain(taken.words[i]) in asked for i in range(*span)) for span in spans]
    most = max(counts, default=0)
    return frozenset(
        i for span, count in zip(spans, counts, strict=True) if count < most for i in range(*span)
    )


def _word_spans(taken: Words) -> list[tuple[int, int]]:
    """Return the index range of the words of each sentence."""
    text = taken.text
    ends = {end for _, end in sentences(text)}
    spans, begun, at = [], 0, len(taken.gaps[0])
    for i, (word, gap) in enumerate(zip(taken.words, taken.gaps[1:], strict=True)):
        at += len(word)
        if at in ends:
            spans.append((begun, i + 1))
            begun = i + 1
        at += len(gap)
    return spans if begun == len(taken.words) else [*spans, (begun, len(taken.words))]


_RULES: Mapping[Rule, Callable[[Words, str], Hits]] = MappingProxyType(
    {
        "all-but-interrogatives": _listed("interrogatives", inverted=True),
        "all-but-function-words": _content,
        "function-words": _listed("stop"),
        "logical-words": _listed("logical"),
        "causal-words": _listed("causal"),
        "pronouns": _listed("pronouns"),
        "punctuation": _punctuation,
        "question-overlap": _overlap,
        "all-but-similar-sentences": _dissimilar,
    }
)
