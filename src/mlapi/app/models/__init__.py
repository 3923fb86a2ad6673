"""Records kept in the database (see `mlapi.app.core.database`), one kind a module, and their tables' migrations."""
