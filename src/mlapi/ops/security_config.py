"""Settings of secrets, roles and signatures."""

from pathlib import Path
from typing import Annotated

from mlapi.ops.fields import Names, Secret, Section, about


class SecurityConfig(Section, frozen=True, kw_only=True):
    """Where secrets come from and what is trusted. A switch that is off makes no call."""

    secrets_manager_enabled: Annotated[bool, about("read API keys from AWS Secrets Manager")] = False
    keys_secret: Annotated[str, about("name or ARN of that secret", min_length=1)] = "mlapi/api-keys"  # noqa: S105  # a name
    parameter_store_enabled: Annotated[bool, about("read API keys from the AWS Systems Manager parameter store")] = (
        False
    )
    keys_parameters: Annotated[str, about("path of those parameters", pattern=r"^/")] = "/mlapi/api-keys"
    keys_file: Annotated[Path, about("TOML or JSON file with API keys, which `mlapi keys` writes")] | None = None
    keys_in_database: Annotated[bool, about("keep API keys in the service's own database too")] = False
    keys_revoked_within_s: Annotated[
        float, about("seconds within which a revoked key is refused; sources are read four times as often", ge=1, le=60)
    ] = 60.0
    failed_keys_per_minute: Annotated[
        int, about("wrong keys of one peer before it gets 429, which a valid key never does; 0 for no end", ge=0)
    ] = 10
    iam_role_arn: (
        Annotated[str, about("role to assume before any other AWS call", pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$")]
        | None
    ) = None
    insecure_hosts: Annotated[
        Names, about("hosts that may be spoken to without TLS in production, separated by commas")
    ] = ()
    public_key_file: Annotated[Path, about("PEM file of the Ed25519 key that bundles must be signed with")] | None = (
        None
    )
    webhook_secret: (
        Annotated[
            Secret, about("secret that MLflow's registry webhook is signed with; the service takes no webhook without")
        ]
        | None
    ) = None
