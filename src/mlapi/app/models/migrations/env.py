"""Alembic's entry: runs the migrations on the connection that `mlapi.app.models.migration` hands over."""

from alembic import context

from mlapi.app.models.base import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
