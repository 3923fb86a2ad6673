"""Settings of all tests."""

import os

from hypothesis import settings

# No deadline: a timing is never asserted in a test. `make prove` looks at ten times as many examples.
settings.register_profile("quick", deadline=None)
settings.register_profile("prove", deadline=None, max_examples=1000)
settings.load_profile("prove" if os.environ.get("MLAPI_PROVE") else "quick")
