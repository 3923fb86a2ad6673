"""Settings of the tracking server and the model registry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from mlapi.ops.fields import Section, about


class MLflowConfig(Section, frozen=True, kw_only=True):
    """Where runs and models are kept. Without any setting: one SQLite file and a folder beside it."""

    tracking_uri: Annotated[
        str,
        about(
            "tracking server or database that `mlapi` uses",
            env="MLFLOW_TRACKING_URI",
            shown="sqlite:///<state_dir>/mlflow.db",
            min_length=1,
        ),
    ] = ""
    artifact_root: Annotated[
        str, about("where runs without a server keep their files", shown="<state_dir>/artifacts", min_length=1)
    ] = ""
    backend_store_uri: Annotated[
        str,
        about(
            "database of a server that `mlflow server` starts",
            env="MLFLOW_BACKEND_STORE_URI",
            shown="sqlite:///<state_dir>/mlflow.db",
            min_length=1,
        ),
    ] = ""
    default_artifact_root: Annotated[
        str,
        about(
            "where such a server keeps files",
            env="MLFLOW_DEFAULT_ARTIFACT_ROOT",
            shown="s3://<s3_bucket>, or artifact_root",
            min_length=1,
        ),
    ] = ""
    s3_bucket: Annotated[str, about("bucket for artifacts in production", min_length=3)] | None = None
    aws_region: Annotated[str, about("AWS region of every AWS call", env="AWS_REGION", min_length=1)] = "us-east-1"


def with_defaults(given: Mapping[str, object], state_dir: Path) -> dict[str, object]:
    """Fill in what follows from the state directory and the bucket."""
    database = f"sqlite:///{state_dir.absolute()}/mlflow.db"
    artifact_root = given.get("artifact_root") or str(state_dir.absolute() / "artifacts")
    bucket = given.get("s3_bucket")
    defaults = {
        "tracking_uri": database,
        "artifact_root": artifact_root,
        "backend_store_uri": database,
        "default_artifact_root": f"s3://{bucket}" if bucket else artifact_root,
    }
    return {**defaults, **given}
