"""Every parameter of a training, with its default, range and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from mlapi.bundle.profile import FeatureOverride
from mlapi.bundle.schema import OnUnknownFeature
from mlapi.training.errors import ConfigError, nearest
from mlapi.training.file_names import stem

MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")  # what MLflow, a file system and a URL path all take


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, values: object, build: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return build(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            known = nearest(field, cls.model_fields) if first["type"] == "extra_forbidden" else ""
            raise ConfigError(field, first["msg"][:1].lower() + first["msg"][1:] + known) from error


class BoosterParams(_Frozen):
    """XGBoost's own parameters; the names are XGBoost's."""

    learning_rate: float = Field(default=0.05, gt=0, le=1, description="shrinkage of each round")
    max_depth: int = Field(default=6, ge=1, le=16, description="depth of a tree at most")
    min_child_weight: float = Field(default=1.0, ge=0, description="sum of Hessians that a leaf needs at least")
    subsample: float = Field(default=0.8, gt=0, le=1, description="share of the rows that a round sees")
    colsample_bytree: float = Field(default=0.5, gt=0, le=1, description="share of the columns that a tree sees")
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty on leaf values")
    reg_alpha: float = Field(default=0.0, ge=0, description="L1 penalty on leaf values")
    gamma: float = Field(default=0.0, ge=0, description="loss that a split must save at least")
    max_bin: int = Field(default=256, ge=2, le=4096, description="quantile bins of a numeric column")
    max_cat_to_onehot: int = Field(
        default=4, ge=1, description="categories up to which a split takes one against the rest"
    )
    max_cat_threshold: int = Field(default=64, ge=1, description="categories at most on one side of a split")

    def as_xgboost(self) -> dict[str, float | int]:
        """Give the parameters under XGBoost's names."""
        return dict(self.model_dump())


class TrainingConfig(_Frozen):
    """What to train on, how to split it, how to boost, and what to call the result."""

    dataset: str | None = Field(
        default=None, description="a table inside scikit-learn: breast_cancer, wine, iris or digits"
    )
    data: Path | None = Field(default=None, description="a table's file: CSV, TSV, JSON Lines, ARFF, Parquet, Arrow")
    target: str | None = Field(default=None, description="the column to predict; `target` for scikit-learn's tables")
    test: Path | None = Field(
        default=None, description="a second file that gives the figures, instead of a part of the first"
    )
    drop: tuple[str, ...] = Field(default=(), description="columns to leave out")
    positive: str | None = Field(
        default=None, description="the positive class of two; the second in sorted order if not given"
    )
    name: str | None = Field(default=None, description="the model's name; the dataset's or the file's if not given")
    seed: int = Field(default=42, ge=0, lt=2**31, description="of the split, the booster, the search and the bootstrap")
    test_share: float = Field(default=0.2, gt=0, le=0.5, description="share of the rows held out for the figures")
    validation_share: float = Field(
        default=0.15, gt=0, le=0.4, description="share of the rows that stops the training early"
    )
    overrides: Mapping[str, FeatureOverride] = Field(
        default_factory=dict, description="what to say of a feature instead of looking"
    )
    schema_file: Path | None = Field(default=None, description="a TOML file with such overrides, one table a feature")
    on_unknown_feature: OnUnknownFeature = Field(
        default=OnUnknownFeature.REJECT, description="what serving does with a feature that it does not know"
    )
    scaling: Literal["none", "standard", "minmax"] = Field(
        default="none", description="scaling of number columns; trees need none"
    )
    params: BoosterParams = Field(default=BoosterParams(), description="XGBoost's parameters")
    max_rounds: int = Field(default=3000, ge=1, le=100_000, description="boosting rounds at most")
    early_stopping_rounds: int = Field(
        default=50, ge=1, description="rounds that end the training if they gain too little"
    )
    early_stopping_gain: float = Field(
        default=5e-4, ge=0, description="fall of the validation log loss within those rounds that is enough to go on"
    )
    refit_factor: float = Field(
        default=1.1, gt=0, le=4, description="rounds of the shipped booster per best round; it sees more rows"
    )
    trials: int = Field(default=0, ge=0, le=10_000, description="parameter sets to try; 0 takes `params` as they stand")
    threads: int | None = Field(default=None, ge=1, description="threads of XGBoost; all processors if not given")
    bootstrap: int = Field(default=200, ge=20, le=10_000, description="resamples behind each interval")
    golden_rows: int = Field(default=32, ge=32, le=1000, description="held-out rows kept in the bundle to prove it by")
    signing_key: Path | None = Field(default=None, description="PEM file of the Ed25519 key to sign the bundle with")
    experiment: str = Field(default="mlapi", min_length=1, description="the MLflow experiment")

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        if (self.dataset is None) == (self.data is None):
            raise ConfigError("--dataset", "give either --dataset NAME or --data FILE")
        if self.data is not None and not self.target:
            raise ConfigError("--target", "say which column of the file to predict: --target COLUMN")
        if self.target is not None and self.target in self.drop:
            raise ConfigError("--drop", "the target cannot be left out")
        if self.name is not None and not MODEL_NAME.fullmatch(self.name):
            raise ConfigError("--name", "a model's name is 1 to 100 letters, digits, . _ or -, the first no . or -")
        return self

    @property
    def model_name(self) -> str:
        """The name to register under: the given one, else the dataset's or the file's, with odd letters as `_`."""
        raw = self.name or self.dataset or (stem(self.data.name) if self.data else "")
        return re.sub(r"[^A-Za-z0-9._-]", "_", raw).lstrip(".-")[:100] or "model"

    def fingerprint(self) -> dict[str, Any]:
        """Give what decides the model beside the data: neither paths nor names, threads, or where the figures go."""
        apart = {"dataset", "data", "test", "name", "threads", "signing_key", "experiment", "overrides", "schema_file"}
        plain: dict[str, Any] = self.model_dump(mode="json", exclude=apart)
        return plain | {"overrides": {name: repr(override) for name, override in sorted(self.overrides.items())}}
