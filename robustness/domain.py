"""The nouns: frozen values that every stage hands to the next. No I/O, no third-party import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from robustness.errors import DataError
from robustness.rng import Rng

__all__ = [
    "HOW_COMPUTED",
    "Attack",
    "Edit",
    "Example",
    "Model",
    "NotApplicable",
    "Note",
    "Place",
    "Polarity",
    "Run",
    "Scores",
    "Skip",
    "Status",
    "Suite",
    "Truncates",
    "Variant",
    "edited_spans",
    "replay",
]

Scores: TypeAlias = tuple[float, ...]
"""float[K]: one number per option, in the order of the options; higher is better."""

HOW_COMPUTED = ("batch_tokens", "out_of_memory_rows", "rescored_items", "threads")
"""Entries of a run's environment that tell how it was computed and reach no score: a run folder has
them in its manifest, so that its report is the same however many processes made it."""

Note: TypeAlias = str | int | float | bool
Place: TypeAlias = Literal["passage", "question", "option"]

_EMPTY: Mapping[str, str] = MappingProxyType({})
_NOT_STOPPED: Mapping[tuple[str, int], int] = MappingProxyType({})
_NO_NOTES: Mapping[str, Note] = MappingProxyType({})


class Polarity(StrEnum):
    """What a high score under a condition means (the first thing every judgement needs)."""

    ATTACK = "attack"
    """The label is preserved and a careful reader still succeeds: a high score is good."""
    ABLATION = "ablation"
    """What a reader needs is destroyed: a high score means a shortcut."""
    CONTRAST = "contrast"
    """The label moves in a known way: a high score is good."""
    ABSTAIN = "abstain"
    """No option can be known to be right: judged by confidence, never by accuracy."""


class Status(StrEnum):
    """How a check ended. Only PASS is a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNDECIDED = "undecided"
    """The interval straddles the limit, or there are too few passages to tell."""
    INVALID = "invalid"
    """Not measured: missing rows, non-finite scores, nothing applicable."""


class NotApplicable(Exception):  # noqa: N818 - a finding about an example, not an error
    """Raised inside an attack: it has nothing to do on this example. The reason is counted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One multiple-choice question over one passage. Two or more options, any number per item."""

    id: str
    """Unique in its data set; derived from the source's own ids, never from file order."""
    passage: str
    """May be empty, for data sets without passages. Dialogue turns are joined by line feeds."""
    question: str
    options: tuple[str, ...]
    answer: int | None
    """Position of the gold option; None only in variants where no option is right."""
    group: str
    """Passage id: the unit of resampling."""
    meta: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Question type, source level, evidence sentence and the like; never the answer."""

    def __post_init__(self) -> None:
        if not self.id:
            raise DataError("example: the id is empty, but every item needs one; give it an id")
        if len(self.options) < 2:
            raise DataError(
                f"example {self.id!r}: {len(self.options)} option(s) came, but at least 2 are needed"
            )
        if self.answer is not None and not 0 <= self.answer < len(self.options):
            raise DataError(
                f"example {self.id!r}: answer is {self.answer} but there are "
                f"{len(self.options)} options (0..{len(self.options) - 1})"
            )

    @property
    def chance(self) -> float:
        """Expected accuracy of a uniform guess, in [0, 1]."""
        return 1 / len(self.options)


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one text: `before` at `start` becomes `after`."""

    place: Place
    index: int
    """Position of the option in the *variant*; 0 for passage and question."""
    start: int
    """Character offset in the text as it stood when this edit was applied."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One example as an attack left it."""

    id: str
    """`SOURCE~ATTACK.SEVERITY`, with `/N` behind it from the second variant of one source on."""
    source: str
    """Id of the clean example."""
    attack: str
    """Name of the recipe."""
    severity: int
    example: Example
    """What the model reads. Its id is the variant's id."""
    option_map: tuple[int, ...]
    """Position in the variant -> position in the source; -1 where the option is new."""
    edits: tuple[Edit, ...]
    degraded: bool = False
    """The perturbation could not be carried out as published (`notes["reason"]` says why)."""
    notes: Mapping[str, Note] = field(default_factory=lambda: _NO_NOTES)
    """What was realised: shuffle degree, retries, leaks, reason of degradation."""


@dataclass(frozen=True, slots=True)
class Skip:
    """An example that an attack did not apply to."""

    source: str
    attack: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suite:
    """Clean examples, their variants and the plan that made them: frozen and content-addressed."""

    name: str
    seed: int
    plan: Mapping[str, object]
    """The plan and its recipes as read, in JSON types."""
    examples: tuple[Example, ...]
    """Sorted by id."""
    variants: tuple[Variant, ...]
    """Sorted by source id, then in the plan's order."""
    skipped: tuple[Skip, ...]
    audit: Mapping[str, object]
    """Data checks and sentinel results, in JSON types."""
    fingerprint: str
    """Digest of seed, recipes, examples, variants and skips; equal for equal content on any machine.
    Limits, names and the audit are judgement, not content: they do not change it."""
    data: str = ""
    """Where the examples came from, for people; not part of the fingerprint."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one model said to one suite. Reports are rebuilt from it without the model."""

    model: str
    model_fingerprint: str
    suite: str
    """Fingerprint of the suite."""
    scores: Mapping[str, Scores]
    """By example id and variant id."""
    visible: Mapping[str, int]
    """Characters of the passage that the model saw, by id; -1 where the rest alone was too long.
    Empty for models that do not truncate."""
    environment: Mapping[str, str]
    stopped: Mapping[tuple[str, int], int] = field(default_factory=lambda: _NOT_STOPPED)
    """By attack and severity: after how many passages, in the gate's order, its scoring ended because
    nothing more was needed. Empty where everything was to be scored."""


@runtime_checkable
class Attack(Protocol):
    """A perturbation. Pure: the same example, severity and generator state give the same variants."""

    @property
    def name(self) -> str:
        """Name of the recipe."""
        ...

    @property
    def polarity(self) -> Polarity:
        """What a high score under it means."""
        ...

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield variants; yield nothing, or raise `NotApplicable`, where it does not apply."""
        ...


@runtime_checkable
class Model(Protocol):
    """Anything that scores options."""

    @property
    def name(self) -> str:
        """What people call it; never a path."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of all that can change a score."""
        ...

    def score(self, batch: Sequence[Example]) -> Sequence[Scores]:
        """Return one `Scores` per example, in order."""
        ...


@runtime_checkable
class Truncates(Protocol):
    """A model that may not see the whole passage."""

    def visible(self, batch: Sequence[Example]) -> Sequence[int]:
        """Return, per example, how many characters of the passage the model sees (from its start);
        -1 where question and option alone do not fit."""
        ...


def replay(source: Example, variant: Variant) -> Example:
    """Return the example that the variant's option map and edits make of `source`.

    An option that is new (-1) starts as the empty string. For every variant,
    `replay(source, v)` equals `v.example` up to `answer`, `group` and `meta`.

    Raises `DataError` where an edit's `before` is not what stands at its place.
    """
    texts: dict[tuple[Place, int], str] = {
        ("passage", 0): source.passage,
        ("question", 0): source.question,
    }
    for position, origin in enumerate(variant.option_map):
        texts["option", position] = source.options[origin] if origin >= 0 else ""
    for edit in variant.edits:
        text = texts[edit.place, edit.index]
        end = edit.start + len(edit.before)
        if text[edit.start : end] != edit.before:
            raise DataError(
                f"variant {variant.id!r}: edit of {edit.place} {edit.index} expects "
                f"{edit.before[:40]!r} at {edit.start}, but {text[edit.start : end][:40]!r} stands there"
            )
        texts[edit.place, edit.index] = text[: edit.start] + edit.after + text[end:]
    return replace(
        variant.example,
        passage=texts["passage", 0],
        question=texts["question", 0],
        options=tuple(texts["option", i] for i in range(len(variant.option_map))),
    )


def edited_spans(edits: Sequence[Edit], place: Place, index: int = 0) -> tuple[tuple[int, int], ...]:
    """Return the character spans `(start, end)` of the final text that edits wrote, in edit order.

    A later edit moves the spans of earlier ones behind it; an overlap keeps the outer bounds.
    """
    spans: list[tuple[int, int]] = []
    for edit in edits:
        if (edit.place, edit.index) != (place, index):
            continue
        old_end = edit.start + len(edit.before)
        shift = len(edit.after) - len(edit.before)
        spans = [_moved(span, edit.start, old_end, shift) for span in spans]
        spans.append((edit.start, edit.start + len(edit.after)))
    return tuple(spans)


def _moved(span: tuple[int, int], start: int, end: int, shift: int) -> tuple[int, int]:
    low, high = span
    if low >= end:
        return low + shift, high + shift
    if high <= start:
        return span
    return min(low, start), max(high, end) + shift
