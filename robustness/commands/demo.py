"""`robustness demo`: the embedded model on generated stories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import settle, show, tell

__all__ = ["demo"]


def demo(
    suite: Annotated[str, typer.Option("--suite", help="Another plan than core.")] = "core",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Another folder; new or empty.")
    ] = None,
    cache: flag.Cache = None,
    no_cache: flag.NoCache = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Run the embedded model and data through a suite; ends with 0 whatever the verdict.

    Writes reports/demo and replaces an earlier demo there; no other folder is ever replaced.
    """
    settle(quiet=quiet)
    from robustness.demo.checkpoint import DATA, location
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve
    from robustness.pipeline import Source, Target, check, suite_of
    from robustness.store.place import cache_folder
    from robustness.suites.plan import plan

    target = Target(output or Path("reports/demo"), overwrite=output is None)
    made = suite_of(Source(DATA, plan(suite)))
    # One thread: for so small a model a second one costs more than it brings on a shared machine.
    chosen = resolve(str(location()), options=ModelOptions(threads=1))
    rows = None if no_cache else cache_folder(cache, os.environ)
    finished = check(made, chosen, target, cache=rows)
    show(finished.summary, json=json)
    tell(f"report: {finished.folder / 'report.html'}")
