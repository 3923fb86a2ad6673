"""POST /predict, as a client sees it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from mlapi.app.schemas.prediction import PredictionResponse
from mlapi.bundle import load
from mlapi.bundle.types import Label
from tests.app.bundles import ROW, SCHEMA, bundle
from tests.app.service import AUTHORIZED, Service, publish, settings

ROWS = [
    ROW,
    ROW | {"age": 7, "income": None, "member": False},
    ROW | {"town": "Paris", "plan": "plus"},
    {"age": 90.0, "member": True, "plan": "plus"},
]


def boosters_answer(rows: list[dict[str, Any]], path: Path) -> list[list[float]]:
    """The training side's own probabilities for some rows, by class."""
    encoder = load(path).encoder
    data = xgboost.DMatrix(
        encoder.encode(rows), feature_types=list(encoder.column_types), enable_categorical=True, nthread=1
    )
    found = xgboost.Booster(model_file=str(path / "model.ubj")).predict(data)
    both = np.column_stack([np.float32(1) - found, found]) if found.ndim == 1 else found
    return [list(map(float, row)) for row in both]


def test_gives_one_prediction_a_row_in_their_order(service: Service) -> None:
    together = service.post({"data": ROWS})
    assert together.status_code == 200
    assert together.headers["content-type"] == "application/json"
    alone = [service.post({"data": [row]}).json()["predictions"] for row in ROWS]
    assert [[label] for label in together.json()["predictions"]] == alone


def test_answers_with_version_and_time_and_nothing_that_was_not_asked_for(service: Service) -> None:
    answer = service.post({"data": [ROW]}).json()
    assert sorted(answer) == ["model_version", "predictions", "timestamp"]
    assert answer["model_version"] == "1"
    PredictionResponse.model_validate(answer)


@pytest.mark.parametrize("path", ["/predict", "/v1/predict"])
def test_answers_on_both_paths(service: Service, path: str) -> None:
    response = service.post({"data": ROWS}, path)
    assert response.json()["predictions"] == service.post({"data": ROWS}).json()["predictions"]


@pytest.mark.parametrize("classes", [(0, 1), ("no", "yes"), (False, True), (0, 1, 2), ("low", "mid", "high")], ids=str)
def test_spells_labels_as_the_data_do_and_gives_the_boosters_own_probability(
    classes: tuple[Label, ...], tmp_path: Path
) -> None:
    path = bundle(classes)
    publish(tmp_path, "churn", path)
    with Service(settings(tmp_path)) as service:
        answer = service.post({"data": ROWS, "options": {"probabilities": True}}).json()
    PredictionResponse.model_validate(answer)
    names = [json.dumps(label) if not isinstance(label, str) else label for label in classes]
    assert all(label in classes and type(label) is type(classes[0]) for label in answer["predictions"])
    assert [list(row) for row in answer["probabilities"]] == [names] * len(ROWS)
    served = [[float(np.float32(p)) for p in row.values()] for row in answer["probabilities"]]
    assert served == boosters_answer(ROWS, path)


def test_writes_probabilities_in_the_shortest_spelling_of_their_float32(service: Service) -> None:
    answer = service.post({"data": ROWS, "options": {"probabilities": True}}).json()
    for row in answer["probabilities"]:
        assert [str(p) for p in row.values()] == [str(np.float32(p)) for p in row.values()]


@pytest.mark.parametrize(
    ("query", "options", "given"),
    [
        ("", None, False),
        ("?probabilities=true", None, True),
        ("?probabilities=1", {}, True),
        ("?probabilities=false", None, False),
        ("?probabilities=false", {"probabilities": True}, True),
        ("?probabilities=true", {"probabilities": False}, False),
    ],
)
def test_takes_the_option_from_the_query_unless_the_body_says_otherwise(
    service: Service, query: str, options: dict[str, bool] | None, given: bool
) -> None:
    body: dict[str, Any] = {"data": [ROW]} | ({} if options is None else {"options": options})
    assert ("probabilities" in service.post(body, f"/predict{query}").json()) is given


def test_reports_a_category_that_it_took_as_missing(service: Service) -> None:
    strange = service.post({"data": [ROW, ROW | {"town": "Paris"}], "options": {"probabilities": True}}).json()
    missing = service.post({"data": [ROW, ROW | {"town": None}], "options": {"probabilities": True}}).json()
    assert [(one["row"], one["feature"], one["code"]) for one in strange["warnings"]] == [
        (1, "town", "unknown_category")
    ]
    assert "Paris" not in json.dumps(strange)
    assert strange["probabilities"] == missing["probabilities"]
    assert "warnings" not in missing
    PredictionResponse.model_validate(strange)


def test_names_every_bad_cell_with_what_was_expected(service: Service) -> None:
    response = service.post({"data": [ROW, {"age": 1.5, "income": "2", "member": 1, "plan": "gold", "twon": "Rome"}]})
    assert response.status_code == 422
    body = response.json()
    assert body["error"] == "invalid_rows"
    assert [(one["row"], one["feature"], one["code"]) for one in body["details"]["errors"]] == [
        (1, "age", "not_integer"),
        (1, "income", "wrong_type"),
        (1, "member", "wrong_type"),
        (1, "plan", "unknown_category"),
        (1, "twon", "unknown_feature"),
    ]
    assert body["details"]["total"] == 5
    assert all(one["expected"] for one in body["details"]["errors"])


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ('"age": 1e400', "out_of_range"),
        ('"age": ' + "9" * 5000, "out_of_range"),
        ('"income": -3.5e38', "out_of_range"),
        ('"age": null', "null_not_allowed"),
        ('"town": "a\\u0000"', "invalid_text"),
        ('"town": 1', "wrong_type"),
        ('"income": true', "wrong_type"),
        ('"member": "true"', "wrong_type"),
        ('"income": [1]', "wrong_type"),
    ],
)
def test_refuses_a_cell_that_does_not_fit(service: Service, cells: str, code: str) -> None:
    name = json.loads("{" + cells.replace("1e400", "1").partition(":")[0] + ": 0}")
    rest = json.dumps({key: cell for key, cell in ROW.items() if key not in name})[1:]
    response = service.post(f'{{"data": [{{{cells}, {rest}]}}'.encode())
    assert response.status_code == 422
    assert [one["code"] for one in response.json()["details"]["errors"]] == [code]


def test_a_number_beyond_float32_found_by_the_encoder_is_explained_cell_by_cell(service: Service) -> None:
    response = service.post({"data": [ROW, ROW | {"income": 1e39}]})
    assert response.status_code == 422
    [cell] = response.json()["details"]["errors"]
    assert (cell["row"], cell["feature"], cell["code"]) == (1, "income", "out_of_range")


def test_a_missing_feature_is_named(service: Service) -> None:
    errors = service.post({"data": [{}]}).json()["details"]["errors"]
    assert [(one["feature"], one["code"]) for one in errors] == [
        (name, "missing_feature") for name in ("age", "member", "plan")
    ]


@pytest.mark.parametrize("n_rows", [0, 1001])
def test_refuses_no_rows_and_too_many(service: Service, n_rows: int) -> None:
    response = service.post({"data": [ROW] * n_rows})
    assert (response.status_code, response.json()["error"]) == (422, "invalid_rows")
    assert response.json()["details"] == {"errors": [], "total": 0, "rows": n_rows, "max_rows": 1000}


def test_takes_as_many_rows_as_allowed(service: Service) -> None:
    assert len(service.post({"data": [ROW] * 1000}).json()["predictions"]) == 1000


@pytest.mark.parametrize(
    "row",
    [
        {name: [] for name in SCHEMA.names},
        {f"{number:0>100}": 1 for number in range(300)},
        {"x" * 9999: 1, "ü" * 4999: 2},
    ],
    ids=["every cell wrong", "many unknown features", "endless names"],
)
def test_an_answer_to_bad_rows_stays_small(service: Service, row: dict[str, Any]) -> None:
    response = service.post({"data": [row] * 20})
    assert response.status_code == 422
    assert len(response.content) <= 8192
    details = response.json()["details"]
    assert 10 <= len(details["errors"]) <= 100
    assert details["total"] >= 20 * len(row)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"data": [{"age": NaN}]}', "invalid_json"),
        (b'\xef\xbb\xbf{"data": []}', "invalid_json"),
        (b'{"data": [{"age": 1, "age": 2}]}', "invalid_json"),
        (b'{"data": [{"age": "\\ud800"}]}', "invalid_json"),
        (b'{"data": ' + b"[" * 40 + b"]" * 40 + b"}", "invalid_json"),
        (b"[]", "invalid_request"),
        (b'{"data": 1}', "invalid_request"),
        (b'{"data": [1]}', "invalid_request"),
        (b'{"data": [{}], "rows": 1}', "invalid_request"),
        (b'{"data": [{}], "options": {"explain": "all"}}', "invalid_request"),
    ],
)
def test_refuses_what_is_no_request(service: Service, body: bytes, error: str) -> None:
    response = service.post(body)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_bad_syntax_beats_a_bad_row(service: Service) -> None:
    assert service.post(b'{"data": [{"age": "x"}], "data": }').status_code == 400


def test_refuses_an_unknown_query_parameter(service: Service) -> None:
    response = service.post({"data": [ROW]}, "/predict?explanation=2")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert "explain" in response.json()["message"]


def test_explains_rows_by_the_features_that_weigh_most(service: Service) -> None:
    answer = service.post({"data": ROWS, "options": {"explain": 2}}).json()
    PredictionResponse.model_validate(answer)
    whole = service.post({"data": ROWS}, "/predict?explain=5").json()["explanations"]
    for short, full in zip(answer["explanations"], whole, strict=True):
        assert short["contributions"] == full["contributions"][:2]
        assert {one["feature"] for one in full["contributions"]} == set(SCHEMA.names)
        for one in (short, full):
            total = one["base_value"] + one["rest"] + sum(part["contribution"] for part in one["contributions"])
            assert total == pytest.approx(one["margin"], abs=1e-5)
        assert full["rest"] == 0


def test_explains_no_more_rows_than_the_setting_allows(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path, max_explained_rows="2")) as service:
        assert service.post({"data": [ROW] * 2}, "/predict?explain=1").status_code == 200
        response = service.post({"data": [ROW] * 3}, "/predict?explain=1")
        assert (response.status_code, response.json()["details"]["max_rows"]) == (422, 2)
        assert service.post({"data": [ROW] * 3}, "/predict?explain=0").status_code == 200


def test_a_cell_that_the_encoder_refuses_is_explained_with_explanations_too(service: Service) -> None:
    response = service.post({"data": [ROW | {"plan": "gold"}]}, "/predict?explain=1")
    assert [one["code"] for one in response.json()["details"]["errors"]] == ["unknown_category"]


def test_without_a_model_asks_to_come_back(empty: Service) -> None:
    response = empty.post({"data": [ROW]})
    assert (response.status_code, response.json()["error"]) == (503, "model_not_ready")
    assert int(response.headers["retry-after"]) >= 1
    assert "x-model-version" not in response.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_takes_no_other_method(service: Service, method: str) -> None:
    response = service.call(method, "/predict")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert method == "HEAD" or response.json()["error"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ({"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
        ({"Content-Length": "1048577"}, 413, "body_too_large"),
        ({"Accept": "text/html"}, 406, "not_acceptable"),
        ({"Content-Type": "text/plain", "Content-Length": "9999999", "Accept": "a/b"}, 415, "unsupported_media_type"),
    ],
)
def test_refuses_by_the_headers_alone(service: Service, headers: dict[str, str], status: int, error: str) -> None:
    sent = {"authorization": AUTHORIZED["Authorization"], "content-type": "application/json"}
    sent |= {name.lower(): value for name, value in headers.items()}
    pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
    start, body = service.raw({"headers": pairs})  # no body: reading one would fail
    assert (start["status"], json.loads(body["body"])["error"]) == (status, error)


def test_stops_reading_a_streamed_body_at_the_limit(service: Service) -> None:
    chunk = b" " * 65536
    start, body = service.raw({}, *[chunk] * 17)  # 16 are 1 MiB; there is no 18th to read
    assert (start["status"], json.loads(body["body"])["error"]) == (413, "body_too_large")


def test_a_body_in_pieces_is_one_body(service: Service) -> None:
    text = json.dumps({"data": [ROW]}).encode()
    response = service.post({"data": [ROW]})

    async def pieces() -> Any:
        for start in range(0, len(text), 7):
            yield text[start : start + 7]

    streamed = service.call("POST", "/predict", content=pieces(), headers={"Content-Type": "application/json"})
    assert streamed.json()["predictions"] == response.json()["predictions"]


def test_says_nothing_to_a_client_that_has_gone(service: Service) -> None:
    assert service.raw({}, b'{"data"', None) == []
