"""Write the model directory that `mlflow models serve` takes, with a signature of the features."""

import sys
from pathlib import Path

import mlflow
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from table import FEATURES

columns = [ColSpec("string" if levels else "double", name, required=False) for name, levels in FEATURES.items()]
mlflow.pyfunc.save_model(
    sys.argv[1],
    python_model=Path(__file__).with_name("mlflow_model.py"),
    signature=ModelSignature(inputs=Schema(columns)),
    pip_requirements=[],
)
