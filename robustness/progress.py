"""Progress on stderr, in one way for every stage."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["OFF", "bar"]

OFF = "TQDM_DISABLE"
"""The variable that turns all bars off, those of other libraries too."""


def bar(**rest: Any) -> tqdm[Any]:
    """Return a bar as `tqdm(**rest)` makes it, or one that shows nothing where `OFF` is set.

    tqdm itself reads the variable once, when it is first imported, which may be before `--quiet` is known.
    """
    from tqdm import tqdm

    return tqdm(disable=bool(os.environ.get(OFF)), **rest)
