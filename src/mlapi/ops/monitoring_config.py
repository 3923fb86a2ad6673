"""Settings of metrics, alerts and how long logs are kept."""

from typing import Annotated, Literal

from mlapi.ops.fields import Names, Secret, Section, about


class MonitoringConfig(Section, frozen=True, kw_only=True):
    """Whom to tell. A switch that is off makes no call."""

    log_format: Annotated[
        Literal["plain", "json"],
        about("`json`: long commands log as the service does, in JSON; `plain`: readable lines"),
    ] = "plain"
    cloudwatch_enabled: Annotated[
        bool, about("make each request's log line a sample in CloudWatch's embedded metric format")
    ] = False
    sns_topic_arn: (
        Annotated[
            str, about("SNS topic that gets alerts", pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$")
        ]
        | None
    ) = None
    alert_webhook_url: (
        Annotated[str, about("address that gets alerts as JSON by POST", pattern=r"^https?://[^/\s]+(/\S*)?$")] | None
    ) = None
    alert_webhook_secret: Annotated[Secret, about("secret that signs those POSTs (Standard Webhooks)")] | None = None
    pagerduty_integration_key: (
        Annotated[Secret, about("PagerDuty Events v2 key that gets alerts of severity error and critical")] | None
    ) = None
    pagerduty_url: Annotated[str, about("address of PagerDuty's Events API v2", pattern=r"^https?://\S+$")] = (
        "https://events.pagerduty.com/v2/enqueue"
    )
    otlp_endpoint: (
        Annotated[
            str,
            about(
                "address that gets traces by OTLP over HTTP, such as `http://collector:4318`; needs the extra `otel`",
                env="OTEL_EXPORTER_OTLP_ENDPOINT",
                pattern=r"^https?://\S+$",
            ),
        ]
        | None
    ) = None
    prediction_log: Annotated[bool, about("keep every answered row in the database, for outcomes and audits")] = False
    prediction_log_sink: Annotated[
        Literal["queue", "direct"],
        about("`queue` writes behind the answers; `direct` before them, for places without threads such as Lambda"),
    ] = "queue"
    prediction_log_redact: Annotated[Names, about("features whose cells are not kept, separated by commas")] = ()
    log_retention_days: Annotated[int, about("days that logs and logged predictions are kept", ge=1, le=3653)] = 30
