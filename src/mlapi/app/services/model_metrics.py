"""Counting what happens to the model, each worker for itself."""

from mlapi.app.services.model_event import ModelEvent
from mlapi.app.utils.metrics import ServiceMetrics


class ModelMetrics:
    """Hears of model events, in whatever thread they happen."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        """Take where to count."""
        self._metrics = metrics

    def __call__(self, event: ModelEvent) -> None:
        """Count one."""
        registry = self._metrics.registry
        if event.kind == "refusal":
            registry.add("mlapi_model_refusals_total", event.code or "internal_error")
            return
        registry.add("mlapi_model_loads_total")
        registry.put("mlapi_model_generation", float(event.generation))
        if event.kind == "swap":
            registry.add("mlapi_model_swaps_total")
