"""The OpenAPI document of the service, made for the loaded model and made anew when the model changes."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.routing import BaseRoute

import mlapi
from mlapi.app.api import tensor_answer
from mlapi.app.api.deprecation import Deprecations
from mlapi.app.api.error_body import EXAMPLE_AT
from mlapi.app.api.exchange import JSON
from mlapi.app.api.formats import ENCODERS
from mlapi.app.api.guide import description
from mlapi.app.api.raw_paths import PREDICT as PATHS
from mlapi.app.api.samples import show_rows, show_samples
from mlapi.app.schemas.examples import example_rows
from mlapi.app.schemas.inference import InferRequest
from mlapi.app.schemas.invocation import FORMS
from mlapi.app.schemas.prediction import PredictionResponse
from mlapi.app.schemas.row_model import property_schema, request_model
from mlapi.app.services.prediction_service import PredictionService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decision import Decision

INVOCATIONS: Final = "/invocations"
INFER: Final = ("/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer")
REF: Final = "#/components/schemas/{model}"
BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "Send your API key with every request as `Authorization: Bearer <key>`.",
}
RAW_BODIES: Final[tuple[type[BaseModel], ...]] = (InferRequest, *FORMS.values())
TAGS: Final = [
    {"name": "Predictions", "description": "Rows in, labels and probabilities out."},
    {"name": "Models", "description": "The model that answers."},
    {"name": "Open Inference Protocol", "description": "For clients of Triton, KServe and MLServer."},
    {"name": "MLflow", "description": "For clients of `mlflow models serve` and SageMaker."},
    {"name": "Feedback", "description": "What turned out to be true, and how good the model is."},
    {"name": "Metrics", "description": "What the service has counted."},
    {"name": "Health", "description": "Probes for whatever keeps the service running."},
]


class OpenAPIDocument:
    """Gives the document as JSON; keeps the one of the last snapshot."""

    def __init__(
        self,
        routes: Callable[[], list[BaseRoute]],
        *,
        is_public: Callable[[str], bool],
        max_rows: int,
        address: str,
        deprecations: Deprecations,
    ) -> None:
        """Take what the document describes.

        Args:
            routes: the routes of the app.
            is_public: whether a path needs no key.
            max_rows: of one request.
            address: scheme and host that clients use, for the code samples.
            deprecations: what is going to go.
        """
        self._address = address
        self._deprecations = deprecations
        self._routes = routes
        self._is_public = is_public
        self._max_rows = max_rows
        self._made: tuple[Snapshot | None, bytes] | None = None

    def to_json(self, snapshot: Snapshot | None) -> bytes:
        """The document for a loaded model, or for none."""
        if self._made is None or self._made[0] is not snapshot:
            self._made = (snapshot, msgspec.json.encode(self.build(snapshot)))
        return self._made[1]

    def build(self, snapshot: Snapshot | None) -> dict[str, Any]:
        """Make the document."""
        document = get_openapi(
            title="mlapi prediction service",
            version=mlapi.__version__,
            description=description(snapshot),
            routes=self._routes(),
            tags=TAGS,
        )
        document["security"] = [{"Bearer": []}]
        components = document["components"]
        components["schemas"] |= _raw_bodies()
        components["securitySchemes"] = {"Bearer": BEARER}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _complete_examples(operation)
                if self._is_public(path):
                    operation["security"] = []
        if snapshot is not None:
            components["schemas"] |= self._components(snapshot)
            _show_examples(document, snapshot)
            _set_threshold(document, snapshot.bundle.decision)
        _name_the_model(document, snapshot)
        show_samples(document, self._address)
        self._deprecations.mark(document)
        return document

    def _components(self, snapshot: Snapshot) -> dict[str, Any]:
        schema = snapshot.bundle.schema
        rows = example_rows(schema)
        request = request_model(schema, max_rows=self._max_rows).model_json_schema(ref_template=REF)
        components: dict[str, Any] = request.pop("$defs")
        components["FeatureRow"]["properties"] = {one.name: property_schema(one) for one in schema.features}
        components["FeatureRow"]["example"] = rows[0]
        request["example"] = {"data": rows, "options": {"probabilities": True}}
        components["PredictionRequest"] = request
        components["PredictionOptions"] = _options(components["PredictionOptions"], snapshot.bundle.decision)
        return components | _response(snapshot, msgspec.json.encode(request["example"]))


def _raw_bodies() -> dict[str, Any]:
    """The components of bodies that routes read by themselves."""
    components: dict[str, Any] = {}
    for declared in RAW_BODIES:
        schema = declared.model_json_schema(ref_template=REF)
        components |= schema.pop("$defs", {})
        components[declared.__name__] = schema
    return components


def _response(snapshot: Snapshot, body: bytes) -> dict[str, Any]:
    """The answer's component: labels and class names of the model, and its own answer to the example."""
    response = PredictionResponse.model_json_schema(ref_template=REF)
    components: dict[str, Any] = response.pop("$defs")
    response["properties"] |= _answered(response["properties"], snapshot.bundle.decision)
    decoded = snapshot.decoder.decode(body)
    answer = PredictionService().predict(snapshot, decoded, decoded.ask).answer
    response["example"] = {
        **msgspec.json.decode(ENCODERS[JSON](answer)),
        "timestamp": EXAMPLE_AT,
    }  # equal models, equal documents
    return {**components, "PredictionResponse": response}


def _options(declared: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """The options: a threshold is taken where there are two classes only, and has the model's own as default."""
    properties = dict(declared["properties"])
    threshold = properties.pop("threshold")
    if len(decision.classes) == 2:
        properties["threshold"] = threshold | {"default": decision.threshold}
    return declared | {"properties": properties}


def _set_threshold(document: dict[str, Any], decision: Decision) -> None:
    """Likewise for the query parameter."""
    for path in PATHS:
        operation = document["paths"][path]["post"]
        kept = [one for one in operation["parameters"] if one["name"] != "threshold" or len(decision.classes) == 2]
        for one in kept:
            if one["name"] == "threshold":
                one["schema"]["default"] = decision.threshold
        operation["parameters"] = kept


def _answered(declared: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """The properties that depend on the classes; the optional ones are left out of an answer and never null in it."""
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    row = {
        "type": "object",
        "properties": dict.fromkeys(decision.names, probability),
        "required": list(decision.names),
        "additionalProperties": False,
    }
    probabilities = declared["probabilities"]
    optional = {
        name: {"description": declared[name]["description"], **declared[name]["anyOf"][0]}
        for name in ("explanations", "warnings", "prediction_ids")
    }
    return optional | {
        "predictions": declared["predictions"] | {"items": {"enum": list(decision.classes)}},
        "probabilities": {"description": probabilities["description"], "type": "array", "items": row},
    }


def _show_examples(document: dict[str, Any], snapshot: Snapshot) -> None:
    """Repeat the examples of the components at the operations, where every viewer looks."""
    schemas = document["components"]["schemas"]
    for path in PATHS:
        operation = document["paths"][path]["post"]
        operation["requestBody"]["content"]["application/json"]["example"] = schemas["PredictionRequest"]["example"]
        answer = operation["responses"]["200"]["content"]["application/json"]
        answer["example"] = schemas["PredictionResponse"]["example"]
    rows = schemas["PredictionRequest"]["example"]["data"]
    show_rows(document, (*sorted(PATHS), INVOCATIONS), rows)
    columns = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    invocations = document["paths"][INVOCATIONS]["post"]["requestBody"]["content"]["application/json"]
    invocations["example"] = {"dataframe_split": columns}
    for path in INFER:
        infer = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        infer["example"] = tensor_answer.example(snapshot.bundle.schema, rows)


def _name_the_model(document: dict[str, Any], snapshot: Snapshot | None) -> None:
    """Give path parameters the loaded model's name and version as examples, so that requests can be tried."""
    known = {"name": snapshot.alias.name if snapshot else "model", "version": snapshot.version if snapshot else "1"}
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["example"] = known[parameter["name"]]


def _complete_examples(operation: dict[str, Any]) -> None:
    """Put the null back into examples of errors; FastAPI leaves out whatever is None."""
    for response in operation["responses"].values():
        for example in response["content"].get("application/json", {}).get("examples", {}).values():
            example["value"].setdefault("details", None)
