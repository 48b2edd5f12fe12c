"""A variant in the making: plain fields that a generator replaces, turned into a checked `Variant`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from robustness.domain import Edit, Example, Note, Place, Variant

if TYPE_CHECKING:
    from robustness.domain import Attack

__all__ = ["Draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of a variant while an attack works on it; change them with `dataclasses.replace`."""

    source: Example
    passage: str
    question: str
    options: tuple[str, ...]
    option_map: tuple[int, ...]
    answer: int | None
    degraded: str = ""
    """Why the perturbation is not as published; empty where it is."""
    notes: Mapping[str, Note] = field(default_factory=dict)

    @classmethod
    def of(cls, example: Example) -> Draft:
        """Return the draft that changes nothing."""
        return cls(
            source=example,
            passage=example.passage,
            question=example.question,
            options=example.options,
            option_map=tuple(range(len(example.options))),
            answer=example.answer,
        )

    def with_field(self, place: Place, text: str) -> Draft:
        """Return the draft with the passage or the question replaced."""
        return replace(self, passage=text) if place == "passage" else replace(self, question=text)

    def with_option(self, position: int, text: str, *, new: bool = False) -> Draft:
        """Return the draft with one option's text replaced; `new` cuts its tie to the old one."""
        options = (*self.options[:position], text, *self.options[position + 1 :])
        origin = -1 if new else self.option_map[position]
        moved = (*self.option_map[:position], origin, *self.option_map[position + 1 :])
        return replace(self, options=options, option_map=moved)

    def noting(self, **notes: Note) -> Draft:
        """Return the draft with notes added."""
        return replace(self, notes={**self.notes, **notes})

    def variant(self, attack: Attack, severity: int, *, number: int = 1) -> Variant:
        """Return the finished variant; `number` counts the variants of one source from 1."""
        identity = f"{self.source.id}~{attack.name}.{severity}" + (f"/{number}" * (number > 1))
        notes = {**self.notes, "reason": self.degraded} if self.degraded else dict(self.notes)
        return Variant(
            id=identity,
            source=self.source.id,
            attack=attack.name,
            severity=severity,
            example=Example(
                id=identity,
                passage=self.passage,
                question=self.question,
                options=self.options,
                answer=self.answer,
                group=self.source.group,
            ),
            option_map=self.option_map,
            edits=self._edits(),
            degraded=bool(self.degraded),
            notes=notes,
        )

    def _edits(self) -> tuple[Edit, ...]:
        source = self.source
        edits = [
            _edit("passage", 0, source.passage, self.passage),
            _edit("question", 0, source.question, self.question),
        ]
        for position, (text, origin) in enumerate(zip(self.options, self.option_map, strict=True)):
            before = source.options[origin] if origin >= 0 else ""
            edits.append(_edit("option", position, before, text))
        return tuple(edit for edit in edits if edit is not None)


def _edit(place: Place, index: int, before: str, after: str) -> Edit | None:
    """Return the shortest single replacement that turns `before` into `after`."""
    if before == after:
        return None
    start = _common(before, after)
    rest_before, rest_after = before[start:], after[start:]
    tail = _common(rest_before[::-1], rest_after[::-1])
    return Edit(
        place=place,
        index=index,
        start=start,
        before=rest_before[: len(rest_before) - tail],
        after=rest_after[: len(rest_after) - tail],
    )


def _common(first: str, second: str) -> int:
    """Return the length of the longest common beginning."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
