"""`robustness neurons --compare`: the units of two checkpoints beside each other, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from robustness.commands.styles import Styles

__all__ = ["compare_neurons"]

_STYLES = Styles(
    "compared neurons",
    {
        "html": "robustness.reports.neurons_compared_to_html:neurons_compared_to_html",
        "json": "robustness.reports.neurons_compared_to_json:neurons_compared_to_json",
        "md": "robustness.reports.neurons_compared_to_markdown:neurons_compared_to_markdown",
    },
)


def compare_neurons(first: Path, second: Path, *, report: Sequence[str], json: bool) -> None:
    """Compare two neuron folders, write the reports asked for and show what follows.

    Raises `UsageError` for folders that cannot be compared, and for an unknown format.
    """
    from robustness.neurons.comparison import compare_analyses
    from robustness.neurons.pair import read_pair

    targets = _STYLES.targets(report)
    made = compare_analyses(*read_pair(first, second))
    _STYLES.write(targets, made)
    if json:
        typer.echo(_STYLES.rendered("json", made), nl=False)
        return
    from rich.console import Console

    from robustness.reports.neurons_compared_to_terminal import render_neurons_compared

    render_neurons_compared(made, Console())
