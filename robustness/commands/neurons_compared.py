"""`robustness neurons --compare`: the units of two checkpoints beside each other, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from robustness.errors import UsageError, unknown

if TYPE_CHECKING:
    from robustness.neurons.compared import NeuronsCompared

__all__ = ["compare_neurons"]

_STYLES: Mapping[str, str] = {
    "html": "robustness.reports.neurons_compared_to_html:neurons_compared_to_html",
    "json": "robustness.reports.neurons_compared_to_json:neurons_compared_to_json",
    "md": "robustness.reports.neurons_compared_to_markdown:neurons_compared_to_markdown",
}


def compare_neurons(first: Path, second: Path, *, report: Sequence[str], json: bool) -> None:
    """Compare two neuron folders, write the reports asked for and show what follows.

    Raises `UsageError` for folders that cannot be compared, and for an unknown format.
    """
    from robustness.neurons.comparison import compare_analyses
    from robustness.neurons.pair import read_pair
    from robustness.reports.renderers import write_text

    targets = [_target(spec) for spec in report]
    made = compare_analyses(*read_pair(first, second))
    for spec, style, path in targets:
        typer.echo(f"wrote {write_text(spec, path, _rendered(style, made))}", err=True)
    if json:
        typer.echo(_rendered("json", made), nl=False)
        return
    from rich.console import Console

    from robustness.reports.neurons_compared_to_terminal import render_neurons_compared

    render_neurons_compared(made, Console())


def _target(spec: str) -> tuple[str, str, Path]:
    from robustness.reports.renderers import place

    style, path = place(spec)
    if style not in _STYLES:
        raise UsageError("--report: " + unknown("format of compared neurons", style, _STYLES))
    return spec, style, path


def _rendered(style: str, made: NeuronsCompared) -> str:
    module, function = _STYLES[style].split(":")
    return str(getattr(import_module(module), function)(made))
