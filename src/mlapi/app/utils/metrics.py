"""Room for what the service counts, thin over `mlapi.ops.metrics`.

Nothing is counted yet: there is no exporter to read it. The gate is where a request's route, status, rows and duration
are known together, in `Gate._write`.
"""

from mlapi.ops.metrics import Registry


def new_registry() -> Registry:
    """A registry of its own for each app, so that two apps in a process do not add up."""
    return Registry()
