"""Settings of metrics, alerts and how long logs are kept."""

from pydantic import SecretStr

from mlapi.ops.fields import Section, setting


class MonitoringConfig(Section):
    """Whom to tell. A switch that is off makes no call."""

    cloudwatch_enabled: bool = setting(False, "write metrics in CloudWatch's embedded metric format")
    sns_topic_arn: str | None = setting(
        None, "SNS topic that gets alerts", pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$"
    )
    pagerduty_integration_key: SecretStr | None = setting(None, "PagerDuty Events v2 key that gets critical alerts")
    log_retention_days: int = setting(30, "days that logs and logged predictions are kept", ge=1, le=3653)
