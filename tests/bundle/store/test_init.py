from __future__ import annotations

from pathlib import Path

import pytest

from mlapi.bundle.errors import StoreError
from mlapi.bundle.store import open_source, open_store
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.isolated import IsolatedStore
from mlapi.bundle.store.mlflow import MlflowStore


def test_a_directory_is_relative_to_the_state_directory(tmp_path: Path) -> None:
    for open_it in (open_store, open_source):
        store = open_it("file:models", state_dir=tmp_path)
        assert isinstance(store, DirectoryStore)
        assert store.root == tmp_path / "models"
        assert open_it("file:/srv/models", state_dir=tmp_path).description == "directory /srv/models"


def test_mlflow_is_asked_directly_or_through_a_process(tmp_path: Path) -> None:
    assert isinstance(open_store("mlflow", state_dir=tmp_path, tracking_uri="http://127.0.0.1:1"), MlflowStore)
    assert isinstance(open_source("mlflow", state_dir=tmp_path), IsolatedStore)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("s3:bucket", "there is no store 's3:bucket'; use mlflow, file:DIR or s3://bucket/prefix"),
        ("s3://", "there is no store 's3://'; use mlflow, file:DIR or s3://bucket/prefix"),
        ("file:", "there is no store 'file:'; use mlflow, file:DIR or s3://bucket/prefix"),
        ("ftp://x", "there is no store 'ftp://x'; use mlflow, file:DIR or s3://bucket/prefix"),
        ("", "there is no store ''; use mlflow, file:DIR or s3://bucket/prefix"),
    ],
)
def test_an_address_of_no_store_is_told(tmp_path: Path, address: str, reason: str) -> None:
    for open_it in (open_store, open_source):
        with pytest.raises(StoreError) as caught:
            open_it(address, state_dir=tmp_path)
        assert str(caught.value) == reason
