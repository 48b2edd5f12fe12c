from __future__ import annotations

import warnings

import pytest
from huggingface_hub.utils.tqdm import are_progress_bars_disabled
from transformers.utils import logging

from robustness.models.quiet import quiet


def state() -> tuple[int, bool, bool]:
    return (
        logging.get_verbosity(), logging.is_progress_bar_enabled(), are_progress_bars_disabled()
    )  # fmt: skip


def test_nothing_is_heard_inside_and_everything_is_restored(capfd):
    before = state()
    with quiet():
        warnings.warn("a load report", UserWarning, stacklevel=1)
        logging.get_logger("transformers.x").error("a load report")
        assert not logging.is_progress_bar_enabled()
    assert state() == before
    assert capfd.readouterr() == ("", "")


def test_everything_is_restored_after_an_error():
    logging.set_verbosity_info()
    before = state()
    try:
        with pytest.raises(KeyError), quiet():
            raise KeyError
        assert state() == before
    finally:
        logging.set_verbosity_warning()


def test_bars_that_the_user_switched_off_stay_off():
    logging.disable_progress_bar()
    try:
        with quiet():
            pass
        assert not logging.is_progress_bar_enabled()
        assert are_progress_bars_disabled()
    finally:
        logging.enable_progress_bar()
