"""`robustness attacks`: what there is, and each explained."""

from __future__ import annotations

from typing import Annotated

import typer

from robustness import options as flag

__all__ = ["attacks"]


def attacks(
    name: Annotated[str | None, typer.Argument(help="Explain this one, with its worked example.")] = None,
    json: flag.Json = False,
) -> None:
    """List the attacks, or explain one."""
    from robustness.attacks.listing import explain, table

    typer.echo(table(json=json) if name is None else explain(name, json=json))
