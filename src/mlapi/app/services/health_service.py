"""Whether the service lives, and whether it can predict."""

from mlapi.app.services.model_service import ModelService

READY, DEGRADED, NOT_READY = "ready", "degraded", "not_ready"


def readiness(models: ModelService) -> str:
    """The state of the service: `degraded` still predicts, by the last good model, while something is wrong behind."""
    if models.loaded is None or models.draining:
        return NOT_READY
    return DEGRADED if degraded_by(models) else READY


def degraded_by(models: ModelService) -> str | None:
    """What is wrong behind a service that still predicts, as a code; None if nothing is."""
    if models.refused:
        return "model_refused"
    status = models.status
    return None if status is None or status.state == "ok" else status.code or status.state
