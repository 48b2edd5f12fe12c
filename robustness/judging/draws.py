"""Outcomes as columns, and draws of their passages that depend on the suite alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from robustness.results import Outcome
from robustness.rng import derive
from robustness.stats.differences import placements
from robustness.stats.resampling import Sample, sample

__all__ = ["BASELINE", "Evidence", "OfSuite", "clustered", "columns", "draw_seed", "evidence", "foreseen"]

BASELINE: Final = "baseline "
"""What the names of a baseline's columns begin with where both runs are in one sample."""

COLUMNS: Final = (
    "clean_credit",
    "credit",
    "chance_clean",
    "chance",
    "same_choice",
    "confidence_clean",
    "confidence",
    "drop",
    "lost",
    "won",
    "missing",
    "auroc",
)
"""What can be asked of outcomes; see `columns`."""


class OfSuite(Protocol):
    """Whatever tells the content of a suite: the suite, or what a stored run says of it."""

    @property
    def fingerprint(self) -> str:
        """Digest of the content."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """The scored outcomes of one check and the draws of their passages."""

    rows: tuple[Outcome, ...]
    drawn: Sample
    unseen: tuple[Outcome, ...] = ()
    """Further rows that the check did not need: of these only the clean answers are known."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Passage of each row."""
        return tuple(row.group for row in self.rows)


def columns(rows: Sequence[Outcome], names: Collection[str] = COLUMNS) -> dict[str, list[float]]:
    """Return float[N] by name: fields of measured outcomes, and what follows from them.

    `drop` is clean minus attacked credit; `lost` and `won` are its two halves, `missing` what clean
    left to win; `auroc` holds numbers whose mean is the AUROC.
    """
    return {name: _column(rows, name) for name in names}


def _column(rows: Sequence[Outcome], name: str) -> list[float]:
    match name:
        case "drop":
            return [row.clean_credit - row.credit for row in rows]
        case "lost":
            return [max(row.clean_credit - row.credit, 0.0) for row in rows]
        case "won":
            return [max(row.credit - row.clean_credit, 0.0) for row in rows]
        case "missing":
            return [1 - row.clean_credit for row in rows]
        case "auroc":
            return list(placements([row.confidence_clean for row in rows], [row.confidence for row in rows]))
        case _:
            return [float(getattr(row, name)) for row in rows]


def evidence(
    suite: OfSuite,
    rows: Sequence[Outcome],
    *,
    baseline: Sequence[Outcome] = (),
    names: Collection[str] = COLUMNS,
) -> Evidence:
    """Return the rows with draws of these columns; a baseline's rows, of the same items, join the draws."""
    made = columns(rows, names)
    if baseline:
        made |= {BASELINE + name: column for name, column in columns(baseline, names).items()}
    return Evidence(tuple(rows), clustered(suite, made, [row.group for row in rows]))


def foreseen(seen: Evidence) -> Sample:
    """Return the draws of all rows, unseen ones as if wrong: what rests on clean answers alone, such as
    whether there is a margin to keep, is what it will be once all are seen."""
    to_come = [replace(row, credit=0.0, same_choice=0.0, confidence=0.0) for row in seen.unseen]
    rows = sorted((*seen.rows, *to_come), key=lambda row: row.id)
    return sample(columns(rows), [row.group for row in rows], seed=seen.drawn.seed)


def clustered(suite: OfSuite, columns: Mapping[str, Sequence[float]], groups: Sequence[str]) -> Sample:
    """Return a sample whose draws depend on the suite, and on how many passages there are, alone."""
    return sample(columns, groups, seed=draw_seed(suite))


def draw_seed(suite: OfSuite, *names: str) -> int:
    """Return the seed of the draws: the same for every run and every check of the suite.

    Each check is judged by itself, so that draws in common do no harm and need to be made only once.
    Those of two samples that are to be independent are told apart by `names`.
    """
    return derive(0, suite.fingerprint, "bootstrap", *names).below(2**53)
