"""The tables of a comparison of two neuron analyses."""

from __future__ import annotations

from robustness.neurons.compared import Agreement, LayerBeside, NeuronsCompared, UnitBeside
from robustness.neurons.findings import Quadrant
from robustness.reports.neurons_compared_wording import FATES, spreads
from robustness.reports.sheet import Sheet
from robustness.reports.wording import NONE, likelihood, percent

__all__ = ["sheets"]


def sheets(made: NeuronsCompared) -> tuple[Sheet, ...]:
    """Return the tables in the order in which they are read; those without rows are left out."""
    found = (
        _units(made),
        _quadrants(made),
        _accuracy(made),
        _agreement(made),
        _layers(made),
        _likeness(made),
    )
    return tuple(sheet for sheet in found if sheet.rows)


def _units(made: NeuronsCompared) -> Sheet:
    used = [f"{fate}: {words}." for fate, words in FATES.items() if fate in {u.fate for u in made.units}]
    return Sheet(
        id="compared-units",
        title="Unit by unit",
        caption=f"A is {made.a.label}, B is {made.b.label}. Effects of ablating one unit, in spreads of "
        "clean margins, 95% interval over passages.",
        heads=(
            "Unit",
            *(() if made.by_address else ("In B",)),
            "Fate",
            "Quadrant in A",
            "Quadrant in B",
            "Tested set of",
            "Lift in A",
            "Lift in B",
            "Change of lift",
            "q",
            "Change of clean cost",
            "q (cost)",
            "Likeness",
            "Weights moved",
        ),
        rows=tuple(_unit(unit, by_address=made.by_address) for unit in made.units),
        words=5 if made.by_address else 6,
        notes=(
            *used,
            "q: sign-flip test of the change by passage, corrected for all units exact in both.",
            "Likeness: absolute correlation of activations on the same tokens; of heads, linear CKA.",
            "Weights moved: norm of the change of a unit's weights, as a multiple of its layer's median.",
        ),
    )


def _unit(unit: UnitBeside, *, by_address: bool) -> tuple[str, ...]:
    return (
        unit.id,
        *(() if by_address else (unit.partner,)),
        str(unit.fate),
        str(unit.quadrant_a),
        str(unit.quadrant_b),
        unit.sets or NONE,
        spreads(unit.lift_a),
        spreads(unit.lift_b),
        spreads(unit.lift_change),
        likelihood(unit.q_lift),
        spreads(unit.cost_change),
        likelihood(unit.q_cost),
        _number(unit.likeness),
        _number(unit.weight_change),
    )


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _quadrants(made: NeuronsCompared) -> Sheet:
    shown = [q for q in Quadrant if any(q in (own.quadrant_a, own.quadrant_b) for own in made.quadrants)]
    counts = {(own.kind, own.quadrant_a, own.quadrant_b): own.units for own in made.quadrants}
    kinds = sorted({own.kind for own in made.quadrants})
    rows = tuple(
        (kind, str(a), *(f"{counts.get((kind, a, b), 0):,}" for b in shown), f"{total:,}")
        for kind in kinds
        for a in shown
        if (total := sum(counts.get((kind, a, b), 0) for b in shown))
    )
    return Sheet(
        id="compared-quadrants",
        title="From quadrant to quadrant",
        caption="Units that are exact in both: what they are in A, row by row, and in B, column by column.",
        heads=("Kind", "In A", *(f"{quadrant} in B" for quadrant in shown), "All"),
        rows=rows,
        words=2,
        notes=(
            "A unit can cross a limit by noise alone: that it moved is said only where its change is tested.",
        ),
    )


def _accuracy(made: NeuronsCompared) -> Sheet:
    rows = tuple(
        (name, percent(made.a.baseline[name][0]), percent(made.b.baseline[name][0]), *_margins(made, name))
        for name in made.conditions
        if name in made.a.baseline and name in made.b.baseline
    )
    return Sheet(
        id="compared-accuracy",
        title="Both as they are",
        caption="Accuracy and mean margin (gold logit minus the best other) without any ablation.",
        heads=(
            "Condition",
            "Accuracy of A",
            "Accuracy of B",
            "Margin of A (logits)",
            "Margin of B (logits)",
            "n",
        ),
        rows=rows,
    )


def _margins(made: NeuronsCompared, name: str) -> tuple[str, str, str]:
    ours, theirs = made.a.baseline[name], made.b.baseline[name]
    return f"{ours[1]:+.2f}", f"{theirs[1]:+.2f}", str(ours[2])


def _agreement(made: NeuronsCompared) -> Sheet:
    return Sheet(
        id="compared-agreement",
        title="Do they agree on which units matter?",
        caption="Spearman's rank correlation of the effects over units, 95% interval by leaving out each "
        "passage in turn; and the units with the largest effects.",
        heads=("Kind", "Effect", "Units", "Spearman", "95% interval", "Top", "Shared", "By chance", "p"),
        rows=tuple(map(_agreed, made.agreement)),
        words=2,
        notes=(
            "By chance: were each layer's top units drawn from that layer at random; p is hypergeometric, "
            "layers added up.",
        ),
    )


def _agreed(own: Agreement) -> tuple[str, ...]:
    found = own.spearman
    return (
        own.kind,
        own.effect if own.exact else f"{own.effect} (estimates too)",
        f"{own.units:,}",
        _number(found.value),
        NONE if found.low is None else f"{found.low:.2f} to {found.high:.2f}",
        str(own.top),
        str(len(own.shared)),
        f"{own.expected:.1f}",
        likelihood(own.p),
    )


def _layers(made: NeuronsCompared) -> Sheet:
    return Sheet(
        id="compared-layers",
        title="Layer by layer",
        caption="Mean size of the lift of one unit, in spreads of each checkpoint's own clean margins.",
        heads=("Layer", "Units", "Exact in both", "Mean |lift| in A", "Mean |lift| in B"),
        rows=tuple(
            (_name(own), f"{own.units:,}", f"{own.exact:,}", f"{own.size_a:.3g}", f"{own.size_b:.3g}")
            for own in made.layers
        ),
    )


def _name(own: LayerBeside) -> str:
    return f"{own.likeness.kind}.{own.likeness.layer}"


def _likeness(made: NeuronsCompared) -> Sheet:
    return Sheet(
        id="compared-likeness",
        title="How alike the layers are",
        caption="On the same random clean tokens of passage, question and options.",
        heads=(
            "Layer",
            "Same address",
            "At home",
            "Paired",
            "CKA",
            "Floor",
            "SVCCA",
            "Floor",
            "Weights moved",
        ),
        rows=tuple(map(_alike, made.layers)),
        notes=(
            "Same address: median absolute correlation of units with one address (heads: linear CKA). At "
            "home: share of units that are most alike to the one at their own address.",
            "CKA: linear centred kernel alignment. SVCCA: mean canonical correlation of the main directions. "
            "Floor: what 95% of shuffles of the tokens stay below.",
            "Weights moved: median over units of the norm of the change of a unit's weights over their norm "
            "in A, from sketches of 32 numbers: good to about an eighth.",
        ),
    )


def _alike(own: LayerBeside) -> tuple[str, ...]:
    found = own.likeness
    return (
        _name(own),
        _number(found.same_place),
        percent(found.at_home),
        percent(found.matched),
        _number(found.cka),
        _number(found.cka_floor),
        _number(found.svcca),
        _number(found.svcca_floor),
        percent(found.weight_change),
    )
