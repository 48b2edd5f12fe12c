"""What an analysis will take, said before it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from robustness.domain import Suite
from robustness.neurons.analyse import kinds_of
from robustness.neurons.cost import Cost, forward_flops, naive_flops, unit_flops
from robustness.neurons.cube import TOP, Exact, exhaustive
from robustness.neurons.sequences import sequences
from robustness.neurons.sites import Kind, anatomy
from robustness.neurons.verify import Budget, Layer

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["estimate"]


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
