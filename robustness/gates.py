"""A judged run -> one gate per check: what a test runner turns into an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from robustness.domain import Status
from robustness.errors import PlanError, unknown
from robustness.judging.provisos import guesses, of_a_guesser, of_exploring, of_the_seen
from robustness.judging.slices import deciding
from robustness.judging.verdicts import LIMITS, overall, verdict
from robustness.reports.escape import log_text
from robustness.reports.illustrations import Excerpt, Telling
from robustness.reports.options_compared import Compared, compared
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import (
    POLARITIES,
    amount,
    asked,
    between,
    count,
    excused,
    figure,
    judged,
    likelihood,
    percent,
    spread,
)
from robustness.results import EXPLORATORY, MIN_PASSAGES, Verdict

__all__ = ["GRAVITY", "Gate", "Part", "gate", "slices_of", "summary_lines", "verdicts_of"]

Number: TypeAlias = str | int | float
Properties: TypeAlias = tuple[tuple[str, Number], ...]

_PREFIX = "robustness_"
UNJUDGED = "unjudged"
GRAVITY = ("fail", "invalid", "undecided", UNJUDGED, "pass")
"""What `robustness_status` may say, the gravest first."""


@dataclass(frozen=True, slots=True)
class Part:
    """One limit on one slice, as a test runner shows it."""

    name: str
    """`question-word: why`, and the kind of limit."""
    outcome: Literal["passed", "failed", "skipped"]
    """Skipped: undecided, not measured, or a failure that is known; it decides nothing."""
    line: str
    """What was measured and what was asked, on one line."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One check, judged."""

    check: tuple[str, int]
    """Attack and severity."""
    status: Status | None
    """None where no limit is set: measured, but there is nothing to judge."""
    line: str
    """What was measured and what was asked, on one line."""
    message: str
    """`line` first, then why, provenance and the most telling items."""
    properties: Properties
    """For JUnit and the terminal; every name starts with `robustness_`."""
    found: AttackSummary
    known_failure: str = ""
    """Until when, whose and why the status is expected; empty where it is not."""
    parts: tuple[Part, ...] = ()
    """Its slices, where some were asked for."""


def verdicts_of(
    summary: Summary,
    check: tuple[str, int],
    *,
    limits: Mapping[str, float] | None = None,
    min_passages: int = MIN_PASSAGES,
) -> tuple[Verdict, ...]:
    """Return the verdicts on one attack and severity: the run's own, or those of other limits.

    Raises:
        PlanError: the run has no such check, or a limit is of an unknown kind.
    """
    if limits is None:
        return tuple(v for v in summary.verdicts if (v.attack, v.severity) == check)
    found = _found(summary, check)
    made = [verdict(found, kind, limits[kind], min_passages=min_passages) for kind in limits]
    seen = of_exploring(of_the_seen(made, found), summary.environment.get(EXPLORATORY, ""))
    guesser = guesses(summary.clean.accuracy, summary.clean.chance)
    return tuple(of_a_guesser(one) if guesser else one for one in seen)


def slices_of(summary: Summary, check: tuple[str, int]) -> tuple[Verdict, ...]:
    """Return the verdicts on the slices of one attack and severity; none where none were asked for."""
    return tuple(v for v in summary.slices if (v.attack, v.severity) == check)


def gate(
    summary: Summary,
    check: tuple[str, int],
    verdicts: Sequence[Verdict],
    *,
    slices: Sequence[Verdict] = (),
) -> Gate:
    """Return one check of a run under some verdicts; the gravest one speaks for it.

    A slice that fails fails its check; one that does not has no say.

    Nothing passes in a run in which clean questions were not measured: a PASS or an UNDECIDED
    becomes INVALID, as the whole run does. A known failure speaks only where nothing else fell short.

    Raises:
        PlanError: the run has no such check.
    """
    found = _found(summary, check)
    name = f"{check[0]}[{check[1]}]"
    if not verdicts:
        line = f"{name}: no limit is set, so there is nothing to judge; {_plainly(found)}"
        return Gate(check, None, line, line, _properties(summary, name, _unjudged(found)), found)
    status, spoken = _spoken((*verdicts, *deciding(slices)), summary.clean.invalid)
    known = spoken.known_failure if excused(spoken) and status is spoken.status else ""
    figures = _figures(spoken, summary.clean.invalid)
    line = f"{status.upper()} {name}: {figures}"
    told = "\n".join([line, *_details(summary, found, (*verdicts, *deciding(slices)))])
    values = _judged(spoken, status, figures) | {"note": f"known failure {known}" if known else None}
    parts = tuple(_part(name, one) for one in slices)
    return Gate(check, status, line, told, _properties(summary, name, values), found, known, parts)


def _part(name: str, one: Verdict) -> Part:
    outcomes: dict[Status, Literal["passed", "failed", "skipped"]]
    outcomes = {Status.PASS: "passed", Status.FAIL: "skipped" if excused(one) else "failed"}
    line = f"{one.status.upper()} {name}: {_figures(one, 0)}"
    return Part(f"{one.slice}, {one.check}", outcomes.get(one.status, "skipped"), line)


def _spoken(verdicts: Sequence[Verdict], unmeasured: int) -> tuple[Status, Verdict]:
    """Return how a check ended, and the verdict that says so."""
    told = [one for one in verdicts if excused(one)]
    status = overall(verdicts, unmeasured=unmeasured)
    if status is Status.PASS and told:
        gravest = min(told, key=lambda v: GRAVITY.index(v.status))
        return gravest.status, gravest
    decisive = [one for one in verdicts if one not in told] or told
    return status, min(decisive, key=lambda v: v.status is not status)


def summary_lines(told: Iterable[Iterable[tuple[str, object]]]) -> tuple[str, ...]:
    """Return one line per check for a terminal, the gravest first, from the properties of each test.

    >>> summary_lines([[("robustness_check", "no-passage[1]"), ("robustness_status", "invalid")]])
    ('INVALID    no-passage[1]',)
    """
    checks = [one for properties in told for one in _checks(properties) if one.get("status") in GRAVITY]
    checks.sort(key=lambda one: GRAVITY.index(one["status"]))
    return tuple(map(_summary_line, checks))


def _checks(properties: Iterable[tuple[str, object]]) -> Iterator[dict[str, str]]:
    """Yield the properties of each check of one test, which may make several."""
    checked: list[dict[str, str]] = []
    for name, value in properties:
        if name == f"{_PREFIX}check":
            checked.append({})
        if checked and name.startswith(_PREFIX):
            checked[-1][name.removeprefix(_PREFIX)] = str(value)
    yield from checked


def _summary_line(one: Mapping[str, str]) -> str:
    parts = (one.get(key, "") for key in ("measured", "note"))
    return log_text("  ".join((f"{one['status'].upper():<10} {one['check']}", *filter(None, parts))))


def _found(summary: Summary, check: tuple[str, int]) -> AttackSummary:
    for found in summary.attacks:
        if (found.name, found.severity) == check:
            return found
    known = (f"{found.name}[{found.severity}]" for found in summary.attacks)
    raise PlanError(f"run: {unknown('check', f'{check[0]}[{check[1]}]', known)}")


def _figures(one: Verdict, unmeasured: int) -> str:
    """Return a verdict in figures, and its reason where that says more than they do."""
    interval = between(one)
    value = amount(one, one.estimate) + (f" [{interval}]" if interval else "")
    parts = [
        f"{LIMITS.get(one.check, one.check).replace('_', ' ')} {value}, limit: {asked(one)}",
        f"on {one.slice}" if one.slice else "",
        f"baseline {one.baseline}" if one.baseline else "",
        _looked(one),
        f"p {likelihood(one.p_adjusted)} after Holm" if one.p_adjusted is not None else "",
        f"n {one.n:,}, {count(one.clusters, 'passage')}",
        one.reason.partition("; ")[2] if "interval [" in one.reason else one.reason,
        f"{count(unmeasured, 'clean question')} not measured" if unmeasured else "",
    ]
    return log_text("; ".join(filter(None, parts)))


def _looked(one: Verdict) -> str:
    if one.gate == "fixed":
        return ""
    when = f"decided after {count(one.step, 'passage')}" if one.step else "not decided"
    return f"{one.gate} gate, {when}"


def _plainly(found: AttackSummary) -> str:
    lost = sum(found.invalid.values())
    if not found.applicable:
        return "the attack applied to no example"
    if found.not_needed and not found.n:
        return "not scored: there was no limit to decide"
    if lost or not found.n:
        return f"{count(lost, 'variant')} not measured, {found.n:,} measured"
    measure = POLARITIES[found.polarity].measure
    interval = spread(judged(found), measure) or "no interval"
    value = figure(judged(found).value, measure)
    name = measure.replace("_", " ")
    return f"{name} {value} [{interval}]; n {found.n:,}, {count(found.clusters, 'passage')}"


def _properties(summary: Summary, name: str, values: Mapping[str, Number | None]) -> Properties:
    provenance = {"suite": summary.suite.fingerprint, "model": summary.model.fingerprint}
    told = {"check": name, **values, **provenance}
    return tuple((_PREFIX + key, value) for key, value in told.items() if value is not None)


def _judged(one: Verdict, status: Status, figures: str) -> dict[str, Number | None]:
    return {
        "status": status.value,
        "kind": one.check,
        "estimate": one.estimate,
        "low": one.low,
        "high": one.high,
        "limit": one.limit,
        "gate": one.gate,
        "step": one.step,
        "baseline": one.baseline or None,
        "p": one.p_value,
        "p_adjusted": one.p_adjusted,
        "n": one.n,
        "passages": one.clusters,
        "measured": figures,
    }


def _unjudged(found: AttackSummary) -> dict[str, Number | None]:
    return {
        "status": UNJUDGED,
        "n": found.n,
        "passages": found.clusters,
        "measured": f"no limit; {_plainly(found)}",
    }


def _details(summary: Summary, found: AttackSummary, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for one in verdicts:
        where = f" on {one.slice}" if one.slice else ""
        yield f"{one.status.value}: {one.check}{log_text(where)}: {log_text(one.reason)}"
    yield log_text(f"model {summary.model.name} ({summary.model.fingerprint})")
    yield log_text(f"suite {summary.suite.name} ({summary.suite.fingerprint}), data {summary.data}")
    if found.claim:
        yield log_text(f"claim: {found.claim}")
    for place, item in enumerate(found.examples, 1):
        yield ""
        yield from _item(place, item)


def _item(place: int, item: Telling) -> Iterator[str]:
    yield log_text(f"{place}. {item.id}{f'  {item.question}' if item.question else ''}")
    for edit in item.edits:
        where = f"option {edit.index}" if edit.place == "option" else edit.place
        yield log_text(f"   {where} before: {edit.before or '(empty)'}")
        yield log_text(f"   {where} now:    {_marked(edit) or '(empty)'}")
    yield "   gold    clean      now  option"
    yield from (_option(option) for option in compared(item))


def _option(option: Compared) -> str:
    before = _probability(option.before, "new", chosen=option.chosen_before)
    after = _probability(option.after, "removed", chosen=option.chosen_after)
    return log_text(f"   {'*' if option.gold else '':<4} {before:>8} {after:>8}  {option.label}")


def _probability(value: float | None, absent: str, *, chosen: bool) -> str:
    """Return a probability, with a mark where the option was chosen."""
    return f"{'>' if chosen else ''}{absent if value is None else percent(value)}"


def _marked(edit: Excerpt) -> str:
    """Return the text with what the attack wrote between marks."""
    shown = edit.after
    for low, high in reversed(edit.marks):
        shown = f"{shown[:low]}«{shown[low:high]}»{shown[high:]}"
    return shown
