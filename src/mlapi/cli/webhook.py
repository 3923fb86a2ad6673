"""mlapi models webhook: let MLflow tell the service of promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlapi.cli.command import Group, shared_options
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json, print_table
from mlapi.cli.promotions import JSON

if TYPE_CHECKING:
    from mlapi.training.webhooks import RegistryWebhooks


@click.group(
    cls=Group, params=shared_options(), epilog="Example: mlapi models webhook create --url https://ml.example.org"
)
def webhook() -> None:
    """Let MLflow's registry tell a service of promotions.

    The webhook calls POST /models/reload of the service whenever an alias is moved; both sides know the secret of
    MLAPI_WEBHOOK_SECRET. It is for all models of the tracking server.
    """


@webhook.command(epilog="Example: mlapi models webhook create --url https://ml.example.org")
@click.option("--url", required=True, help="The service's address; /models/reload is added where there is no path.")
@click.option("--name", default="mlapi", show_default=True, help="To know it by.")
@JSON
@click.pass_obj
def create(invocation: Invocation, url: str, name: str, as_json: bool) -> None:
    """Add a webhook."""
    from mlapi.ops.errors import SettingsError

    secret = invocation.settings().security.webhook_secret
    if secret is None:
        raise SettingsError("MLAPI_WEBHOOK_SECRET", "set the secret that signs the webhook, here and for the service")
    made = _webhooks(invocation).create(url, secret.get_secret_value(), name)
    if as_json:
        print_json(made._asdict())
    else:
        click.echo(f"webhook {made.id} calls {made.url}")


@webhook.command("list", epilog="Example: mlapi models webhook list")
@JSON
@click.pass_obj
def list_webhooks(invocation: Invocation, as_json: bool) -> None:
    """List the webhooks of the tracking server."""
    found = _webhooks(invocation).all()
    if as_json:
        print_json([one._asdict() for one in found])
    else:
        print_table(
            ("ID", "NAME", "STATUS", "URL", "EVENTS"),
            [(*one[:2], one.status, one.url, ", ".join(one.events)) for one in found],
        )


@webhook.command(epilog="Example: mlapi models webhook delete 6fd0b2a4")
@click.argument("webhook_id", metavar="ID")
@click.pass_obj
def delete(invocation: Invocation, webhook_id: str) -> None:
    """Remove a webhook."""
    _webhooks(invocation).delete(webhook_id)
    click.echo(f"webhook {webhook_id} is gone")


@webhook.command(epilog="Example: mlapi models webhook test 6fd0b2a4")
@click.argument("webhook_id", metavar="ID")
@click.pass_obj
def test(invocation: Invocation, webhook_id: str) -> None:
    """Let MLflow send a trial call now."""
    done = _webhooks(invocation).test(webhook_id)
    if not done.success:
        raise click.ClickException(f"the service did not take it: {done.reason or f'status {done.status}'}")
    click.echo(f"the service answered {done.status}")


def _webhooks(invocation: Invocation) -> RegistryWebhooks:
    from mlapi.training.tracking_server import TrackingServer
    from mlapi.training.webhooks import RegistryWebhooks

    return RegistryWebhooks(TrackingServer(invocation.settings().mlflow))
