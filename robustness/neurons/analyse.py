"""The whole analysis: suite + model -> cube -> effects, sets and certificates -> summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity, Suite
from robustness.errors import DataError, UsageError
from robustness.neurons.conditions import CLEAN, Condition, conditions, margins, rights
from robustness.neurons.cost import Cost, forward_flops, naive_flops, unit_flops
from robustness.neurons.effects import UnitEffects, changes, pooled, unit_effects
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.parts import Parts
from robustness.neurons.sequences import sequences
from robustness.neurons.sets import Chosen, SetTest, halves, matched, select, set_test, within
from robustness.neurons.sites import KINDS, Kind, Site, anatomy, enumerate_sites
from robustness.neurons.store import write_cube
from robustness.neurons.summary import NeuronSummary, counted, profile, top_units
from robustness.neurons.verify import Budget, Verification, verified

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["Exact", "analyse", "estimate"]

Floats = npt.NDArray[np.float64]
Exact = Literal["all"] | int
"""Layers, from the top, in which every unit is computed exactly."""

Progress = Callable[[str, int], object]
"""Called with the step and how many cells (units x sequences) it has just done."""

_TOP: Final = 2
_TOLERANCE: Final = 0.1
_NEAR: Final = 1e-4
"""A margin under ablation this near to 0 is computed by hooks before it counts as a flip."""


def analyse(  # noqa: PLR0913 - what is asked, how deeply, how it is computed, where it goes
    model: HuggingFaceModel,
    suite: Suite,
    *,
    sites: Iterable[Kind] = ("ffn", "head"),
    budget: Budget | None = None,
    exact: Exact = _TOP,
    settings: Settings | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> NeuronSummary:
    """Return what each unit and head does to the margins of a suite, clean and under each attack.

    All units are screened to first order. Units of the top `exact` layers, all heads, and what `budget`
    allows below are computed exactly. A set chosen on one half of the passages is judged on the other.

    Args:
        model: a checkpoint that is loaded.
        suite: clean examples and their variants; it should hold at least one attack.
        sites: kinds of units: `ffn`, `out`, `head`.
        budget: how many units to verify and sets to draw.
        exact: top layers to compute whole, or `all`.
        settings: replacement values, memory and checks.
        folder: for finished parts, so that a killed run goes on, and for the cube; None keeps nothing.
        progress: called as cells are done.

    Raises:
        UsageError: kinds, layers or the budget do not fit the network.
        DataError: no item can be measured.
        ModelError: the fast path fails its spot check.
    """
    kinds, chosen = _kinds(sites), settings or Settings()
    wanted = budget or Budget()
    data = sequences(model, suite)
    found = conditions(suite, data)
    if not found or found[0].name != CLEAN:
        raise DataError("neuron analysis: no clean item can be measured; give a suite with labelled items")
    parts = Parts(None if folder is None else folder / "parts", salt=model.fingerprint)
    ablator = Ablator(model.network, data, kinds=kinds, settings=chosen, parts=parts)
    cube = _cube(ablator, found, (exact, wanted), progress)
    units = unit_effects(
        [str(site) for site in cube.sites],
        cube.verified.tolist(),
        [changes(cube.logits, cube.base, condition) for condition in found],
        tolerance=cube.tolerance,
        seed=chosen.ablation.seed,
    )
    tests = _tests(ablator, cube, found, wanted)
    if folder is not None:
        write_cube(folder, cube.sites, cube.verified, base=cube.base, logits=cube.logits)
    return _summary(model, suite, ablator, (cube, found), (units, tests))


@dataclass(frozen=True, slots=True, eq=False)
class _Cube:
    """Logits by unit and sequence, exact where verified, else estimated."""

    sites: tuple[Site, ...]
    base: npt.NDArray[np.floating]
    logits: npt.NDArray[np.floating]
    verified: npt.NDArray[np.bool_]
    size: Mapping[tuple[Kind, int], npt.NDArray[np.floating]]
    tolerance: float
    state: Verification


def _kinds(sites: Iterable[Kind]) -> tuple[Kind, ...]:
    kinds = tuple(sorted(set(sites)))
    if not kinds or set(kinds) - set(KINDS):
        raise UsageError(
            f"sites: {', '.join(kinds) or 'nothing'} came, but some of {', '.join(KINDS)} are needed"
        )
    return kinds


def _exhaustive(kinds: Iterable[Kind], layers: int, exact: Exact) -> list[tuple[str, int]]:
    if exact != "all" and not 0 <= exact <= layers:
        raise UsageError(
            f"exact: {exact!r} came, but the network has {layers} layers; give 0..{layers} or 'all'"
        )
    first = 0 if exact == "all" else layers - exact
    # Heads are few: all of them cost less than one layer of units.
    return [(k, at) for k in kinds for at in range(layers) if at >= first or k == "head"]


def _cube(
    ablator: Ablator, found: Sequence[Condition], plan: tuple[Exact, Budget], progress: Progress | None
) -> _Cube:
    exact, budget = plan
    body = ablator.wired.body
    exhaustive = _exhaustive(ablator.kinds, body.layers, exact)
    base, size = ablator.base()
    sites = tuple(enumerate_sites(body, ablator.kinds))
    estimates = ablator.screen()
    logits = np.concatenate([base + estimates[key] for key in sorted(estimates)])
    if progress is not None:
        progress("screen", logits.size)
    place = {site: at for at, site in enumerate(sites)}
    known = np.zeros(len(sites), bool)
    clean = margins(base[None].astype(np.float64), found[0])[0]
    tolerance = _TOLERANCE * float(clean.std())

    def exactly(wanted: Sequence[Site]) -> Floats:
        at = [place[site] for site in wanted]
        logits[at] = ablator.exact(wanted, None if progress is None else lambda n: progress("exact", n))
        known[at] = True
        _settle(ablator, found, (base, logits), (wanted, at))
        return _lift(logits[at], base, found)

    guessed = dict(zip(sites, _lift(logits, base, found).tolist(), strict=True))
    state = verified(guessed, exhaustive, exactly, budget=budget, threshold=tolerance)
    return _Cube(sites, base, logits, known, size, tolerance, state)


def _lift(
    logits: npt.NDArray[np.floating], base: npt.NDArray[np.floating], found: Sequence[Condition]
) -> Floats:
    """Return float[U], the mean change of the margin over all attacked items; of clean without any."""
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    whole = pooled([changes(logits, base, condition) for condition in attacks])
    return changes(logits, base, found[0]).mean if whole is None else whole.mean


def _settle(
    ablator: Ablator,
    found: Sequence[Condition],
    cube: tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]],
    wanted: tuple[Sequence[Site], Sequence[int]],
) -> None:
    """Recompute through hooks the items that look flipped with a margin within 1e-4 of 0."""
    base, logits = cube
    sites, places = wanted
    near: dict[int, set[int]] = {}
    for condition in found:
        seen = changes(logits[list(places)], base, condition)
        flipped = (rights(seen.after) != rights(seen.before)) & (np.abs(seen.after) < _NEAR)
        for unit, item in zip(*np.nonzero(flipped), strict=True):
            own = condition.options[item]
            near.setdefault(int(unit), set()).update(int(row) for row in own[own >= 0])
    for unit, rows in near.items():
        chosen = sorted(rows)
        logits[places[unit], chosen] = ablator.group([sites[unit]], chosen)


def _tests(ablator: Ablator, cube: _Cube, found: Sequence[Condition], budget: Budget) -> tuple[SetTest, ...]:
    """Sets by all attacks and by each attack, judged on the other half of the passages."""
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    first, second = halves(found, seed=ablator.ablation.seed)
    choosing, judging = within(found, first), within(found, second)
    if not attacks or not judging or not choosing:
        return ()
    names: list[str | None] = [None]
    if budget.transfer and len(attacks) > 1:
        names += [condition.name for condition in attacks]
    tests = []
    for name in names:
        seen = [
            c for c in choosing if c.name in (CLEAN, name) or (name is None and c.polarity is Polarity.ATTACK)
        ]
        chosen = select(ablator, cube.base, seen, tolerance=cube.tolerance, selection=name or "attacked")
        others = _random_sets(ablator, cube, chosen, budget.random_sets if name is None else 0)
        tests.append(set_test(ablator, cube.base, judging, chosen=chosen, random_sets=others))
    return tuple(tests)


def _random_sets(ablator: Ablator, cube: _Cube, chosen: Chosen, count: int) -> tuple[tuple[Site, ...], ...]:
    if not chosen.members:
        return ()
    size = {key: own * ablator.reach(*key) for key, own in cube.size.items()}
    return matched(chosen.members, size, seed=ablator.ablation.seed, count=count)


def _summary(
    model: HuggingFaceModel,
    suite: Suite,
    ablator: Ablator,
    seen: tuple[_Cube, Sequence[Condition]],
    results: tuple[tuple[UnitEffects, ...], tuple[SetTest, ...]],
) -> NeuronSummary:
    (cube, found), (units, tests) = seen, results
    body, settings = ablator.wired.body, ablator.settings
    before = {c.name: margins(cube.base[None].astype(np.float64), c)[0] for c in found}
    ablation = {**asdict(settings.ablation), "value": settings.ablation.value.value}
    kinds = {kind: [unit for unit in units if unit.id.startswith(f"{kind}.")] for kind in ablator.kinds}
    return NeuronSummary(
        model={
            "name": model.name,
            "fingerprint": model.fingerprint,
            "path": ablator.wired.path,
            **asdict(body),
        },
        data={
            "suite": suite.name,
            "suite_fingerprint": suite.fingerprint,
            "n_items": len(suite.examples),
            "n_sequences": len(ablator.data),
            "conditions": [c.name for c in found],
            "sequences_sha": ablator.data.digest,
            "seed": settings.ablation.seed,
        },
        ablation={
            **ablation,
            "reference_sha": ablator.reference.digest,
            "block_bytes": settings.block_bytes,
            "chunk_tokens": settings.chunk_tokens,
            "positions": "all tokens",
        },
        baseline={n: (float(rights(m).mean()), float(m.mean()), len(m)) for n, m in before.items()},
        tolerance=cube.tolerance,
        units=top_units(unit for kind in kinds if kind != "head" for unit in kinds[kind]),
        heads=tuple(kinds.get("head", ())),
        quadrants={kind: counted(own) for kind, own in kinds.items()},
        traits={
            name: sum(name in unit.traits for unit in units) for name in ("artefact", "keyword", "order")
        },
        layers=profile(units, body),
        sets=tests,
        transfer=_transfer(tests, found),
        screen=cube.state.certificates,
        counts=dict(sorted(ablator.counts.items())),
        notes=_notes(ablator, found, tests),
    )


def _transfer(tests: Sequence[SetTest], found: Sequence[Condition]) -> dict[str, dict[str, float]]:
    attacks = {condition.name for condition in found if condition.polarity is Polarity.ATTACK}
    return {
        test.selection: {own.condition: own.margin for own in test.heldout if own.condition in attacks}
        for test in tests
        if test.selection in attacks
    }


def _notes(ablator: Ablator, found: Sequence[Condition], tests: Sequence[SetTest]) -> tuple[str, ...]:
    notes = ["The attacks were made on the model as it is; an adaptive attack may undo a lift."]
    if ablator.wired.path == "hooks":
        notes.append("Every cell is a whole forward pass: the fast path does not know this network.")
    if not any(condition.polarity is Polarity.ATTACK for condition in found):
        notes.append("The suite has no attack: lifts are changes of the clean margin.")
    if tests and not tests[0].members:
        notes.append("No set lifted the attacked margins of the half that chooses.")
    return tuple(notes)


def estimate(
    model: HuggingFaceModel,
    suite: Suite,
    *,
    sites: Iterable[Kind] = ("ffn", "head"),
    budget: Budget | None = None,
    exact: Exact = _TOP,
) -> Cost:
    """Return what `analyse` with the same arguments will take, without running the network.

    Random sets and selections count as whole forward passes of half the sequences.
    """
    kinds, wanted = _kinds(sites), budget or Budget()
    data, body = sequences(model, suite), anatomy(model.network.config)
    lengths = [len(row.ids) for row in data.rows]
    one_pass = sum(forward_flops(body, tokens) for tokens in lengths)
    whole = _exhaustive(kinds, body.layers, exact)
    done = {key: body.width(key[0]) for key in whole}  # type: ignore[index]
    rest = [(kind, at) for kind in kinds for at in range(body.layers) if (kind, at) not in done]
    for kind, layer in rest:
        extra = wanted.calibrate + wanted.audit + wanted.verify // len(rest)
        done[kind, layer] = min(body.width(kind), extra)
    cells = sum(
        units * sum(unit_flops(body, kind, layer, tokens) for tokens in lengths)  # type: ignore[arg-type]
        for (kind, layer), units in done.items()
    )
    attacks = len({(v.attack, v.severity) for v in suite.variants})
    choices = 1 + (attacks if wanted.transfer and attacks > 1 else 0)
    steps = (
        ("reference and baseline", 2 * one_pass),
        ("screen", 3 * one_pass),
        ("exact", cells),
        ("selections", choices * 6 * 4 * one_pass / 2),
        ("held-out sets", (choices + wanted.random_sets) * one_pass / 2),
    )
    units = body.layers * sum(body.width(kind) for kind in kinds)
    return Cost(len(data), sum(lengths), units, sum(done.values()), steps, naive_flops(body, kinds, lengths))
