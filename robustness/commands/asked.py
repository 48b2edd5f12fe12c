"""What a command was asked for: what was typed, over the environment, over the configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from robustness.configuration.settings import Settings

__all__ = ["settings_of", "settings_text", "typed"]


def typed(context: typer.Context, among: Iterable[str]) -> tuple[str, ...]:
    """Return which of these parameters of a command were typed, and did not come from elsewhere."""
    source = context.get_parameter_source
    return tuple(key for key in among if (found := source(key)) and found.name == "COMMANDLINE")


def settings_of(context: typer.Context, file: Path | None) -> Settings:
    """Return what the command line, the environment and the configuration file ask for together.

    Args:
        context: of the command; only what was typed is a flag, and only keys of `Config` count.
        file: `--config`; None is the current folder's, if it has one.

    Raises:
        UsageError: the configuration is wrong.
    """
    from robustness.configuration.config import Config
    from robustness.configuration.settings import Settings, find

    flags = {
        key: "\n".join(value) if isinstance(value := context.params[key], list) else str(value)
        for key in typed(context, Config.model_fields)
    }
    found = file or find(Path.cwd())
    return Settings.of(found, environment=os.environ, flags=flags)


def settings_text(settings: Settings, *, json: bool) -> str:
    """Return every key with its value and where it came from, as a table or as JSON."""
    from json import dumps

    lines = [dict(zip(("key", "value", "origin"), line, strict=True)) for line in settings.lines()]
    if json:
        return dumps(lines, indent=2)
    return "\n".join(f"{one['key']:<20} {one['value'] or '-':<40} {one['origin']}" for one in lines)
