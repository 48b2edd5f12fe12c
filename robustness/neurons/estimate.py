"""What an analysis will take, said before it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from robustness.domain import Suite
from robustness.neurons.analyse import kinds_of
from robustness.neurons.cost import Cost, forward_flops, naive_flops, unit_flops
from robustness.neurons.cube import TOP, Exact, exhaustive
from robustness.neurons.sequences import sequences
from robustness.neurons.sites import Kind, anatomy
from robustness.neurons.verify import Budget, Layer

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["as_json", "as_text", "estimate", "rate"]

_PROBED: Final = 1_024
"""Tokens of the batch that finds the speed."""


def estimate(
    model: HuggingFaceModel,
    suite: Suite,
    *,
    sites: Iterable[Kind] = ("ffn", "head"),
    budget: Budget | None = None,
    exact: Exact = TOP,
) -> Cost:
    """Return what `analyse` with the same arguments will take, without running the network.

    Random sets and selections count as whole forward passes of half the sequences.
    """
    kinds, wanted = kinds_of(sites), budget or Budget()
    data, body = sequences(model, suite), anatomy(model.network.config)
    lengths = [len(row.ids) for row in data.rows]
    one_pass = sum(forward_flops(body, tokens) for tokens in lengths)
    whole = exhaustive(kinds, body.layers, exact, wanted)
    done: dict[Layer, int] = {key: body.width(key[0]) for key in whole}
    rest = [(kind, at) for kind in kinds for at in range(body.layers) if (kind, at) not in done]
    for kind, layer in rest:
        extra = wanted.calibrate + wanted.audit + wanted.verify // len(rest)
        done[kind, layer] = min(body.width(kind), extra)
    cells = sum(
        units * sum(unit_flops(body, kind, layer, tokens) for tokens in lengths)
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


def rate(model: HuggingFaceModel, suite: Suite) -> float:
    """Return operations per second of this machine as it is now, from a few forward passes."""
    from robustness.models.arithmetic import plain_arithmetic
    from robustness.neurons.batch import batch, chunks, forward

    data, body = sequences(model, suite), anatomy(model.network.config)
    rows = chunks(data, tokens=_PROBED)[0]
    network = model.network.eval()
    given = batch(data, rows, network)
    with plain_arithmetic(str(network.device), threads=1):
        forward(network, given)  # the first pass also lays out memory
        begun = time.perf_counter()
        forward(network, given)
        taken = time.perf_counter() - begun
    return sum(forward_flops(body, len(data.rows[at].ids)) for at in rows) / taken


def as_text(cost: Cost, speed: float) -> str:
    """Return a cost for people, in minutes at `speed` operations per second."""
    lines = [
        f"{cost.sequences} distinct sequences, {cost.tokens} tokens; {cost.sites} units, "
        f"{cost.verified} of them exactly",
        *(f"{name:<24} {flops / speed / 60:>9.1f} min" for name, flops in cost.steps),
        f"{'in all, about':<24} {cost.seconds(speed) / 60:>9.1f} min, one thread; one forward pass per unit "
        f"and sequence would take {cost.ratio:,.0f} times as long",
    ]
    return "\n".join(lines)


def as_json(cost: Cost, speed: float) -> str:
    """Return a cost as JSON text."""
    read = {
        "sequences": cost.sequences,
        "tokens": cost.tokens,
        "units": cost.sites,
        "exact_units": cost.verified,
        "flops": dict(cost.steps),
        "naive_flops": cost.naive,
        "flops_per_second": speed,
        "minutes": cost.seconds(speed) / 60,
    }
    return json.dumps(read, indent=2)
