"""Ctrl-C: a wish at first, an order when repeated, and as ever afterwards."""

import os
import signal
import threading

import pytest

from mlapi.training.interruption import Interruption


def test_the_first_ctrl_c_is_noted_and_the_second_one_raised() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_nothing_changes() -> None:
    seen: list[object] = []

    def work() -> None:
        with Interruption():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
