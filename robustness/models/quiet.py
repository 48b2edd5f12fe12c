"""Silence for the libraries below, for as long as one of our own calls lasts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back warnings, load reports and progress bars of transformers and the Hub client.

    What they would say is checked and said in one voice by the caller. Verbosity and progress
    bars are as before afterwards.
    """
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    had_bars, had_hub_bars = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.set_verbosity(logging.CRITICAL)
        logging.disable_progress_bar()  # switches the Hub client's bars as well
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if had_bars:
                logging.enable_progress_bar()
            (enable_progress_bars if had_hub_bars else disable_progress_bars)()
