"""What MLflow is told of a model."""

import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label
from mlapi.training.signature import input_example, signature_of
from tests.training.test_export import SCHEMA


@pytest.mark.parametrize(
    ("classes", "kind"), [(("a", "b"), "string"), ((0, 1, 2), "long"), ((False, True), "boolean")], ids=str
)
def test_a_signature_tells_types_gaps_and_classes(classes: tuple[Label, ...], kind: str) -> None:
    signature = signature_of(SCHEMA, Decision(classes=classes))
    inputs = {column["name"]: (column["type"], column["required"]) for column in signature.inputs.to_dict()}
    assert inputs == {
        "age": ("double", True),
        "income": ("double", False),
        "plan": ("string", False),
        "size": ("string", True),
        "active": ("boolean", True),
    }
    outputs = signature.outputs.to_dict()
    assert outputs[0]["type"] == kind
    assert [column["name"] for column in outputs[1:]] == [
        f"probability_{name}" for name in Decision(classes=classes).names
    ]


def test_whole_numbers_of_the_example_are_doubles() -> None:
    example = input_example(SCHEMA)
    assert (type(example["age"]), example["active"], example["plan"]) == (float, True, "free")
