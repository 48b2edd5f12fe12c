"""The tables of a neuron analysis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from robustness.neurons.findings import HeldOut, Quadrant, UnitEffects
from robustness.neurons.summary import LayerProfile, NeuronSummary
from robustness.reports.neuron_wording import change
from robustness.reports.sheet import Sheet
from robustness.reports.wording import NONE, likelihood, percent
from robustness.results import Estimate

__all__ = ["sheets"]

_TOP = 10
_SHOWN = (Quadrant.SHORTCUT, Quadrant.GUARDIAN, Quadrant.ESSENTIAL, Quadrant.INERT, Quadrant.UNDECIDED)

_QUADRANTS = (
    "Shortcut: ablation lifts attacked margins beyond clean ones, at a clean cost below the tolerance. "
    "Guardian: it lowers attacked margins beyond clean ones, at such a cost. Essential: it lowers both. "
    "Inert: both intervals lie within the tolerance. Undecided: the intervals do not tell. All but inert are "
    "corrected for the number of units (Benjamini-Hochberg, 5%)."
)


def sheets(summary: NeuronSummary) -> tuple[Sheet, ...]:
    """Return the tables in the order in which they are read; those without rows are left out."""
    made = (
        _sets(summary),
        _profile(summary),
        _units(summary, summary.units, "neuron-units", "Top units"),
        _units(summary, summary.heads, "neuron-heads", "Top heads"),
        _patching(summary),
        _transfer(summary),
        _screen(summary),
    )
    return tuple(sheet for sheet in made if sheet.rows)


def _sets(summary: NeuronSummary) -> Sheet:
    test = summary.headline
    members = ", ".join(test.members) if test else ""
    return Sheet(
        id="neuron-sets",
        title="The set, judged on passages that did not choose it",
        caption=f"Accuracy with the set ablated, beside {test.random_sets if test else 0} random sets of the "
        "same layers and like strength.",
        heads=("Condition", "n", "Before", "Change", "McNemar p", "Random sets", "p (random)"),
        rows=tuple(map(_held_out, test.heldout if test and test.members else ())),
        notes=(
            f"The set: {members}.",
            "p (random): share of random sets that lift as much, the set counted.",
        ),
    )


def _held_out(own: HeldOut) -> tuple[str, ...]:
    band = NONE if own.random is None else " to ".join(f"{100 * end:+.1f}" for end in own.random)
    return (
        own.condition,
        str(own.n),
        percent(own.before),
        change(own.change),
        likelihood(own.p),
        band,
        likelihood(own.random_p),
    )


def _profile(summary: NeuronSummary) -> Sheet:
    return Sheet(
        id="neuron-layers",
        title="Layer by layer",
        caption="Mean and largest change of the attacked margin by one unit, in logits: exact where known, "
        "else estimated. Units by quadrant; what was only estimated is in none.",
        heads=("Layer", "Units", "Exact", "Mean", "Largest", *map(str, _SHOWN)),
        rows=tuple(map(_layer, summary.layers)),
        notes=(
            _QUADRANTS,
            f"Tolerance: {summary.tolerance:.3g} logits, a tenth of the spread of clean margins.",
        ),
    )


def _layer(own: LayerProfile) -> tuple[str, ...]:
    counts = (str(own.quadrants.get(kind, 0)) for kind in map(str, _SHOWN))
    figures = (f"{own.units:,}", f"{own.verified:,}", f"{own.mean_size:.3g}", f"{own.largest:.3g}")
    return (f"{own.kind}.{own.layer}", *figures, *counts)


def _units(summary: NeuronSummary, units: Iterable[UnitEffects], name: str, title: str) -> Sheet:
    known = [unit for unit in units if unit.verified]
    order = sorted(known, key=lambda unit: (not unit.discovered, -abs(unit.lift.value or 0.0)))
    attacked = "attacked" if len(summary.data["conditions"]) > 1 else "clean"
    return Sheet(
        id=name,
        title=title,
        caption=f"Exact effects of ablating one, in logits, 95% interval over passages: {attacked} margin "
        "(lift), clean margin (cost), and the lift beyond what the same items gain when clean.",
        heads=(
            "Unit",
            "Quadrant",
            "Lift",
            "Clean cost",
            "Beyond clean",
            "q",
            "Right / wrong turned",
            "Classes",
        ),
        rows=tuple(map(_unit, order[:_TOP])),
        words=2,
        notes=("q: sign-flip test of the last effect by passage, corrected for all units.",),
    )


def _unit(unit: UnitEffects) -> tuple[str, ...]:
    up, down = sum(own[2] for own in unit.effects), sum(own[3] for own in unit.effects)
    return (
        unit.id,
        str(unit.quadrant),
        *map(_logits, (unit.lift, unit.cost, unit.specific)),
        likelihood(unit.q),
        f"{up} / {down}",
        ", ".join(unit.traits) or NONE,
    )


def _logits(estimate: Estimate) -> str:
    if estimate.value is None:
        return NONE
    ends = "" if estimate.low is None else f" [{estimate.low:+.3f}, {estimate.high:+.3f}]"
    return f"{estimate.value:+.3f}{ends}"


def _patching(summary: NeuronSummary) -> Sheet:
    rows = tuple(
        (
            own.unit,
            own.condition,
            str(own.n),
            *map(_logits, (own.total, own.indirect, own.restored)),
            percent(own.share),
            percent(own.tokens),
        )
        for own in summary.patching
    )
    return Sheet(
        id="neuron-patching",
        title="Patched between clean and attacked inputs",
        caption="What an attack does to the margin, what it does through one unit alone, and what the unit's "
        "clean values give back on attacked inputs.",
        heads=("Unit", "Attack", "n", "Attack", "Through the unit", "Given back", "Share", "Tokens patched"),
        rows=rows,
        words=2,
        notes=(
            "Inserted tokens have no partner and are not patched; shares of units need not add up to 100%.",
        ),
    )


def _transfer(summary: NeuronSummary) -> Sheet:
    judged = sorted({name for own in summary.transfer.values() for name in own})
    rows = tuple(
        (name, *(f"{own[other]:+.3f}" if other in own else NONE for other in judged))
        for name, own in summary.transfer.items()
    )
    return Sheet(
        id="neuron-transfer",
        title="Does a set chosen on one attack help against another?",
        caption="Change of the mean margin on held-out passages, in logits: chosen on the row, judged on "
        "the column.",
        heads=("Chosen on", *judged),
        rows=rows,
        notes=(
            "Large on the diagonal alone: artefacts of single attacks. Large everywhere: a common shortcut.",
        ),
    )


def _screen(summary: NeuronSummary) -> Sheet:
    rows: Sequence[tuple[str, ...]] = [
        (
            f"{own.kind}.{own.layer}",
            own.status,
            f"{own.verified:,} of {own.units:,}",
            NONE if own.radius is None else f"{own.radius:.3g}",
            NONE if own.correlation is None else f"{own.correlation:.2f}",
            f"{own.exceeding} of {own.audited}",
            f"{own.missed:,}",
        )
        for own in summary.screen
    ]
    return Sheet(
        id="neuron-screen",
        title="How far the first-order screen can be trusted",
        caption="Random units of each layer were computed exactly and held against their estimates.",
        heads=("Layer", "Status", "Exact", "Radius", "Correlation", "Found in the audit", "Missed at most"),
        rows=tuple(rows),
        words=2,
        notes=(
            "Radius: a further unit's exact effect lies this near to its estimate with probability 95% "
            "(split conformal). Missed at most: 95% bound on units at the tolerance or beyond that were "
            "never computed. Not certified: correlation below 0.8, a radius above the tolerance, or no time.",
        ),
    )
