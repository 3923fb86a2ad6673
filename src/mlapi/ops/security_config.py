"""Settings of secrets, roles and signatures."""

from pathlib import Path

from pydantic import SecretStr

from mlapi.ops.fields import Names, Section, setting


class SecurityConfig(Section):
    """Where secrets come from and what is trusted. A switch that is off makes no call."""

    secrets_manager_enabled: bool = setting(False, "read API keys from AWS Secrets Manager")
    keys_secret: str = setting("mlapi/api-keys", "name or ARN of that secret", min_length=1)
    parameter_store_enabled: bool = setting(False, "read API keys from the AWS Systems Manager parameter store")
    keys_parameters: str = setting("/mlapi/api-keys", "path of those parameters", pattern=r"^/")
    keys_file: Path | None = setting(None, "TOML or JSON file with API keys, which `mlapi keys` writes")
    keys_in_database: bool = setting(False, "keep API keys in the service's own database too")
    keys_revoked_within_s: float = setting(
        60.0, "seconds within which a revoked key is refused; sources are read four times as often", ge=1, le=60
    )
    failed_keys_per_minute: int = setting(
        10, "wrong keys of one peer before it gets 429, which a valid key never does; 0 for no end", ge=0
    )
    iam_role_arn: str | None = setting(
        None, "role to assume before any other AWS call", pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$"
    )
    insecure_hosts: Names = setting((), "hosts that may be spoken to without TLS in production, separated by commas")
    public_key_file: Path | None = setting(None, "PEM file of the Ed25519 key that bundles must be signed with")
    webhook_secret: SecretStr | None = setting(
        None, "secret that MLflow's registry webhook is signed with; the service takes no webhook without"
    )
