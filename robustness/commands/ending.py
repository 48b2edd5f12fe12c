"""How a command speaks and ends: tables or JSON on stdout, the rest on stderr, the verdict as exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from robustness.domain import Status
from robustness.progress import OFF
from robustness.watchdog import STALL

if TYPE_CHECKING:
    from robustness.pipeline import Finished
    from robustness.reports.summary import Summary

__all__ = ["EXIT_CODES", "INTERRUPTED", "ended", "exit_code", "settle", "show", "tell"]

EXIT_CODES: Mapping[Status, int] = {
    Status.PASS: 0,
    Status.FAIL: 1,
    Status.INVALID: 3,
    Status.UNDECIDED: 4,
}
INTERRUPTED = 130


def settle(*, quiet: bool, stall: float | None = None) -> None:
    """Turn progress bars off, and the watch on scoring on, where that is asked for."""
    if quiet:
        os.environ[OFF] = "1"
    if stall is not None:
        os.environ[STALL] = str(stall)


def show(summary: Summary, *, json: bool) -> None:
    """Print a summary on stdout."""
    if json:
        from robustness.reports.to_json import to_json

        typer.echo(to_json(summary), nl=False)
        return
    from rich.console import Console

    from robustness.reports.to_terminal import render

    render(summary, Console())


def ended(finished: Finished, *, report: list[str] | None, json: bool, undecided: str) -> typer.Exit:
    """Show the run, tell a GitHub job, write the further reports, and return the end of the command."""
    from robustness.reports.github import publish
    from robustness.reports.renderers import write_report

    show(finished.summary, json=json)
    for command in publish(finished.summary, finished.folder, os.environ):
        tell(command)
    tell(f"run: {finished.folder}")
    # Last, so that one that cannot be written hides neither the verdict nor where the run is.
    for spec in report or ():
        write_report(spec, finished.summary, finished.folder)
    return typer.Exit(exit_code(finished, undecided))


def exit_code(finished: Finished, undecided: str) -> int:
    """Return what a run's status ends the command with; `pass` and `fail` settle an undecided one."""
    status = finished.judgement.status
    if status is Status.UNDECIDED and undecided in {"pass", "fail"}:
        return EXIT_CODES[Status(undecided)]
    return EXIT_CODES[status]


def tell(line: str) -> None:
    """Print a line on stderr."""
    typer.echo(line, err=True)
