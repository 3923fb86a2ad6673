"""A bundle as an MLflow model: logged with the code that reads it, for `mlflow.pyfunc.load_model`; no pickle."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import mlapi
from mlapi.bundle import archive

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

LOADER: Final = "mlapi.bundle.pyfunc"
MODEL: Final = "bundle"  # a logged model's name may hold fewer letters than a registered model's
FOLDER: Final = "data/bundle"  # of the logged model: where MLflow puts a `data_path` named "bundle"
_NEEDED: Final = ("msgspec", "numpy", "xgboost-cpu")
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "native", "store", "*.pyi", "*.so")


def log_bundle(
    client: MlflowClient,
    files: Mapping[str, bytes],
    *,
    experiment_id: str,
    run_id: str | None,
    signature: ModelSignature | None,
    input_example: Mapping[str, object] | None,
) -> str:
    """Upload a bundle as a logged model.

    Args:
        client: of the MLflow that is the process's own at the moment.
        files: the bundle.
        experiment_id: where the logged model is listed.
        run_id: the run that made it.
        signature: what it takes and gives.
        input_example: one row, of the signature's types: MLflow takes no integer for a double.

    Returns:
        The logged model's id, "m-…"; if anything fails it is deleted again.
    """
    from mlflow import pyfunc
    from mlflow.models import Model

    model_id = client.create_logged_model(experiment_id, name=MODEL, source_run_id=run_id).model_id
    try:
        with tempfile.TemporaryDirectory() as scratch, _own_path():
            Model.log(
                artifact_path=None,
                flavor=pyfunc,
                model_id=model_id,
                run_id=run_id,
                loader_module=LOADER,
                data_path=str(_bundle(Path(scratch), files)),
                code_paths=[str(_code(Path(scratch)))],
                pip_requirements=requirements(),
                signature=signature,
                input_example=None if input_example is None else dict(input_example),
            )
    except BaseException:
        client.delete_logged_model(model_id)
        raise
    return str(model_id)


def requirements() -> list[str]:
    """Give what reading a bundle takes, at the versions of this environment."""
    return [f"{name}=={metadata.version(name)}" for name in _NEEDED]


def _bundle(scratch: Path, files: Mapping[str, bytes]) -> Path:
    archive.write_directory(scratch / "bundle", files)
    return scratch / "bundle"


def _code(scratch: Path) -> Path:
    """Copy what `LOADER` needs and nothing else: the package's own module and the room for bundles."""
    source, target = Path(mlapi.__file__).parent, scratch / "code" / "mlapi"
    shutil.copytree(source / "bundle", target / "bundle", ignore=_IGNORED)
    shutil.copyfile(source / "__init__.py", target / "__init__.py")
    return target


@contextmanager
def _own_path() -> Iterator[None]:
    """Put `sys.path` back: to try the example MLflow loads the model, and leaves its code's folder in there."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
