"""The tables of a comparison: differences, flip matrix, ranks, runs."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.reports.compare_wording import (
    MEASURES,
    Section,
    between,
    change,
    condition_name,
    rank_words,
)
from robustness.reports.compared import ComparedContestant, Match, RunsCompared
from robustness.reports.sheet import Sheet, named
from robustness.reports.wording import NONE, brief, figure, likelihood, points

__all__ = ["differences", "flip_matrix", "ranks", "runs"]


def differences(compared: RunsCompared, section: Section) -> Sheet:
    """Return every match of one polarity: both values, difference, interval, p-values, standing."""
    several = len(compared.contestants) > 1
    other = "Contestant" if several else compared.contestants[0].name
    heads = ["Condition", *(["Contestant"] if several else []), "Standing", compared.reference.name]
    unit = "" if section.measure == "auroc" else " (points)"
    heads += ["Value" if several else other, f"Difference{unit}", "95% interval", "p (Holm)"]
    heads += [*(["p equivalent (Holm)"] if compared.margin else []), "n", "Passages"]
    rows = tuple(_difference(compared, match) for match in section.matches)
    return Sheet(section.id, section.title, section.meaning, tuple(heads), rows, 3 if several else 2)


def _difference(compared: RunsCompared, match: Match) -> tuple[str, ...]:
    found = match.found
    several = len(compared.contestants) > 1
    return (
        condition_name(match),
        *([match.contestant] if several else []),
        match.standing.value + ("" if match.paired else ", unpaired"),
        _value(found.baseline, found.measure, match.spread[1]),
        _value(found.value, found.measure, match.spread[0]),
        change(match),
        between(match) or NONE,
        likelihood(found.p_adjusted),
        *([likelihood(match.p_equivalent)] if compared.margin else []),
        str(found.n),
        str(found.clusters),
    )


def _value(value: float | None, measure: str, spread: float | None) -> str:
    shown = figure(value, measure)
    if spread is None:
        return shown
    return f"{shown} ± {figure(spread, measure) if measure == 'auroc' else points(spread)}"


def flip_matrix(compared: RunsCompared) -> Sheet | None:
    """Return who gets which items right, condition by condition; None where nothing is paired."""
    rows = tuple(_flips(compared, match) for match in compared.matches if match.flips)
    if not rows:
        return None
    several = len(compared.contestants) > 1
    reference = compared.reference.name
    other = "the contestant" if several else compared.contestants[0].name
    return Sheet(
        id="flips",
        title="Who flipped",
        caption=f"Item by item. Lost: {reference} is right and {other} is not. Won: the other way round.",
        heads=(
            "Condition",
            *(["Contestant"] if several else []),
            "Both right",
            "Lost",
            "Won",
            "Neither",
            "McNemar p",
        ),
        rows=rows,
        words=2 if several else 1,
        notes=(
            "Where options tie, or a contestant is several runs, an item can be right in part: it is lost or "
            "won if one has the larger part, and stands under neither if both have the same.",
            "McNemar p: exact, two-sided, takes items as independent and is not corrected. It is shown "
            "because papers give it; no standing rests on it.",
        ),
    )


def _flips(compared: RunsCompared, match: Match) -> tuple[str, ...]:
    found = match.flips
    assert found is not None
    counts = (found.both, found.lost, found.won, found.neither)
    several = len(compared.contestants) > 1
    return (
        condition_name(match),
        *([match.contestant] if several else []),
        *map(str, counts),
        likelihood(found.p_value),
    )


def ranks(compared: RunsCompared) -> Sheet | None:
    """Return the rank of every contestant under every condition; None for fewer than three."""
    if not compared.rankings:
        return None
    names = [one.name for one in (compared.reference, *compared.contestants)]
    rows = []
    for ranking in compared.rankings:
        by_name = {rank.contestant: rank for rank in ranking.ranks}
        cells = (
            f"{rank_words(rank)} ({figure(rank.value, ranking.measure)})"
            for rank in map(by_name.get, names)
            if rank
        )
        rows.append((named(ranking.attack, ranking.severity), MEASURES[ranking.measure], *cells))
    return Sheet(
        id="ranks",
        title="Ranks",
        caption="The rank of each contestant, 1 the best, and its value. A rank such as 1 to 2 is a tie: "
        "no difference is shown that would tell first from second.",
        heads=("Condition", "Measure", *names),
        rows=tuple(rows),
        words=2,
        notes=(
            "From every pair of contestants, after Holm over the pairs of the condition: all ranks of a "
            "row hold together in 19 of 20 samples. The tables above are corrected over all "
            "conditions, so a rank may tell apart what they leave undecided.",
            "There is no rank over all conditions: they mean different things.",
        ),
    )


def runs(compared: RunsCompared) -> Sheet:
    """Return which runs were compared."""
    rows = tuple(row for one in (compared.reference, *compared.contestants) for row in _runs(compared, one))
    return Sheet(
        id="runs",
        title="Runs",
        caption="The reference comes first.",
        heads=(
            "Contestant",
            "Run",
            "Model",
            "Fingerprint",
            "Suite",
            "Created",
            "Tag",
            "Commit",
            "Own verdict",
        ),
        rows=rows,
        words=9,
    )


def _runs(compared: RunsCompared, one: ComparedContestant) -> Iterator[tuple[str, ...]]:
    for run in one.runs:
        suite = f"{one.suite} {brief(one.suite_fingerprint)}"
        told = (run.folder, run.model, brief(run.fingerprint), suite, run.created, run.tag, run.commit[:12])
        yield (one.name, *(cell or NONE for cell in told), run.status.upper())
