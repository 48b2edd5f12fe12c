"""What is odd about a data set, before anything runs on it: facts to report, not reasons to stop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from robustness.domain import Example
from robustness.text import fold, is_cjk, refers_to_options

__all__ = ["KINDS", "Finding", "check"]

KINDS = (
    "duplicate-options",
    "gold-has-duplicate",
    "options-collide-when-folded",
    "options-refer-to-others",
    "repeated-item",
    "empty-field",
    "very-short-passage",
    "over-long",
    "repeated-passage",
    "gold-position-skew",
)
"""Kinds of finding, in the order in which `check` reports them."""

_SHORT_WORDS, _SHORT_CHARACTERS, _LONG = 8, 15, 350
_SKEW = 0.001
_ENOUGH = 5
"""Fewest items expected per position for a chi-square test to mean anything (Cochran's rule)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity and the items that show it."""

    kind: str
    """One of `KINDS`."""
    ids: tuple[str, ...]
    """In data order; empty where the finding is about the whole set."""
    detail: str


def check(examples: Sequence[Example]) -> tuple[Finding, ...]:
    """Return all findings, by kind in the order of `KINDS`, then in data order.

    - `duplicate-options`: two options of an item are the same, character for character.
    - `gold-has-duplicate`: another option says the same as the gold one (`robustness.text.fold`).
    - `options-collide-when-folded`: a near miss: options differ, but not in letters and digits.
    - `options-refer-to-others`: "both A and B", "none of the above"; moving options changes it.
    - `repeated-item`: the same passage, question and options (in any order) again; signs, case
      and spaces do not count.
    - `empty-field`: no passage. `very-short-passage`: under 8 words, or 15 characters if Chinese.
    - `over-long`: over 350 words (characters if Chinese), about what fits into 512 word pieces.
    - `repeated-passage`: the same passage, but for signs, case and spaces, in two groups, which are
      then not independent.
    - `gold-position-skew`: per number of options, gold positions are not uniform (chi-square,
      p < 0.001, where at least 5 items are expected per position).

    >>> item = Example("1", "", "Which?", ("Ann.", "ann", "All of the above"), 0, "g")
    >>> [finding.kind for finding in check([item])]
    ['gold-has-duplicate', 'options-collide-when-folded', 'options-refer-to-others', 'empty-field']
    """
    by_item = [
        Finding(kind, (example.id,), detail)
        for kind, inspect in _BY_ITEM.items()
        for example in examples
        for detail in inspect(example)
    ]
    return (
        *by_item,
        *_repeated_items(examples),
        *_about_passages(examples),
        *_repeated_passages(examples),
        *_skew(examples),
    )


def _duplicates(example: Example) -> Iterator[str]:
    for option, count in Counter(example.options).items():
        if count > 1:
            yield f"{option!r} comes {count} times"


def _gold_duplicates(example: Example) -> Iterator[str]:
    if example.answer is None:
        return
    gold = example.options[example.answer]
    for position, option in enumerate(example.options):
        if position != example.answer and fold(option) == fold(gold):
            yield f"option {position} (from 0), {option!r}, says the same as the gold {gold!r}"


def _collisions(example: Example) -> Iterator[str]:
    alike: dict[str, list[str]] = defaultdict(list)
    for option in dict.fromkeys(example.options):
        alike[_plain(option)].append(option)
    gold = None if example.answer is None else example.options[example.answer]
    for options in alike.values():
        if len(options) > 1:
            about = " (the gold is among them)" if gold in options else ""
            yield f"{', '.join(map(repr, options))} differ in signs, case or spaces alone{about}"


def _plain(text: str) -> str:
    """Return letters and digits alone, lower case; a text of signs alone (+, -) as it is."""
    return "".join(c for c in text.casefold() if c.isalnum()) or text.strip()


def _references(example: Example) -> Iterator[str]:
    named = [option for option in example.options if refers_to_options(option)]
    if named:
        yield ", ".join(map(repr, named))


_BY_ITEM: dict[str, Callable[[Example], Iterable[str]]] = {
    "duplicate-options": _duplicates,
    "gold-has-duplicate": _gold_duplicates,
    "options-collide-when-folded": _collisions,
    "options-refer-to-others": _references,
}


def _repeated_items(examples: Sequence[Example]) -> Iterator[Finding]:
    copies: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for example in examples:
        options = tuple(sorted(map(fold, example.options)))
        copies[_plain(example.passage), _plain(example.question), options].append(example.id)
    for ids in copies.values():
        if len(ids) > 1:
            detail = f"{len(ids)} copies: same passage, question and options"
            yield Finding("repeated-item", tuple(ids), detail)


def _by_passage(examples: Sequence[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        found[example.passage].append(example)
    return found


def _about_passages(examples: Sequence[Example]) -> Iterator[Finding]:
    found = [
        Finding(kind, tuple(example.id for example in on), detail)
        for passage, on in _by_passage(examples).items()
        for kind, detail in _lengths(passage)
    ]
    yield from sorted(found, key=lambda finding: KINDS.index(finding.kind))


def _lengths(passage: str) -> Iterator[tuple[str, str]]:
    cjk = is_cjk(passage)
    size = len("".join(passage.split())) if cjk else len(passage.split())
    unit = "characters" if cjk else "words"
    if size == 0:
        yield "empty-field", "the passage is empty"
    elif size < (_SHORT_CHARACTERS if cjk else _SHORT_WORDS):
        yield "very-short-passage", f"{size} {unit}: {passage!r:.80}"
    elif size > _LONG:
        yield "over-long", f"{size} {unit}; encoders with 512 positions will cut it"


def _repeated_passages(examples: Sequence[Example]) -> Iterator[Finding]:
    same: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        same[_plain(example.passage)].append(example)
    for passage, on in same.items():
        groups = tuple(dict.fromkeys(example.group for example in on))
        if passage and len(groups) > 1:
            ids = tuple(example.id for example in on)
            yield Finding("repeated-passage", ids, f"in the groups {', '.join(groups)}")


def _skew(examples: Sequence[Example]) -> Iterator[Finding]:
    golds: dict[int, Counter[int]] = defaultdict(Counter)
    for example in examples:
        if example.answer is not None:
            golds[len(example.options)][example.answer] += 1
    for count, positions in sorted(golds.items()):
        total = positions.total()
        if total < _ENOUGH * count:
            continue
        p = _uniform_p([positions[i] for i in range(count)])
        if p < _SKEW:
            top, times = positions.most_common(1)[0]
            yield Finding(
                "gold-position-skew",
                (),
                f"{count} options: position {top} (from 0) is gold in {times / total:.1%} of {total} "
                f"items (chance {1 / count:.1%}, chi-square p = {p:.1g})",
            )


def _uniform_p(counts: Sequence[int]) -> float:
    from scipy.stats import chisquare

    return float(chisquare(counts).pvalue)
