"""From a configuration to matrices: everything that can find fault with the data, before anything is recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlapi.bundle.manifest import Dataset as DatasetFacts
from mlapi.bundle.types import Table
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.preprocessing import Preprocessing, PreprocessingPipeline
from mlapi.training.report import DataReport, report_on
from mlapi.training.split import Split, stratified_split
from mlapi.training.table import RawTable
from mlapi.training.trainer import Fold


@dataclass(frozen=True)
class Prepared:
    """A table ready to train on: `data` is the training file, `test` the held-out rows with what was read of them."""

    data: Dataset
    test: Dataset
    split: Split
    preprocessing: Preprocessing
    report: DataReport

    def fold(self, rows: Dataset) -> Fold:
        """Give rows as the booster takes them."""
        return Fold(self.preprocessing.matrix(rows), rows.labels.codes)

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
    split = stratified_split(
        data.target, data.labels, test=test_share, validation=config.validation_share, seed=config.seed
    )
    test = loader.load_test(data, config.test) if config.test else data.take(split.test)
    pipeline = PreprocessingPipeline(
        config.overrides, on_unknown_feature=config.on_unknown_feature, scaling=config.scaling
    )
    fitted = pipeline.fit(data, split.train)
    return Prepared(data, test, split, fitted, report_on(data, split, test, fitted.schema, fitted.left_out))
