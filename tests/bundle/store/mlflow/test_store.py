"""What only the MLflow store has: runs, MLflow's own way of loading, entries of others, a registry that is away."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from mlapi.bundle import load
from mlapi.bundle.archive import read_directory
from mlapi.bundle.decision import shortest
from mlapi.bundle.errors import StoreError, StoreUnavailable, VerificationError
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.mlflow import versions as module
from mlapi.bundle.store.mlflow.border import uploading
from mlapi.bundle.store.mlflow.packing import FOLDER
from mlapi.training.signature import input_example, signature_of
from tests.bundle.store.contract import write_bundle
from tests.fixtures.mlflow_server import free_port, mlflow_server

if TYPE_CHECKING:
    from mlflow import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[4]

# Runs where mlapi cannot be imported: without `site`, so that no .pth file of an editable installation is read.
LOADS_IT = """
import importlib.util, json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
assert importlib.util.find_spec("mlapi") is None
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[2])
import mlapi.bundle
import pandas
rows = json.loads(sys.argv[3])
frame = model.predict(pandas.DataFrame(rows))
print(json.dumps({
    "code": mlapi.bundle.__file__,
    "store": importlib.util.find_spec("mlapi.bundle.store") is not None,
    "columns": list(frame.columns),
    "rows": frame.to_dict("records"),
}))
"""


# Runs with what mlflow-skinny brings: none of what only the full distribution requires can be imported.
SKINNY = """
import json, sys
from importlib.machinery import PathFinder

FULL = set(json.loads(sys.argv[1]))
find = PathFinder.find_spec

def find_others(name, path=None, target=None):
    return None if name.partition(".")[0] in FULL else find(name, path, target)

PathFinder.find_spec = find_others
from pathlib import Path
from mlapi.bundle.store.mlflow import MlflowStore
store = MlflowStore(sys.argv[2])
record = store.resolve(sys.argv[3], "production")
store.fetch(record.name, record.version, Path(sys.argv[4]))
assert not FULL & set(sys.modules)
print(json.dumps([record.version, record.generation, store.models()]))
try:
    MlflowStore(sys.argv[5]).add("m", Path(sys.argv[4]))
except Exception as error:
    print(type(error).__name__, error)
"""
FULL = ["alembic", "docker", "flask", "graphene", "matplotlib", "pandas", "pyarrow", "scipy", "sklearn", "sqlalchemy"]


def logged_files(client: MlflowClient, uri: str, name: str, version: str, folder: Path) -> dict[str, Path]:
    """Everything that MLflow keeps of a version."""
    from mlflow.artifacts import download_artifacts

    location = client.get_model_version_download_uri(name, version)
    root = Path(download_artifacts(artifact_uri=location, dst_path=str(folder), tracking_uri=uri))
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("server", [False, True], ids=["embedded", "server"])
def test_mlflow_alone_loads_a_version_and_gives_the_same_numbers(
    server: bool, uri: str, name: str, bundle: Path, tmp_path: Path
) -> None:
    address = mlflow_server() if server else uri
    opened = load(bundle)
    # MLflow takes no integers where its signature says double; we take 3.0 for the integer 3
    rows = [
        {name: float(cell) if type(cell) is int else cell for name, cell in row.items()}
        for row in opened.golden.rows[:8]
    ]
    record = MlflowStore(address).add(
        name,
        bundle,
        signature=signature_of(opened.schema, opened.decision),
        input_example=input_example(opened.schema),
    )
    packages = [path for path in site.getsitepackages() if Path(path).is_dir()]
    command = [sys.executable, "-S", "-c", LOADS_IT, json.dumps(packages), f"models:/{name}/{record.version}"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV", "MLFLOW"))}
    environ = kept | {"MLFLOW_TRACKING_URI": address, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [*command, json.dumps(rows)], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert Path(found["code"]).parts[-4:-2] == ("code", "mlapi")
    assert not found["store"]
    expected = opened.predict(rows)
    columns = ["prediction", *(f"probability_{label}" for label in opened.decision.names)]
    assert found["columns"] == columns
    assert found["rows"] == [
        dict(zip(columns, (label, *probabilities), strict=True))
        for label, probabilities in zip(expected.labels, shortest(expected.probabilities), strict=True)
    ]


def test_the_skinny_distribution_is_enough_to_follow_a_server(name: str, bundle: Path, tmp_path: Path) -> None:
    store = MlflowStore(mlflow_server())
    store.add(name, bundle)
    generation = store.promote(name, "production", "1", by="ada").generation
    embedded = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-c", SKINNY, json.dumps(FULL), mlflow_server(), name, str(tmp_path / "out"), embedded]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found, embedded_needs_more = done.stdout.splitlines()
    assert json.loads(found)[:2] == ["1", generation]
    assert name in json.loads(found)[2]
    assert embedded_needs_more.startswith("StoreUnavailable")
    assert "mlflow-skinny cannot open a database: install mlflow itself" in embedded_needs_more
    assert read_directory(tmp_path / "out") == read_directory(bundle)


def test_a_missing_library_is_named_with_what_to_install(tmp_path: Path) -> None:
    for absent, reason in (("mlflow", "mlflow is not installed"), ("sqlalchemy", "mlflow-skinny cannot open")):
        with (
            patch("importlib.util.find_spec", side_effect=lambda name, absent=absent: None if name == absent else name),
            pytest.raises(StoreUnavailable, match=reason),
        ):
            MlflowStore(f"sqlite:///{tmp_path / 'mlflow.db'}").add("m", write_bundle(tmp_path))


def test_mlflow_keeps_the_bundle_its_code_and_no_pickle(
    store: MlflowStore, client: MlflowClient, uri: str, name: str, bundle: Path, tmp_path: Path
) -> None:
    import yaml

    opened = load(bundle)
    signature = signature_of(opened.schema, opened.decision)
    version = store.add(name, bundle, signature=signature, input_example=input_example(opened.schema)).version
    files = logged_files(client, uri, name, version, tmp_path / "all")
    code = {path for path in files if path.startswith("code/")}
    assert "code/mlapi/__init__.py" in code
    assert "code/mlapi/bundle/pyfunc.py" in code
    assert all(path.startswith(("code/mlapi/__init__.py", "code/mlapi/bundle/")) for path in code)
    assert {Path(path).suffix for path in code} == {".py"}
    assert {path for path in files if path.startswith(FOLDER)} == {
        f"{FOLDER}/{path}" for path in read_directory(bundle)
    }
    endings = {Path(path).suffix for path in files}
    assert endings <= {"", ".py", ".json", ".npy", ".ubj", ".md", ".yaml", ".txt"}
    assert not any(path.read_bytes().startswith((b"\x80\x04", b"\x80\x05")) for path in files.values())
    flavor = yaml.safe_load(files["MLmodel"].read_text())["flavors"]["python_function"]
    assert (flavor["loader_module"], flavor["data"]) == ("mlapi.bundle.pyfunc", FOLDER)
    requirements = files["requirements.txt"].read_text().split()
    assert [line.partition("==")[0] for line in requirements] == ["mlflow", "msgspec", "numpy", "xgboost-cpu"]


def test_a_version_belongs_to_its_run(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, tmp_path: Path
) -> None:
    experiment = client.create_experiment(name, artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    record = store.add(name, bundle, run_id=run, tags={"a": "b"})
    assert record.run_id == run
    outputs = client.get_run(run).outputs
    assert outputs is not None
    assert f"models:/{outputs.model_outputs[0].model_id}" == client.get_model_version(name, record.version).source
    assert (tmp_path / "artifacts").is_dir()


def test_adding_leaves_the_process_as_it_was(store: MlflowStore, name: str, bundle: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri("http://127.0.0.1:1")
    path, timeout = list(sys.path), os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT")
    try:
        store.add(name, bundle, input_example=input_example(load(bundle).schema))
        assert mlflow.get_tracking_uri() == "http://127.0.0.1:1"
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # takes it back
    store.promote(name, "production", "1", by="ada")
    assert sys.path == path
    assert os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT") == timeout == "5"


def test_an_upload_waits_longer_but_for_a_limit_of_the_users_own(
    store: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.connect()
    with uploading(None):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "60"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    with uploading(None):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    with uploading(None):
        assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


@pytest.mark.parametrize("failing", ["log_model_artifacts", "create_model_version"])
def test_an_addition_that_fails_leaves_no_version_and_no_upload(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, failing: str
) -> None:
    from mlflow import MlflowClient

    store.add(name, bundle)
    experiment = store._ledgers.experiment()
    before = {model.model_id for model in client.search_logged_models([experiment])}
    with (
        patch.object(MlflowClient, failing, side_effect=ConnectionResetError("gone")),
        pytest.raises(StoreUnavailable, match="gone"),
    ):
        store.add(name, write_bundle(bundle.parent))
    assert {model.model_id for model in client.search_logged_models([experiment])} == before
    assert len(store.versions(name)) == 1


def test_mlflow_counts_versions_itself(store: MlflowStore, name: str, bundle: Path) -> None:
    with pytest.raises(StoreError, match="counts versions itself"):
        store.add(name, bundle, version="7")
    assert store.versions(name) == []


def test_artifacts_that_were_changed_are_not_given_out(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, tmp_path: Path
) -> None:
    store.add(name, bundle)
    location = client.get_model_version_download_uri(name, "1")
    (Path(location.removeprefix("file://")) / FOLDER / "model.ubj").write_bytes(b"other")
    with pytest.raises(VerificationError) as caught:
        store.fetch(name, "1", tmp_path / "out")
    assert caught.value.code == "digest_mismatch"
    assert list(tmp_path.glob("out*")) == list(tmp_path.glob(".out*")) == []


def test_artifacts_that_are_gone_make_the_store_unavailable(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, tmp_path: Path
) -> None:
    import shutil

    store.add(name, bundle)
    shutil.rmtree(client.get_model_version_download_uri(name, "1").removeprefix("file://"))
    with pytest.raises(StoreUnavailable):
        store.fetch(name, "1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "V22", "a.b", "ä", ""])
def test_an_alias_that_mlflow_would_refuse_is_refused_before_anything_is_written(
    store: MlflowStore, model: str, alias: str
) -> None:
    with pytest.raises(StoreError, match="no alias of this name"):
        store.promote(model, alias, "1", by="ada")
    assert store.history(model, alias) == []


def test_long_lists_are_read_page_by_page(store: MlflowStore, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = store.models(), store.versions(model)
    monkeypatch.setattr(module, "_PAGE", 1)
    assert (store.models(), store.versions(model)) == everything
    assert len(everything[1]) == 3


def test_names_that_are_not_safe_are_not_listed(store: MlflowStore, client: MlflowClient, name: str) -> None:
    client.create_registered_model(f"{name} with blanks", tags={"mlapi.ledger_run": "0" * 32})
    assert f"{name} with blanks" not in store.models()


def test_a_server_that_is_away_makes_the_store_unavailable_without_telling_a_password(tmp_path: Path) -> None:
    store = MlflowStore(f"http://ada:secret@127.0.0.1:{free_port()}")
    assert "secret" not in store.description
    for ask in (
        store.models,
        lambda: store.versions("m"),
        lambda: store.version("m", "1"),
        lambda: store.resolve("m", "production"),
        lambda: store.history("m", "production"),
        lambda: store.promote("m", "production", "1", by="ada"),
        lambda: store.fetch("m", "1", tmp_path / "out"),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            ask()
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_error_of_our_own_is_not_taken_for_mlflows(store: MlflowStore) -> None:
    with (
        patch.object(store._client, "search_registered_models", side_effect=ZeroDivisionError),
        pytest.raises(ZeroDivisionError),
    ):
        store.models()


def test_the_default_address_is_mlflows_own(
    uri: str, store: MlflowStore, model: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    default = MlflowStore()
    assert default.description == "mlflow at its default address"
    assert default.versions(model) == store.versions(model)


def test_looking_at_an_embedded_database_that_is_not_there_does_not_make_one(tmp_path: Path) -> None:
    store = MlflowStore(f"sqlite:///{tmp_path / 'state' / 'mlflow.db'}")
    assert not store.connect()
    assert (store.models(), store.versions("m"), store.history("m", "production")) == ([], [], [])
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_database_is_made_with_the_first_version(tmp_path: Path, bundle: Path) -> None:
    store = MlflowStore(f"sqlite:///{tmp_path / 'state' / 'mlflow.db'}")
    assert store.add("m", bundle).version == "1"
    assert store.connect()
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"mlflow.db", "artifacts"}
