"""A comparison of runs as CSV: one row per contestant and condition, safe to open in a spreadsheet."""

from __future__ import annotations

from typing import Final

from robustness.reports.compared import Match, RunsCompared
from robustness.reports.spreadsheet import Cell, spreadsheet

__all__ = ["HEADS", "compare_to_csv"]

HEADS: Final = (
    "reference", "contestant", "attack", "severity", "polarity", "measure", "reference_value", "value",
    "difference", "low", "high", "p_value", "p_adjusted", "margin", "p_equivalent", "standing", "paired",
    "n", "passages", "both", "lost", "won", "neither", "mcnemar_p",
    "proviso",
)  # fmt: skip
"""The columns, in order."""


def compare_to_csv(compared: RunsCompared) -> str:
    """Return the comparison as CSV: shares, never percent; an empty cell is "not measured".

    `difference` is the contestant's value minus the reference's, `low` and `high` are its 95 % interval.
    `proviso` says why one of the two can carry no verdict. Equal comparisons give equal text.
    """
    return spreadsheet(HEADS, (_row(compared, match) for match in compared.matches))


def _row(compared: RunsCompared, match: Match) -> dict[str, Cell]:
    found, flips = match.found, match.flips
    row: dict[str, Cell] = {
        "reference": compared.reference.name,
        "contestant": match.contestant,
        "attack": found.attack,
        "severity": found.severity,
        "polarity": str(match.polarity or ""),
        "measure": found.measure,
        "reference_value": found.baseline,
        "value": found.value,
        "difference": found.difference.value,
        "low": found.difference.low,
        "high": found.difference.high,
        "p_value": found.p_value,
        "p_adjusted": found.p_adjusted,
        "margin": compared.margin,
        "p_equivalent": match.p_equivalent,
        "standing": str(match.standing),
        "paired": match.paired,
        "n": found.n,
        "passages": found.clusters,
        "proviso": _proviso(compared, match),
    }
    if flips is not None:
        row |= {name: getattr(flips, name) for name in ("both", "lost", "won", "neither")}
        row["mcnemar_p"] = flips.p_value
    return row


def _proviso(compared: RunsCompared, match: Match) -> str:
    sides = (compared.reference, *(one for one in compared.contestants if one.name == match.contestant))
    return "; ".join(f"{one.name}: {one.proviso}" for one in sides if one.proviso)
