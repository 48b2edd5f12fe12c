"""The neuron section of the demo: a part of its suite, and a plan of seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from robustness.domain import Suite

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.neurons.summary import NeuronSummary

__all__ = ["analysed", "part"]

_PASSAGES: Final = 10
_ATTACKS: Final = ("ans2opt-shuffle-natural", "addsent2pas-shuffle")
"""What the demo model falls for most."""


def part(suite: Suite) -> Suite:
    """Return the first passages of a suite under its clearest attacks; without any of them, clean alone."""
    passages = set(list(dict.fromkeys(example.group for example in suite.examples))[:_PASSAGES])
    kept = tuple(example for example in suite.examples if example.group in passages)
    names = {example.id for example in kept}
    variants = (v for v in suite.variants if v.source in names and v.attack in _ATTACKS)
    return replace(suite, examples=kept, variants=tuple(variants))


def analysed(model: HuggingFaceModel, suite: Suite, folder: Path) -> NeuronSummary | None:
    """Return the analysis that the demo shows: screened, the last layer exact, a few units verified.

    None where the suite has none of its attacks.
    """
    from robustness.neurons.analyse import analyse
    from robustness.neurons.engine import Settings
    from robustness.neurons.verify import Budget

    chosen = part(suite)
    if not chosen.variants:
        return None
    budget = Budget(verify=8, calibrate=0, audit=0, random_sets=20, transfer=False, heads=False, patch=False)
    # A network this small spends its time between products: few, full batches.
    settings = Settings(may_pad=True, chunk_tokens=2_048, spot_most=64)
    return analyse(model, chosen, sites=("ffn",), exact=1, budget=budget, settings=settings, folder=folder)
