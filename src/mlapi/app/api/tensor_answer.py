"""Answers as tensors: JSON, or JSON followed by the tensors' bytes."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from mlapi.app.schemas.inference import InferRequest
from mlapi.app.services.prediction_service import Answered
from mlapi.bundle.decision import Decision, shortest
from mlapi.bundle.model import Prediction
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Floats, Label, as_array

PREDICTION, PROBABILITIES = "prediction", "probabilities"
LABELS: Final[dict[type, str]] = {str: "BYTES", int: "INT64", bool: "BOOL"}
INPUTS: Final = {
    FeatureKind.NUMERIC: "FP64",
    FeatureKind.INTEGER: "INT64",
    FeatureKind.BOOLEAN: "BOOL",
    FeatureKind.CATEGORICAL: "BYTES",
    FeatureKind.DATETIME: "BYTES",
}


class Output(NamedTuple):
    """A tensor of the answer; `data` for JSON, `raw` as bytes."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any]
    raw: bytes


def write(request: InferRequest, answered: Answered) -> tuple[bytes, bytes]:
    """Give the JSON part of the answer, and the bytes after it, which are empty where no output is binary."""
    wanted: dict[str, bool | None] = {one.name: one.parameters.binary_data for one in request.outputs}
    wanted = wanted or dict.fromkeys((PREDICTION, PROBABILITIES))
    written = []
    binary = b""
    for output in _outputs(answered.prediction, answered.snapshot.bundle.decision):
        if output.name in wanted:
            chosen = wanted[output.name]
            as_bytes = request.parameters.binary_data_output if chosen is None else chosen
            written.append(_described(output, as_bytes=as_bytes))
            binary += output.raw if as_bytes else b""
    document: dict[str, Any] = {
        "model_name": answered.snapshot.alias.name,
        "model_version": answered.snapshot.version,
        "outputs": written,
    }
    if request.id:
        document["id"] = request.id
    if answered.answer.warnings:
        document["parameters"] = {"warnings": len(answered.answer.warnings)}
    return msgspec.json.encode(document), binary


def metadata(schema: FeatureSchema, decision: Decision) -> dict[str, Any]:
    """The tensors of a model."""
    classes = list(decision.names)
    return {
        "inputs": [{"name": one.name, "datatype": datatype_of(one), "shape": [-1]} for one in schema.features],
        "outputs": [
            {"name": PREDICTION, "datatype": _label_type(decision), "shape": [-1]},
            {
                "name": PROBABILITIES,
                "datatype": "FP32",
                "shape": [-1, len(classes)],
                "parameters": {"classes": classes},
            },
        ],
    }


def datatype_of(feature: Feature) -> str:
    """The datatype that a client had best use; integers that may be missing need one that knows NaN."""
    return "FP64" if feature.nullable and feature.kind is FeatureKind.INTEGER else INPUTS[feature.kind]


def example(schema: FeatureSchema, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A request for some rows."""
    inputs = [
        {
            "name": one.name,
            "shape": [len(rows)],
            "datatype": datatype_of(one),
            "data": [_tensor_cell(one, row[one.name]) for row in rows],
        }
        for one in schema.features
    ]
    return {"inputs": inputs}


def _tensor_cell(feature: Feature, cell: Any) -> Any:
    """Integers of a feature beyond 2**53 are floats in rows; a tensor of integers takes none."""
    return int(cell) if datatype_of(feature) == "INT64" and cell is not None else cell


def _outputs(prediction: Prediction[Floats], decision: Decision) -> tuple[Output, Output]:
    labels, probabilities = prediction.labels, prediction.probabilities
    flat = [p for row in shortest(probabilities) for p in row]
    return (
        Output(PREDICTION, _label_type(decision), [len(labels)], labels, _raw_labels(labels)),
        Output(
            PROBABILITIES,
            "FP32",
            [len(labels), len(decision.classes)],
            flat,
            as_array(probabilities).astype("<f4").tobytes(),
        ),
    )


def _label_type(decision: Decision) -> str:
    return LABELS[type(decision.classes[0])]


def _raw_labels(labels: list[Label]) -> bytes:
    if isinstance(labels[0], str):
        texts = [str(label).encode() for label in labels]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return np.array(labels, "?" if isinstance(labels[0], bool) else "<i8").tobytes()


def _described(output: Output, *, as_bytes: bool) -> dict[str, Any]:
    described = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
    if as_bytes:
        return {**described, "parameters": {"binary_data_size": len(output.raw)}}
    return {**described, "data": output.data}
