"""What a comparison of two neuron analyses says in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.neurons.compared import Agreement, Fate, NeuronsCompared, UnitBeside
from robustness.reports.neuron_wording import with_ends
from robustness.reports.wording import NONE, count, likelihood, listed
from robustness.results import MIN_PASSAGES, Estimate

__all__ = ["FATES", "facts", "headline", "pairing", "spreads"]

FATES = {
    Fate.KEPT: "a shortcut in both, or a guardian in both",
    Fate.GONE: "a shortcut or guardian of A alone, and its lift is shown to be weaker in B",
    Fate.NEW: "a shortcut or guardian of B alone, and its lift is shown to be weaker in A",
    Fate.OPEN: "a shortcut or guardian of one alone, but that its lift is weaker in the other is not shown",
    Fate.MOVED: "its effect is shown to differ, and it is no shortcut or guardian of one alone",
    Fate.ALIKE: "no difference of a tenth of a spread is shown, which is no proof that there is none",
    Fate.ESTIMATED: "not exact in both, so not judged",
}


def headline(made: NeuronsCompared) -> str:
    """Return which shortcuts and guardians are in both, which are not, and whether others moved."""
    return " ".join(_headline(made))


def _headline(made: NeuronsCompared) -> Iterator[str]:
    if not made.by_address:
        yield pairing(made)
    told = [
        (Fate.KEPT, "{} in both"),
        (Fate.GONE, "{} of " + made.a.label + " gone in " + made.b.label),
        (Fate.NEW, "{} new in " + made.b.label),
        (Fate.OPEN, "{} in one alone, not shown to be weaker in the other"),
    ]
    found = [
        f"{words.format(made.fates[fate])} ({_units(made, fate)})"
        for fate, words in told
        if made.fates.get(fate)
    ]
    if not made.exact:
        yield "No unit is exact in both, so nothing is judged."
        return
    if found:
        yield f"Shortcut and guardian units: {'; '.join(found)}."
    else:
        yield f"Neither has a shortcut or guardian among the {count(made.exact, 'unit')} exact in both."
    moved = made.fates.get(Fate.MOVED, 0)
    others = "other " if found else ""
    if moved:
        names = [_pair(unit) for unit in made.of(Fate.MOVED)]
        yield f"{count(moved, f'{others}unit')} moved: {listed(names, total=moved)}."
    else:
        yield f"No {others}unit is shown to have moved."


def _units(made: NeuronsCompared, fate: Fate) -> str:
    own = made.of(fate)
    return listed([f"{_role(unit)} {_pair(unit)}" for unit in own], total=made.fates[fate])


def _pair(unit: UnitBeside) -> str:
    return unit.id if unit.id == unit.partner else f"{unit.id} as {unit.partner}"


def _role(unit: UnitBeside) -> str:
    both = (unit.quadrant_a, unit.quadrant_b)
    return next(str(own) for own in both if own in ("shortcut", "guardian"))


def pairing(made: NeuronsCompared) -> str:
    """Return how units were paired, and why so."""
    home = f"{100 * made.at_home:.0f}%"
    if made.by_address:
        return (
            f"Units are compared by address: {home} of them are most alike to the one at their own address, "
            "as in checkpoints that began from the same weights."
        )
    return (
        f"The two are not comparable by address: only {home} of the units of {made.a.label} are most alike "
        f"to the one at their own address in {made.b.label}, so they did not begin from the same weights. "
        f"Units are paired by what they do on the same tokens; {100 * made.unmatched:.0f}% have no partner."
    )


def facts(made: NeuronsCompared) -> tuple[str, ...]:
    """Return what else must be known, sentence by sentence."""
    return tuple(_facts(made))


def _facts(made: NeuronsCompared) -> Iterator[str]:
    lifts = "attacked" if made.attacked else "clean (no attack in the suite)"
    yield (
        f"Suite {made.suite}, {count(made.items, 'item')} in {count(made.passages, 'passage')}; units set to "
        f"{made.value}; lifts are of {lifts} margins."
    )
    if made.by_address:
        yield pairing(made)
    if made.passages < MIN_PASSAGES:
        yield f"Fewer than {MIN_PASSAGES} passages: no interval is to be trusted; take what moved as a hint."
    judged, total = made.exact, sum(made.fates.values())
    yield f"{judged:,} of {count(total, 'pair')} of units are exact in both and judged."
    yield from map(_agreed, made.agreement)
    yield from _sets(made)


def _agreed(own: Agreement) -> str:
    estimates = "" if own.exact else ", estimates among them"
    shared = (
        f"of the top {own.top} of each {len(own.shared)} are shared, {own.expected:.1f} by chance "
        f"(p {likelihood(own.p)})"
    )
    return (
        f"{own.kind}, {own.effect}: rank agreement {_plain(own.spearman)} over {count(own.units, 'unit')}"
        f"{estimates}; {shared}."
    )


def _plain(estimate: Estimate) -> str:
    return with_ends(estimate, "{:.2f}".format)


def _sets(made: NeuronsCompared) -> Iterator[str]:
    for side, letter in ((made.a, "A"), (made.b, "B")):
        if side.members:
            yield f"The set that the analysis of {side.label} tested ({letter}): {listed(side.members)}."


def spreads(estimate: Estimate) -> str:
    """Return an effect in spreads with its interval.

    >>> spreads(Estimate(0.5, 0.25, 0.75))
    '+0.50 [+0.25, +0.75]'
    """
    return with_ends(estimate, _signed)


def _signed(value: float | None) -> str:
    return NONE if value is None else f"{round(value, 2) + 0.0:+.2f}"
