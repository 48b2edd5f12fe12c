"""`robustness audit`: a finished run, confirmed or not, by scoring some of it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.asked import settings_of
from robustness.commands.ending import settle, tell

__all__ = ["audit"]


def audit(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="A run folder; it is only read.")],
    config: flag.ConfigFile = None,
    model: flag.ModelSpec = None,
    data: flag.Data = None,
    suite: flag.SuiteName = "core",
    frozen: flag.Frozen = None,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    workers: flag.Workers = 1,
    record: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the record; default: RUN.audit.")
    ] = None,
    device: flag.Device = "auto",
    max_length: flag.MaxLength = None,
    model_arg: flag.ModelArg = None,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Score a random 1 % of a run again in fp64, and a part of that without cache, with other budgets,
    threads and hash seeds; write a record beside the run.

    Model and suite are said as for `check`. Ends with 0 where the run is confirmed, 1 where it is not,
    3 where it cannot be audited.
    """
    settle(quiet=quiet)
    settings = settings_of(context, config)
    from datetime import date

    from robustness.audit import audit as audited
    from robustness.audit import write_audit
    from robustness.jobs import job
    from robustness.reports.audit_record import audit_to_json, audit_to_markdown
    from robustness.reports.write_run import check_writable

    place = record or run.with_name(f"{run.resolve().name}.audit")
    check_writable(place)
    found = audited(job(settings, today=date.today()), run.absolute())
    write_audit(found, place)
    typer.echo((audit_to_json if json else audit_to_markdown)(found), nl=False)
    tell(f"record: {record or place}")
    raise typer.Exit(0 if found.confirmed else 1)
