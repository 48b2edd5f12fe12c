"""A suite and a run, judged: outcomes per variant, results per check, verdicts per limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from robustness.choices import NOT_NEEDED, Reading, outcome, read
from robustness.domain import Run, Status, Suite
from robustness.errors import ScoreError, SuiteError
from robustness.judging.comparisons import Pair, adjusted, clean_comparison, comparison, paired
from robustness.judging.decisions import NO_BASELINE, Rules, decide, verdict
from robustness.judging.draws import clustered
from robustness.judging.limits import LIMITS, Check, checks, known_failure, min_passages
from robustness.judging.measures import calibration, measured
from robustness.judging.provisos import guesses, of_a_guesser, of_exploring, of_the_seen
from robustness.judging.sliced import sliced
from robustness.judging.slices import deciding
from robustness.judging.worst_case import robust_accuracy
from robustness.results import EXPLORATORY, Comparison, Judgement, Outcome, PositionBias, Result, Verdict
from robustness.stats.closed_form import mean
from robustness.stats.multiplicity import benjamini_hochberg, holm
from robustness.stats.position_bias import position_table, rstd, rstd_by_chance
from robustness.stats.sequential import passage_order

__all__ = ["ALPHA", "LIMITS", "judge", "outcomes", "overall", "undecided", "verdict"]

ALPHA: Final = 0.025
"""Level of one side of a 95 % interval: what a FAIL has to hold at after Holm."""

_ORDER: Final = (Status.FAIL, Status.INVALID, Status.UNDECIDED, Status.PASS)

Readings = Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Another run of the same suite."""

    name: str
    clean: Readings
    outcomes: Mapping[str, Outcome]
    """By variant id."""


def judge(suite: Suite, run: Run, *, baseline: Run | None = None) -> Judgement:
    """Return everything that one run says about one suite, down to a single status.

    Args:
        suite: the suite, with the limits of its plan.
        run: what the model said to it.
        baseline: what another model said to it; limits against a baseline are INVALID without one,
            unless the plan says to skip them.

    Raises:
        ScoreError: a run belongs to another suite, or a row has the wrong number of scores.
        SuiteError: a variant's source, or a check's recipe, is not in the suite.
        PlanError: the plan sets a limit of an unknown kind.
    """
    _same_suite(suite, run, "run")
    if baseline:
        _same_suite(suite, baseline, "baseline")
    clean = _readings(suite, run)
    items = _outcomes(suite, run, clean)
    beside = _read_baseline(suite, baseline) if baseline else None
    measured = [e for e in suite.examples if clean[e.id].status == "ok"]
    earned = {e.id: clean[e.id].credit for e in measured}
    drawn = clustered(suite, {"clean": list(earned.values())}, [e.group for e in measured])
    accuracy = drawn.mean("clean")
    by_guessing = mean([e.chance for e in measured]) or 0.0
    results, made, compared = _judged_checks(suite, items, beside)
    judged = _settled(suite, [*made, *_slices(suite, items)], run, guesser=guesses(accuracy, by_guessing))
    verdicts, slices = judged[: len(made)], judged[len(made) :]
    unmeasured = len(suite.examples) - len(measured)
    seen = [clean[e.id] for e in measured]
    if beside:
        compared = adjusted([clean_comparison(suite, clean, beside.clean), *compared])
    return Judgement(
        clean_accuracy=accuracy,
        clean_chance=by_guessing,
        clean_n=len(measured),
        clean_clusters=drawn.clusters,
        clean_invalid=unmeasured,
        outcomes=items,
        results=results,
        verdicts=verdicts,
        robust_accuracy=robust_accuracy(suite, earned, items, results),
        status=overall((*verdicts, *deciding(slices)), unmeasured=unmeasured),
        calibration=calibration([r.top for r in seen], [r.credit for r in seen], [r.brier for r in seen]),
        position_bias=_position_bias(suite, clean),
        correction=_correction(suite),
        baseline=f"{baseline.model} ({baseline.model_fingerprint})" if baseline else "",
        comparisons=compared,
        slices=slices,
    )


def _same_suite(suite: Suite, run: Run, what: str) -> None:
    if run.suite != suite.fingerprint:
        raise ScoreError(
            f"{what} of {run.model!r}: it was made for suite {run.suite!r}, but suite "
            f"{suite.fingerprint!r} came; score this suite, or judge the run with its own"
        )


def _readings(suite: Suite, run: Run) -> Readings:
    return {example.id: read(example, run) for example in suite.examples}


def _read_baseline(suite: Suite, run: Run) -> _Baseline:
    clean = _readings(suite, run)
    return _Baseline(run.model, clean, {row.id: row for row in _outcomes(suite, run, clean)})


def _judged_checks(
    suite: Suite, items: Sequence[Outcome], beside: _Baseline | None
) -> tuple[tuple[Result, ...], tuple[Verdict, ...], tuple[Comparison, ...]]:
    results: list[Result] = []
    verdicts: list[Verdict] = []
    compared: list[Comparison] = []
    for check in checks(suite, baseline=beside is not None):
        found, pair, decided = _judged(suite, items, beside, check)
        results.append(found)
        verdicts += decided
        if pair:
            compared.append(comparison(pair, found))
    adjusted_drops = benjamini_hochberg([found.p_drop for found in results])
    told = [replace(r, p_drop_adjusted=p) for r, p in zip(results, adjusted_drops, strict=True)]
    return tuple(told), tuple(verdicts), tuple(compared)


def _rules(suite: Suite, baseline: str = "") -> Rules:
    return Rules(min_passages(suite), suite.seed, baseline)


def _slices(suite: Suite, items: Sequence[Outcome]) -> Iterator[Verdict]:
    plan: Any = suite.plan
    if names := tuple(plan.get("slices") or ()):
        yield from sliced(suite, items, tuple(checks(suite, baseline=False)), names, rules=_rules(suite))


def _settled(suite: Suite, made: Sequence[Verdict], run: Run, *, guesser: bool) -> tuple[Verdict, ...]:
    """Return the verdicts as exploring, guessing, correction and known failures leave them."""
    verdicts = of_exploring(made, run.environment.get(EXPLORATORY, ""))
    believed = [of_a_guesser(one) for one in verdicts] if guesser else verdicts
    return tuple(_excused(suite, one) for one in _corrected(believed, _correction(suite)))


def _judged(
    suite: Suite, items: Sequence[Outcome], beside: _Baseline | None, check: Check
) -> tuple[Result, Pair | None, Sequence[Verdict]]:
    rules = _rules(suite, beside.name if beside else "")
    found, seen = measured(
        suite, items, attack=check.attack, severity=check.severity, max_drop=check.max_drop
    )
    pair = paired(suite, seen, beside.outcomes) if beside else None
    made = [decide(found, limit, seen, rules=rules, pair=pair) for limit in check.limits]
    return found, pair, of_the_seen(made, found)


def undecided(
    suite: Suite, run: Run, among: Collection[tuple[str, int]], *, baseline: Run | None = None
) -> frozenset[tuple[str, int]]:
    """Return those checks, as (attack, severity), that more passages than `run` has are needed for.

    A check is decided once each of its limits is: by an anytime gate, or because it cannot be measured.
    Limits that only a fixed gate can decide need all passages. What is decided here is what `judge` would
    say of a whole run.
    """
    asked = tuple(v for v in suite.variants if (v.attack, v.severity) in among)
    part = replace(suite, variants=asked)
    clean = _readings(suite, run)
    items = _outcomes(part, run, clean)
    beside = _read_baseline(part, baseline) if baseline else None
    left = set(among)
    for check in checks(suite, baseline=beside is not None):
        key = check.attack, check.severity
        if key in left:
            found, _, decided = _judged(suite, items, beside, check)
            if all(_is_final(one, found) for one in decided):
                left.discard(key)
    return frozenset(left)


def _is_final(one: Verdict, found: Result) -> bool:
    if not found.not_needed or found.invalid:
        return True
    if not found.n:
        return False
    if one.gate == "anytime":
        return one.status is not Status.UNDECIDED
    return one.check == "min_applicable" or one.baseline == NO_BASELINE


def _correction(suite: Suite) -> str:
    plan: Any = suite.plan
    return str(plan.get("correction") or "none")


def _corrected(verdicts: Sequence[Verdict], correction: str) -> list[Verdict]:
    """Return the verdicts with p-values after Holm; a FAIL that does not hold then is UNDECIDED."""
    made = []
    for one, p in zip(verdicts, holm([one.p_value for one in verdicts]), strict=True):
        told = replace(one, p_adjusted=p)
        if correction == "holm" and one.status is Status.FAIL and p is not None and p > ALPHA:
            reason = f"{one.reason}; after Holm over all gates p is {p:.3f}, above {ALPHA:g}"
            told = replace(told, status=Status.UNDECIDED, reason=reason)
        made.append(told)
    return made


def _excused(suite: Suite, one: Verdict) -> Verdict:
    """Return the verdict as a known failure leaves it: what was not measured is never excused."""
    known = known_failure(suite, one.attack, one.severity)
    if not known or one.status is Status.INVALID:
        return one
    if one.status is Status.PASS:
        return replace(one, reason=f"{one.reason}; it is a known failure {known}: remove that entry")
    return replace(one, known_failure=known)


def _position_bias(suite: Suite, clean: Readings) -> PositionBias:
    rows = [(e, clean[e.id].picks) for e in suite.examples if clean[e.id].status == "ok"]
    gold = [(e.answer, picks, len(e.options)) for e, picks in rows if e.answer is not None]
    table = position_table(
        [answer for answer, _, _ in gold], [picks for _, picks, _ in gold], [size for _, _, size in gold]
    )
    return PositionBias(table, rstd(table), rstd_by_chance(table))


def outcomes(suite: Suite, run: Run) -> tuple[Outcome, ...]:
    """Return one outcome per variant, in the suite's order, beside its clean source.

    A variant is `ok` only where its source was measured too; else it carries the reason. What was
    not measured is NaN. A passage whose visible length is not recorded counts as seen in full.

    Raises:
        ScoreError: a row has the wrong number of scores.
        SuiteError: a variant's source is not in the suite.
    """
    return _outcomes(suite, run, _readings(suite, run))


def _outcomes(suite: Suite, run: Run, clean: Readings) -> tuple[Outcome, ...]:
    sources = {example.id: example for example in suite.examples}
    for variant in suite.variants:
        if variant.source not in sources:
            raise SuiteError(
                f"suite {suite.name!r}: variant {variant.id!r} was made from {variant.source!r}, "
                f"but no example has that id; freeze the suite again"
            )
    found = tuple(outcome(v, sources[v.source], clean[v.source], run) for v in suite.variants)
    return _needed(found, clean, run, seed=suite.seed) if run.stopped else found


def _needed(found: Sequence[Outcome], clean: Readings, run: Run, *, seed: int) -> tuple[Outcome, ...]:
    """Return the outcomes with those marked that lie behind the passages where a check was decided.

    One whose clean question was not measured could not have been measured either, and says so.
    """
    order = passage_order((row.group for row in found), seed=seed)
    passages: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in found:
        passages[row.attack, row.severity].add(row.group)
    behind = {
        check: frozenset([group for group in order if group in passages[check]][number:])
        for check, number in run.stopped.items()
    }
    return tuple(
        replace(row, status=NOT_NEEDED if clean[row.source].status == "ok" else clean[row.source].status)
        if row.status == "missing" and row.group in behind.get((row.attack, row.severity), ())
        else row
        for row in found
    )


def overall(verdicts: Sequence[Verdict], *, unmeasured: int = 0) -> Status:
    """Return the gravest status: FAIL, then INVALID, UNDECIDED, PASS; no verdict is INVALID.

    Known failures decide nothing: where nothing else is left, the run passes.

    Args:
        verdicts: all verdicts of a run.
        unmeasured: clean examples without a usable row; any is as grave as an INVALID verdict.

    >>> overall(())
    <Status.INVALID: 'invalid'>
    """
    found = {one.status if not one.known_failure else Status.PASS for one in verdicts}
    if unmeasured or not found:
        found.add(Status.INVALID)
    return min(found, key=_ORDER.index)
