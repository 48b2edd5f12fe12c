"""Where the demo model lies, and what it is tried on."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DATA", "location"]

DATA = "stories:test?passages=80"
"""Few enough passages for a demo of a minute, and enough for most limits to be decided."""


def location() -> Path:
    """Return the folder of the small model that ships with the package.

    >>> location().name
    'stories-bert'
    """
    return Path(__file__).parent / "stories-bert"
