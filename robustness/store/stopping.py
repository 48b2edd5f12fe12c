"""Ctrl-C and SIGTERM: the batch at hand is finished and kept, then the run ends in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Stopped", "Stopping", "heeding_sigterm"]

_NOTICE = b"\nstopping after this batch; once more to stop at once\n"


class Stopped(SystemExit):
    """The run was asked to end: exit code 130 after SIGINT, 143 after SIGTERM.

    Not an `Exception`, so that no handler for a failing item or test takes it for one.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)
        self.line = f"stopped by {self.signal.name}; run the same command again"
        """One sentence for people: what is kept and how to go on."""


class Stopping:
    """While entered, a first SIGINT or SIGTERM is noted and a second one raises `Stopped`.

    `check` raises `Stopped` where one was noted: call it where nothing is half done. Signals reach
    the main thread alone; in another thread this does nothing.

    >>> import signal
    >>> try:
    ...     with Stopping() as stopping:
    ...         stopping.noted = signal.SIGTERM
    ...         stopping.check()
    ... except Stopped as end:
    ...     print(end.code, end.line)
    143 stopped by SIGTERM; run the same command again
    """

    def __init__(self) -> None:
        self.noted: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # SIG_IGN stays, as for children of nohup; None is a handler that is not Python's.
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is None:
            self.check()  # it came after the last time that somebody asked

    def check(self) -> None:
        """Raise `Stopped` where a signal was noted."""
        if self.noted is not None:
            raise Stopped(self.noted)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.noted is not None:
            raise Stopped(number)
        self.noted = number
        # print() may be interrupted by this very handler, which Python forbids.
        os.write(2, _NOTICE)


@contextmanager
def heeding_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `Stopped` wherever it comes, as Ctrl-C raises `KeyboardInterrupt` by itself.

    Without it the process ends on the spot, and files that were being written stay behind. For a
    process of our own: a handler that somebody else has set, and another thread, are left alone.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
