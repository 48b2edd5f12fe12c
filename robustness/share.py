"""Where content lies: ours (recipes, word lists, plans; read through here alone) and the user's modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["own_modules", "share"]


@contextmanager
def own_modules() -> Iterator[None]:
    """Let modules of the current folder be imported inside: a console script does not look there, and
    the user's own models and generators lie there.
    """
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)


def share(kind: str) -> Traversable:
    """Return the folder `attacks` or `suites`, from the wheel or from the checkout.

    >>> share("attacks").is_dir()
    True
    """
    packed = files("robustness") / "_share" / kind
    return packed if packed.is_dir() else Path(__file__).parents[1] / kind
