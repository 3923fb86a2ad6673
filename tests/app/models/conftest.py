"""Both kinds of database."""

from tests.app.models.databases import database, url

__all__ = ["database", "url"]
