"""One writer a file: a lock that its process's death releases, and a note of who holds it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.errors import OutputError, StoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Held", "hold", "waiting"]


class Held:
    """A lock that this process holds; `release` gives it back."""

    __slots__ = ("_lock", "_owner")

    def __init__(self, lock: BaseFileLock, owner: Path) -> None:
        self._lock = lock
        self._owner = owner

    def release(self) -> None:
        """Give the lock back; the lock file stays, because removing one that others wait on splits them."""
        with suppress(OSError):
            self._owner.unlink(missing_ok=True)
        self._lock.release()

    def forget(self) -> None:
        """Remove the lock file, of a file that is gone and whose name does not come again."""
        with suppress(OSError):
            Path(self._lock.lock_file).unlink(missing_ok=True)


def hold(path: Path) -> Held:
    """Take the lock of a file, at once or not at all.

    A lock of a process that died is free again: the kernel gives it back.

    Raises:
        StoreError: another process holds it; process id and host are named.
        OutputError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_beside(path, ".lock"), timeout=0)
    owner = _beside(path, ".owner")
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"{path}: {_who(owner)} is writing it, but it takes one writer; wait for that run or stop it"
        ) from None
    except OSError as error:
        raise OutputError(
            f"{path}: {error.strerror or error}, but scored rows must be on disk; choose a writable --cache"
        ) from error
    with suppress(OSError):
        owner.write_text(json.dumps({"pid": os.getpid(), "host": platform.node()}))
    return Held(lock, owner)


@contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Hold the lock of a folder's short chores; the second comer waits."""
    from filelock import FileLock

    with FileLock(_beside(path, ".lock")):
        yield


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _who(owner: Path) -> str:
    try:
        told = json.loads(owner.read_text())
        return f"process {int(told['pid'])} on {str(told['host'])!r}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
