"""From a table to a production prediction API."""

__version__ = "0.1.0"
