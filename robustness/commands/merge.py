"""`robustness merge`: the parts of several processes or machines, judged as one run."""

from __future__ import annotations

import typer

from robustness import options as flag
from robustness.commands.asked import settings_of
from robustness.commands.ending import ended, settle

__all__ = ["merge"]


def merge(
    context: typer.Context,
    parts: flag.Parts,
    config: flag.ConfigFile = None,
    data: flag.Data = None,
    suite: flag.SuiteName = "core",
    frozen: flag.Frozen = None,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    workers: flag.Workers = 1,
    output: flag.Output = None,
    tag: flag.Tag = "",
    partial: flag.Partial = False,
    baseline: flag.Baseline = None,
    on_missing_baseline: flag.OnMissingBaseline = flag.MissingBaseline.FAIL,
    regression: flag.Regression = None,
    slices: flag.Slices = None,
    undecided: flag.Undecided = flag.UndecidedPolicy.REPORT,
    report: flag.Report = None,
    no_text: flag.NoText = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Unite the parts of `check --shard`, judge and report, as if one process had scored them all.

    Suite and limits are said as for `check`; the model is not needed. Parts of another suite, model
    or numeric class are refused.
    """
    settle(quiet=quiet)
    settings = settings_of(context, config)
    from datetime import date

    from robustness.jobs import job
    from robustness.ranks import unite
    from robustness.reports.renderers import report_target

    for spec in report or ():
        report_target(spec)
    finished = unite(job(settings, today=date.today()), parts, partial=partial)
    raise ended(finished, report=report, json=json, undecided=settings.config.undecided)
