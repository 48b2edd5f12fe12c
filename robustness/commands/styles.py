"""`--report FORMAT:PATH` of a comparison: its formats looked up, its reports written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import typer

from robustness.errors import UsageError, unknown

__all__ = ["Styles"]


@dataclass(frozen=True, slots=True)
class Styles:
    """The formats that one kind of comparison can be written in."""

    what: str
    """What they are formats of, as messages say it."""
    functions: Mapping[str, str]
    """Format -> `module:function`, loaded only when it is used."""

    def targets(self, specs: Sequence[str]) -> list[tuple[str, str, Path]]:
        """Return spec, format and path of each, all checked before any work; raises `UsageError`."""
        return [self._target(spec) for spec in specs]

    def _target(self, spec: str) -> tuple[str, str, Path]:
        from robustness.reports.renderers import place

        style, path = place(spec)
        if style not in self.functions:
            raise UsageError("--report: " + unknown(f"format of {self.what}", style, self.functions))
        return spec, style, path

    def rendered(self, style: str, made: object) -> str:
        """Return the comparison in one format."""
        module, function = self.functions[style].split(":")
        return str(getattr(import_module(module), function)(made))

    def write(self, targets: Sequence[tuple[str, str, Path]], made: object) -> None:
        """Write each report and say where it lies."""
        from robustness.reports.renderers import write_text

        for spec, style, path in targets:
            typer.echo(f"wrote {write_text(spec, path, self.rendered(style, made))}", err=True)
