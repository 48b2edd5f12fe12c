"""What single units and heads do to clean and attacked margins: ablation, exact or screened.

`analyse` is the whole of it, `estimate` its price. Nothing here loads torch before it is called.
"""

from __future__ import annotations

from robustness.neurons.analyse import analyse
from robustness.neurons.engine import Settings
from robustness.neurons.estimate import estimate
from robustness.neurons.sites import kinds_named
from robustness.neurons.store import read_analysis, write_analysis
from robustness.neurons.summary import NeuronSummary
from robustness.neurons.values import Ablation, Value
from robustness.neurons.verify import Budget

__all__ = [
    "Ablation",
    "Budget",
    "NeuronSummary",
    "Settings",
    "Value",
    "analyse",
    "estimate",
    "kinds_named",
    "read_analysis",
    "write_analysis",
]
