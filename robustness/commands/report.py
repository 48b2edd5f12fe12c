"""`robustness report`: a finished run, shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import show, tell

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    report: flag.Report = None,
    json: flag.Json = False,
) -> None:
    """Show a finished run again, or render it to FORMAT:PATH, without the model."""
    from robustness.reports.renderers import write_report
    from robustness.reports.store import read_run

    summary = read_run(run)
    for spec in report or ():
        tell(f"wrote {write_report(spec, summary, run)}")
    if json or not report:
        show(summary, json=json)
