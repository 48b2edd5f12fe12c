"""The bound on the size of the cache: the longest unused goes first, interrupted runs go last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.store.durable import DRAFT
from robustness.store.entry import JOURNALS, discard
from robustness.store.locks import hold
from robustness.store.salvage import unlink_all

__all__ = ["prune", "size_of"]

_DAY = 86_400


def size_of(root: Path) -> int:
    """Return the bytes of all files under a folder."""
    return sum(_size(path) for path in root.rglob("*"))


def prune(root: Path, limit: int) -> int:
    """Bring the cache to at most `limit` bytes and return how many bytes went.

    Runs that read it are not disturbed: they hold their rows in memory. Journals that are being
    written are never removed.
    """
    before = total = size_of(root)
    _sweep(root)
    for path in [*_oldest(root, "*/*.json"), *_oldest(root, f"*/{JOURNALS}")]:
        if total <= limit:
            break
        if path.suffix == ".json":
            discard(path)
        else:
            _discard_journal(path)
        total = size_of(root)
    return before - size_of(root)


def _sweep(root: Path) -> None:
    """Remove what a killed process has left: drafts, and sealed rows without a manifest."""
    young = time.time() - _DAY
    for path in [*root.glob(f"*/.*{DRAFT}"), *root.glob("*/*.parquet")]:
        whole = path.suffix == ".parquet" and path.with_suffix(".json").exists()
        if not whole and _used(path) < young:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _oldest(root: Path, pattern: str) -> Iterator[Path]:
    yield from sorted(root.glob(pattern), key=lambda path: (_used(path), path.name))


def _discard_journal(path: Path) -> None:
    with suppress(RobustnessError, OSError):
        held = hold(path)
        unlink_all(path)
        held.release()
        held.forget()


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
