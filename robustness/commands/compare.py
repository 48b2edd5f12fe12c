"""`robustness compare`: what stored runs say beside each other, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robustness import options as flag
from robustness.commands.one_thread import one_thread
from robustness.commands.styles import Styles
from robustness.errors import UsageError

if TYPE_CHECKING:
    from robustness.reports.compared import RunsCompared

__all__ = ["FailOn", "compare"]


class FailOn(StrEnum):
    """What makes a comparison end with something else than 0."""

    NEVER = "never"
    WORSE = "worse"
    UNDECIDED = "undecided"


def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="The first is the reference. Each is a run folder, its name in reports/, or a tag; "
            "RUN,RUN,RUN are seeds of one model; NAME=RUN names it.",
        ),
    ] = None,
    seeds_of: Annotated[
        list[str] | None,
        typer.Option(
            "--seeds-of", help="NAME=RUN,RUN,RUN: seeds of one model, after the others; repeatable."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            min=0,
            max=1,
            help="Largest difference that does not matter, as a fraction; with it, equivalence can be shown.",
        ),
    ] = None,
    different: Annotated[
        bool,
        typer.Option(
            "--allow-different-suites", help="Compare items with equal texts; unpaired where there are few."
        ),
    ] = False,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            "--fail-on",
            help="worse: end with 1 where one is worse, 3 where one is not measured or a run can carry "
            "no verdict; undecided: also 4.",
        ),
    ] = FailOn.NEVER,
    reports: flag.RunFolder = Path("reports"),
    report: Annotated[
        list[str] | None,
        typer.Option("--report", help="Also write FORMAT:PATH (html, md, comment, json, csv); repeatable."),
    ] = None,
    no_text: flag.NoText = False,
    json: flag.Json = False,
) -> None:
    """Compare finished runs with the first one, item by item; no model is needed."""
    one_thread()
    from robustness.reports.compare import compare as compared_runs
    from robustness.reports.contestants import contestants, refuse_different_suites

    if margin is not None and not margin > 0:
        raise UsageError(
            "--margin: 0 came, but a fraction above 0 is needed; no two models differ by nothing"
        )
    _refuse_neurons(runs or ())
    targets = _STYLES.targets(report or ())
    found = contestants([*(runs or ()), *_named(seeds_of)], reports)
    if not different:
        refuse_different_suites(found)
    made = compared_runs(found, margin=margin, text=not no_text)
    _STYLES.write(targets, made)
    _show(made, json=json)
    raise typer.Exit(_exit_code(made, fail_on))


def _refuse_neurons(runs: Sequence[str]) -> None:
    """Point to where neuron folders are compared."""
    if any((Path(run) / "neurons.json").is_file() for run in runs):
        raise UsageError(
            "compare: a neuron folder came, but run folders are needed; write robustness neurons "
            "--compare A B for two analyses"
        )


def _named(seeds_of: list[str] | None) -> list[str]:
    for spec in seeds_of or ():
        name, equals, rest = spec.partition("=")
        if not (name and equals and rest):
            raise UsageError(
                f"--seeds-of: {spec!r} came, but NAME=RUN,RUN,RUN is needed; name the model first"
            )
    return seeds_of or []


_STYLES = Styles(
    "comparisons",
    {
        "comment": "robustness.reports.to_comment:compare_to_comment",
        "csv": "robustness.reports.compare_to_csv:compare_to_csv",
        "html": "robustness.reports.compare_to_html:compare_to_html",
        "json": "robustness.reports.compare_to_json:compare_to_json",
        "md": "robustness.reports.compare_to_markdown:compare_to_markdown",
    },
)


def _show(made: RunsCompared, *, json: bool) -> None:
    if json:
        typer.echo(_STYLES.rendered("json", made), nl=False)
        return
    from rich.console import Console

    from robustness.reports.compare_to_terminal import render_comparison

    render_comparison(made, Console())


def _exit_code(made: RunsCompared, fail_on: FailOn) -> int:
    from robustness.reports.compared import Standing

    shown = {match.standing for match in made.matches}
    if fail_on is FailOn.NEVER:
        return 0
    if Standing.WORSE in shown:
        return 1
    unfit = any(one.proviso for one in (made.reference, *made.contestants))
    lacking = made.same_suite and any(any(match.left_out) for match in made.matches)
    if unfit or lacking or Standing.NOT_MEASURED in shown or not shown:
        return 3
    return 4 if fail_on is FailOn.UNDECIDED and Standing.UNDECIDED in shown else 0
