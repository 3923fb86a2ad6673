"""Deprecated operations say so in every answer and in the document."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from mlapi.app.api.deprecation import DECLARED, Deprecation
from mlapi.app.main import create_app
from tests.app.bundles import ROW, bundle
from tests.app.service import Service, publish, settings

SINCE, SUNSET = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
GOING = (
    Deprecation(path="/predict", method="POST", since=SINCE, sunset=SUNSET, successor="/v1/predict"),
    Deprecation(path="/models/{name}/versions", method="GET", since=SINCE, sunset=SUNSET),
)


@pytest.fixture(scope="module")
def aging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("aging")
    publish(path, "churn", bundle())
    service = Service(settings(path))
    service.app = create_app(settings(path), deprecated=GOING)
    with service as running:
        yield running


def test_sends_both_headers_and_the_successor(aging: Service) -> None:
    headers = aging.post({"data": [ROW]}).headers
    assert headers["deprecation"] == f"@{int(SINCE.timestamp())}"
    assert parsedate_to_datetime(headers["sunset"]) == SUNSET
    assert headers["link"] == '</v1/predict>; rel="successor-version"'


def test_errors_of_a_deprecated_operation_say_so_too(aging: Service) -> None:
    response = aging.post(b"{")
    assert (response.status_code, response.headers["deprecation"][0]) == (400, "@")


@pytest.mark.parametrize(
    ("method", "path", "going"),
    [
        ("GET", "/models/churn/versions", True),
        ("GET", "/models/other/versions", True),
        ("GET", "/models/a/b/versions", False),
        ("GET", "/v1/models/churn/versions", False),
        ("GET", "/predict", False),
        ("GET", "/models", False),
    ],
)
def test_says_it_of_what_is_declared_and_of_nothing_else(aging: Service, method: str, path: str, going: bool) -> None:
    assert ("sunset" in aging.call(method, path).headers) is going


def test_marks_the_operations_in_the_document(aging: Service) -> None:
    paths = aging.get("/openapi.json").json()["paths"]
    assert (paths["/predict"]["post"]["deprecated"], paths["/predict"]["post"]["x-sunset"]) == (True, "2027-01-01")
    assert "deprecated" not in paths["/v1/predict"]["post"]


def test_what_is_declared_gives_clients_half_a_year() -> None:
    assert all((one.sunset - one.since).days >= 180 for one in DECLARED)


def test_without_a_declaration_there_are_no_headers(service: Service) -> None:
    assert not {"deprecation", "sunset"} & set(service.post({"data": [ROW]}).headers)
