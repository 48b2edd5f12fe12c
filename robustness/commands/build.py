"""`robustness build`: a suite, frozen to a folder."""

from __future__ import annotations

import typer

from robustness import options as flag
from robustness.commands.ending import settle
from robustness.errors import UsageError

__all__ = ["build"]


def build(
    data: flag.Data,
    suite: flag.SuiteName = "core",
    output: flag.Output = None,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    workers: flag.Workers = 1,
    quiet: flag.Quiet = False,
) -> None:
    """Freeze a suite to a folder, to be scored anywhere with `check --frozen`."""
    settle(quiet=quiet)
    from robustness.pipeline import Source, suite_of
    from robustness.reports.write_run import check_writable
    from robustness.suites.plan import plan
    from robustness.suites.store import freeze

    if output is None or data is None:
        raise UsageError("build: --data and -o are both needed; say what to build from and where to")
    check_writable(output)
    made = suite_of(Source(data, plan(suite), limit, seed, skip_invalid, workers))
    freeze(made, output)
    typer.echo(f"{made.fingerprint}  {len(made.examples)} examples, {len(made.variants)} variants  {output}")
