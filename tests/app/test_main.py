"""The app as a value: what making it does, and what it needs of its host."""

from pathlib import Path

import httpx
import pytest

from mlapi.app.main import create_app
from mlapi.ops.errors import SettingsError
from tests.app.bundles import ROW, bundle
from tests.app.service import JSON, KEY, Service, publish, settings


def test_making_an_app_touches_nothing(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    create_app(settings(state_dir, public_key_file=str(tmp_path / "missing.pem")))
    assert not state_dir.exists()


def test_two_apps_of_one_process_stand_alone(tmp_path: Path) -> None:
    publish(tmp_path / "a", "churn", bundle())
    with Service(settings(tmp_path / "a")) as one, Service(settings(tmp_path / "b", api_keys="mlk_other")) as other:
        assert one.post({"data": [ROW]}).status_code == 200
        assert other.post({"data": [ROW]}).status_code == 401
        assert other.post({"data": [ROW]}, key="mlk_other").status_code == 503


def test_a_lifespan_that_ended_can_begin_again(tmp_path: Path) -> None:
    service = Service(settings(tmp_path))
    with service:
        assert service.get("/health/ready").status_code == 503
    publish(tmp_path, "churn", bundle())
    with service:
        assert service.get("/health/ready").status_code == 200


async def ask_without_lifespan(state_dir: Path) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(settings(state_dir)))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.post("/predict", headers={**JSON, "Authorization": f"Bearer {KEY}"})


def test_a_host_that_runs_no_lifespan_gets_an_error_and_no_answer(service: Service, tmp_path: Path) -> None:
    response = service.run(ask_without_lifespan(tmp_path))
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")


def test_serves_signed_bundles_only_where_a_key_is_set(tmp_path: Path) -> None:
    key_file = tmp_path / "public.pem"
    key_file.write_bytes(
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        b"-----END PUBLIC KEY-----\n"
    )
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path, public_key_file=str(key_file))) as service:
        assert service.get("/health/ready").status_code == 503


def test_a_key_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError), Service(settings(tmp_path, public_key_file=str(tmp_path / "missing.pem"))):
        pass


@pytest.mark.parametrize("limit", [2, 5])
def test_the_limits_of_the_settings_hold(tmp_path: Path, limit: int) -> None:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path, max_rows=str(limit), max_depth="3", max_body_bytes="2048")) as service:
        assert service.post({"data": [ROW] * limit}).status_code == 200
        assert service.post({"data": [ROW] * (limit + 1)}).status_code == 422
        assert service.post({"data": [ROW | {"town": []}]}).status_code == 400
        assert service.post(b" " * 2049).status_code == 413
