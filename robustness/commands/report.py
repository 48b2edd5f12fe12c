"""`robustness report`: a finished run, shown again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import show, tell
from robustness.commands.one_thread import one_thread

if TYPE_CHECKING:
    from robustness.neurons import NeuronSummary

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
    one_thread()
    from robustness.reports.renderers import write_report
    from robustness.reports.store import read_run

    summary = read_run(run)
    analysis = _analysis(run, neurons)
    for spec in report or ():
        tell(f"wrote {write_report(spec, summary, run, neurons=analysis)}")
    if json or not report:
        show(summary, json=json)


def _analysis(run: Path, given: Path | None) -> NeuronSummary | None:
    if given is None and not (run / "neurons").is_dir():
        return None
    from robustness.reports.neuron_folder import neurons_of

    return neurons_of(run, given)
