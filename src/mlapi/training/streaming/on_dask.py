"""The training rows of a large table on Dask's workers, which read and encode their row groups themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from mlapi.training.booster_params import BoosterParams
from mlapi.training.dask_client import dask_client
from mlapi.training.progress import silent
from mlapi.training.streaming.boosting_rows import BoostingRows
from mlapi.training.streaming.parts import TRAIN
from mlapi.training.trainer import Fold, ModelTrainer, Search


def search_on_dask(
    rows: BoostingRows,
    trainer: ModelTrainer,
    params: BoosterParams,
    validation: Fold,
    scheduler: str | None = None,
    **cluster: Any,
) -> Search:
    """Boost on a cluster until the validation loss no longer falls; the order of additions, and so the last bits, vary.

    Args:
        rows: of a file that every worker finds under the same path.
        trainer: says what is told to XGBoost.
        params: likewise.
        validation: is sent to a worker.
        scheduler: as `dask_client` takes it.
        cluster: likewise.

    Raises:
        ConfigError: Dask is not installed, or the scheduler does not answer.
    """
    import xgboost
    from xgboost import dask as on_workers

    with dask_client(scheduler, **cluster) as client:
        da: Any = import_module("dask.array")  # without annotations
        types = list(rows.encoder.column_types)
        parts = list(_parts(rows, len(types)))
        data, codes, weights = (da.concatenate(arrays) for arrays in zip(*parts, strict=True))
        common = {"feature_types": types, "enable_categorical": True, "max_bin": params.max_bin}
        train = on_workers.DaskQuantileDMatrix(client, data, codes, weight=weights, **common)
        rows_held = len(validation.codes)
        held = on_workers.DaskQuantileDMatrix(
            client,
            da.from_array(validation.matrix, chunks=(rows_held, -1)),
            da.from_array(validation.codes, chunks=rows_held),
            ref=train,
            **common,
        )
        found = on_workers.train(
            client,
            trainer.parameters(params),
            train,
            num_boost_round=trainer.max_rounds,
            evals=[(held, "validation")],
            callbacks=[xgboost.callback.EarlyStopping(**trainer.early_stopping(params))],
        )
    return trainer.found(found["booster"], found["history"], validation)


def _parts(rows: BoostingRows, n_columns: int) -> Iterator[tuple[Any, Any, Any]]:
    """Give matrix, codes and weights of each row group that has rows to train on, none of them read yet."""
    da: Any = import_module("dask.array")
    dask: Any = import_module("dask")

    starts = rows.rows.starts
    for group, (begin, end) in enumerate(pairwise(starts)):
        own = replace(
            rows,
            codes=rows.codes[begin:end],
            part=rows.part[begin:end],
            weights=None if rows.weights is None else rows.weights[begin:end],
            offset=begin,
            progress=silent,
        )
        size = int(np.count_nonzero(own.part == TRAIN))
        if size:
            read = dask.delayed(_read, nout=3)(own, group)
            yield (
                da.from_delayed(read[0], (size, n_columns), np.float32),
                da.from_delayed(read[1], (size,), np.int32),
                da.from_delayed(read[2], (size,), np.float64),
            )


def _read(rows: BoostingRows, group: int) -> tuple[Any, Any, Any]:
    folds = list(rows.folds([group]))
    codes = np.concatenate([fold.codes for fold in folds])
    weights = [np.ones(len(fold.codes)) if fold.weights is None else fold.weights for fold in folds]
    return np.concatenate([fold.matrix for fold in folds]), codes, np.concatenate(weights)
