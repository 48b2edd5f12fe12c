"""Where the demo model lies."""

from __future__ import annotations

from pathlib import Path

__all__ = ["location"]


def location() -> Path:
    """Return the folder of the small model that ships with the package.

    >>> location().name
    'model'
    """
    return Path(__file__).parent / "model"
