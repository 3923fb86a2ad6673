"""What MLflow is told of a model: the types that it takes and gives, and a synthetic example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlapi.bundle.decision import Decision
from mlapi.bundle.schema import FeatureKind, FeatureSchema
from mlapi.bundle.types import Cell

if TYPE_CHECKING:
    from mlflow.models import ModelSignature


def input_example(schema: FeatureSchema) -> dict[str, Cell]:
    """Give a synthetic row that fits the signature: whole numbers as doubles too."""
    return {name: float(cell) if type(cell) is int else cell for name, cell in schema.example_row().items()}


def signature_of(schema: FeatureSchema, decision: Decision) -> ModelSignature:
    """Give MLflow's signature: numbers as double (an integer column could not be missing), a probability a class."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    kinds = {FeatureKind.CATEGORICAL: "string", FeatureKind.DATETIME: "string", FeatureKind.BOOLEAN: "boolean"}
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(kinds.get(one.kind, "double"), one.name, required=not one.nullable) for one in schema.features
    ]
    label = {str: "string", int: "long", bool: "boolean"}[type(decision.classes[0])]
    outputs: list[ColSpec | TensorSpec] = [ColSpec(label, "prediction")]
    outputs += [ColSpec("double", f"probability_{name}") for name in decision.names]
    return ModelSignature(Schema(inputs), Schema(outputs))
