"""Tables over several answers to one item: severity ladders, contrast sets, kinds of wrong options."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.reports.sheet import Sheet, named
from robustness.reports.summary import Summary
from robustness.reports.wording import NONE, percent, points, spread

__all__ = ["contrasts", "doses", "roles"]


def doses(summary: Summary) -> Sheet | None:
    """Return the ladders, one row a severity; None where no attack ran at several severities."""
    if not summary.dose_responses:
        return None
    return Sheet(
        id="doses",
        title="Severity ladders",
        caption="Accuracy from clean to the harshest severity, over the questions measured at every one.",
        heads=("Condition", "Severity", "Dose", "n", "Accuracy", "95% interval", "Area", "Area lost"),
        rows=tuple(_doses(summary)),
        words=1,
        notes=(
            "Dose: the share of words that the recipe edits, or the severity where it has no such share; "
            "0 is clean.",
            "Area: mean accuracy over all doses up to this attack's harshest (trapezoids). Area lost: clean "
            "accuracy minus that, in points. Ladders of different doses are not to be compared by area.",
        ),
    )


def _doses(summary: Summary) -> Iterator[tuple[str, ...]]:
    for ladder in summary.dose_responses:
        for point in ladder.points:
            last = point is ladder.points[-1]
            yield (
                ladder.attack,
                "clean" if point.severity == 0 else str(point.severity),
                percent(point.dose) if ladder.dose == "rate" else f"{point.dose:g}",
                str(ladder.n),
                percent(point.accuracy.value),
                spread(point.accuracy, "accuracy") or NONE,
                percent(ladder.area.value) if last else "",
                points(ladder.area_lost.value) if last else "",
            )


def contrasts(summary: Summary) -> Sheet | None:
    """Return contrast consistency by attack; None where there is no contrast set."""
    if not summary.contrasts:
        return None
    return Sheet(
        id="contrasts",
        title="Contrast sets",
        caption="Questions answered right on both sides of a small edit that changes the answer.",
        heads=("Condition", "Sets", "Passages", "Consistent", "95% interval"),
        rows=tuple(
            (
                found.attack,
                str(found.sets),
                str(found.clusters),
                percent(found.consistency.value),
                spread(found.consistency, "accuracy") or NONE,
            )
            for found in summary.contrasts
        ),
        notes=("Consistent: share of the sets with every member right (Gardner et al. 2020).",),
    )


def roles(summary: Summary) -> Sheet | None:
    """Return which kinds of option were chosen; None for data that marks none."""
    if not summary.roles:
        return None
    return Sheet(
        id="roles",
        title="Kinds of options chosen",
        caption="Right (a), misreads the evidence (b), speaks of another place in the passage (c), has no "
        "support in it (d); and how the errors divide.",
        heads=("Condition", "n", "a", "b", "c", "d", "b of errors", "c of errors", "d of errors"),
        rows=tuple(
            (
                named(found.attack, found.severity),
                str(found.n),
                *(percent(found.chosen.get(role)) for role in "abcd"),
                *(percent(found.errors.get(role)) for role in "bcd"),
            )
            for found in summary.roles
        ),
        notes=(
            "Roles as the data marks them (STARC, Berzak et al. 2020). A keyword matcher errs towards c and "
            "b; a guesser errs evenly.",
        ),
    )
