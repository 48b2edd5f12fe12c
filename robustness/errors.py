"""The error tree. Everything here is printed as one paragraph, never as a stack.

RobustnessError               exit code 3 unless a class below says otherwise
├── UsageError                2: the command, plan or recipe asks for something that does not exist
│   └── PlanError             2: a plan or recipe file has an unknown key, attack or value
├── DataError                 3: a data file, row or example is not usable
├── SuiteError                3: a frozen suite is damaged, foreign or leaks its answers
├── ModelError                3: a checkpoint or predictions file cannot be used
├── ScoreError                3: scores came back with the wrong shape or for the wrong items
├── StoreError                3: a journal, cache entry or part is damaged, foreign, in use or contradictory
└── OutputError               3: the result cannot be written where it was asked for

Anything else that is raised is a bug of ours and keeps its stack.
A message says where, what came, what was needed, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "DataError",
    "ModelError",
    "OutputError",
    "PlanError",
    "RobustnessError",
    "ScoreError",
    "StoreError",
    "SuiteError",
    "UsageError",
    "unknown",
]


class RobustnessError(Exception):
    """A fault that the user can mend; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 3


class UsageError(RobustnessError):
    """The command line, or a name on it, is wrong."""

    exit_code: ClassVar[int] = 2


class PlanError(UsageError):
    """A plan or recipe has an unknown key, an unknown attack or a value out of range."""


class DataError(RobustnessError):
    """A data file, a row in it or an example made from it is not usable."""


class SuiteError(RobustnessError):
    """A frozen suite is damaged, of another schema, or leaks its answers undeclared."""


class ModelError(RobustnessError):
    """A checkpoint or predictions file cannot be used for scoring."""


class ScoreError(RobustnessError):
    """A model returned scores of the wrong shape, or for the wrong items."""


class StoreError(RobustnessError):
    """A journal, cache entry or part is damaged, foreign, in use, or contradicts another."""


class OutputError(RobustnessError):
    """The result cannot be written to the place that was asked for."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return one sentence for a name outside a closed set, with the nearest known name first.

    >>> unknown("attack", "ad-sent", ["add-sent", "no-passage"])
    "no attack is called 'ad-sent'; did you mean 'add-sent'? known: add-sent, no-passage"
    """
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return f"no {kind} is called {name!r};{hint} known: {', '.join(names)}"
