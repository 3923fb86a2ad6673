"""A machine on which the C extension was not built."""

from collections.abc import Iterator

import pytest

from mlapi.bundle import native


@pytest.fixture
def fresh_extension() -> Iterator[None]:
    """Look for the extension anew, before and after."""
    native.extension.cache_clear()
    yield
    native.extension.cache_clear()


@pytest.fixture
def no_extension(fresh_extension: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the import of the extension fail, as where there was no compiler."""
    monkeypatch.delattr("mlapi.bundle._trees", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "mlapi.bundle._trees", None)
