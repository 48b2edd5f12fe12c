"""`robustness runs`: the finished runs, with one measure as a trend."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from robustness import options as flag

__all__ = ["runs"]


def runs(
    trend: Annotated[
        str,
        typer.Option("--trend", help="Condition whose measure is shown for each run: clean, or an attack."),
    ] = "clean",
    suite: Annotated[
        str, typer.Option("--suite", help="Only runs of this suite: its name, or how its fingerprint begins.")
    ] = "",
    tag: Annotated[str, typer.Option("--tag", help="Only runs with this tag.")] = "",
    reports: flag.RunFolder = Path("reports"),
    json: flag.Json = False,
) -> None:
    """List the finished runs of reports/, the oldest first, with one measure as a trend."""
    from robustness.reports.runs import listed_runs

    found = listed_runs(reports, trend=trend, suite=suite, tag=tag)
    if json:
        from json import dumps

        from robustness.reports.codec import encode

        typer.echo(dumps(encode(found), indent=2))
    elif not found:
        typer.echo(f"no finished run of this kind in {reports}; `robustness check` makes one", err=True)
    else:
        from robustness.reports.runs_to_terminal import runs_text

        shown = runs_text(found, trend=trend)
        encoding = sys.stdout.encoding or "utf-8"
        typer.echo(shown.encode(encoding, "backslashreplace").decode(encoding))
