"""Settings of promotions."""

from typing import Annotated

from mlapi.ops.fields import Section, about


class RegistryConfig(Section, frozen=True, kw_only=True):
    """What a version must be before it is promoted, and where it goes then."""

    publish_to: (
        Annotated[
            str,
            about(
                "store that every promotion is carried to: `s3://bucket/prefix` or `file:DIR`",
                pattern=r"^(file:|s3://).",
            ),
        ]
        | None
    ) = None
    latency_budget_ms: Annotated[
        float, about("milliseconds that the slowest of 100 one-row predictions may take", gt=0)
    ] = 50.0
