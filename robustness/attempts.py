"""A model asked for scores that may raise, kill its process or hang: one item costs no other one its answer.

An item at which a model raises is not measured, and the others go on. Which items a process was at is
noted where its ledger keeps notes, so that the next one can name those at which it died.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from robustness.domain import Example, Model, Scores, Truncates
from robustness.errors import RobustnessError
from robustness.watchdog import alive

__all__ = ["ERRORS", "Answers", "Attempts", "united"]

ERRORS = "errors"
"""Entry of a run's environment: type and place of each exception at which items were given up."""

_NAN = float("nan")
_log = logging.getLogger("robustness")


class Answers(NamedTuple):
    """What a model said to some items."""

    items: Sequence[Example]
    scores: Sequence[Scores]
    visible: Sequence[int] | None
    """None for a model that does not truncate, and where it raised."""


@runtime_checkable
class _Notes(Protocol):
    """A ledger that outlives the process; `robustness.store.store.Store` is one."""

    @property
    def broken_off(self) -> Sequence[str]:
        """Items that an earlier process was at when it died."""
        ...

    def at(self, items: Sequence[str]) -> None:
        """Note the items that are asked next."""
        ...


@dataclass
class Attempts:
    """The questions put to one model in one run.

    >>> class Fussy:
    ...     name, fingerprint = "fussy", "f"
    ...     def score(self, batch):
    ...         assert all(item.question for item in batch)
    ...         return [(1.0, 0.0) for item in batch]
    >>> items = [Example(name, "", name[1:], ("a", "b"), 0, "g") for name in ("mWho?", "m")]
    >>> _log.disabled = True  # it tells of the item, with the stack
    >>> [(found.items[0].id, found.scores) for found in Attempts(Fussy()).answers(items)]
    [('mWho?', [(1.0, 0.0)]), ('m', [(nan, nan)])]
    >>> _log.disabled = False
    """

    model: Model
    _answered: bool = False
    _kinds: set[str] = field(default_factory=set)

    def answers(self, batch: Sequence[Example]) -> Iterator[Answers]:
        """Yield what the model says to the items, NaN for one at which it raises by itself.

        Items at which an earlier process died are asked one at a time, so that another death names one.

        Raises:
            Exception: the model raised at every item of the batch, so the fault is not an item's.
        """
        for part in self._parts(batch):
            try:
                yield self._asked(part)
            except RobustnessError:
                raise
            except Exception as error:
                if len(part) > 1:
                    yield from self._singly(part, error)
                elif self._answered:
                    yield self._given_up(part[0], error)
                else:
                    raise

    def told(self) -> dict[str, str]:
        """Return the entry of the run's environment that says what was raised; empty for nothing."""
        return {ERRORS: united(*self._kinds)} if self._kinds else {}

    def _parts(self, batch: Sequence[Example]) -> Iterator[Sequence[Example]]:
        ledger = getattr(self.model, "ledger", None)
        if not isinstance(ledger, _Notes):
            yield batch
            return
        suspects = frozenset(ledger.broken_off)
        for part in ([e for e in batch if e.id not in suspects], *([e] for e in batch if e.id in suspects)):
            if part:
                ledger.at([example.id for example in part])
                yield part

    def _asked(self, items: Sequence[Example]) -> Answers:
        alive()
        scores = self.model.score(items)
        visible = self.model.visible(items) if isinstance(self.model, Truncates) else None
        self._answered = True
        return Answers(items, scores, visible)

    def _singly(self, batch: Sequence[Example], first: Exception) -> Iterator[Answers]:
        """Yield the answers to a batch at which the model raised, item by item."""
        found: list[Answers] = []
        faults: list[tuple[Example, Exception]] = []
        for item in batch:
            try:
                found.append(self._asked([item]))
            except RobustnessError:
                raise
            except Exception as error:  # noqa: BLE001 - what a model of the user's raises is not ours to know
                faults.append((item, error))
        if not found:
            raise first
        yield from found
        for item, fault in faults:
            yield self._given_up(item, fault)

    def _given_up(self, item: Example, error: Exception) -> Answers:
        """Return NaN for the item, and tell of it: the stack once for each place."""
        kind = _kind(error)
        stack = error if kind not in self._kinds else None
        self._kinds.add(kind)
        text = "item %r: the model raised %s, so it is not measured; the others go on"
        _log.error(text, item.id, kind, exc_info=stack)
        return Answers([item], [(_NAN,) * len(item.options)], None)


def united(*told: str) -> str:
    """Return what several parts of a run tell of errors, as one process would have told it.

    >>> united("KeyError at m:f:1; ValueError at m:g:2", "", "KeyError at m:f:1")
    'KeyError at m:f:1; ValueError at m:g:2'
    """
    return "; ".join(sorted({one for text in told for one in text.split("; ") if one}))


def _kind(error: Exception) -> str:
    """Return type and place alone: a message may quote data or secrets, and a run is passed on."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = ""
    if trace:
        module = trace.tb_frame.f_globals.get("__name__", "")
        place = f" at {module}:{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
