"""`robustness attacks`: what there is, each explained, and what it does to an item of yours."""

from __future__ import annotations

from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.asked import typed
from robustness.errors import UsageError

__all__ = ["attacks"]

_OF_A_PREVIEW = ("data", "item", "severity", "seed", "limit")


def attacks(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Explain this one, with its worked example.")] = None,
    data: flag.Data = None,
    item: Annotated[
        str | None,
        typer.Option(
            "--item", help="Show it on the item of --data with this id; default: the first it fits."
        ),
    ] = None,
    severity: Annotated[int, typer.Option("--severity", min=1, help="Which severity to show.")] = 1,
    seed: flag.Seed = 0,
    limit: flag.Limit = None,
    skip_invalid: flag.SkipInvalid = False,
    json: flag.Json = False,
) -> None:
    """List the attacks; explain one; or show, with --data, what it does to an item."""
    from robustness.attacks.listing import explain, table

    flags = typed(context, _OF_A_PREVIEW)
    if not flags:
        typer.echo(table(json=json) if name is None else explain(name, json=json))
        return
    if name is None or data is None:
        raise UsageError(
            f"attacks: --{flags[0]} came, but an item is shown with NAME and --data together; "
            f"say which attack and which data"
        )
    from robustness.attacks.recipes import recipe
    from robustness.readers.load import load
    from robustness.reports.preview import preview, render, to_json

    attack = recipe(name)
    attack.attack(severity)  # a wrong name or severity is told before the data is read
    examples = load(data, limit=limit, skip_invalid=skip_invalid).examples
    shown = preview(attack, examples, item, severity=severity, seed=seed)
    if json:
        typer.echo(to_json(shown))
        return
    from rich.console import Console

    render(shown, Console())
