"""`robustness doctor`: what is installed, and what is missing."""

from __future__ import annotations

import typer

from robustness import options as flag

__all__ = ["doctor"]


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
