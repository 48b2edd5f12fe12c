"""The whole analysis: suite + model -> cube -> effects, sets and certificates -> summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity, Suite
from robustness.errors import DataError, ModelError, UsageError
from robustness.models.shadow import LARGEST_DIFFERENCE, difference
from robustness.neurons.changes import changes
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition, conditions, margins, rights
from robustness.neurons.cube import TOP, Cube, Exact, cube
from robustness.neurons.effects import unit_effects
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.findings import CLEAN, Patched, SetTest, UnitEffects
from robustness.neurons.parts import Parts
from robustness.neurons.patching import patched
from robustness.neurons.profile import counted, profile, top_units
from robustness.neurons.sequences import Sequences, sequences
from robustness.neurons.sites import KINDS, Kind, parse_site
from robustness.neurons.store import PARTS
from robustness.neurons.stored_cube import write_cube
from robustness.neurons.summary import NeuronSummary
from robustness.neurons.trials import trials
from robustness.neurons.verify import Budget
from robustness.neurons.work import Progress, probe, referenced

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["analyse", "kinds_of"]

_CHECKED: Final = 16
"""Items whose logits are held against the engine's own scores."""

_PATCHED: Final = 10


def analyse(  # noqa: PLR0913 - what is asked, how deeply, how it is computed, where it goes
    model: HuggingFaceModel,
    suite: Suite,
    *,
    sites: Iterable[Kind] = ("ffn", "head"),
    budget: Budget | None = None,
    exact: Exact = TOP,
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
        budget: how many units to verify and sets to draw, or how many minutes to take.
        exact: top layers to compute whole, or `all`.
        settings: replacement values, memory and checks.
        folder: for finished parts, so that a killed run goes on, and for the cube; None keeps nothing.
        progress: called as cells are done.

    Raises:
        UsageError: kinds, layers or the budget do not fit the network, or its minutes not even the screen.
        DataError: no item can be measured.
        ModelError: the network's logits are not the engine's scores, or the fast path is not the hooks'.
    """
    kinds, chosen, wanted = kinds_of(sites), settings or Settings(), budget or Budget()
    clock = Clock(None if wanted.minutes is None else 60 * wanted.minutes)
    data, found = _material(model, suite)
    parts = Parts(None if folder is None else folder / PARTS, salt=model.fingerprint)
    begun = clock.elapsed
    ablator = Ablator(model.network, data, kinds=kinds, settings=chosen, parts=parts)
    clock.learn("forward", referenced(ablator), clock.elapsed - begun)
    made = cube(ablator, found, plan=(exact, wanted), clock=clock, progress=progress)
    _check_base(model, suite, data, made.base)
    units = _effects(made, found, seed=chosen.ablation.seed)
    clock.free("statistics")
    clock.free("sets")
    tests = trials(ablator, made, found, budget=wanted, clock=clock)
    pairs = _patches(ablator, suite, found, units, clock) if wanted.patch else ()
    if folder is not None:
        write_cube(folder, made.sites, made.verified, base=made.base, logits=made.logits)
    return _summary(model, suite, ablator, (made, found, wanted), (units, tests, pairs))


def _material(model: HuggingFaceModel, suite: Suite) -> tuple[Sequences, tuple[Condition, ...]]:
    data = sequences(model, suite)
    found = conditions(suite, data)
    if not found or found[0].name != CLEAN:
        raise DataError("neuron analysis: no clean item can be measured; give a suite with labelled items")
    return data, found


def _effects(made: Cube, found: Sequence[Condition], *, seed: int) -> tuple[UnitEffects, ...]:
    return unit_effects(
        [str(site) for site in made.sites],
        made.verified.tolist(),
        [changes(made.logits, made.base, condition) for condition in found],
        tolerance=made.tolerance,
        seed=seed,
    )


def kinds_of(sites: Iterable[Kind]) -> tuple[Kind, ...]:
    """Return kinds sorted, each once.

    Raises `UsageError` for an unknown one, or none.
    """
    kinds = tuple(sorted(set(sites)))
    if not kinds or set(kinds) - set(KINDS):
        raise UsageError(
            f"sites: {', '.join(kinds) or 'nothing'} came, but some of {', '.join(KINDS)} are needed"
        )
    return kinds


def _check_base(
    model: HuggingFaceModel, suite: Suite, data: Sequences, base: npt.NDArray[np.floating]
) -> None:
    """Hold the logits against what the engine scores, on items spread over the suite."""
    items = [example for example in suite.examples if data.options[example.id]]
    items = items[:: max(1, len(items) // _CHECKED)][:_CHECKED]
    theirs = [score for scores in model.score(items) for score in scores]
    ours = [float(base[row]) for example in items for row in data.options[example.id]]
    apart = difference(ours, theirs)
    if not apart <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"neurons: the network's logits differ from the scores of model {model.name!r} by {apart:.1e}, "
            f"but {LARGEST_DIFFERENCE:.0e} is the most; this network cannot be analysed"
        )


def _patches(
    ablator: Ablator,
    suite: Suite,
    found: Sequence[Condition],
    units: Sequence[UnitEffects],
    clock: Clock,
) -> tuple[Patched, ...]:
    """Patch the most telling units between clean and attacked inputs, where time is left."""
    top = [parse_site(unit.id) for unit in top_units(units, count=_PATCHED)]
    probe(ablator, clock)
    return patched(ablator, suite, found, top, clock=clock)


def _summary(
    model: HuggingFaceModel,
    suite: Suite,
    ablator: Ablator,
    seen: tuple[Cube, Sequence[Condition], Budget],
    results: tuple[tuple[UnitEffects, ...], tuple[SetTest, ...], tuple[Patched, ...]],
) -> NeuronSummary:
    (cube, found, budget), (units, tests, pairs) = seen, results
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
        data=_data(suite, ablator, found),
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
        patching=pairs,
        notes=_notes(ablator, found, tests, budget),
    )


def _data(suite: Suite, ablator: Ablator, found: Sequence[Condition]) -> dict[str, object]:
    return {
        "suite": suite.name,
        "suite_fingerprint": suite.fingerprint,
        "n_items": len(suite.examples),
        "n_sequences": len(ablator.data),
        "conditions": [c.name for c in found],
        "sequences_sha": ablator.data.digest,
        "seed": ablator.ablation.seed,
    }


def _transfer(tests: Sequence[SetTest], found: Sequence[Condition]) -> dict[str, dict[str, float]]:
    attacks = {condition.name for condition in found if condition.polarity is Polarity.ATTACK}
    return {
        test.selection: {own.condition: own.margin for own in test.heldout if own.condition in attacks}
        for test in tests
        if test.selection in attacks
    }


def _notes(
    ablator: Ablator, found: Sequence[Condition], tests: Sequence[SetTest], budget: Budget
) -> tuple[str, ...]:
    notes = ["The attacks were made on the model as it is; an adaptive attack may undo a lift."]
    if ablator.wired.path == "hooks":
        notes.append("Every cell is a whole forward pass: the fast path does not know this network.")
    if not any(condition.polarity is Polarity.ATTACK for condition in found):
        notes.append("The suite has no attack: lifts are changes of the clean margin.")
    if tests and tests[0].steps and not tests[0].members:
        notes.append("No set lifted the attacked margins of the half that chooses.")
    if budget.minutes is not None:
        notes.append(
            f"The analysis was given {budget.minutes:g} minutes: what did not fit was only screened, and is "
            "named so. Another run on a faster or slower machine verifies more or fewer units."
        )
    return tuple(notes)
