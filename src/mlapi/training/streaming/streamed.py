"""A table larger than memory, prepared: all of it is looked at and boosted on, a sample of it stands for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import class_name
from mlapi.bundle.manifest import Dataset as DatasetFacts
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.labels import Labels, read_labels
from mlapi.training.preparation import Prepared, even
from mlapi.training.preprocessing import PreprocessingPipeline
from mlapi.training.progress import Progress
from mlapi.training.report import RARE_ROWS, DataReport, report_on
from mlapi.training.roles import Roles
from mlapi.training.split import Split
from mlapi.training.streaming.boosting_rows import BoostingRows
from mlapi.training.streaming.on_dask import search_on_dask
from mlapi.training.streaming.parquet_rows import ParquetRows
from mlapi.training.streaming.parts import NONE, TEST, TRAIN, VALIDATION, Parts, deal_by_number
from mlapi.training.streaming.survey import Survey, survey
from mlapi.training.trainer import ModelTrainer, Search

Weights = NDArray[np.float64] | None
"""What each row of the file counts, (n_rows,)."""


@dataclass(frozen=True)
class Streamed(Prepared):
    """`data` holds the rows that are kept: all of validation and test, and some that train.

    `boosting` are all that train; `whole` says of all rows what the manifest does.
    """

    boosting: BoostingRows | None = None
    whole: DatasetFacts | None = None
    on_dask: bool = False
    scheduler: str | None = None
    cluster: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refits(self) -> bool:
        """The validation rows are few among so many."""
        return False

    def search(self, trainer: ModelTrainer, params: BoosterParams, progress: Progress) -> Search:
        """Boost on all training rows until the loss of the validation rows no longer falls."""
        assert self.boosting is not None
        if self.on_dask:
            progress("boosting on Dask's workers")
            return search_on_dask(self.boosting, trainer, params, self.validation, self.scheduler, **self.cluster)
        return trainer.search(params, self.boosting, self.validation, progress)

    @property
    def facts(self) -> DatasetFacts:
        """What the manifest says of the data."""
        assert self.whole is not None
        return self.whole


def stream(config: TrainingConfig, progress: Progress) -> Streamed:
    """Prepare a Parquet file without holding it.

    Raises:
        DataError: the table cannot be trained on.
        ConfigError: a parameter does not fit it.
        SchemaError: an override does not fit its column.
    """
    rows = ParquetRows.of(config)
    labels = read_labels(rows.read_target(), config.positive)
    weights = rows.read_weights(config, labels.known)
    test_share = 0.0 if config.test else config.test_share
    parts = deal_by_number(rows.target, labels, test=test_share, validation=config.validation_share, seed=config.seed)
    found = survey(rows, parts, progress, scaled=config.scaling != "none")
    fitted = PreprocessingPipeline.of(config).fit_profiles(rows.target, found.whole, found.fold, found.spreads)
    data, split = _kept(rows, labels, parts, found, weights)
    heavy = even(_seen_counts(labels, parts, weights)) if config.class_weight == "balanced" else None
    test = DataLoader(config).load_test(data, Path(config.test)) if config.test else data.take(split.test)
    counts = parts.counts | {"test": test.n_rows}
    return Streamed(
        data,
        test,
        split,
        fitted,
        _report(report_on(data, split, test, fitted, config.seed), labels, parts, found, counts),
        heavy,
        BoostingRows(rows, fitted.encoder, labels.codes, parts.part, heavy, progress, weights=weights),
        _facts(rows, labels, found, counts, weights),
        config.engine == "dask",
        config.scheduler,
        config.cluster,
    )


def _kept(rows: ParquetRows, labels: Labels, parts: Parts, found: Survey, weights: Weights) -> tuple[Dataset, Split]:
    places = np.flatnonzero(parts.kept)
    part = parts.part[places]
    roles = Roles(None if weights is None else weights[places])
    data = Dataset(rows.path.name, rows.target, found.columns, labels.take(places), roles=roles)
    return data, Split(*(np.flatnonzero(part == one) for one in (TRAIN, VALIDATION, TEST)))


def _seen_counts(labels: Labels, parts: Parts, weights: Weights) -> NDArray[np.float64] | NDArray[np.intp]:
    seen = parts.part <= VALIDATION
    return np.bincount(labels.codes[seen], None if weights is None else weights[seen], len(labels.classes))


def _facts(
    rows: ParquetRows, labels: Labels, found: Survey, counts: Mapping[str, int], weights: Weights
) -> DatasetFacts:
    digest = hashlib.sha256(found.digest.encode())
    digest.update(msgspec.json.encode([rows.target, list(labels.classes)]))
    digest.update(labels.codes.tobytes())
    digest.update(Roles(weights).in_bytes)
    return DatasetFacts(
        name=rows.path.name,
        fingerprint=digest.hexdigest(),
        n_rows=len(labels.known),
        target=rows.target,
        n_train=counts["train"],
        n_validation=counts["validation"],
        n_test=counts["test"],
    )


def _report(report: DataReport, labels: Labels, parts: Parts, found: Survey, counts: Mapping[str, int]) -> DataReport:
    """Put the figures of all rows in the place of the sample's, where there are any."""
    classes = {class_name(one): n for one, n in zip(labels.classes, labels.counts().tolist(), strict=True)}
    profiles = {profile.name: profile for profile in found.whole}
    columns = tuple(
        msgspec.structs.replace(one, n_missing=profiles[one.name].n_missing, n_distinct=profiles[one.name].distinct)
        for one in report.columns
    )
    streamed = f"streamed; repeated, leaked and suspicious cells were looked for in {int(parts.kept.sum())} of the rows"
    unlabelled = int((parts.part == NONE).sum())
    notes = (streamed, *([f"left out {unlabelled} rows without a label"] if unlabelled else []))
    return msgspec.structs.replace(
        report,
        n_rows=len(labels.known),
        parts=dict(counts),
        classes=classes,
        rare_classes=tuple(name for name, count in classes.items() if count < RARE_ROWS),
        columns=columns,
        notes=(*report.notes, *notes),
    )
