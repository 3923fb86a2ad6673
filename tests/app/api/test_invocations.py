"""MLflow's scoring protocol, with bodies that MLflow's own serialiser makes."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.deployments import PredictionsResponse
from mlflow.models import convert_input_example_to_serving_input
from mlflow.utils.proto_json_utils import dump_input_data

from mlapi.app.schemas.health import HealthResponse
from mlapi.app.schemas.invocation import InvocationResponse
from mlapi.bundle.pyfunc import _load_pyfunc
from tests.app.bundles import ROW, bundle
from tests.app.service import Service, publish, settings
from tests.fixtures.bundles import numeric

PATH = "/invocations"
ROWS: list[dict[str, Any]] = [ROW, ROW | {"age": 7, "income": None, "member": False}, ROW | {"town": None}]
NAMES = list(ROW)
FRAME = pd.DataFrame(ROWS, columns=NAMES)
COLUMNS = {name: [row[name] for row in ROWS] for name in NAMES}


def by_mlflow(frame: pd.DataFrame) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow compares an index in a way that pandas is about to change
        return str(convert_input_example_to_serving_input(frame))


@pytest.mark.parametrize(
    "body",
    [
        by_mlflow(FRAME),
        dump_input_data(FRAME),
        dump_input_data(FRAME, params={}),
        dump_input_data(ROWS, inputs_key="instances"),
        dump_input_data(ROWS),
        json.dumps({"dataframe_records": ROWS}),
        json.dumps({"dataframe_split": {"columns": NAMES, "data": [list(row.values()) for row in ROWS]}}),
        json.dumps({"instances": [list(row.values()) for row in ROWS]}),
        json.dumps({"inputs": COLUMNS}),
        json.dumps({"inputs": {name: [[cell] for cell in cells] for name, cells in COLUMNS.items()}}),
        json.dumps({"inputs": [list(row.values()) for row in ROWS], "params": None}),
    ],
)
def test_answers_what_mlflows_own_server_answers(service: Service, body: str) -> None:
    response = service.post(body.encode(), PATH)
    assert response.status_code == 200, response.text
    InvocationResponse.model_validate(response.json())
    expected = _load_pyfunc(str(bundle())).predict(ROWS)
    assert response.json() == {"predictions": expected}
    frame = PredictionsResponse(response.json()).get_predictions()  # type: ignore[no-untyped-call]  # MLflow leaves it open
    assert list(frame.columns) == ["prediction", "probability_0", "probability_1"]


def test_takes_csv_as_pandas_writes_it(service: Service) -> None:
    response = service.post(FRAME.to_csv(index=False).encode(), PATH, headers={"Content-Type": "text/csv"})
    assert response.json() == {"predictions": _load_pyfunc(str(bundle())).predict(ROWS)}


def test_a_model_of_numbers_takes_an_array(tmp_path: Path) -> None:
    made = numeric()
    publish(tmp_path, "churn", made.write(tmp_path / "bundle"))
    array = np.column_stack([made.sample.table[name][:4] for name in made.encoder.columns]).astype(np.float64)
    with Service(settings(tmp_path)) as service:
        response = service.post(dump_input_data(array).encode(), PATH)
    assert len(response.json()["predictions"]) == 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({}, 400),
        ({"data": ROWS}, 400),
        ({"instances": ROWS, "inputs": ROWS}, 400),
        ({"instances": ROWS, "signature_name": "x"}, 400),
        ({"instances": ROWS, "params": {"temperature": 1}}, 400),
        ({"instances": ROW}, 400),
        ({"instances": [1, 2]}, 400),
        ({"instances": [[1, 2]]}, 400),
        ({"dataframe_split": {"columns": ["age"], "data": [[1], [1, 2]]}}, 400),
        ({"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}, 400),
        ({"dataframe_split": {"columns": [], "data": []}}, 400),
        ({"inputs": {"age": [1], "income": [1, 2]}}, 400),
        ({"inputs": []}, 422),
        ({"inputs": {"age": []}}, 422),
        ({"dataframe_records": [{"age": "x"}]}, 422),
        ({"instances": [ROW] * 1001}, 422),
    ],
)
def test_refuses_another_shape_or_row(service: Service, body: Any, status: int) -> None:
    assert service.post(body, PATH).status_code == status


@pytest.mark.parametrize("body", [b'{"instances": [{"age": Infinity}]}', b'{"instances": NaN', b"\xff"])
def test_takes_nan_and_nothing_else_that_is_no_json(service: Service, body: bytes) -> None:
    response = service.post(body, PATH)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_json")


def test_takes_neither_another_media_type_nor_a_caller_without_key(service: Service) -> None:
    assert service.post(b"", PATH, headers={"Content-Type": "text/plain"}).status_code == 415
    assert service.post({"instances": ROWS}, PATH, key=None).status_code == 401


def test_ping_says_whether_there_is_a_model(service: Service, empty: Service) -> None:
    for one, status in ((service, 200), (empty, 503)):
        response = one.get("/ping", key=None)
        HealthResponse.model_validate_json(response.content)
        assert response.status_code == status
