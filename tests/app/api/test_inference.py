"""The Open Inference Protocol, by hand and by Triton's own client over a socket."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from mlapi.app.schemas.inference import InferenceModel, InferResponse
from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, Service, publish, settings
from tests.app.test_server import Running, running
from tests.fixtures.bundles import numeric

PATH = "/v2/models/churn/infer"
TYPES = {"age": "INT64", "income": "FP64", "member": "BOOL", "town": "BYTES", "plan": "BYTES"}
ROWS: list[dict[str, Any]] = [ROW, ROW | {"age": 7, "income": None, "member": False}, ROW | {"town": None, "age": 80}]


def tensor(name: str, *cells: object, datatype: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(cells)], "datatype": datatype or TYPES[name], "data": list(cells), **more}


def request(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"inputs": [tensor(name, *(row[name] for row in rows)) for name in TYPES], **more}


def output(answer: Any, name: str) -> Any:
    return next(one for one in answer["outputs"] if one["name"] == name)


def test_gives_the_predictions_that_predict_gives(service: Service) -> None:
    response = service.post(request(*ROWS, id="mine"), PATH)
    assert response.status_code == 200
    answer = response.json()
    InferResponse.model_validate(answer)
    expected = service.post({"data": ROWS, "options": {"probabilities": True}}).json()
    assert output(answer, "prediction") == {
        "name": "prediction",
        "datatype": "INT64",
        "shape": [3],
        "data": expected["predictions"],
    }
    flat = [p for row in expected["probabilities"] for p in row.values()]
    assert output(answer, "probabilities")["data"] == flat
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("churn", "1", "mine")
    assert "parameters" not in answer


def test_counts_the_cells_that_predict_warns_of(service: Service) -> None:
    answer = service.post(request(ROW | {"town": "Paris", "age": 99}), PATH).json()
    assert answer["parameters"] == {"warnings": 2}


def test_takes_columns_of_one_cell_a_row_and_leaves_out_what_may_be_missing(service: Service) -> None:
    inputs = [
        {"name": "age", "shape": [2, 1], "datatype": "INT32", "data": [[40], [41]]},
        tensor("member", True, False),
        tensor("plan", "basic", "plus"),
    ]
    answer = service.post({"inputs": inputs, "outputs": [{"name": "prediction"}]}, PATH).json()
    expected = service.post(
        {"data": [{"age": 40, "member": True, "plan": "basic"}, {"age": 41, "member": False, "plan": "plus"}]}
    ).json()
    assert [one["name"] for one in answer["outputs"]] == ["prediction"]
    assert output(answer, "prediction")["data"] == expected["predictions"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"inputs": []}, 400),
        ({"input": []}, 400),
        ([], 400),
        ({"inputs": [tensor("age", 1) | {"more": 1}]}, 400),
        ({"inputs": [tensor("age", 1, datatype="TEXT")]}, 400),
        ({"inputs": [tensor("age", 1.5)]}, 400),
        ({"inputs": [tensor("age", True)]}, 400),
        ({"inputs": [tensor("age", 2**63)]}, 400),
        ({"inputs": [tensor("age", 300, datatype="UINT8")]}, 400),
        ({"inputs": [tensor("income", "1")]}, 400),
        ({"inputs": [tensor("member", 1)]}, 400),
        ({"inputs": [tensor("plan", 1)]}, 400),
        ({"inputs": [tensor("age", 1, shape=[2])]}, 400),
        ({"inputs": [tensor("age", 1, 2, shape=[1, 2])]}, 400),
        ({"inputs": [tensor("age", 1, shape=[1, 1, 1])]}, 400),
        ({"inputs": [tensor("age", 1, shape=[-1])]}, 400),
        ({"inputs": [tensor("age", 1), tensor("age", 1)]}, 400),
        ({"inputs": [tensor("age", 1), tensor("income", 1.0, 2.0)]}, 400),
        ({"inputs": [{"name": "age", "shape": [1], "datatype": "INT64"}]}, 400),
        ({"inputs": [tensor("age", 1, parameters={"binary_data_size": 8})]}, 400),
        ({"inputs": [tensor("age", 1)], "outputs": [{"name": "margin"}]}, 400),
        ({"inputs": [tensor("age", 1)], "id": 7}, 400),
        ({"inputs": [tensor("age")]}, 422),
        ({"inputs": [tensor("age", 1)]}, 422),
        (request(ROW | {"plan": "gold"}), 422),
        (request(ROW | {"age": None}), 422),
        (request(ROW | {"income": 1e39}), 422),
        ({"inputs": [*request(ROW)["inputs"], tensor("other", 1, datatype="INT8")]}, 422),
    ],
)
def test_refuses_what_contradicts_the_protocol_or_the_features(service: Service, body: Any, status: int) -> None:
    response = service.post(body, PATH)
    assert (response.status_code, response.json()["error"]) == (
        status,
        "invalid_request" if status == 400 else "invalid_rows",
    )


@pytest.mark.parametrize(
    ("size", "tail"),
    [("1", b""), ("x", b""), ("99999", b""), ("-1", b""), ("", b"12345678"), ("", b"1234567"), ("", b"123456789")],
)
def test_refuses_binary_data_of_another_size(service: Service, size: str, tail: bytes) -> None:
    one = {"name": "age", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": 8}}
    text = json.dumps({"inputs": [one]}).encode()
    headers = {"Inference-Header-Content-Length": size or str(len(text))}
    response = service.post(text + tail, PATH, headers=headers)
    assert response.status_code == (422 if tail == b"12345678" else 400)


@pytest.mark.parametrize("data", [b"\x01", b"\x05\0\0\0ab", b"\x01\0\0\0\xff"])
def test_refuses_broken_binary_texts(service: Service, data: bytes) -> None:
    one = {"name": "plan", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(data)}}
    text = json.dumps({"inputs": [one]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(text))}
    assert service.post(text + data, PATH, headers=headers).status_code == 400


@pytest.mark.parametrize("path", ["/v2/models/other", "/v2/models/churn/versions/2", "/v2/models/other/ready"])
def test_only_the_loaded_model_is_there(service: Service, path: str) -> None:
    for response in (service.get(path), service.post(request(ROW), f"{path.removesuffix('/ready')}/infer")):
        assert (response.status_code, response.json()["error"]) == (404, "model_not_found")


def test_describes_server_and_model(service: Service) -> None:
    assert service.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    for path in ("/v2/models/churn", "/v2/models/churn/versions/1"):
        described = InferenceModel.model_validate_json(service.get(path).content)
        assert {one.name: one.datatype for one in described.inputs} == TYPES
        assert described.outputs[1].parameters == {"classes": ["0", "1"]}
        assert service.get(f"{path}/ready").json() == {"name": "churn", "ready": True}


def test_probes_need_no_key_and_say_whether_there_is_a_model(service: Service, empty: Service) -> None:
    for one, status in ((service, 200), (empty, 503)):
        assert one.get("/v2/health/live", key=None).json() == {"live": True}
        response = one.get("/v2/health/ready", key=None)
        assert (response.status_code, response.json()) == (status, {"ready": status == 200})
    assert empty.get("/v2/models/churn").status_code == 503


@pytest.fixture(scope="module")
def live(state_dir: Path) -> Iterator[Running]:
    with running(state_dir) as one:
        yield one


ARRAYS: dict[str, NDArray[Any]] = {
    "age": np.array([40, 7, 80]),
    "income": np.array([2.5, np.nan, 2.5]),
    "member": np.array([True, False, True]),
    "town": np.array(["Oslo", "Oslo", ""], dtype=object),
    "plan": np.array(["basic"] * 3, dtype=object),
}


def inputs(*, binary: bool) -> list[Any]:
    made = []
    arrays = ARRAYS if binary else {**ARRAYS, "income": np.array([2.5, 1.25, 2.5])}  # JSON has no NaN
    for name, array in arrays.items():
        one = triton.InferInput(name, list(array.shape), TYPES[name])
        made.append(one.set_data_from_numpy(array, binary_data=binary))
    return made


@pytest.mark.parametrize("binary_in", [False, True])
@pytest.mark.parametrize("binary_out", [False, True, None])
def test_tritons_client_infers_with_and_without_binary_tensors(
    live: Running, service: Service, binary_in: bool, binary_out: bool | None
) -> None:
    client = triton.InferenceServerClient(f"127.0.0.1:{live.port}")
    try:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("churn", headers=dict(AUTHORIZED))
        assert client.get_model_metadata("churn", "1", headers=dict(AUTHORIZED))["name"] == "churn"
        wanted = None
        if binary_out is not None:
            names = ("prediction", "probabilities")
            wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in names]
        result = client.infer(
            "churn", inputs(binary=binary_in), outputs=wanted, headers=dict(AUTHORIZED), request_id="7"
        )
        with pytest.raises(InferenceServerException, match="model_not_found"):
            client.infer("other", inputs(binary=True), headers=dict(AUTHORIZED))
    finally:
        client.close()
    rows = ROWS if binary_in else [ROW, ROWS[1] | {"income": 1.25}, ROWS[2]]
    expected = service.post({"data": rows, "options": {"probabilities": True}}).json()
    assert result.as_numpy("prediction").tolist() == expected["predictions"]
    flat = [list(row.values()) for row in expected["probabilities"]]
    np.testing.assert_array_equal(result.as_numpy("probabilities"), np.array(flat, np.float32))
    assert result.get_response()["id"] == "7"


@pytest.mark.parametrize("classes", [("no", "yes", "perhaps"), (False, True)], ids=str)
def test_labels_of_any_kind_travel_as_bytes(tmp_path: Path, classes: tuple[Any, ...]) -> None:
    publish(tmp_path, "churn", bundle(classes))
    with Service(settings(tmp_path)) as service:
        plain = service.post(request(*ROWS), PATH).json()
        response = service.post(request(*ROWS, parameters={"binary_data_output": True}), PATH)
    assert response.headers["content-type"] == "application/octet-stream"
    size = int(response.headers["inference-header-content-length"])
    described = json.loads(response.content[:size])
    first, second = (one["parameters"]["binary_data_size"] for one in described["outputs"])
    raw = response.content[size : size + first]
    assert len(response.content) == size + first + second
    labels: list[Any] = []
    while raw and classes[0] is not False:
        (length,) = struct.unpack("<I", raw[:4])
        labels.append(raw[4 : 4 + length].decode())
        raw = raw[4 + length :]
    assert output(plain, "prediction")["data"] == (labels or np.frombuffer(raw, "?").tolist())


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "FP16"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_model_of_numbers_takes_one_matrix(tmp_path: Path, datatype: str, nested: bool) -> None:
    made = numeric()
    publish(tmp_path, "churn", made.write(tmp_path / "bundle"))
    names = made.encoder.columns
    rows = [[float(np.float16(made.sample.table[name][row])) for name in names] for row in range(3)]
    data: list[Any] = rows if nested else [cell for row in rows for cell in row]
    one = {"name": "input-0", "shape": [3, len(names)], "datatype": datatype, "data": data}
    with Service(settings(tmp_path)) as service:
        answer = service.post({"inputs": [one]}, PATH).json()
        expected = service.post({"data": [dict(zip(names, row, strict=True)) for row in rows]}).json()
    assert output(answer, "prediction")["data"] == expected["predictions"]


def test_a_model_of_more_than_numbers_takes_no_matrix(service: Service) -> None:
    one = {"name": "input-0", "shape": [1, 5], "datatype": "FP32", "data": [1, 2, 3, 4, 5]}
    assert service.post({"inputs": [one]}, PATH).status_code == 400
