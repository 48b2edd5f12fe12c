"""`robustness check`: one model, one suite, one verdict; or one share of them, or what they would cost."""

from __future__ import annotations

import os
from contextlib import chdir
from typing import TYPE_CHECKING, NoReturn

import typer

from robustness import options as flag
from robustness.commands.asked import settings_of, settings_text
from robustness.commands.ending import ended, settle, tell

if TYPE_CHECKING:
    from robustness.jobs import Job
    from robustness.pipeline import Finished
    from robustness.store.shards import Shard

__all__ = ["check"]


def check(
    context: typer.Context,
    config: flag.ConfigFile = None,
    model: flag.ModelSpec = None,
    data: flag.Data = None,
    suite: flag.SuiteName = "core",
    frozen: flag.Frozen = None,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    workers: flag.Workers = 1,
    output: flag.Output = None,
    tag: flag.Tag = "",
    device: flag.Device = "auto",
    batch_tokens: flag.Batch = None,
    max_length: flag.MaxLength = None,
    threads: flag.Threads = None,
    model_arg: flag.ModelArg = None,
    cache: flag.Cache = None,
    no_cache: flag.NoCache = False,
    sequential: flag.Sequential = False,
    shard: flag.ShardOf = None,
    wait: flag.Wait = 3600.0,
    stall: flag.Stall = None,
    baseline: flag.Baseline = None,
    on_missing_baseline: flag.OnMissingBaseline = flag.MissingBaseline.FAIL,
    regression: flag.Regression = None,
    slices: flag.Slices = None,
    undecided: flag.Undecided = flag.UndecidedPolicy.REPORT,
    report: flag.Report = None,
    no_text: flag.NoText = False,
    dry_run: flag.DryRun = False,
    show_config: flag.ShowConfig = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Build (or load) a suite, score a model on it, judge, report; the exit code is the verdict.

    What no flag and no variable says comes from robustness.toml, or from [tool.robustness] in
    pyproject.toml, of the current folder. An interrupted run goes on where it ended when the same
    command is given again. Under torchrun each process scores a share and the first one judges.
    """
    settle(quiet=quiet, stall=stall)
    settings = settings_of(context, config)
    if show_config:
        typer.echo(settings_text(settings, json=json))
        raise typer.Exit
    from datetime import date

    from robustness.jobs import job, score
    from robustness.reports.renderers import report_target
    from robustness.store.shards import Shard

    for spec in report or ():
        report_target(spec)
    made = job(settings, today=date.today())
    launched = None if shard else Shard.from_environment(os.environ)
    if dry_run:
        _forecast(made, json=json)
    if shard:
        _part(made, Shard.parse(shard))
    finished = score(made) if launched is None else _rank(made, launched, wait)
    raise ended(finished, report=report, json=json, undecided=settings.config.undecided)


def _part(made: Job, shard: Shard) -> NoReturn:
    from robustness.ranks import score_part

    tell(f"part: {score_part(made, shard)}")
    raise typer.Exit


def _rank(made: Job, shard: Shard, wait: float) -> Finished:
    from robustness.ranks import gathered, score_share

    if shard.rank:
        settle(quiet=True)  # one rank's bars are enough
        tell(f"part: {score_share(made, shard)}")
        raise typer.Exit
    return gathered(made, shard, wait=wait)


def _forecast(made: Job, *, json: bool) -> NoReturn:
    from robustness.forecast import as_json, as_text, forecast
    from robustness.jobs import cache_of, model_asked, resolved, suite_of
    from robustness.store.cache import Cache
    from robustness.store.keep import glance

    cache = cache_of(made)
    with chdir(made.settings.folder):
        suite, model = suite_of(made), resolved(made, model_asked(made))
        glance(model, suite=suite.fingerprint, cache=Cache(cache) if cache else None)
        found = forecast(suite, model, upper_bound=made.config.sequential)
    typer.echo(as_json(found) if json else as_text(found))
    raise typer.Exit
