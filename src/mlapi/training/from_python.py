"""Train from Python as the command line does.

from mlapi.training import train

result = train(frame, target="churned", max_depth=4)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlapi.bundle.archive import read_directory, write_directory
from mlapi.ops.settings import Settings, given_training, load_settings
from mlapi.training import pipeline
from mlapi.training.frames import read_frame
from mlapi.training.pipeline import TrainingResult
from mlapi.training.progress import Progress, silent
from mlapi.training.resolving import resolve
from mlapi.training.spool import Spool
from mlapi.training.stores import open_at


def train(
    frame: object,
    *,
    target: str,
    name: str = "model",
    bundle_to: Path | str | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
    **config: Any,
) -> TrainingResult:
    """Train on a table in memory, record and register; equal data gives the bundle that `mlapi train` gives.

    Args:
        frame: a pandas or polars data frame, an Arrow table, or whatever gives an Arrow stream.
        target: the column to predict.
        name: the model's name.
        bundle_to: a folder that gets a copy of the bundle, for `mlapi.bundle.load`; made anew if it is there.
        settings: where to record and register; from environment and file if None.
        progress: hears of each stage.
        config: further parameters, by the names of `mlapi.training.config.TrainingConfig` and of XGBoost; they stand
            over `MLAPI_TRAINING_…` and the file's section `[training]`, as flags do.

    Raises:
        TrainingError: the table, a parameter or the tracking server is at fault; nothing is registered then.
        BundleError: the bundle or the store is at fault; likewise.
    """
    spoken = {"data": Path(name), "target": target, "name": name} | config  # the table has a name in place of a path
    resolved = resolve(given_training(), spoken, as_flags=False)
    used = settings or load_settings()
    result = pipeline.train(resolved.config, used, progress, read_frame(frame, name))
    if bundle_to is not None and result.version is not None:
        open_at(used).fetch(result.model, result.version, Path(bundle_to))
    elif bundle_to is not None:  # the store is away
        write_directory(Path(bundle_to), read_directory(Spool(used.state_dir).bundle_of(result.content_digest)))
    return result
