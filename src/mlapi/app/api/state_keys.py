"""Under which names a request's scope holds what the lifespan gave to every request."""

from typing import Final

STATE: Final = "mlapi"  # the model service
LOCAL: Final = "mlapi.local"  # `LocalModels`
RECORDS: Final = "mlapi.records"  # the `PredictionLog`
RELOADING: Final = "mlapi.reloading"  # `Reloading`
SCORER: Final = "mlapi.scorer"  # the `Scorer`
