"""Settings of metrics, alerts and how long logs are kept."""

from typing import Literal

from pydantic import SecretStr

from mlapi.ops.fields import Names, Section, setting


class MonitoringConfig(Section):
    """Whom to tell. A switch that is off makes no call."""

    log_format: Literal["plain", "json"] = setting(
        "plain", "`json`: long commands log as the service does, in JSON; `plain`: readable lines"
    )
    cloudwatch_enabled: bool = setting(
        False, "make each request's log line a sample in CloudWatch's embedded metric format"
    )
    sns_topic_arn: str | None = setting(
        None, "SNS topic that gets alerts", pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$"
    )
    alert_webhook_url: str | None = setting(
        None, "address that gets alerts as JSON by POST", pattern=r"^https?://[^/\s]+(/\S*)?$"
    )
    alert_webhook_secret: SecretStr | None = setting(None, "secret that signs those POSTs (Standard Webhooks)")
    pagerduty_integration_key: SecretStr | None = setting(
        None, "PagerDuty Events v2 key that gets alerts of severity error and critical"
    )
    pagerduty_url: str = setting(
        "https://events.pagerduty.com/v2/enqueue", "address of PagerDuty's Events API v2", pattern=r"^https?://\S+$"
    )
    otlp_endpoint: str | None = setting(
        None,
        "address that gets traces by OTLP over HTTP, such as `http://collector:4318`; needs the extra `otel`",
        env="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern=r"^https?://\S+$",
    )
    prediction_log: bool = setting(False, "keep every answered row in the database, for outcomes and audits")
    prediction_log_sink: Literal["queue", "direct"] = setting(
        "queue", "`queue` writes behind the answers; `direct` before them, for places without threads such as Lambda"
    )
    prediction_log_redact: Names = setting((), "features whose cells are not kept, separated by commas")
    log_retention_days: int = setting(30, "days that logs and logged predictions are kept", ge=1, le=3653)
