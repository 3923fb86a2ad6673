"""Whether the service lives, and whether it can predict."""

from typing import NamedTuple

from mlapi.app.services.model_service import ModelService
from mlapi.app.services.prediction_log import PredictionLog

READY, DEGRADED, NOT_READY = "ready", "degraded", "not_ready"


class Trouble(NamedTuple):
    """What is wrong behind a service that still predicts.

    Attributes:
        code: one word for it, such as `model_refused` or `store_unavailable`.
        reason: in one line, for people.
    """

    code: str
    reason: str


def readiness(models: ModelService, records: PredictionLog) -> str:
    """The state of the service: `degraded` still predicts, by the last good model, while something is wrong behind."""
    if models.loaded is None or models.draining:
        return NOT_READY
    return DEGRADED if trouble(models, records) else READY


def trouble(models: ModelService, records: PredictionLog) -> Trouble | None:
    """What is wrong, the model first; None if nothing is."""
    return _model_trouble(models) or _log_trouble(records)


def _log_trouble(records: PredictionLog) -> Trouble | None:
    reason = records.trouble
    return Trouble("log_unavailable", f"predictions are not written to the log: {reason}") if reason else None


def _model_trouble(models: ModelService) -> Trouble | None:
    refusal = models.refusal
    if refusal is not None:
        return Trouble("model_refused", f"version {refusal.version} was not loaded: {refusal.reason}")
    status = models.status
    if status is None or status.state == "ok":
        return None
    if status.state == "unreachable":
        return Trouble(status.code or status.state, f"the registry does not answer; last tried at {status.checked_at}")
    named = f"version {status.version} was not taken" if status.version else "the promoted version was not taken"
    return Trouble(status.code or status.state, f"{named}: {status.reason or 'see the log of the follower'}")
