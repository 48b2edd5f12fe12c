"""`robustness search`: the variants of one attack that hurt one model most, frozen as a suite."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import settle, tell
from robustness.errors import UsageError
from robustness.searching.method import DEFAULTS, Method

__all__ = ["search"]


def search(
    model: flag.ModelSpec = None,
    data: flag.Data = None,
    attack: Annotated[
        str | None,
        typer.Option("--attack", help="Recipe; hotflip, trigger and magnet have their own."),
    ] = None,
    severity: Annotated[int, typer.Option("--severity", min=1, help="Of the recipe.")] = 1,
    method: Annotated[Method, typer.Option("--method", help="How to look; docs/search.md.")] = Method.AUTO,
    budget: Annotated[
        int, typer.Option("--budget", min=2, help="Most forward passes an item, the clean one included.")
    ] = 200,
    beam: Annotated[int, typer.Option("--beam", min=1, help="States kept by --method beam.")] = 4,
    output: flag.Output = None,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    device: flag.Device = "auto",
    batch_tokens: flag.Batch = None,
    max_length: flag.MaxLength = None,
    threads: flag.Threads = None,
    model_arg: flag.ModelArg = None,
    cache: flag.Cache = None,
    no_cache: flag.NoCache = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Search over an attack for the variants that hurt a model most, and freeze them to -o.

    `check --frozen` replays them. Success is read off a run of the frozen suite, not remembered. An
    interrupted search goes on where it ended when the same command is given again.
    """
    settle(quiet=quiet)
    attack = attack or DEFAULTS.get(method)
    if model is None or data is None or attack is None or output is None:
        raise UsageError(
            "search: --model, --data, --attack and -o are all needed; say what to attack, on what, how and "
            "where to"
        )
    from robustness.models.options import ModelOptions, with_arguments
    from robustness.models.resolve import resolve
    from robustness.pipeline import origin, searched
    from robustness.readers.load import load
    from robustness.reports.write_run import check_writable
    from robustness.searching.freezing import as_text
    from robustness.searching.search import Searching
    from robustness.store.place import cache_folder

    check_writable(output)
    dataset = load(data, limit=limit, skip_invalid=skip_invalid)
    dataset = replace(dataset, source=origin(dataset, limit))
    options = with_arguments(ModelOptions(device, batch_tokens, max_length, threads), model_arg or ())
    victim = resolve(model, options=options)
    asked = Searching(attack, severity, method, budget, beam, seed)
    kept = None if no_cache else cache_folder(cache, os.environ)
    suite, summary = searched(dataset, victim, asked, folder=output, cache=kept)
    typer.echo(as_text(summary, json=json))
    tell(f"suite: {output}  {suite.fingerprint}")
