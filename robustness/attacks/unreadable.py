"""The un-readable-data attacks of Si, Wang, Kan and Jiang 2019 (arXiv 1910.12391, section 3).

A word-order-blind model takes a shuffled bag of the right words for text. Question, gold option and
label never change; all shuffles permute the words of the string that is being built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from robustness.attacks.draft import Draft
from robustness.attacks.operators import DEGREE, Degree, Shuffled, contains_run, shuffle_words
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import fold, join, movable, sentences, words

__all__ = ["AddSentToPassage", "ChangeDistractors"]

_STOPS = frozenset(".!?。！？")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSentToPassage:
    """AddSent2Pas-Shuffle: question and all distractors as one shuffled bag beside the passage.

    Reshuffled while any wrong option occurs verbatim as a contiguous run. A one-word distractor
    would make that guard unsatisfiable, so it guards wrong options of two words and more and counts
    the others in `notes["unguarded"]`.
    """

    name: str
    polarity: Polarity
    position: Literal["end", "start"] = "end"
    """`end` is published; `start` is never lost to truncation."""
    degree: Degree = DEGREE
    spacing: Literal["spaced", "natural"] = "spaced"

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with the shuffled sequence at one end of the passage."""
        wrong = [words(text).words for i, text in enumerate(example.options) if i != example.answer]
        bag = [*words(example.question).words, *(word for option in wrong for word in option)]
        guarded = [option for option in wrong if len(option) > 1]
        shuffled = shuffle_words(
            bag,
            rng,
            degree=self.degree,
            guard=lambda candidate: not any(contains_run(candidate, run) for run in guarded),
        )
        added = join(shuffled.words, spacing=self.spacing)
        parts = (example.passage, added) if self.position == "end" else (added, example.passage)
        draft = replace(Draft.of(example), passage=_beside(*parts), degraded=shuffled.degraded).noting(
            shuffle_degree=round(shuffled.degree, 6),
            tries=shuffled.tries,
            unguarded=len(wrong) - len(guarded),
        )
        yield draft.variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDistractors:
    """The six option attacks: every distractor takes in a passage sentence or the gold answer.

    `material` and `keep` and `shuffle` name them: AddSent2Opt(-Shuffle) is (sentence, keep),
    Sent2Opt-Shuffle is (sentence, not keep), AddAns2Opt(-Shuffle) is (answer, keep),
    Ans2Opt-Shuffle is (answer, not keep). A shuffle that reads as the gold option once case, spaces
    and punctuation are dropped is drawn again; where there is no other, the variant is degraded.
    """

    name: str
    polarity: Polarity
    material: Literal["sentence", "answer"]
    keep: bool
    """The material goes behind the distractor; otherwise the distractor's own words are discarded."""
    shuffle: bool
    sentence_scope: Literal["option", "item"] = "option"
    """One sentence for each distractor (the paper's text) or one for all of them (its figure)."""
    form: Literal["spaced", "natural", "matched"] = "spaced"
    """`spaced` is published. `natural` moves words alone: punctuation and spaces stay where they stood.
    `matched` drops punctuation and takes as many words as come nearest to the distractor's own
    length, with its ending and first letter case: no giveaway of form. Both need `shuffle`."""
    degree: Degree = DEGREE

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant in which every distractor is changed."""
        answer = example.answer
        if answer is None:
            raise NotApplicable("no option is right")
        pool = self._pool(example, answer)
        shared = rng.choice(pool)
        draft, reasons, degrees = Draft.of(example), [], []
        gold = fold(example.options[answer])
        for position, distractor in enumerate(example.options):
            if position == answer:
                continue
            material = shared if self.sentence_scope == "item" else self._material(pool, distractor, rng)
            text, shuffled = self._text(distractor, material, rng, gold)
            reasons.append("a distractor equals the gold option" if fold(text) == gold else shuffled.degraded)
            degrees.append(shuffled.degree)
            draft = draft.with_option(position, text, new=not self.keep)
        draft = draft.noting(gold_in_material=self._has_gold(pool, gold))
        if self.shuffle:
            draft = draft.noting(shuffle_degree=round(min(degrees), 6))
        reason = next(filter(None, reasons), "")
        yield replace(draft, degraded=reason).variant(self, severity)

    def _material(self, pool: Sequence[str], distractor: str, rng: Rng) -> str:
        material = rng.choice(pool)
        if self.form == "matched":  # a shorter sentence would give the longer gold away
            for _ in pool:
                if len(material) >= len(distractor):
                    break
                material = _beside(material, rng.choice(pool))
        return material

    def _pool(self, example: Example, answer: int) -> tuple[str, ...]:
        if self.material == "answer":
            return (example.options[answer],)
        pool = tuple(example.passage[start:end] for start, end in sentences(example.passage))
        if not pool:
            raise NotApplicable("no passage sentence to draw")
        return pool

    def _has_gold(self, pool: Sequence[str], gold: str) -> bool:
        return self.material == "sentence" and any(gold in fold(sentence) for sentence in pool)

    def _text(self, distractor: str, material: str, rng: Rng, gold: str) -> tuple[str, Shuffled]:
        built = _beside(distractor, material) if self.keep else material
        if not self.shuffle:
            return built, Shuffled((), 0.0, 0, "")
        units = words(built).words if self.form == "spaced" else _units(built)
        refused = {gold, fold(distractor)} if self.form == "matched" else {gold}

        def written(order: Sequence[str]) -> str:
            if self.form == "spaced":
                return join(order)
            return _refilled(built, order) if self.form == "natural" else _matched(order, distractor)

        shuffled = shuffle_words(
            units, rng, degree=self.degree, guard=lambda order: fold(written(order)) not in refused
        )
        return written(shuffled.words), shuffled


def _beside(first: str, second: str) -> str:
    """Join two texts as words are joined: a space, except between Chinese characters."""
    if not first or not second:
        return first or second
    glue = join([first.rstrip()[-1:] or " ", second.lstrip()[:1] or " "])
    return first + second if len(glue) < 3 else f"{first} {second}"


def _units(text: str) -> tuple[str, ...]:
    """Return the words of a text with their clitics, without punctuation."""
    taken = words(text)
    return tuple("".join(taken.words[start:end]) for start, end in movable(taken))


def _refilled(text: str, units: Sequence[str]) -> str:
    """Return the text with its words replaced one by one; punctuation and spaces stay."""
    taken = words(text)
    tokens = list(taken.words)
    for (start, end), unit in zip(movable(taken), units, strict=True):
        tokens[start:end] = [unit, *[""] * (end - start - 1)]
    return replace(taken, words=tuple(tokens)).text


def _matched(units: Sequence[str], own: str) -> str:
    """Return as many of the words as come nearest to the length of the distractor, in its form:
    what stands behind its last word, and the case of its first letter."""
    body = own.rstrip("".join(_STOPS) + " ")
    end = own[len(body) :]
    text = _nearest(units, len(body)) or body
    if own[:1].isupper():
        return text[:1].upper() + text[1:] + end
    return text[:1].lower() + text[1:] + end if own[:1].islower() else text + end


def _nearest(units: Sequence[str], length: int) -> str:
    """Return the first words, joined, that come nearest to a length in characters."""
    text = ""
    for count in range(1, len(units) + 1):
        longer = join(units[:count], spacing="natural")
        if text and abs(len(longer) - length) >= abs(len(text) - length):
            break
        text = longer
    return text
