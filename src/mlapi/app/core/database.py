"""Room for the service's own database.

Nothing is kept there yet: keys come from the settings and predictions are not recorded. The address is
`Settings.database_url`; the records are described in `mlapi.app.models`. SQLAlchemy is to be imported inside the
functions that open the database, never when the service starts.
"""
