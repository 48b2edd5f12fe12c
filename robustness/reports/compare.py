"""Stored runs beside a reference: differences, standings, who flipped, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from robustness.judging.comparisons import adjusted
from robustness.judging.contests import Condition, Contest, contest
from robustness.reports.compare_edits import judged_edits
from robustness.reports.compared import (
    ALPHA,
    SCHEMA,
    ComparedContestant,
    ComparedRun,
    Match,
    Rank,
    Ranking,
    RunsCompared,
    Standing,
)
from robustness.reports.contestants import Contestant
from robustness.reports.flips import flips
from robustness.reports.matching import Items, matched
from robustness.reports.measured import measured
from robustness.reports.privacy import public_text
from robustness.reports.store import tool_version
from robustness.reports.stored import Stored
from robustness.results import MIN_PASSAGES, Comparison
from robustness.stats.multiplicity import holm
from robustness.stats.ranks import rank_intervals

__all__ = ["compare", "standing"]


@dataclass(frozen=True, slots=True)
class _Played:
    """One pair under one condition, before any correction."""

    ours: Contestant
    condition: Condition
    contest: Contest
    items: tuple[Items, Items]


Pairs: TypeAlias = Mapping[tuple[int, int], Sequence[_Played]]


def compare(found: Sequence[Contestant], *, margin: float | None = None, text: bool = True) -> RunsCompared:
    """Return the comparison of contestants with the first of them.

    Args:
        found: at least two, from `contestants`.
        margin: largest difference that does not matter, in shares, above 0; None to ask for none.
        text: whether passages, questions and options may appear; they do where every run has them.
    """
    conditions, left_out = _conditions(found)
    pairs = {(0, place): _played(found, (0, place), conditions, margin) for place in range(1, len(found))}
    text = text and all(run.text for one in found for run in one.runs)
    matches = tuple(_matches(found, pairs, text=text))
    return RunsCompared(
        schema=SCHEMA,
        reference=_about(found[0]),
        contestants=tuple(map(_about, found[1:])),
        same_suite=len({one.suite for one in found}) == 1,
        margin=margin,
        alpha=ALPHA,
        matches=matches,
        left_out=left_out,
        rankings=tuple(_rankings(found, conditions, pairs)) if len(found) > 2 else (),
        edits=judged_edits(found, matches),
        text=text,
        tool=tool_version(),
    )


def _conditions(found: Sequence[Contestant]) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    """Return what all of them were asked, in the reference's order, and the names of the rest."""
    each = [one.runs[0].conditions for one in found]
    common = tuple(one for one in each[0] if all(one in other for other in each))
    rest = dict.fromkeys(one.attack for other in each for one in other if one not in common)
    return common, tuple(rest)


def _played(
    found: Sequence[Contestant],
    pair: tuple[int, int],
    conditions: Sequence[Condition],
    margin: float | None = None,
) -> tuple[_Played, ...]:
    theirs, ours = (found[place] for place in pair)
    suite = found[0].runs[0].summary.suite
    made = []
    for condition in conditions:
        items = matched(ours, theirs, condition)
        shown = contest(suite, *items, condition=condition, margin=margin)
        made.append(_Played(ours, condition, shown, items))
    return tuple(made)


def _matches(found: Sequence[Contestant], pairs: Pairs, *, text: bool) -> Iterator[Match]:
    played = [one for each in pairs.values() for one in each]
    corrected = adjusted([one.contest.found for one in played])
    alike = holm([one.contest.p_equivalent for one in played])
    titles = {(a.name, a.severity): a.title for a in found[0].runs[0].summary.attacks}
    for one, comparison, p_equivalent in zip(played, corrected, alike, strict=True):
        condition, paired = one.condition, one.contest.paired
        sides = one.ours, found[0]
        yield Match(
            contestant=one.ours.name,
            title=titles.get((condition.attack, condition.severity), "Unchanged questions"),
            polarity=condition.polarity,
            found=measured(comparison),
            p_equivalent=p_equivalent,
            standing=standing(comparison, p_equivalent),
            paired=paired,
            left_out=_left_out(one),
            spread=one.contest.spread,
            flips=flips(sides, one.items, condition, text=text) if paired else None,
        )


def standing(found: Comparison, p_equivalent: float | None) -> Standing:
    """Return what is shown: within the margin, else beyond 0, else nothing.

    A difference that is shown to lie within the margin does not matter, whether or not it is 0.
    Under an ablation a smaller value is better: less is answered by a shortcut.
    """
    change = found.difference.value
    if change is None or found.p_adjusted is None:
        return Standing.NOT_MEASURED
    if found.clusters < MIN_PASSAGES:
        return Standing.UNDECIDED
    if p_equivalent is not None and p_equivalent <= ALPHA:
        return Standing.EQUIVALENT
    if found.p_adjusted > ALPHA or change == 0:
        return Standing.UNDECIDED
    return Standing.BETTER if (change > 0) == _more_is_better(found.measure) else Standing.WORSE


def _more_is_better(measure: str) -> bool:
    return measure != "margin_retained"


def _left_out(one: _Played) -> tuple[int, int]:
    if not one.contest.paired:
        return 0, 0
    sizes = [len(set[str].intersection(*map(set, side))) for side in one.items]
    return sizes[0] - one.contest.found.n, sizes[1] - one.contest.found.n


def _rankings(
    found: Sequence[Contestant], conditions: Sequence[Condition], known: Pairs
) -> Iterator[Ranking]:
    """Yield the ranks of all contestants, from every pair of them, corrected by condition."""
    rest = [pair for pair in combinations(range(len(found)), 2) if pair not in known]
    pairs = {**known, **{pair: _played(found, pair, conditions) for pair in rest}}
    for place, condition in enumerate(conditions):
        corrected = adjusted([each[place].contest.found for each in pairs.values()])
        yield _ranking(found, condition, dict(zip(pairs, corrected, strict=True)))


def _ranking(
    found: Sequence[Contestant], condition: Condition, by_pair: Mapping[tuple[int, int], Comparison]
) -> Ranking:
    wins = [[False] * len(found) for _ in found]
    for (theirs, ours), one in by_pair.items():
        shown = standing(one, None)
        wins[ours][theirs] = shown is Standing.BETTER
        wins[theirs][ours] = shown is Standing.WORSE
    values = [by_pair[0, 1].baseline, *(by_pair[0, place].value for place in range(1, len(found)))]
    ranks = [
        Rank(one.name, measured(value), best, worst)
        for one, value, (best, worst) in zip(found, values, rank_intervals(wins), strict=True)
    ]
    sign = -1 if _more_is_better(condition.measure) else 1
    ranks.sort(key=lambda rank: (rank.value is None, sign * (rank.value or 0.0), rank.contestant))
    return Ranking(condition.attack, condition.severity, condition.measure, tuple(ranks))


def _about(one: Contestant) -> ComparedContestant:
    summary = one.runs[0].summary
    return ComparedContestant(
        name=one.name,
        suite=summary.suite.name,
        suite_fingerprint=summary.suite.fingerprint,
        data=summary.data,
        runs=tuple(map(_run, one.runs)),
    )


def _run(run: Stored) -> ComparedRun:
    manifest, summary = run.manifest, run.summary
    return ComparedRun(
        folder=public_text(run.folder.resolve().name),
        created=str(manifest.get("created") or summary.created),
        tag=public_text(str(manifest.get("tag") or "")),
        commit=str(manifest.get("commit") or ""),
        model=summary.model.name,
        fingerprint=summary.model.fingerprint,
        status=summary.status.value,
        proviso=run.proviso,
    )
