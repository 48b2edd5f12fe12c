"""What all HTML pages share: templates, one style, escaping, numbers in words."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from robustness.reports import wording
from robustness.reports.escape import visible_text
from robustness.reports.telling import Excerpt

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment", "pieces"]


def environment() -> Environment:
    """Return a new environment in which everything is escaped and nothing hides or steers.

    Templates are those of this package; a name that is not defined is an error.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        loader=FunctionLoader(_source),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(count=wording.count, figure=wording.figure, spread=wording.spread)
    made.filters.update(percent=wording.percent, pieces=pieces)
    return made


def pieces(edit: Excerpt) -> tuple[tuple[str, bool], ...]:
    """Return `edit.after` cut at its marks: (text, whether the attack wrote it).

    >>> pieces(Excerpt("passage", 0, "It rains.", "It snows.", ((3, 8),)))
    (('It ', False), ('snows', True), ('.', False))
    """
    cut: list[tuple[str, bool]] = []
    end = 0
    for low, high in edit.marks:
        cut += [(edit.after[end:low], False), (edit.after[low:high], True)]
        end = high
    return tuple((text, mark) for text, mark in (*cut, (edit.after[end:], False)) if text)


def _source(name: str) -> str:
    return (files("robustness.reports") / "templates" / name).read_text(encoding="utf-8")


def _finalize(value: object) -> object:
    return visible_text(value) if type(value) is str else value
