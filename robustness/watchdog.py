"""A run that hangs, ended: where nothing has been scored for too long, all stacks and exit code 3.

A thread looks at the time of the last sign of life. It cannot act while another thread keeps Python's lock,
which a network's forward pass does not.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from robustness.errors import RobustnessError, UsageError

__all__ = ["STALL", "alive", "watched"]

STALL: Final = "ROBUSTNESS_STALL"
"""Variable that says after how many seconds without a sign of life a run is given up."""

_last = [0.0]


def alive() -> None:
    """Give a sign of life: a batch is done, or one is begun."""
    _last[0] = time.monotonic()


@contextmanager
def watched() -> Iterator[None]:
    """End the process with code 3 where `STALL` seconds pass inside without a sign of life.

    Nothing is watched where the variable is not set. What was scored is kept as after a kill.

    Raises:
        UsageError: the variable holds no number above 0.
    """
    seconds = _limit()
    if seconds is None:
        yield
        return
    done = threading.Event()
    alive()
    threading.Thread(target=_look, args=(done, seconds), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _limit() -> float | None:
    asked = os.environ.get(STALL, "")
    if not asked:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"--stall: {asked!r} came, but a number of seconds above 0 is needed; leave it out")
    return seconds


def _look(done: threading.Event, seconds: float) -> None:
    while not done.wait(min(1.0, seconds / 4)):
        if time.monotonic() - _last[0] > seconds:
            _end(seconds)


def _end(seconds: float) -> None:
    """Say where every thread stands and leave without waiting for any of them."""
    sys.stderr.flush()
    faulthandler.dump_traceback(all_threads=True)
    text = (
        f"error: nothing was scored for {seconds:g} s, so the run is given up; the stacks above say where it "
        f"hangs; what was scored is kept: run the same command again to go on\n"
    )
    os.write(2, text.encode())
    os._exit(RobustnessError.exit_code)
