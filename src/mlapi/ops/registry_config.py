"""Settings of promotions."""

from mlapi.ops.fields import Section, setting


class RegistryConfig(Section):
    """What a version must be before it is promoted, and where it goes then."""

    publish_to: str | None = setting(
        None, "store that every promotion is carried to: `s3://bucket/prefix` or `file:DIR`", pattern=r"^(file:|s3://)."
    )
    latency_budget_ms: float = setting(50.0, "milliseconds that the slowest of 100 one-row predictions may take", gt=0)
