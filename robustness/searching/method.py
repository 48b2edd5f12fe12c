"""The names of the ways to search."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Method"]


class Method(StrEnum):
    """How variants are looked for."""

    AUTO = "auto"
    """Greedy where the recipe edits single words, restarts elsewhere."""
    GREEDY = "greedy"
    BEAM = "beam"
    RESTARTS = "restarts"
