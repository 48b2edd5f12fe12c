"""A comparison of two neuron analyses as JSON."""

from __future__ import annotations

import json

from robustness.neurons.compared import NeuronsCompared
from robustness.reports.codec import encode
from robustness.reports.neurons_compared_wording import facts, headline

__all__ = ["neurons_compared_to_json"]


def neurons_compared_to_json(made: NeuronsCompared) -> str:
    """Return the comparison as ASCII JSON text: numbers, ids of units and sentences, no text of any data.

    An estimate such as `lift_a` lies beside its ends `lift_a_low` and `lift_a_high`; null stands for what
    was not computed. Equal comparisons give equal text.
    """
    told = {"headline": headline(made), "facts": list(facts(made))}
    return json.dumps({**told, **encode(made)}, indent=1, allow_nan=False) + "\n"
