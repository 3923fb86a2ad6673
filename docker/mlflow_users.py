"""The MLflow server's users are those of its secrets, made or given their password before the server starts.

A secret is a credentials file of MLflow's own kind, which the user's client is given too. Where there is none the
server asks nobody who they are.
"""

import configparser
import hashlib
import os
import secrets
from pathlib import Path

ADMIN, READER = Path("/run/secrets/mlflow-admin"), Path("/run/secrets/mlflow-reader")
MARK = Path("/var/lib/mlflow/users.sha256")  # of the secrets that the database has; a look at it spares the import
CONFIGURATION = Path(__file__).with_name("mlflow-auth.ini")


def arguments() -> list[str]:
    """Give what `mlflow server` is to be told, after the users are as the secrets say."""
    if not ADMIN.exists():
        return []
    os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(CONFIGURATION)
    os.environ["MLFLOW_FLASK_SERVER_SECRET_KEY"] = secrets.token_urlsafe(32)  # of the sign-up page; a start's own
    text = b"".join(path.read_bytes() for path in (ADMIN, READER))
    digest = hashlib.sha256(text).hexdigest()
    if not MARK.exists() or MARK.read_text() != digest:
        write_users()
        MARK.write_text(digest)
    return ["--app-name", "basic-auth"]


def write_users() -> None:
    """Bring the database of users to what the secrets say."""
    from mlflow.server.auth.config import read_auth_config
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore()
    store.init_db(read_auth_config().database_uri)
    for path in (ADMIN, READER):
        name, password = credentials(path)
        if store.has_user(name):
            store.update_user(name, password=password, is_admin=path == ADMIN)
        else:
            store.create_user(name, password, is_admin=path == ADMIN)


def credentials(path: Path) -> tuple[str, str]:
    """Give user and password of a credentials file."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(path.read_text())
    return parser["mlflow"]["mlflow_tracking_username"], parser["mlflow"]["mlflow_tracking_password"]
