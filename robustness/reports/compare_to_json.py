"""A comparison of runs as JSON."""

from __future__ import annotations

import json

from robustness.reports.codec import encode
from robustness.reports.compare_wording import headline, remarks, signature
from robustness.reports.compared import RunsCompared

__all__ = ["compare_to_json"]


def compare_to_json(compared: RunsCompared) -> str:
    """Return the comparison as ASCII JSON text: fractions, null for what was not measured.

    Under `found` of each match lie the numbers, an estimate `difference` with `difference_low` and
    `difference_high`. Equal comparisons give equal text.
    """
    told = {"headline": headline(compared), "remarks": remarks(compared), "signature": signature(compared)}
    return json.dumps({**encode(told), **encode(compared)}, indent=2, allow_nan=False) + "\n"
