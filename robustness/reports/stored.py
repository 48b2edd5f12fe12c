"""A finished run read back for a comparison: what it measured, item by item, without suite or model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from robustness.judging.contests import Condition
from robustness.reports.baselines import read_manifest
from robustness.reports.items import CLEAN, read_items, text_digest
from robustness.reports.privacy import public_text
from robustness.reports.store import ITEMS, read_run
from robustness.reports.summary import Summary
from robustness.results import EXPLORATORY, Outcome

__all__ = ["ItemRow", "Stored", "read_stored"]

ItemRow: TypeAlias = Mapping[str, Any]
"""One row of items.parquet by column."""

_CLEAN: Final = Condition(CLEAN, 0, None)


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished run."""

    folder: Path
    summary: Summary
    manifest: Mapping[str, Any]
    outcomes: Mapping[tuple[str, int], Mapping[str, Outcome]]
    """By attack and severity, then by item: what was measured and is not degraded. Unchanged questions
    are `clean`, severity 0, and beside themselves."""
    rows: Mapping[str, ItemRow]
    """By item."""

    @property
    def text(self) -> bool:
        """Whether it keeps passages, questions and options."""
        return self.summary.text and "passage" in next(iter(self.rows.values()), {})

    @property
    def proviso(self) -> str:
        """Why its numbers can carry no verdict: it is exploratory or partial; empty for all others."""
        told = ((name, self.summary.environment.get(name)) for name in (EXPLORATORY, "partial"))
        return next((f"{name}: {public_text(text)}" for name, text in told if text), "")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The unchanged questions, then every check in the order of the plan."""
        return (_CLEAN, *(Condition(a.name, a.severity, a.polarity) for a in self.summary.attacks))

    def digest(self, item: str) -> str | None:
        """Return what tells its texts apart; None where an older run kept neither text nor digest."""
        row = self.rows[item]
        if row.get("digest") is None and self.text:
            return text_digest(row["passage"], row["question"], row["options"], row["answer"])
        return row.get("digest")


def read_stored(folder: Path) -> Stored:
    """Return a finished run whose every file is as it was written.

    Raises:
        RobustnessError: it is not finished, or a file is missing, changed or not readable.
    """
    summary = read_run(folder)
    rows = {row["id"]: row for row in read_items(folder / ITEMS).to_pylist()}
    outcomes: dict[tuple[str, int], dict[str, Outcome]] = {}
    for outcome in _outcomes(rows):
        outcomes.setdefault((outcome.attack, outcome.severity), {})[outcome.id] = outcome
    return Stored(folder, summary, read_manifest(folder), outcomes, rows)


def _outcomes(rows: Mapping[str, ItemRow]) -> Iterator[Outcome]:
    """Yield the measured outcomes, sorted by id, as judging had them."""
    for name in sorted(rows):
        row = rows[name]
        if row["status"] == "ok" and not row["degraded"]:
            yield _outcome(row, rows[row["source"]])


def _outcome(row: ItemRow, source: ItemRow) -> Outcome:
    return Outcome(
        id=row["id"],
        source=row["source"],
        attack=row["attack"],
        severity=row["severity"],
        group=source["group"],
        status=row["status"],
        degraded=row["degraded"],
        chance_clean=1 / len(source["option_map"]),
        chance=1 / len(row["option_map"]),
        clean_credit=row["clean_credit"],
        credit=row["credit"],
        same_choice=1.0 if row["attack"] == CLEAN else row["same_choice"],
        top=max(row["probabilities"]),
        brier=math.nan,  # a file of items does not say these two
        margin_change=_number(row["margin_change"]),
        confidence_clean=source["confidence"],
        confidence=row["confidence"],
        planted=math.nan,
        visible_share=1.0 if row["visible_share"] is None else row["visible_share"],
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
