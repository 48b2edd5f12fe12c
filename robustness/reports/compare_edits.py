"""Did an edit help? Said for a run of an edited checkpoint that stands beside a run of its original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from robustness.domain import Polarity
from robustness.edit_record import EDIT, EditRecord, edit_of
from robustness.reports.compared import ALPHA, EditEffect, EditJudged, EditOutcome, Match, Standing
from robustness.reports.contestants import Contestant
from robustness.reports.privacy import public_text
from robustness.reports.sheet import named
from robustness.reports.wording import count, figure, listed, spread
from robustness.results import MIN_PASSAGES, Comparison, Estimate
from robustness.stats.equivalence import leaves_out_nought

__all__ = ["judged_edits"]

_LIMIT: Final = "max_length"
_KINDS: Final[Mapping[str, str]] = {"ffn": "feed-forward unit", "head": "head", "out": "output unit"}
_WORDS: Final[Mapping[EditOutcome, str]] = {
    EditOutcome.HELPED: "helped",
    EditOutcome.HARMED: "harmed",
    EditOutcome.NOT_SHOWN: "could not be shown to help or to harm",
}


def judged_edits(found: Sequence[Contestant], matches: Sequence[Match]) -> tuple[EditJudged, ...]:
    """Return what each edit did, where a contestant or the reference is an edited checkpoint.

    Helped or harmed is said where the match stands so (p after Holm over the whole comparison), its
    interval leaves out 0, both measured the same items at one length limit, and neither run is exploratory
    or partial; all else is not shown. Where the reference is the edited one, differences are
    turned round: they are always edited minus original. Contestants of several runs are passed over.
    """
    reference = found[0]
    made = []
    for one in found[1:]:
        own = [match for match in matches if match.contestant == one.name]
        for edited, original, sign in ((one, reference, 1), (reference, one, -1)):
            record = _record(edited)
            if record is not None and len(original.runs) == 1:
                made.append(_judged(record, (edited, original), own, sign, family=len(matches)))
    return tuple(made)


def _record(one: Contestant) -> EditRecord | None:
    if len(one.runs) != 1:
        return None
    return edit_of(one.runs[0].summary.environment.get(EDIT, ""))


def _judged(
    record: EditRecord, sides: tuple[Contestant, Contestant], own: Sequence[Match], sign: int, *, family: int
) -> EditJudged:
    edited, original = sides
    known_by = _known_by(record, original)
    unfit = _unfit(edited, original)
    effects = tuple(_effect(match, sign, sides, unfit) for match in own) if known_by else ()
    what = _what(record)
    if effects:
        told = tuple(_told(what, effects, (known_by, unfit), family))
    else:
        told = (
            f"{edited.name} is an edited checkpoint of {public_text(record.model)} ({what}), and "
            f"{original.name} is another model, so this comparison does not tell what the edit did; compare "
            "with a run of the checkpoint that was edited.",
        )
    return EditJudged(
        edited=edited.name,
        original=original.name,
        source=public_text(record.model),
        known_by=known_by,
        units=record.units,
        value=record.value,
        level=record.level,
        effects=effects,
        sentences=told,
    )


def _known_by(record: EditRecord, original: Contestant) -> str:
    """How the original is known: by its fingerprint, else by its name alone; empty where it is another."""
    model = original.runs[0].summary.model
    if record.fingerprint and record.fingerprint == model.fingerprint:
        return "fingerprint"
    is_edited = _record(original) is not None
    return "name" if public_text(record.model) == model.name and not is_edited else ""


def _unfit(edited: Contestant, original: Contestant) -> str:
    """Why no difference between the two runs can be laid to the edit; empty where it can."""
    for one in (edited, original):
        if one.runs[0].proviso:
            return f"the run of {one.name} is {one.runs[0].proviso}"
    ours, theirs = (one.runs[0].summary.environment.get(_LIMIT, "") for one in (edited, original))
    if ours != theirs:
        return (
            f"{edited.name} was read to {ours or 'unknown'} tokens and {original.name} to "
            f"{theirs or 'unknown'}; check both with one --max-length"
        )
    return ""


def _effect(match: Match, sign: int, sides: tuple[Contestant, Contestant], unfit: str) -> EditEffect:
    found, (edited, original) = match.found, sides
    is_whole = edited.suite != original.suite or not any(match.left_out)
    before, after = (found.baseline, found.value)[::sign]
    difference = found.difference if sign > 0 else _turned(found.difference)
    return EditEffect(
        attack=found.attack,
        severity=found.severity,
        polarity=match.polarity,
        measure=found.measure,
        original=before,
        edited=after,
        chance=_chance(match, original) if found.measure == "accuracy" else None,
        difference=difference,
        p_adjusted=found.p_adjusted,
        passages=found.clusters,
        left_out=match.left_out if sign > 0 else (match.left_out[1], match.left_out[0]),
        outcome=_outcome(match.standing, found, sign) if is_whole and not unfit else EditOutcome.NOT_SHOWN,
    )


def _chance(match: Match, original: Contestant) -> float | None:
    summary = original.runs[0].summary
    if match.polarity is None:
        return summary.clean.chance
    asked = (match.found.attack, match.found.severity)
    return next((a.chance for a in summary.attacks if (a.name, a.severity) == asked), None)


def _turned(estimate: Estimate) -> Estimate:
    def minus(value: float | None) -> float | None:
        return None if value is None else 0.0 - value

    return Estimate(minus(estimate.value), minus(estimate.high), minus(estimate.low))


def _outcome(standing: Standing, found: Comparison, sign: int) -> EditOutcome:
    if standing not in (Standing.BETTER, Standing.WORSE) or not leaves_out_nought(found.difference):
        return EditOutcome.NOT_SHOWN
    is_better = (standing is Standing.BETTER) == (sign > 0)
    return EditOutcome.HELPED if is_better else EditOutcome.HARMED


def _what(record: EditRecord) -> str:
    """Return the edit in words, such as `4 heads set to zero: head.1.1, ...`."""
    kinds = Counter(_KINDS.get(unit.partition(".")[0], "unit") for unit in record.units)
    units = " and ".join(count(number, kind) for kind, number in sorted(kinds.items()))
    done = {
        "zero": "set to zero",
        "mean": f"held at {'its mean' if len(record.units) == 1 else 'their means'}",
        "clamp": f"held at {record.level:g}",
        "scale": f"scaled by {record.level:g}",
    }.get(record.value, f"changed ({record.value})")
    return f"{units} {done}: {listed(record.units)}"


def _told(what: str, effects: Sequence[EditEffect], known: tuple[str, str], family: int) -> Iterator[str]:
    known_by, unfit = known
    attacks = [one for one in effects if one.polarity is Polarity.ATTACK]
    told = "; it ".join(_outcomes(attacks, family)) or "was judged under no attack"
    yield f"The edit ({what}) {told}. {_on_clean(effects, family)}"
    others = [one for one in effects if one.polarity not in (None, Polarity.ATTACK)]
    if others:
        yield f"Under conditions other than attacks the edit {'; it '.join(_outcomes(others, family))}."
    if unfit:
        yield f"What the edit did is not shown whatever the numbers: {unfit}."
    if known_by == "name":
        yield (
            "The original is known by its name alone: its fingerprint is not the one that the edit records "
            "(another length limit, device or library, or another model of this name)."
        )


def _outcomes(effects: Sequence[EditEffect], family: int) -> Iterator[str]:
    """Yield one phrase per outcome, help first."""
    for outcome, words in _WORDS.items():
        own = [f"{_name(one)}: {_numbers(one, family)}" for one in effects if one.outcome is outcome]
        if own:
            yield f"{words} on {'; on '.join(own)}"


def _name(one: EditEffect) -> str:
    return named(one.attack, one.severity)


def _numbers(one: EditEffect, family: int) -> str:
    """Return before, after, difference and interval, and why nothing is shown where that is odd."""
    if one.difference.value is None:
        return "not measured"
    measure = "margin kept" if one.measure == "margin_retained" else _MEASURES.get(one.measure, one.measure)
    better = " (lower is better)" if one.measure == "margin_retained" else ""
    if one.chance is not None and one.polarity is Polarity.ATTACK:
        better = f" (a guess: {figure(one.chance, one.measure)})"
    told = f"{measure} {figure(one.original, one.measure)} to {figure(one.edited, one.measure)}{better}"
    return f"{told}, {_difference(one)}{_why_not(one, family)}"


_MEASURES: Final[Mapping[str, str]] = {"accuracy": "accuracy", "auroc": "AUROC"}


def _difference(one: EditEffect) -> str:
    unit = "auroc" if one.measure == "auroc" else "drop"
    value = one.difference.value
    sign = "+" if value is not None and value > 0 else ""
    ends = spread(one.difference, unit)
    said = f"{sign}{figure(value, unit)}{'' if unit == 'auroc' else ' points'}"
    return f"{said}, 95% interval {ends}" if ends else said


def _why_not(one: EditEffect, family: int) -> str:
    if one.outcome is not EditOutcome.NOT_SHOWN:
        return ""
    if one.passages < MIN_PASSAGES:
        return f" (fewer than {MIN_PASSAGES} passages)"
    if any(one.left_out):
        return f" (up to {count(max(one.left_out), 'item')} not measured by both, so nothing is shown)"
    if leaves_out_nought(one.difference) and (one.p_adjusted or 0.0) > ALPHA:
        return (
            f" (the interval, unrounded, leaves out 0, but Holm over {count(family, 'comparison')} does not)"
        )
    return ""


def _on_clean(effects: Iterable[EditEffect], family: int) -> str:
    clean = next((one for one in effects if one.polarity is None), None)
    if clean is None or clean.difference.value is None:
        return "What it costs on unchanged questions was not measured."
    numbers = _numbers(clean, family)
    if clean.outcome is EditOutcome.HARMED:
        return f"It has a cost on unchanged questions: {numbers}."
    if clean.outcome is EditOutcome.HELPED:
        return f"It has no cost on unchanged questions, it helped there too: {numbers}."
    return f"On unchanged questions neither a cost nor a gain is shown: {numbers}."
