"""The documentation pages."""

import re
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from mlapi.app.api import docs
from tests.app.bundles import bundle
from tests.app.service import Service, publish, settings

PAGES = ("/docs", "/redoc")


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Service]:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path, environment="production", store="file:models")) as running:
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_only_what_the_service_itself_serves(service: Service, path: str) -> None:
    page = service.get(path, key=None)
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(loaded) >= 3
    for address in loaded:
        assert address == "data:," or service.get(f"/{address}", key=None).status_code == 200
    assert "://" not in page.text


@pytest.mark.parametrize("path", [*PAGES, "/docs/assets/swagger.js", "/docs/assets/redoc.standalone.js"])
def test_the_policy_keeps_pages_from_other_hosts_and_inline_scripts(service: Service, path: str) -> None:
    policy = service.get(path, key=None).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["script-src"], rules["connect-src"]) == ("'none'", "'self'", "'self'")
    assert "http" not in policy
    assert "<script>" not in service.get("/docs", key=None).text


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css"), ("redoc.js", "text/javascript")],
)
def test_serves_scripts_and_styles(service: Service, name: str, media_type: str) -> None:
    response = service.get(f"/docs/assets/{name}", key=None)
    assert response.headers["content-type"].startswith(media_type)
    assert len(response.content) > 50


@pytest.mark.parametrize("name", ["favicon.png", "..%2fcore.py", "x.js", "__init__.py"])
def test_serves_no_other_file(service: Service, name: str) -> None:
    assert service.get(f"/docs/assets/{name}", key=None).status_code == 404


@pytest.mark.parametrize("path", [*PAGES, "/openapi.json", "/docs/assets/swagger.js"])
def test_needs_the_key_in_production(production: Service, path: str) -> None:
    assert production.get(path, key=None).status_code == 401
    assert production.get(path).status_code == 200


def test_is_public_in_production_where_the_setting_says_so(tmp_path: Path) -> None:
    given = settings(tmp_path, environment="production", store="file:models", docs_public="true")
    with Service(given) as service:
        assert service.get("/docs", key=None).status_code == 200


def test_without_the_packaged_scripts_there_are_no_pages_but_the_document(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> ModuleSpec | None:
        assert name == "fastapi_offline"
        return None

    monkeypatch.setattr(docs, "find_spec", nothing)
    docs.assets_directory.cache_clear()
    try:
        assert service.get("/docs").status_code == 404
        assert service.get("/docs/assets/swagger-ui.css").status_code == 404
        assert service.get("/openapi.json").status_code == 200
    finally:
        docs.assets_directory.cache_clear()
