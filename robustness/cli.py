"""The command line: parse, call once, exit code. Heavy modules load inside the commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robustness import options as flag
from robustness.domain import Status
from robustness.errors import RobustnessError, UsageError

if TYPE_CHECKING:
    from robustness.pipeline import Finished
    from robustness.reports.summary import Summary

__all__ = ["app", "main"]

EXIT_CODES: Mapping[Status, int] = {
    Status.PASS: 0,
    Status.FAIL: 1,
    Status.INVALID: 3,
    Status.UNDECIDED: 4,
}
INTERRUPTED = 130

app = typer.Typer(
    name="robustness",
    help="Does a multiple-choice reading comprehension model read, or does it match keywords?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def demo(
    suite: Annotated[str, typer.Option("--suite", help="Another plan than core.")] = "core",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Another folder; new or empty.")
    ] = None,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Run the embedded model and data through a suite; ends with 0 whatever the verdict.

    Writes reports/demo and replaces an earlier demo there; no other folder is ever replaced.
    """
    _settle(quiet=quiet)
    from robustness.demo.checkpoint import DATA, location
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve
    from robustness.pipeline import Source, Target, check, suite_of
    from robustness.suites.plan import plan

    target = Target(output or Path("reports/demo"), overwrite=output is None)
    made = suite_of(Source(DATA, plan(suite)))
    # One thread: for so small a model a second one costs more than it brings on a shared machine.
    chosen = resolve(str(location()), options=ModelOptions(threads=1))
    finished = check(made, chosen, target)
    _show(finished.summary, json=json)
    _tell(f"report: {finished.folder / 'report.html'}")


@app.command()
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
    baseline: flag.Baseline = None,
    on_missing_baseline: flag.OnMissingBaseline = flag.MissingBaseline.FAIL,
    regression: flag.Regression = None,
    undecided: flag.Undecided = flag.UndecidedPolicy.REPORT,
    report: flag.Report = None,
    no_text: flag.NoText = False,
    show_config: flag.ShowConfig = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Build (or load) a suite, score a model on it, judge, report; the exit code is the verdict.

    What no flag and no variable says comes from robustness.toml, or from [tool.robustness] in
    pyproject.toml, of the current folder.
    """
    _settle(quiet=quiet)
    settings = flag.settings_of(context, config)
    if show_config:
        typer.echo(flag.settings_text(settings, json=json))
        raise typer.Exit
    from datetime import date

    from robustness.jobs import job, score
    from robustness.reports.github import publish
    from robustness.reports.renderers import report_target, write_report

    for spec in report or ():
        report_target(spec)
    finished = score(job(settings, today=date.today()))
    for spec in report or ():
        write_report(spec, finished.summary)
    _show(finished.summary, json=json)
    for command in publish(finished.summary, finished.folder, os.environ):
        _tell(command)
    _tell(f"run: {finished.folder}")
    raise typer.Exit(_exit_code(finished, settings.config.undecided))


@app.command()
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
    _settle(quiet=quiet)
    from robustness.pipeline import Source, suite_of
    from robustness.reports.store import check_writable
    from robustness.suites.plan import plan
    from robustness.suites.store import freeze

    if output is None or data is None:
        raise UsageError("build: --data and -o are both needed; say what to build from and where to")
    check_writable(output)
    made = suite_of(Source(data, plan(suite), limit, seed, skip_invalid, workers))
    freeze(made, output)
    typer.echo(f"{made.fingerprint}  {len(made.examples)} examples, {len(made.variants)} variants  {output}")


@app.command()
def attacks(
    name: Annotated[str | None, typer.Argument(help="Explain this one, with its worked example.")] = None,
    json: flag.Json = False,
) -> None:
    """List the attacks, or explain one."""
    from robustness.attacks.listing import explain, table

    typer.echo(table(json=json) if name is None else explain(name, json=json))


@app.command()
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
        _tell(f"wrote {write_report(spec, summary)}")
    if json or not report:
        _show(summary, json=json)


@app.command()
def train(
    base: Annotated[str, typer.Option("--base", help="Checkpoint folder, Hub id, or `scratch`.")],
    data: Annotated[str, typer.Option("--data", help="Training data, as for `check`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; new.")],
    dev: Annotated[str, typer.Option("--dev", help="Data that the accuracy is measured on.")],
    condition: Annotated[str, typer.Option("--condition", help="plain, passage-shuffle, ...")] = "plain",
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 3.0,
    warm_epochs: Annotated[float, typer.Option(help="Passes of the cloze warm start (scratch only).")] = 0.0,
    batch_size: Annotated[int, typer.Option(help="Questions per step.")] = 16,
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 3e-5,
    max_length: Annotated[int, typer.Option(help="Tokens per row.")] = 256,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    quiet: flag.Quiet = False,
) -> None:
    """Fine-tune a model under a training condition (Si et al. 2019, section 4)."""
    _settle(quiet=quiet)
    from robustness.readers.load import load
    from robustness.training.finetune import train as run_training
    from robustness.training.options import Training

    training = Training(
        condition=condition,
        epochs=epochs,
        warm_epochs=warm_epochs,
        batch_size=batch_size,
        rate=rate,
        max_length=max_length,
        threads=threads,
        seed=seed,
    )
    learn = load(data, limit=limit, skip_invalid=skip_invalid)
    held_out = load(dev, skip_invalid=skip_invalid)
    trained = run_training(base, learn, dev=held_out, out=output, training=training)
    typer.echo(f"accuracy {trained.accuracy:.4f} on {held_out.source}  {trained.folder}")


@app.command()
def doctor(json: flag.Json = False) -> None:
    """Say what is installed, what is missing and what that costs."""
    from dataclasses import asdict
    from json import dumps

    from robustness.doctor import examine

    lines = examine()
    if json:
        typer.echo(dumps([asdict(line) for line in lines], indent=2))
    else:
        for line in lines:
            note = f"  {line.consequence}" if line.consequence else ""
            typer.echo(f"{'ok ' if line.ok else 'BAD'}  {line.what:<20} {line.found}{note}")
    raise typer.Exit(0 if all(line.ok for line in lines) else 3)


def main() -> None:
    """Run the command line; a fault of the user's is one paragraph, a fault of ours keeps its stack."""
    try:
        app(prog_name="robustness")
    except RobustnessError as error:
        _tell(f"error: {error}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as end:
        # typer turns Ctrl-C inside a command into a silent exit
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        _tell("error: interrupted, so what was not finished has not been written; start it again")
        sys.exit(INTERRUPTED)


def _settle(*, quiet: bool) -> None:
    if quiet:
        os.environ["TQDM_DISABLE"] = "1"


def _show(summary: Summary, *, json: bool) -> None:
    if json:
        from robustness.reports.to_json import to_json

        typer.echo(to_json(summary), nl=False)
        return
    from rich.console import Console

    from robustness.reports.to_terminal import render

    render(summary, Console())


def _exit_code(finished: Finished, undecided: str) -> int:
    status = finished.judgement.status
    if status is Status.UNDECIDED and undecided in {"pass", "fail"}:
        return EXIT_CODES[Status(undecided)]
    return EXIT_CODES[status]


def _tell(line: str) -> None:
    typer.echo(line, err=True)
