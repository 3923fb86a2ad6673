"""The registry's webhooks: MLflow tells a service of a promotion, so that it need not wait for its next look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mlapi.training.errors import TrackingError

if TYPE_CHECKING:
    from mlflow.entities.webhook import Webhook as MlflowWebhook

    from mlapi.training.tracking_server import TrackingServer

EVENT: Final = "model_version_alias.created"  # stages fire none
NAME = "mlapi"
RELOAD = "/models/reload"
_MOST = 1000


class Webhook(NamedTuple):
    """One webhook; MLflow's is for all models of a server."""

    id: str
    name: str
    url: str
    events: list[str]
    status: str


class Delivery(NamedTuple):
    """How a trial delivery went: the receiver's status and, where it failed, why."""

    success: bool
    status: int | None
    reason: str


class RegistryWebhooks:
    """The webhooks of one tracking server; every method may raise TrackingError."""

    def __init__(self, server: TrackingServer) -> None:
        self._server = server

    def create(self, url: str, secret: str, name: str = NAME) -> Webhook:
        """Let the registry call an address whenever an alias is moved.

        Args:
            url: the service's own (`https://ml.example.org`), or with a path of the caller's choice.
            secret: signs the calls; the service has it as `MLAPI_WEBHOOK_SECRET`.
            name: to know it by.

        Raises:
            TrackingError: MLflow refuses, for one because it takes https only.
        """
        address = url if url.count("/") > 2 else url + RELOAD
        self._need_server()
        with self._server.in_use() as client:
            made = client.create_webhook(name, address, [EVENT], description="tells mlapi of promotions", secret=secret)
        return _described(made)

    def all(self) -> list[Webhook]:
        """Give all of them, other people's too."""
        self._need_server()
        with self._server.in_use() as client:
            return [_described(one) for one in client.list_webhooks(max_results=_MOST)]

    def delete(self, webhook_id: str) -> None:
        """Remove one."""
        self._need_server()
        with self._server.in_use() as client:
            client.delete_webhook(webhook_id)

    def test(self, webhook_id: str) -> Delivery:
        """Let the registry send a trial call now."""
        self._need_server()
        with self._server.in_use() as client:
            found = client.test_webhook(webhook_id, EVENT)
        return Delivery(found.success, found.response_status, found.error_message or "")

    def _need_server(self) -> None:
        if not self._server.remote:
            raise TrackingError(self._server.address, "webhooks need an MLflow server; set MLFLOW_TRACKING_URI")
        self._server.check()


def _described(found: MlflowWebhook) -> Webhook:
    events = [f"{event.entity.value}.{event.action.value}" for event in found.events]
    return Webhook(found.webhook_id, found.name, found.url, events, str(found.status.value).lower())
