"""CSV and newline-delimited JSON at /predict: the same answers as JSON's."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from mlapi.app.api.formats import ENCODERS, as_csv, ndjson
from mlapi.app.core.request import Ask
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.services.notes import Remark
from mlapi.app.services.prediction_service import Answer, PredictionService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle import load
from mlapi.bundle.decision import class_name
from mlapi.bundle.types import Label, as_array
from tests.app.bundles import ROW, bundle
from tests.app.service import Service, publish, settings
from tests.app.services.test_prediction_service import ALIAS

CSV, NDJSON = "text/csv", "application/x-ndjson"
ROWS: list[dict[str, Any]] = [
    ROW,
    ROW | {"age": 7, "income": None, "member": False},
    ROW | {"town": "Paris", "plan": "plus"},
    ROW | {"town": None, "income": 0.1, "age": 91},
]


def csv_body(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROW))
    writer.writeheader()
    writer.writerows(rows)  # None becomes an empty cell, True becomes True
    return text.getvalue().encode()


def lines_body(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


BODIES = {CSV: csv_body, NDJSON: lines_body}


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("media_type", BODIES)
@pytest.mark.parametrize("query", ["", "?probabilities=true", "?probabilities=1&threshold=0.9"])
def test_a_body_of_another_type_gets_the_answer_that_json_gets(service: Service, media_type: str, query: str) -> None:
    body = BODIES[media_type](ROWS)
    found = service.post(body, f"/predict{query}", headers={"Content-Type": media_type})
    expected = service.post({"data": ROWS}, f"/predict{query}")
    assert found.status_code == expected.status_code == 200
    assert found.headers["content-type"] == "application/json"
    assert found.json() | {"timestamp": ""} == expected.json() | {"timestamp": ""}


@pytest.mark.parametrize("classes", [(0, 1), (False, True), ("no", "yes"), ("low", "mid, high", 'th"ree')], ids=str)
def test_an_answer_of_another_type_says_what_json_says(tmp_path: Path, classes: tuple[Label, ...]) -> None:
    publish(tmp_path, "churn", bundle(classes))
    with Service(settings(tmp_path)) as service:
        ask = {"data": ROWS, "options": {"probabilities": True}}
        expected = service.post(ask).json()
        lines = service.post(ask, headers={"Accept": NDJSON})
        table = service.post(ask, headers={"Accept": CSV})
    assert lines.headers["content-type"] == NDJSON
    assert table.headers["content-type"] == CSV
    found = [json.loads(line) for line in lines.text.splitlines()]
    assert [row["prediction"] for row in found] == expected["predictions"]
    assert [row["probabilities"] for row in found] == expected["probabilities"]
    assert {row["model_version"] for row in found} == {"1"} == {table.headers["x-model-version"]}
    noted = [warning for row in found for warning in row.get("warnings", ())]
    assert noted == expected["warnings"]
    cells = read_csv(table.text)
    spelled = [label if isinstance(label, str) else json.dumps(label) for label in expected["predictions"]]
    assert [row["prediction"] for row in cells] == spelled
    for row, probabilities in zip(cells, expected["probabilities"], strict=True):
        assert {name: float(row[f"probability_{name}"]) for name in probabilities} == probabilities
    assert [warning for row in cells if row["warnings"] for warning in json.loads(row["warnings"])] == noted


@pytest.mark.parametrize("media_type", BODIES)
@pytest.mark.parametrize("cell", [{"age": 1.5}, {"plan": "gold"}, {"age": None}, {"income": 1e39}, {"twon": "Rome"}])
def test_a_bad_cell_is_refused_as_in_json(service: Service, media_type: str, cell: dict[str, Any]) -> None:
    rows = [ROW, ROW | cell]
    if media_type == CSV and "twon" in cell:
        body = b"age,income,member,town,plan,twon\n40,2.5,true,Oslo,basic,Rome\n"
        rows = [ROW | cell]
    else:
        body = BODIES[media_type](rows)
    found = service.post(body, headers={"Content-Type": media_type})
    expected = service.post({"data": rows})
    assert found.status_code == expected.status_code == 422
    assert found.json()["details"] == expected.json()["details"]


KINDS: list[tuple[Label, ...]] = [(0, 1), (False, True), ("no", "yes"), ("low", 'th"ree', "\u00e4\\"), tuple(range(12))]


@pytest.mark.parametrize(
    ("classes", "threshold"),
    [*((kind, None) for kind in KINDS), *((KINDS[2], one) for one in (0.0, 0.55, 1.0))],
    ids=str,
)
@pytest.mark.parametrize("n_rows", [1, 7, 300])
def test_every_byte_of_an_answer_is_what_json_says_of_its_numbers(
    classes: tuple[Label, ...], threshold: float | None, n_rows: int
) -> None:
    opened = load(bundle(classes))
    decoder = RequestDecoder(opened, max_rows=n_rows, max_depth=10)
    rows = [ROW | {"age": place % 90, "member": place % 2 == 0} for place in range(n_rows)]
    decoded = decoder.decode(json.dumps({"data": rows}).encode())
    snapshot = Snapshot(opened, decoder, ALIAS, "production", (), "")
    answered = PredictionService().predict(snapshot, decoded, Ask(True, None, threshold))
    probabilities = opened.decision.calibrated(as_array(answered.prediction.margin))
    least = np.float32(opened.decision.threshold if threshold is None else threshold)
    chosen = probabilities.argmax(axis=1) if len(classes) > 2 else probabilities[:, 1] >= least
    document = {
        "predictions": [classes[int(number)] for number in chosen],
        "model_version": ALIAS.version,
        "timestamp": answered.answer.timestamp,
        "probabilities": [
            {class_name(label): float(str(p)) for label, p in zip(classes, row, strict=True)} for row in probabilities
        ],
    }
    assert ENCODERS[b"application/json"](answered.answer) == msgspec.json.encode(document)


def test_errors_are_json_whatever_the_client_prefers(service: Service) -> None:
    response = service.post(b"{", headers={"Accept": f"{CSV}, */*;q=0.1"})
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json")


def test_a_line_of_its_own_holds_whatever_else_an_answer_has() -> None:
    answer = Answer(["a", "b"], "3", "", warnings=[Remark(1, "x", "out_of_range", "far")])
    assert [json.loads(line) for line in ndjson(answer).splitlines()] == [
        {"prediction": "a", "model_version": "3"},
        {
            "prediction": "b",
            "model_version": "3",
            "warnings": [{"row": 1, "feature": "x", "code": "out_of_range", "message": "far"}],
        },
    ]
    assert as_csv(answer).startswith(b'prediction,warnings\r\na,\r\nb,"[{')
    assert as_csv(Answer([True], "3", "", probabilities=msgspec.UNSET)) == b"prediction\r\ntrue\r\n"
