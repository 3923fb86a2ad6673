from __future__ import annotations

import signal
from unittest.mock import patch

from mlapi.bundle.parent import Parent


def test_the_parent_is_gone_when_another_took_its_place() -> None:
    parent = Parent()
    assert not parent.gone
    with patch("os.getppid", return_value=1_000_000):
        assert parent.gone


def test_where_the_system_cannot_tell_nothing_is_asked_of_it() -> None:
    with patch("sys.platform", "darwin"), patch("ctypes.CDLL") as library:
        Parent().end_with_it(signal.SIGTERM)
    assert not library.called
