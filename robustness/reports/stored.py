"""A finished run read back for a comparison: what it measured, item by item, without suite or model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
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

__all__ = ["ItemRow", "ItemRows", "Stored", "read_stored"]

ItemRow: TypeAlias = Mapping[str, Any]
"""One row of items.parquet by column."""

_CLEAN: Final = Condition(CLEAN, 0, None)


@dataclass(frozen=True, slots=True)
class ItemRows(Mapping[str, ItemRow]):
    """The rows of a file of items by id; one is put together when it is asked for."""

    columns: Mapping[str, Sequence[Any]]
    place: Mapping[str, int]

    def cell(self, name: str, column: str) -> Any:
        """Return one value of one row, without its others."""
        return self.columns[column][self.place[name]]

    def __getitem__(self, name: str) -> ItemRow:
        place = self.place[name]
        return {column: values[place] for column, values in self.columns.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished run."""

    folder: Path
    summary: Summary
    manifest: Mapping[str, Any]
    outcomes: Mapping[tuple[str, int], Mapping[str, Outcome]]
    """By attack and severity, then by item: what was measured and is not degraded. Unchanged questions
    are `clean`, severity 0, and beside themselves."""
    rows: ItemRows

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
    columns = read_items(folder / ITEMS).to_pydict()
    rows = ItemRows(columns, {name: place for place, name in enumerate(columns["id"])})
    outcomes: dict[tuple[str, int], dict[str, Outcome]] = {}
    for outcome in _outcomes(rows):
        outcomes.setdefault((outcome.attack, outcome.severity), {})[outcome.id] = outcome
    return Stored(folder, summary, read_manifest(folder), outcomes, rows)


def _outcomes(rows: ItemRows) -> Iterator[Outcome]:
    """Yield the measured outcomes, sorted by id, as judging had them."""
    status, degraded, source = (rows.columns[name] for name in ("status", "degraded", "source"))
    for name in sorted(rows):
        place = rows.place[name]
        if status[place] == "ok" and not degraded[place]:
            yield _outcome(rows.columns, place, rows.place[source[place]])


def _outcome(of: Mapping[str, Sequence[Any]], row: int, source: int) -> Outcome:
    return Outcome(
        id=of["id"][row],
        source=of["source"][row],
        attack=of["attack"][row],
        severity=of["severity"][row],
        group=of["group"][source],
        status="ok",
        degraded=False,
        chance_clean=1 / len(of["option_map"][source]),
        chance=1 / len(of["option_map"][row]),
        clean_credit=of["clean_credit"][row],
        credit=of["credit"][row],
        same_choice=1.0 if of["attack"][row] == CLEAN else of["same_choice"][row],
        top=max(of["probabilities"][row]),
        brier=math.nan,  # a file of items does not say these two
        margin_change=_number(of["margin_change"][row]),
        confidence_clean=of["confidence"][source],
        confidence=of["confidence"][row],
        planted=math.nan,
        visible_share=1.0 if of["visible_share"][row] is None else of["visible_share"][row],
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
