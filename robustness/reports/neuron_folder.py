"""A neuron analysis as a folder that can be read: JSON, Markdown, HTML, cube and manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from robustness.neurons.store import read_analysis, write_analysis
from robustness.neurons.summary import NeuronSummary

__all__ = ["INSIDE", "neurons_of", "write_neurons"]

INSIDE: Final = "neurons"
"""Name of a neuron folder that lies in a run folder."""


def write_neurons(folder: Path, summary: NeuronSummary) -> Path:
    """Write an analysis beside the cube that `analyse` left in `folder`.

    Raises `OutputError` where it cannot be written.
    """
    from robustness.reports.neurons_to_html import neurons_to_html
    from robustness.reports.neurons_to_markdown import neurons_to_markdown

    rendered = {"report.md": neurons_to_markdown(summary), "report.html": neurons_to_html(summary)}
    return write_analysis(folder, summary, rendered=rendered)


def neurons_of(run: Path, given: Path | None = None) -> NeuronSummary | None:
    """Return the analysis of a folder that was given, or that lies in a run; None where there is none.

    Raises `RobustnessError` where it did not finish or its files were changed.
    """
    if given is None and not (run / INSIDE).is_dir():
        return None
    return read_analysis(given or run / INSIDE)
