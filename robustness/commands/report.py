"""`robustness report`: a finished run, shown again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import show, tell

if TYPE_CHECKING:
    from robustness.neurons.summary import NeuronSummary
    from robustness.reports.summary import Summary

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    neurons: Annotated[
        Path | None,
        typer.Option("--neurons", help="A neuron folder to show as a section; default: RUN/neurons."),
    ] = None,
    report: flag.Report = None,
    json: flag.Json = False,
) -> None:
    """Show a finished run again, or render it to FORMAT:PATH, without the model."""
    from robustness.reports.store import read_run

    summary = read_run(run)
    analysis = _analysis(run, neurons)
    if report:
        _write(report, summary, run, analysis)
    if json or not report:
        show(summary, json=json)


def _write(specs: Sequence[str], summary: Summary, run: Path, analysis: NeuronSummary | None) -> None:
    from robustness.reports.renderers import write_report

    for spec in specs:
        tell(f"wrote {write_report(spec, summary, run, neurons=analysis)}")


def _analysis(run: Path, given: Path | None) -> NeuronSummary | None:
    if given is None and not (run / "neurons").is_dir():
        return None
    from robustness.reports.neuron_folder import neurons_of

    return neurons_of(run, given)
