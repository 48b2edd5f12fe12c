"""Where the packaged content lies: recipes, word lists and plans. The only reader of it."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

__all__ = ["share"]


def share(kind: str) -> Traversable:
    """Return the folder `attacks` or `suites`, from the wheel or from the checkout.

    >>> share("attacks").is_dir()
    True
    """
    packed = files("robustness") / "_share" / kind
    return packed if packed.is_dir() else Path(__file__).parents[1] / kind
