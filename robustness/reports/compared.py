"""What a comparison of stored runs says, as data: the one thing that its renderers read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from robustness.domain import Polarity
from robustness.reports.flips import Flips
from robustness.results import Comparison, Estimate

__all__ = [
    "ALPHA",
    "SCHEMA",
    "ComparedContestant",
    "ComparedRun",
    "EditEffect",
    "EditJudged",
    "EditOutcome",
    "Match",
    "Rank",
    "Ranking",
    "RunsCompared",
    "Standing",
]

SCHEMA: Final = 1
ALPHA: Final = 0.05


class Standing(StrEnum):
    """How a contestant stands to the reference under one condition."""

    WORSE = "worse"
    BETTER = "better"
    EQUIVALENT = "equivalent"
    """The difference is shown to lie within the margin."""
    UNDECIDED = "undecided"
    """Neither a difference nor its absence is shown."""
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """Which run it was."""

    folder: str
    """Its last part."""
    created: str
    tag: str
    commit: str
    model: str
    fingerprint: str
    status: str
    """Of the run's own verdict."""
    proviso: str
    """Why its numbers can carry no verdict: it is exploratory or partial; empty for all others."""


@dataclass(frozen=True, slots=True)
class ComparedContestant:
    """One model: a run, or several that are seeds of it."""

    name: str
    suite: str
    suite_fingerprint: str
    data: str
    runs: tuple[ComparedRun, ...]

    @property
    def proviso(self) -> str:
        """Why it can carry no verdict, of the first run for which that is so; empty for all others."""
        return next((run.proviso for run in self.runs if run.proviso), "")


@dataclass(frozen=True, slots=True)
class Match:
    """One contestant beside the reference under one condition."""

    contestant: str
    title: str
    polarity: Polarity | None
    """None for the unchanged questions."""
    found: Comparison
    """`value` is the contestant's and `baseline` the reference's; `p_adjusted` after Holm over all
    matches."""
    p_equivalent: float | None
    """Of a difference of at least the margin, after Holm over all matches; None without a margin."""
    standing: Standing
    paired: bool
    left_out: tuple[int, int]
    """Items that one measured and the other did not, or that are not the same: the contestant's and
    the reference's."""
    spread: tuple[float | None, float | None]
    """Standard deviation over the runs of each; None for one run."""
    flips: Flips | None
    """None where no option is right, or nothing is paired."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A contestant's rank under one condition; 1 is the best."""

    contestant: str
    value: float | None
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """All contestants under one condition, the best value first."""

    attack: str
    severity: int
    measure: str
    ranks: tuple[Rank, ...]


class EditOutcome(StrEnum):
    """What an edit did under one condition."""

    HELPED = "helped"
    HARMED = "harmed"
    NOT_SHOWN = "not shown"
    """Neither is shown; that is no proof that it did nothing."""


@dataclass(frozen=True, slots=True)
class EditEffect:
    """An edited checkpoint beside its original under one condition."""

    attack: str
    severity: int
    polarity: Polarity | None
    """None for the unchanged questions."""
    measure: str
    original: float | None
    edited: float | None
    chance: float | None
    """What a guess gets right; None where accuracy is not the measure."""
    difference: Estimate
    """Edited minus original."""
    p_adjusted: float | None
    """After Holm over all matches."""
    passages: int
    left_out: tuple[int, int]
    """Items that one measured and the other did not: the edited one's and the original's."""
    outcome: EditOutcome


@dataclass(frozen=True, slots=True)
class EditJudged:
    """Whether an edit helped."""

    edited: str
    """Name of the contestant, or the reference, that is an edited checkpoint."""
    original: str
    """Name of the other one of the two."""
    source: str
    """Name of the checkpoint that was edited, as `edit.json` has it."""
    known_by: str
    """`fingerprint` or `name`; empty where the other is not what was edited."""
    units: tuple[str, ...]
    """Addresses, such as `head.4.1`."""
    value: str
    """zero, mean, clamp or scale."""
    level: float
    effects: tuple[EditEffect, ...]
    """Unchanged questions first; empty where the other is not what was edited."""
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunsCompared:
    """Everything that a comparison of stored runs says. Fractions, never percent."""

    schema: int
    reference: ComparedContestant
    contestants: tuple[ComparedContestant, ...]
    """Without the reference."""
    same_suite: bool
    margin: float | None
    """Largest difference that does not matter, in shares."""
    alpha: float
    """Chance of any wrong `better` or `worse` among all matches, and of any wrong `equivalent`."""
    matches: tuple[Match, ...]
    """Contestant by contestant; unchanged questions first, then in the plan's order."""
    left_out: tuple[str, ...]
    """Checks that not all of them have."""
    rankings: tuple[Ranking, ...]
    """For three or more contestants; Holm over all pairs of each condition."""
    edits: tuple[EditJudged, ...]
    """One for each pair of which one is an edited checkpoint; empty without any."""
    text: bool
    """Whether passages, questions and options may appear."""
    tool: str
