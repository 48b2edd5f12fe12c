from __future__ import annotations

import os
import signal
import threading

import pytest

from robustness.store.stopping import Stopped, Stopping

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@SIGNALS
def test_the_first_signal_waits_for_a_good_moment(number: int, capfd: pytest.CaptureFixture[str]):
    reached = []
    with pytest.raises(Stopped) as end, Stopping() as stopping:  # noqa: PT012 - what is interrupted
        send(number)
        reached.append("the end of the batch")
        stopping.check()
    assert end.value.code == 128 + number
    assert reached == ["the end of the batch"]
    assert "stopping after this batch" in capfd.readouterr().err


@SIGNALS
def test_the_second_signal_does_not_wait(number: int):
    with pytest.raises(Stopped) as end, Stopping():  # noqa: PT012 - what is interrupted
        send(signal.SIGTERM)
        send(number)
        pytest.fail("the second signal was waited with")
    assert end.value.code == 128 + number


def test_a_signal_during_the_last_batch_is_not_forgotten():
    with pytest.raises(Stopped), Stopping():
        send(signal.SIGINT)


def test_handlers_are_put_back_however_it_ends():
    before = signal.getsignal(signal.SIGINT)
    for fault in (None, ValueError):
        try:
            with Stopping():
                assert signal.getsignal(signal.SIGINT) != before
                if fault:
                    raise fault
        except ValueError:
            pass
        assert signal.getsignal(signal.SIGINT) == before


def test_an_error_of_the_model_is_not_hidden_by_a_signal():
    with pytest.raises(ZeroDivisionError), Stopping():  # noqa: PT012 - what is interrupted
        send(signal.SIGINT)
        raise ZeroDivisionError


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Stopping() as stopping:
            send(signal.SIGINT)
            stopping.check()
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_to_the_main_one():
    seen = []

    def inside() -> None:
        with Stopping():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_no_handler_of_exceptions_swallows_a_stop():
    assert not issubclass(Stopped, Exception)
