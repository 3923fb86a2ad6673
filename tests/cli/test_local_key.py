import stat
from pathlib import Path

from mlapi.cli.local_key import kept_key, shown_key, with_key
from mlapi.ops.settings import load_settings


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "state" / "key"
    key = kept_key(file)
    assert key.startswith("mlk_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_key(file) == key


def test_a_key_whose_writer_was_killed_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    assert kept_key(file) == file.read_text().strip() != ""


def test_the_kept_key_is_used_where_none_is_configured(tmp_path: Path) -> None:
    settings = with_key(load_settings(environ={"MLAPI_STATE_DIR": str(tmp_path)}))
    assert shown_key(settings) == (tmp_path / "key").read_text().strip()


def test_configured_keys_come_first(tmp_path: Path) -> None:
    environ = {"MLAPI_STATE_DIR": str(tmp_path), "MLAPI_API_KEYS": f"sha256:{'0' * 64},mine"}
    assert shown_key(with_key(load_settings(environ=environ))) == "mine"
    assert not (tmp_path / "key").exists()


def test_a_key_of_which_only_the_digest_is_known_cannot_be_shown() -> None:
    assert shown_key(load_settings(environ={"MLAPI_API_KEYS": f"sha256:{'0' * 64}"})) == "YOUR_KEY"
