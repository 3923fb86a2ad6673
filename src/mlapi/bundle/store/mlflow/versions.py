"""Versions of MLflow's registered models that are bundles: those whose tags tell the manifest's sha256."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import ModelNotFound
from mlapi.bundle.store.durable import moment
from mlapi.bundle.store.mlflow.border import is_missing
from mlapi.bundle.store.mlflow.ledgers import RUN_TAG
from mlapi.bundle.store.records import VersionRecord, is_safe_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MANIFEST_TAG: Final = "mlapi.manifest_sha256"
CONTENT_TAG: Final = "mlapi.content_digest"
_PAGE: Final = 1000


class MlflowVersions:
    """The versions of one MLflow."""

    def __init__(self, client: MlflowClient) -> None:
        """Take the client."""
        self._client = client

    def models(self) -> list[str]:
        """Give the names of the registered models that have a ledger, sorted."""
        names: set[str] = set()
        token: str | None = ""
        while token is not None:
            page = self._client.search_registered_models(max_results=_PAGE, page_token=token or None)
            names |= {model.name for model in page if RUN_TAG in model.tags and is_safe_name(model.name)}
            token = page.token or None
        return sorted(names)

    def all_of(self, name: str) -> list[VersionRecord]:
        """Give a model's versions, ascending."""
        found: list[VersionRecord] = []
        token: str | None = ""
        while token is not None:
            page = self._client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token or None)
            found += [_record(version) for version in page if MANIFEST_TAG in version.tags]
            token = page.token or None
        return sorted(found, key=lambda record: int(record.version))

    def get(self, name: str, version: str) -> VersionRecord:
        """Give one version.

        Raises:
            ModelNotFound: there is none, or it is no bundle.
        """
        try:
            found = self._client.get_model_version(name, version)
        except Exception as error:
            if is_missing(error):
                raise ModelNotFound(name, version=version) from error
            raise
        if MANIFEST_TAG not in found.tags:
            raise ModelNotFound(name, version=version)
        return _record(found)

    def create(
        self, name: str, model_id: str, run_id: str | None, contents: Contents, tags: Mapping[str, str]
    ) -> VersionRecord:
        """Make a logged model a version, all its tags in one step; if that fails the upload is deleted too."""
        digests = {MANIFEST_TAG: contents.manifest_sha256, CONTENT_TAG: contents.manifest.content_digest}
        try:
            version = self._client.create_model_version(
                name, source=f"models:/{model_id}", run_id=run_id, tags={**tags, **digests}, model_id=model_id
            )
        except BaseException:
            self._client.delete_logged_model(model_id)
            raise
        return _record(version)


def _record(version: ModelVersion) -> VersionRecord:
    return VersionRecord(
        name=version.name,
        version=str(version.version),
        manifest_sha256=version.tags[MANIFEST_TAG],
        content_digest=version.tags.get(CONTENT_TAG, ""),
        created_at=moment(version.creation_timestamp / 1000),
        tags={key: value for key, value in version.tags.items() if key not in {MANIFEST_TAG, CONTENT_TAG}},
        run_id=version.run_id or None,
    )
