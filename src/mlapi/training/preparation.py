"""From a configuration to matrices: everything that can find fault with the data, before anything is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.manifest import Dataset as DatasetFacts
from mlapi.bundle.types import Table
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.preprocessing import Preprocessing, PreprocessingPipeline
from mlapi.training.progress import Progress
from mlapi.training.report import DataReport, report_on
from mlapi.training.split import Split, split_rows
from mlapi.training.table import RawTable
from mlapi.training.trainer import Fold, ModelTrainer, Search


@dataclass(frozen=True)
class Prepared:
    """A table ready to train on: `data` is the training file, `test` the held-out rows with what was read of them.

    `class_weights` say what a row of each class counts in training, (n_classes,); None where all count the same.
    """

    data: Dataset
    test: Dataset
    split: Split
    preprocessing: Preprocessing
    report: DataReport
    class_weights: NDArray[np.float64] | None = None

    def fold(self, rows: Dataset) -> Fold:
        """Give rows as the booster takes them."""
        return Fold(self.preprocessing.matrix(rows), rows.labels.codes, self._weights(rows))

    def _weights(self, rows: Dataset) -> NDArray[np.float64] | None:
        """Give what each row counts in training, (n_rows,): its own weight times that of its class."""
        return weights_of(rows.roles.weights, rows.labels.codes, self.class_weights)

    def features(self, rows: Dataset) -> Table:
        """Give the cells of the features only, by name, in the schema's order."""
        return {name: rows.table[name] for name in self.preprocessing.schema.names}

    @property
    def train(self) -> Fold:
        """The rows to boost on."""
        return self.fold(self.data.take(self.split.train))

    @property
    def validation(self) -> Fold:
        """The rows that stop the boosting."""
        return self.fold(self.data.take(self.split.validation))

    @property
    def seen(self) -> Dataset:
        """The rows that the shipped booster is fitted on: train and validation."""
        return self.data.take(np.sort(np.concatenate([self.split.train, self.split.validation])))

    @property
    def refits(self) -> bool:
        """Whether the validation rows are worth boosting once more, with them."""
        return True

    def search(self, trainer: ModelTrainer, params: BoosterParams, progress: Progress) -> Search:
        """Boost on the training rows until the loss of the validation rows no longer falls."""
        return trainer.search(params, self.train, self.validation, progress)

    @property
    def facts(self) -> DatasetFacts:
        """What the manifest says of the data."""
        return DatasetFacts(
            name=self.data.name,
            fingerprint=self.data.fingerprint(),
            n_rows=self.data.n_rows,
            target=self.data.target,
            n_train=len(self.split.train),
            n_validation=len(self.split.validation),
            n_test=self.test.n_rows,
        )


def prepare(config: TrainingConfig, table: RawTable | None = None) -> Prepared:
    """Read, unless a table is given, then check, split and encode.

    Raises:
        DataError: the table cannot be trained on.
        ConfigError: a parameter does not fit it.
        SchemaError: an override does not fit its column.
    """
    loader = DataLoader(config, table)
    data = loader.load()
    test_share = 0.0 if config.test else config.test_share
    split = split_rows(data, test=test_share, validation=config.validation_share, seed=config.seed)
    test = loader.load_test(data, Path(config.test)) if config.test else data.take(split.test)
    return prepared_from(data, split, test, config)


def prepared_from(data: Dataset, split: Split, test: Dataset, config: TrainingConfig) -> Prepared:
    """Fit everything on the training rows of a table that is cut already."""
    fitted = PreprocessingPipeline.of(config).fit(data, split.train)
    heavy = balanced(data, split) if config.class_weight == "balanced" else None
    return Prepared(data, test, split, fitted, report_on(data, split, test, fitted, config.seed), heavy)


def weights_of(
    own: NDArray[np.float64] | None, codes: NDArray[np.int32], class_weights: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Give what each row counts, (n_rows,): its own weight times that of its class; None where all count the same."""
    if class_weights is None:
        return own
    of_class = class_weights[codes]
    return of_class if own is None else of_class * own


def balanced(data: Dataset, split: Split) -> NDArray[np.float64]:
    """Give class weights under which all classes count as much, (n_classes,), and all rows together what they did."""
    seen = data.take(np.concatenate([split.train, split.validation]))
    return even(np.bincount(seen.labels.codes, seen.roles.weights, len(data.labels.classes)))


def even(counts: NDArray[np.float64] | NDArray[np.intp]) -> NDArray[np.float64]:
    """Give class weights, (n_classes,), from how much there is of each class."""
    return np.asarray(counts.sum() / (len(counts) * np.maximum(counts, np.finfo(np.float64).tiny)))
