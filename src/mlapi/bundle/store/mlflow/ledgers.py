"""Where the ledger of each model is.

Its run's id is a tag that the registered model is created with; creation being atomic, all agree on it. A model that
was registered by other means has no such tag: its ledger is the oldest run that names it, made when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mlapi.bundle.store.mlflow.border import is_missing, is_taken
from mlapi.bundle.store.mlflow.embedded import file_of
from mlapi.bundle.store.mlflow.ledger import Ledger

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import RegisteredModel

EXPERIMENT: Final = "mlapi-ledger"
RUN_TAG: Final = "mlapi.ledger_run"  # of a registered model: the run's id
_NAME_TAG: Final = "mlapi.ledger"  # of the run: the model's name


class Ledgers:
    """The ledgers of one MLflow."""

    def __init__(self, client: MlflowClient, uri: str | None) -> None:
        """Take the client and its address."""
        self._client = client
        self._uri = uri

    def find(self, model: RegisteredModel) -> Ledger | None:
        """Give a model's ledger, None if nobody has promoted yet."""
        run = self._tagged(model) or self._oldest(model.name)
        return None if run is None else Ledger(self._client, run)

    def prepare(self, model: RegisteredModel, ledger: Ledger | None) -> bool:
        """Make a ledger fit to be written, the one that was found or a new one.

        Returns:
            Whether anything had to be done; the ledger is to be looked for again then.
        """
        if ledger is None:
            self._new_run(model.name)  # another promoter may do so at the same time: the older run counts
        elif ledger.is_deleted:
            self._client.restore_run(ledger.run_id)
        elif model.tags.get(RUN_TAG) != ledger.run_id:
            self._client.set_registered_model_tag(model.name, RUN_TAG, ledger.run_id)
        else:
            return False
        return True

    def ensure_model(self, name: str) -> None:
        """Register a model together with its ledger, if there is none of that name."""
        if self._is_registered(name):
            return
        run_id = self._new_run(name)
        try:
            self._client.create_registered_model(name, tags={RUN_TAG: run_id})
        except Exception as error:
            self._client.delete_run(run_id)
            if not is_taken(error):
                raise

    def experiment(self) -> str:
        """Give the id of the experiment that ledgers and runless bundles are in; made where it is missing."""
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            try:
                return str(self._client.create_experiment(EXPERIMENT, artifact_location=self._files()))
            except Exception as error:
                if not is_taken(error):
                    raise
            return self.experiment()
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _is_registered(self, name: str) -> bool:
        try:
            self._client.get_registered_model(name)
        except Exception as error:
            if is_missing(error):
                return False
            raise
        return True

    def _tagged(self, model: RegisteredModel) -> Run | None:
        if RUN_TAG not in model.tags:
            return None
        try:
            return self._client.get_run(model.tags[RUN_TAG])
        except Exception as error:
            if not is_missing(error):
                raise
            return None

    def _oldest(self, name: str) -> Run | None:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            return None
        from mlflow.entities import ViewType

        runs = self._client.search_runs(
            [found.experiment_id],
            f"tags.`{_NAME_TAG}` = '{quote(name)}'",
            ViewType.ACTIVE_ONLY,
            max_results=1,
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
        )
        return runs[0] if runs else None

    def _new_run(self, name: str) -> str:
        run = self._client.create_run(self.experiment(), tags={_NAME_TAG: quote(name)}, run_name=f"ledger of {name}")
        self._client.set_terminated(run.info.run_id)  # parameters can be written all the same
        return str(run.info.run_id)

    def _files(self) -> str | None:
        """Beside an embedded database, not below the folder that one happens to be in; a server knows for itself."""
        database = file_of(self._uri)
        return None if database is None else (database.parent / "artifacts").as_uri()
