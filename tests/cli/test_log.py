from pathlib import Path

import pytest

from tests.app.services.logged import entry, ids_of
from tests.app.services.test_sinks import kept, rig
from tests.cli.run import failed, mlapi


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLAPI_STATE_DIR", str(tmp_path))
    return f"sqlite:///{tmp_path / 'service.db'}"


def test_delete_removes_what_is_named_and_nothing_else(url: str) -> None:
    one, other = entry(), entry()
    with rig("direct", url) as made:
        made.sink.put(one)
        made.sink.put(other)
    assert mlapi("log", "delete", *ids_of(one)).stdout == "1 of 1 deleted\n"
    assert [record.id for record in kept(url)] == ids_of(other)


def test_what_is_not_there_is_told(url: str) -> None:
    result = mlapi("log", "delete", *ids_of(entry()))
    assert result.stdout == "0 of 1 deleted\n"
    assert result.exit_code == 1
    assert kept(url) == []


def test_what_is_no_id_is_wrong_usage(url: str) -> None:
    assert "no-id" in failed("log", "delete", "no-id", code=2)
    assert not Path(url.removeprefix("sqlite:///")).exists()
