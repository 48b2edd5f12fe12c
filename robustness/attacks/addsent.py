"""AddSent: readable sentences that answer another question, set between the sentences of the passage.

AdvRACE's form (Si et al. 2021, arXiv 2004.14004) of Jia and Liang 2017: a rule-altered question
and one original distractor. A reader sees that it is not what was asked; a keyword matcher sees the
distractor beside the question's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from robustness.attacks.altered import Lexicon, Used, altered
from robustness.attacks.altered_zh import altered_chinese
from robustness.attacks.draft import Draft
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import fold, is_cjk, refers_to_options, sentences, words

__all__ = ["AddSent"]

_BLANK = re.compile(r"_+")
_STOPPED = re.compile(r"[.!?。！？…][\"'”’)\]」』）]*\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSent:
    """Altered question + distractor, once or more, at drawn sentence boundaries or at one end.

    Each sentence takes another distractor and other substitutes than those before it, as long as there
    are any. Question, options and label never change.
    """

    name: str
    polarity: Polarity
    position: Literal["random", "end", "start"] = "random"
    """`random` draws each boundary by itself, both ends included (published)."""
    count: Annotated[int, Field(ge=1)] = 2
    lexicon: Lexicon = "words"
    """Where antonyms come from: our list, WordNet, or (`auto`) WordNet where nltk finds it: a suite that
    depends on the machine. `notes["lexicon"]` says which was used."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with `count` sentences set into the passage."""
        if not example.passage.strip():
            raise NotApplicable("empty passage")
        pool = _distractors(example)
        used = Used(_vocabulary(example))
        order = rng.permutation(len(pool))
        added: list[str] = []
        rules: list[str] = []
        for number in range(self.count):
            sentence, applied = self._sentence(example, pool[order[number % len(pool)]], used, rng)
            added.append(sentence)
            rules += applied
        draft = Draft.of(example).with_field("passage", self._with(example.passage, added, rng))
        notes = {"rules": ", ".join(dict.fromkeys(rules)), "lexicon": self._lexicon(example)}
        yield draft.noting(sentences=self.count, **notes).variant(self, severity)

    def _lexicon(self, example: Example) -> str:
        from robustness.attacks.wordnet import has_wordnet

        if is_cjk(example.question or example.passage):
            return "words"
        return ("wordnet" if has_wordnet() else "words") if self.lexicon == "auto" else self.lexicon

    def _sentence(
        self, example: Example, distractor: str, used: Used, rng: Rng
    ) -> tuple[str, tuple[str, ...]]:
        question = example.question
        chinese = is_cjk(question or example.passage)
        made = altered_chinese(question, rng) if chinese else altered(question, self.lexicon, used, rng)
        if made.applied:
            return _stopped(_combined(made.text, distractor)), made.applied
        if chinese:
            return _stopped(_combined(question, f"不是{distractor}")), ("distractor",)
        changed = altered(distractor, self.lexicon, used, rng, distractor=True)
        answer = changed.text if changed.applied else f"not {distractor}"
        return _stopped(_combined(question, answer)), ("distractor",)

    def _with(self, passage: str, added: Sequence[str], rng: Rng) -> str:
        """Return the passage with the sentences in it; what stood there keeps its place and spaces."""
        ends = [0, *(end for _, end in sentences(passage))]
        places: list[tuple[int, str]] = []
        for sentence in added:
            at = {"start": 0, "end": ends[-1]}.get(self.position)
            places.append((rng.choice(ends) if at is None else at, sentence))
        glue = "" if is_cjk(passage) else " "
        # From the back, so that earlier offsets hold.
        for at, sentence in sorted(places, key=lambda place: -place[0]):
            parts = (sentence, glue, passage) if at == 0 else (passage[:at], glue, sentence, passage[at:])
            passage = "".join(parts)
        return passage


def _distractors(example: Example) -> tuple[str, ...]:
    """Return the wrong options that say something by themselves."""
    if example.answer is None:
        raise NotApplicable("no option is right")
    gold = fold(example.options[example.answer])
    pool = tuple(
        option
        for i, option in enumerate(example.options)
        if i != example.answer and option.strip() and fold(option) != gold and not refers_to_options(option)
    )
    if not pool:
        raise NotApplicable("no distractor that says something by itself")
    return pool


def _combined(question: str, answer: str) -> str:
    """Fill the blank of a question, or set the answer behind it."""
    if _BLANK.search(question):
        bare = answer.strip().rstrip(".。")
        return _BLANK.sub(lambda _: bare, question, count=1)
    glue = "" if is_cjk(question + answer) else " "
    return f"{question.strip()}{glue}{answer.strip()}"


def _stopped(sentence: str) -> str:
    if _STOPPED.search(sentence):
        return sentence
    return sentence + ("。" if is_cjk(sentence) else ".")


def _vocabulary(example: Example) -> frozenset[str]:
    texts = (example.passage, example.question, *example.options)
    return frozenset(word.lower() for text in texts for word in words(text).words)
