"""Where the demo model lies, and what it is tried on."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DATA", "location"]

DATA = "stories:test?passages=80"
"""Enough passages for every limit of the core plan to be decided."""


def location() -> Path:
    """Return the folder of the small model that ships with the package.

    >>> location().name
    'model'
    """
    return Path(__file__).parent / "model"
