import json
from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi

pytestmark = pytest.mark.usefixtures("state")


def told(*arguments: str) -> str:
    result = mlapi("models", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_list_shows_versions_and_aliases() -> None:
    told("promote", "sample", "1")
    assert [line.split() for line in told("list").splitlines()] == [
        ["MODEL", "VERSIONS", "STAGING", "PRODUCTION"],
        ["sample", "2", "2", "1"],
    ]
    aliases = {"staging": "2", "production": "1"}
    assert json.loads(told("list", "--json")) == [{"model": "sample", "versions": ["1", "2"], "aliases": aliases}]


def test_show_takes_production_else_the_newest() -> None:
    assert json.loads(told("show", "sample", "--json"))["version"] == "2"
    told("promote", "sample", "1")
    shown = json.loads(told("show", "sample", "--json"))
    assert (shown["version"], shown["aliases"]) == ("1", ["production"])
    assert "version: 2\naliases: staging\n" in told("show", "sample", "2")
    assert "metrics.accuracy: 0." in told("show", "sample")


@pytest.mark.parametrize("arguments", [("simple",), ("sample", "9")])
def test_show_of_what_is_not_there_is_one_line(arguments: tuple[str, ...]) -> None:
    assert failed("models", "show", *arguments).startswith("there is no model")


def test_promote_without_a_version_takes_what_is_in_staging() -> None:
    *gates, last = told("promote", "sample").splitlines()
    assert last == "sample version 2 is now in production (generation 1)"
    assert [line.split()[0] for line in gates] == ["GATE", "schema", "champion", "latency"]


def test_promote_tells_programs_the_generation_and_refuses_one_that_has_passed() -> None:
    record = json.loads(told("promote", "sample", "1", "--json", "--reason", "first"))
    assert (record["version"], record["generation"], record["reason"]) == ("1", 1, "first")
    told("promote", "sample", "2", "--expect-generation", "1")
    assert "generation" in failed("models", "promote", "sample", "1", "--expect-generation", "1")


def test_rollback_goes_back_version_by_version() -> None:
    told("promote", "sample", "1")
    told("promote", "sample", "2")
    assert told("rollback", "sample").startswith("sample version 1 is now in production")
    assert "no version before" in failed("models", "rollback", "sample")


def test_history_tells_who_moved_what_and_why() -> None:
    told("promote", "sample", "1", "--reason", "first try")
    told("promote", "sample", "2")
    told("rollback", "sample", "--reason", "worse")
    moves = json.loads(told("history", "sample", "--json"))
    assert [(move["action"], move["version"], move["reason"]) for move in moves] == [
        ("promote", "1", "first try"),
        ("promote", "2", ""),
        ("rollback", "1", "worse"),
    ]
    last = told("history", "sample").splitlines()[-1]
    assert last.split()[3:] == ["rollback", "2", "1", "worse"]


def test_history_of_an_alias_that_was_never_set_is_empty() -> None:
    assert len(told("history", "sample").splitlines()) == 1


def test_export_writes_a_directory_or_an_archive_that_verify(tmp_path: Path) -> None:
    told("export", "sample", "1", "bundle")
    assert told("verify", "bundle") == "bundle is right\n"
    told("export", "sample", "1", "bundle.tar")
    told("export", "sample", "1", "again.tar")
    assert (tmp_path / "bundle.tar").read_bytes() == (tmp_path / "again.tar").read_bytes()


def test_export_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("mine")
    line = failed("models", "export", "sample", "1", "bundle")
    assert line == "bundle: exists already; choose another name"
    assert (tmp_path / "bundle").read_text() == "mine"


def test_verify_takes_a_version_or_what_is_in_production() -> None:
    assert told("verify", "sample", "1") == "sample version 1 is right\n"
    told("promote", "sample", "1")
    assert told("verify", "sample") == "sample version 1 is right\n"


def test_verify_refuses_a_bundle_that_was_changed(tmp_path: Path) -> None:
    told("export", "sample", "1", "bundle")
    with (tmp_path / "bundle" / "model.ubj").open("ab") as model:
        model.write(b"x")
    assert "digest_mismatch" in failed("models", "verify", "bundle")


def test_a_required_signature_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PrivateKey.generate().public_key()
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    monkeypatch.setenv("MLAPI_PUBLIC_KEY_FILE", "key.pem")
    for arguments in (("verify", "sample", "1"), ("promote", "sample", "1")):
        assert "signature_missing" in failed("models", *arguments)
