"""`robustness demo`: the embedded model on generated stories."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
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
    from robustness.demo.neurons import analysed
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions
    from robustness.pipeline import Source, Target, finish, place, scored, suite_of
    from robustness.reports.neuron_folder import INSIDE, write_neurons
    from robustness.store.place import cache_folder
    from robustness.suites.plan import plan

    made = suite_of(Source(DATA, plan(suite)))
    target = place(Target(output or Path("reports/demo"), overwrite=output is None), made, "demo")
    # One thread: for so small a model a second one costs more than it brings on a shared machine.
    chosen = load(str(location()), options=ModelOptions(threads=1))
    run, _ = scored(made, chosen, cache=None if no_cache else cache_folder(cache, os.environ))
    with TemporaryDirectory() as work:
        analysis = analysed(chosen, made, Path(work))
        finished = finish(made, run, target, neurons=analysis)
        if analysis is not None:
            write_neurons(Path(work), analysis)
            copytree(work, finished.folder / INSIDE)
    show(finished.summary, json=json)
    tell(f"report: {finished.folder / 'report.html'}")
