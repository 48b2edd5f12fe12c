"""Which items a process was at, beside its journal: what is left of one that died without a word.

Not synced: the death of a process loses nothing that it wrote, that of the machine says nothing of an item.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["clear", "left", "note", "tell"]

_SHOWN = 3
_log = logging.getLogger("robustness")


def note(journal: Path, items: Sequence[str]) -> None:
    """Write the ids of the items that are scored next; a disk that refuses costs the note alone."""
    with suppress(OSError):
        _beside(journal).write_text(json.dumps(list(items)), encoding="utf-8")


def left(journal: Path) -> tuple[str, ...]:
    """Return the ids that a dead process has left; none where it ended in order.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     note(Path(folder, "run.sqlite"), ["m1#0"])
    ...     left(Path(folder, "run.sqlite")), left(Path(folder, "other.sqlite"))
    (('m1#0',), ())
    """
    with suppress(OSError, ValueError, RecursionError):
        read = json.loads(_beside(journal).read_text(encoding="utf-8"))
        if isinstance(read, list):
            return tuple(name for name in read if isinstance(name, str))
    return ()


def clear(journal: Path) -> None:
    """Forget the items: their process has ended in order, or another has taken note of them."""
    with suppress(OSError):
        _beside(journal).unlink(missing_ok=True)


def tell(items: Sequence[str]) -> None:
    """Say at which items an earlier process died; nothing where it was at none."""
    if items:
        shown = ", ".join(map(repr, items[:_SHOWN])) + (", ..." if len(items) > _SHOWN else "")
        _log.warning(
            "an earlier try of this run died without a word at %d item(s): %s; they are asked one at a time "
            "now, so that another death would name one",
            len(items),
            shown,
        )


def _beside(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}.items")
