"""Slices: the kinds of questions that a suite can be cut into."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from robustness.domain import Example, Status, Suite
from robustness.errors import PlanError, unknown
from robustness.results import Verdict

__all__ = ["META", "SLICES", "deciding", "labels", "refuse_absent", "refuse_slices"]

META: Final = "meta."
"""`meta.KEY` slices by a field of the data: question type, source level and the like."""

_WORDS: Final = {
    "who": ("who", "whom", "whose", "谁", "哪位"),
    "when": ("when", "什么时候", "何时", "几点"),
    "where": ("where", "哪里", "哪儿", "什么地方"),
    "why": ("why", "为什么", "为何"),
    "how": ("how", "怎么", "怎样", "如何", "多少", "几"),
    "which": ("which", "哪"),
    "what": ("what", "what's", "什么", "啥"),
}
"""Question words by kind; of two that begin at one place in Chinese, the longer stands first."""

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")


def _question_word(example: Example) -> str:
    text = example.question.lower().replace("’", "'")
    starts = {found.group(): found.start() for found in reversed([*_WORD.finditer(text)])}
    begun = [
        (starts.get(form, -1) if form.isascii() else text.find(form), place, kind)
        for place, (kind, forms) in enumerate(_WORDS.items())
        for form in forms
    ]
    return min((one for one in begun if one[0] >= 0), default=(0, 0, "other"))[2]


def _gold_in_passage(example: Example) -> str:
    if example.answer is None:
        return "no gold"
    gold = example.options[example.answer].strip(" .!?。！？").casefold()
    return "quoted" if gold and gold in example.passage.casefold() else "not quoted"


def _option_count(example: Example) -> str:
    return f"{len(example.options)} options"


def _passage_length(example: Example) -> str:
    size = len(example.passage)
    return next((f"under {edge:,} characters" for edge in (250, 500, 1_000, 2_000) if size < edge), "longer")


SLICES: Final[Mapping[str, Callable[[Example], str]]] = {
    "gold-in-passage": _gold_in_passage,
    "option-count": _option_count,
    "passage-length": _passage_length,
    "question-word": _question_word,
}
"""What a clean question can be sliced by, beside `meta.KEY`; each gives a question one label."""


def refuse_slices(names: Sequence[str]) -> None:
    """Return if every name is one of `SLICES` or `meta.KEY`, and stands once.

    Raises:
        PlanError: it is not.
    """
    for name in names:
        if name not in SLICES and not (name.startswith(META) and name != META):
            raise PlanError(f"slices: {unknown('slice', name, (*SLICES, f'{META}KEY'))}")
        if names.count(name) > 1:
            raise PlanError(f"slices: {name!r} came twice, but once is needed; remove one")


def labels(examples: Sequence[Example], name: str) -> dict[str, tuple[str, ...]]:
    """Return the ids of the questions by label, both sorted.

    Raises:
        PlanError: an unknown slice, or `meta.KEY` for a key that no question has.

    >>> example = Example("q", "Ann feeds the hens.", "Who feeds them?", ("Ann", "Bob"), 0, "p")
    >>> labels([example], "question-word"), labels([example], "gold-in-passage")
    ({'who': ('q',)}, {'quoted': ('q',)})
    """
    refuse_slices([name])
    found: defaultdict[str, list[str]] = defaultdict(list)
    key = name.removeprefix(META)
    if name not in SLICES and not any(key in example.meta for example in examples):
        raise PlanError(f"slices: {unknown(f'{META}KEY', name, _fields(examples))}")
    for example in examples:
        label = SLICES[name](example) if name in SLICES else example.meta.get(key) or "not said"
        found[label].append(example.id)
    return {label: tuple(sorted(found[label])) for label in sorted(found)}


def _fields(examples: Sequence[Example]) -> list[str]:
    return sorted({f"{META}{key}" for example in examples for key in example.meta})


def refuse_absent(suite: Suite) -> None:
    """Return if every slice that the plan asks for can be cut from the suite's questions.

    Raises:
        PlanError: one cannot.
    """
    plan: Any = suite.plan
    for name in plan.get("slices") or ():
        labels(suite.examples, name)


def deciding(slices: Sequence[Verdict]) -> list[Verdict]:
    """Return the slices that decide a run: those that fail."""
    return [one for one in slices if one.status is Status.FAIL]
