"""The names of the ways to search."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["DEFAULTS", "Method"]


class Method(StrEnum):
    """How variants are looked for."""

    AUTO = "auto"
    """Greedy where the recipe edits single words, restarts elsewhere."""
    GREEDY = "greedy"
    BEAM = "beam"
    RESTARTS = "restarts"
    HOTFLIP = "hotflip"
    """Words by gradient: a Hugging Face multiple-choice checkpoint alone."""
    TRIGGER = "trigger"
    """One sequence of words for all items, by gradient; prepared on half of the passages."""
    MAGNET = "magnet"
    """The options that attract most, whatever is asked; prepared on half of the passages."""


DEFAULTS: Mapping[Method, str] = {
    Method.HOTFLIP: "words-replaced",
    Method.TRIGGER: "words-planted",
    Method.MAGNET: "magnet-stock",
}
"""The recipe that a method searches over where none is named."""
