"""Settings of all tests."""

import os

import pytest
from hypothesis import settings

# No deadline: a timing is never asserted in a test. `make prove` looks at ten times as many examples.
settings.register_profile("quick", deadline=None)
settings.register_profile("prove", deadline=None, max_examples=1000)
settings.load_profile("prove" if os.environ.get("MLAPI_PROVE") else "quick")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes share the tests, one has all that talk to Docker, first; a file is never divided."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/containers/"))
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("containers" if file.startswith("tests/containers/") else file))
