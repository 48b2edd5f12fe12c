"""Scoring with a net below it: what a model has scored is kept, used again and never lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from robustness.domain import Model
from robustness.store.cache import Cache
from robustness.store.header import Header
from robustness.store.stopping import Stopped, Stopping
from robustness.store.store import Store

__all__ = ["glance", "header_of", "keep"]


@runtime_checkable
class _Remembers(Protocol):
    ledger: Any


@runtime_checkable
class _Describes(Protocol):
    def environment(self) -> Mapping[str, str]: ...


def header_of(model: Model, suite: str) -> Header:
    """Return the identity of a model's rows; `numeric_class` of its environment is the numeric class."""
    said = model.environment() if isinstance(model, _Describes) else {}
    return Header(suite=suite, model=model.fingerprint, numeric=said.get("numeric_class", ""))


def glance(model: Model, *, suite: str, cache: Cache | None) -> None:
    """Let the model use what a run of the suite would find in the cache, and keep nothing of what it scores.

    Nothing without a cache and for a model that has no `ledger`.
    """
    if cache is not None and isinstance(model, _Remembers):
        model.ledger = cache.peek(header_of(model, suite))


@contextmanager
def keep(model: Model, *, suite: str, cache: Cache | None) -> Iterator[Store | None]:
    """Give the model a store of `cache` for its ledger, and seal it where the block ends well.

    Yields None, and does nothing, without a cache and for a model that has no `ledger`. However the
    block ends, the rows that were recorded stay: the next run of the same suite, model and numeric
    class goes on from there. `suite` is the suite's fingerprint.

        with keep(model, suite=suite.fingerprint, cache=cache):
            run = score(suite, model)

    Raises:
        Stopped: SIGINT or SIGTERM came; the batch at hand was finished and kept.
        StoreError: rows contradict each other.
        OutputError: the disk is full or refuses.
    """
    if cache is None or not isinstance(model, _Remembers):
        yield None
        return
    with Stopping() as stopping:
        store = cache.open(header_of(model, suite))
        store.writer.counters = _counting(model)
        store.checkpoint = stopping.check
        before = model.ledger
        try:
            model.ledger = store  # a model may ask it, or tell it something, at once
            yield store
            stopping.check()  # it came during the last batch
        except Stopped as end:
            end.line = _how_to_go_on(end, store)
            raise
        else:
            store.seal()
        finally:
            model.ledger = before
            store.close()


def _counting(model: Model) -> Any:
    began = time.monotonic()

    def count() -> Mapping[str, int]:
        counts = getattr(model, "counts", {})
        return {**counts, "milliseconds": int((time.monotonic() - began) * 1000)}

    return count


def _how_to_go_on(end: Stopped, store: Store) -> str:
    if not store.kept:
        return f"stopped by {end.signal.name}: the cache cannot be written, so the next run begins anew"
    kept = len(store.rows())
    return f"stopped by {end.signal.name}: {kept} scored rows are kept; run the same command again to go on"
