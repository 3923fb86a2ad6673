"""Predictions, their outcomes, and what happened to the model."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "predictions",
        sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("row_number", sa.Integer, nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("cells", sa.JSON, nullable=False),
        sa.Column("prediction", sa.Text, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("key_id", sa.String(64)),
        sa.Column("duration_ms", sa.Double, nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("traffic", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_predictions_created_at", "predictions", ["created_at"])
    op.create_table(
        "outcomes",
        sa.Column(
            "prediction_id",
            sa.Uuid(as_uuid=False),
            sa.ForeignKey("predictions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("correct", sa.Boolean, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("loss", sa.Double, nullable=False),
        sa.Column("key_id", sa.String(64)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_outcomes_model", "outcomes", ["model_name", "model_version"])
    op.create_table(
        "model_events",
        sa.Column("id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("reason", sa.Text),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_model_events_created_at", "model_events", ["created_at"])
