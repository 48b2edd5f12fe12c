"""Commands without a model do their few sums on one thread."""

from __future__ import annotations

import os

__all__ = ["one_thread"]


def one_thread() -> None:
    """Let numpy start no threads, where nobody has said how many; for before numpy is loaded.

    The products behind intervals are thin: a second thread makes `compare` no faster, and spends its
    time waiting for the first.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
