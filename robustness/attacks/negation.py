"""Questions turned from what is so to what is not, where one sentence of the passage tells both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from robustness.attacks.contrast import evidence_text, sole_gold
from robustness.attacks.draft import Draft
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import fold

__all__ = ["NegateQuestion"]

_THING = r"(?:the|a|an|his|her|some) [\w -]+?"
_AND = "(?:and|but)"
_SIDES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<who>\w+) (?P<verb>\w+ed) (?P<yes>{_THING}) but not (?P<no>{_THING})\.",
        rf"(?P<who>\w+) did not (?P<base>\w+) (?P<no>{_THING}) but (?P<yes>{_THING})\.",
        rf"(?P<yes>\w+) (?P<verb>\w+ed) (?P<what>{_THING}), {_AND} (?P<no>\w+) did not (?P<base>\w+) it\.",
        rf"(?P<no>\w+) did not (?P<base>\w+) (?P<what>{_THING}), {_AND} (?P<yes>\w+) (?P<verb>\w+ed) it\.",
    )
)
_OBJECT = re.compile(r"What did (?P<who>\w+) (?P<not>not )?(?P<verb>\w+)\?")
_SUBJECT = re.compile(r"Who (?P<not>did not )?(?P<verb>\w+) (?P<what>.+)\?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NegateQuestion:
    """The question negated, or its negation taken away.

    "Ann packed the lamp but not the tent": what did Ann (not) pack? Only where the evidence is such a
    sentence and its other side is one of the options; the label is then known (the idea of CondaQA,
    Ravichander et al. 2022, with the question edited instead of the passage).
    """

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant whose gold option is the other side of the sentence."""
        gold = sole_gold(example)
        told = _told(evidence_text(example))
        question, negative = _turned(example.question, told)
        now, then = (told["no"], told["yes"]) if negative else (told["yes"], told["no"])
        keys = [fold(option) for option in example.options]
        if keys[gold] != fold(now) or keys.count(fold(then)) != 1:
            raise NotApplicable("the options do not hold both sides of the evidence")
        answer = keys.index(fold(then))
        yield replace(Draft.of(example), question=question, answer=answer).variant(self, severity)


def _told(evidence: str) -> dict[str, str]:
    """Return both sides of the evidence, by the names of the groups in `_SIDES`."""
    for pattern in _SIDES:
        match = pattern.fullmatch(evidence)
        if match:
            return match.groupdict()
    raise NotApplicable("the evidence does not tell both sides")


def _turned(question: str, told: dict[str, str]) -> tuple[str, bool]:
    """Return the question with its negation turned, and whether it was negative."""
    match = _OBJECT.fullmatch(question)
    if match and match["who"] == told.get("who"):
        base = told.get("base") or told["verb"].removesuffix("ed")
        if match["verb"] == base:
            return f"What did {match['who']} {'' if match['not'] else 'not '}{base}?", bool(match["not"])
    match = _SUBJECT.fullmatch(question)
    if match and "what" in told and fold(match["what"]) == fold(told["what"]):
        if match["not"] and match["verb"] == told["base"]:
            return f"Who {told['verb']} {match['what']}?", True
        if not match["not"] and match["verb"] == told["verb"]:
            return f"Who did not {told['base']} {match['what']}?", False
    raise NotApplicable("the question asks for something else than the evidence tells")
