"""A table in words that every long report shows alike, and the terms that tables use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TERMS", "Sheet", "named", "terms"]

TERMS: Mapping[str, str] = {
    "AURC": "area under the risk-coverage curve: the share of wrong answers, averaged over answering only "
    "the surest question, the two surest and so on; lower is better",
    "Answerable at 80%": "the largest share of questions, the surest first, that can be answered with at "
    "least 80% of the answers right",
    "ECE": "expected calibration error: how far the model's own probability of its answer lies from the "
    "share that is right, on average; 0% is honest, and few questions make it look larger",
    "Brier": "squared distance of all option probabilities from the truth, 0 to 2; lower is better",
    "Margin shift": "mean change of (gold score - best other score), in the model's score units; below 0 "
    "the gold option lost ground even where the answer held",
    "Gold lost ground": "share of questions whose gold margin fell",
    "RStd": "standard deviation of the share that is right over the places of the gold option; 0 is no "
    "favour for a place",
}
"""One line for each term that a table uses."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table in words, for any renderer. Its first column is a name from data or the plan."""

    id: str
    title: str
    caption: str
    """What the table says, in a sentence or two."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    """How many columns from the left hold words; the others are numbers."""
    notes: tuple[str, ...] = ()
    """Terms that the heads use, one each, and what to make of the numbers."""


def terms(*names: str) -> tuple[str, ...]:
    """Return one explanation per name.

    >>> terms("RStd")[0][:24]
    'RStd: standard deviation'
    """
    return tuple(f"{name}: {TERMS[name]}." for name in names)


def named(name: str, severity: int) -> str:
    """Return the name of a check, with its severity where it is not the first.

    >>> named("no-passage", 1), named("ngram-shuffle", 2)
    ('no-passage', 'ngram-shuffle severity 2')
    """
    return name if severity <= 1 else f"{name} severity {severity}"
