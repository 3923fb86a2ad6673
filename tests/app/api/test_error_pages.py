"""The page of each error code."""

from pathlib import Path

import pytest

from mlapi.app.api import error_pages
from mlapi.app.api.remedies import REMEDIES
from tests.app.service import Service

CODES = tuple(error_pages.entries())


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(REMEDIES) == set(CODES)


def test_the_file_of_the_repository_is_what_make_docs_writes() -> None:
    file = Path(__file__).parents[3] / "docs" / "errors.md"
    assert file.read_text(encoding="utf-8") == error_pages.document(), "run `make docs`"


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_to_do(service: Service, code: str) -> None:
    response = service.get(f"/docs/errors/{code}", key=None)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert f"<h1>{code}</h1>" in response.text
    assert "<li>" in response.text or code == "method_not_allowed"
    assert "&quot;error&quot;" in response.text


def test_the_overview_links_to_each(service: Service) -> None:
    text = service.get("/docs/errors", key=None).text
    for code in CODES:
        assert f'<a href="errors/{code}"><code>{code}</code></a>' in text


def test_another_code_is_not_found(service: Service) -> None:
    assert service.get("/docs/errors/teapot").status_code == 404


def test_the_document_links_every_code_that_an_operation_gives(service: Service) -> None:
    responses = service.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]["responses"]
    assert "(docs/errors/invalid_rows)" in responses["422"]["description"]
