"""What all HTML pages share: templates, one style, one script, their policy, escaping, numbers in words."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from robustness.reports import wording
from robustness.reports.escape import visible_text
from robustness.reports.illustrations import Excerpt

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["Assets", "assets", "environment", "pieces"]


@dataclass(frozen=True, slots=True)
class Assets:
    """The style and the script of a page, and the policy that lets these two run and nothing else."""

    style: Markup
    script: Markup
    policy: Markup
    """For `Content-Security-Policy`: their digests are named, so no other style or script is obeyed."""


@cache
def assets() -> Assets:
    """Return what every page carries in itself.

    >>> str(assets().policy[:36])
    "default-src 'none'; style-src 'sha25"
    """
    from markupsafe import Markup

    style, script = _source("style.css"), _source("page.js")
    return Assets(
        # Our own files, so not escaped; nothing of a run is in them.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=Markup(  # noqa: S704
            f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
    )


def _allowed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


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
    made.globals.update(assets=assets(), count=wording.count, figure=wording.figure, spread=wording.spread)
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
