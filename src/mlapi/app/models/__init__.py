"""Records kept in the database (see `mlapi.app.core.database`)."""
