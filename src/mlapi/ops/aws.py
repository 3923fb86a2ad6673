"""AWS sessions: one region, one role, pooled connections, bounded waits. boto3 is imported on first use only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlapi.ops.errors import SettingsError

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

ROLE_SESSION_NAME = "mlapi"


class AWSClients:
    """Makes the clients of one process, all of one session, and keeps each for later."""

    def __init__(self, *, region: str, role_arn: str | None = None) -> None:
        """Take the region and, where its rights are to be used, the role; no call is made yet."""
        self._region = region
        self._role_arn = role_arn
        self._session: Any = None  # boto3.Session; boto3 has no types of its own
        self._clients: dict[str, Any] = {}

    @classmethod
    def from_settings(cls, settings: Settings) -> AWSClients:
        """Take region and role from the settings."""
        return cls(region=settings.mlflow.aws_region, role_arn=settings.security.iam_role_arn)

    def client(self, service: str) -> Any:
        """Give the client of a service such as `s3`; endpoints come from `AWS_ENDPOINT_URL`.

        Raises:
            SettingsError: boto3 is not installed.
        """
        if service not in self._clients:
            self._clients[service] = self._open().client(service, config=_config())
        return self._clients[service]

    def s3(self) -> Any:
        """Give the S3 client, for stores that connect on first use."""
        return self.client("s3")

    def _open(self) -> Any:
        if self._session is None:
            boto3 = _boto3()
            session = boto3.Session(region_name=self._region)
            self._session = session if self._role_arn is None else _assume(session, self._role_arn)
        return self._session


def _boto3() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise SettingsError("AWS", "boto3 is not installed; install ml-api-platform[s3]") from error
    return boto3


def _config() -> Any:
    """Waits and tries that end: botocore's own are 60 s to connect and 60 s to read."""
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 6}  # standard backs off with full jitter
    return Config(connect_timeout=2, read_timeout=10, retries=retries, max_pool_connections=16)


def _assume(session: Any, role_arn: str) -> Any:
    """Give a session with a role's credentials, which botocore renews before they end."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.session import get_session

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.client,
        source_credentials=session.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": ROLE_SESSION_NAME},
    )
    inner = get_session()
    inner._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")  # noqa: SLF001 # no setter
    return boto3.Session(botocore_session=inner, region_name=session.region_name)
