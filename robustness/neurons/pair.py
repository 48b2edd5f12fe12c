"""Two neuron folders to be laid beside each other, or refused in one paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from robustness.errors import RobustnessError, UsageError
from robustness.neurons.portrait import Portrait, read_portrait
from robustness.neurons.sites import Anatomy
from robustness.neurons.store import read_analysis
from robustness.neurons.stored_cube import Cube, read_cube
from robustness.neurons.summary import NeuronSummary

__all__ = ["Analysis", "body_of", "read_pair"]

_BODY: Final = ("family", "layers", "hidden", "ffn", "heads", "shared")
_VALUE: Final = ("value", "draws", "level")


class Analysis(NamedTuple):
    """A finished analysis with its cube and its portrait."""

    folder: Path
    summary: NeuronSummary
    cube: Cube
    portrait: Portrait


def read_pair(first: Path, second: Path) -> tuple[Analysis, Analysis]:
    """Return two analyses that can be compared.

    Raises:
        UsageError: they are one folder, or of different suites, networks, tokens, kinds of units or values.
        RobustnessError: one did not finish, was changed, or is of a version that kept less.
    """
    if first.resolve() == second.resolve():
        raise UsageError(
            f"--compare {first} {second}: one folder came twice, but two analyses are needed; name both"
        )
    summaries = _summary(first), _summary(second)
    _refuse(first, summaries[0], second, summaries[1])
    ours, theirs = map(_read, (first, second), summaries)
    _refuse_uneven(ours, theirs)
    return ours, theirs


def _read(folder: Path, summary: NeuronSummary) -> Analysis:
    return Analysis(folder, summary, read_cube(folder), read_portrait(folder))


def _summary(folder: Path) -> NeuronSummary:
    """Return the summary of an analysis that says all that a comparison asks of it."""
    found = read_analysis(folder)
    asked = (
        (found.model, ("name", "fingerprint", *_BODY)),
        (found.data, ("suite", "suite_fingerprint", "sequences_sha")),
        (found.ablation, ("seed", *_VALUE)),
    )
    lacking = [name for told, names in asked for name in names if name not in told]
    if lacking:
        raise RobustnessError(
            f"neurons {folder}: it does not say {', '.join(lacking)}, but a comparison needs that; run the "
            "analysis again with this version"
        )
    return found


def _refuse_uneven(ours: Analysis, theirs: Analysis) -> None:
    """Refuse portraits of unlike size: another version kept other tokens."""
    sizes = [
        {key: len(values) for key, values in own.portrait.activations.items()}
        | {one.name: len(one) for one in own.portrait.conditions}
        for own in (ours, theirs)
    ]
    if sizes[0] != sizes[1]:
        raise RobustnessError(
            f"--compare {ours.folder} {theirs.folder}: the two keep unlike numbers of tokens or items, but a "
            "comparison needs the same; run both analyses again with this version"
        )


def body_of(summary: NeuronSummary) -> Anatomy:
    """Return what of the analysed network can be addressed."""
    return Anatomy(**{name: summary.model[name] for name in _BODY})


def _refuse(first: Path, a: NeuronSummary, second: Path, b: NeuronSummary) -> None:
    for what, (ours, theirs), mend in _differences(a, b):
        raise UsageError(
            f"--compare {first} {second}: {what} differ ({ours} and {theirs}), but two analyses are compared "
            f"where they agree in it; {mend}"
        )


def _differences(a: NeuronSummary, b: NeuronSummary) -> Iterator[tuple[str, tuple[str, str], str]]:
    again = "analyse both with the same one"
    suites = [f"{own.data['suite']} {own.data['suite_fingerprint']}" for own in (a, b)]
    bodies = [_body(own.model) for own in (a, b)]
    kinds = [", ".join(sorted(own.quadrants)) for own in (a, b)]
    values = [" ".join(f"{own.ablation[name]}" for name in _VALUE) for own in (a, b)]
    seeds = [f"{own.ablation['seed']}" if own.ablation["value"] == "resample" else "" for own in (a, b)]
    tokens = [str(own.data["sequences_sha"])[:12] for own in (a, b)]
    told = (
        ("suites", suites, "build one suite (robustness build) and analyse both on it (--frozen)"),
        ("networks", bodies, "units of unlike networks have no counterparts: compare their runs instead"),
        ("tokens", tokens, "analyse both with the same tokenizer and --max-length"),
        ("kinds of units", kinds, f"{again} --units"),
        ("values", values, f"{again} --value"),
        ("seeds of resampled values", seeds, f"{again} --seed"),
    )
    for what, (ours, theirs), mend in told:
        if ours != theirs:
            yield what, (ours, theirs), mend


def _body(model: Mapping[str, Any]) -> str:
    return (
        f"{model['family']}, {model['layers']} layers, {model['hidden']} wide, FFN {model['ffn']}, "
        f"{model['heads']} heads"
    )
