"""Every parameter of a training, with its default, range and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from mlapi.bundle.profile import FeatureOverride
from mlapi.bundle.schema import OnUnknownFeature
from mlapi.training.address import OPENML, file_name, placed
from mlapi.training.booster_params import BoosterParams
from mlapi.training.calibration import Wish
from mlapi.training.card_texts import PARTS, CardTexts
from mlapi.training.errors import ConfigError
from mlapi.training.file_names import stem
from mlapi.training.frozen import Frozen, Names
from mlapi.training.search_space import SPACE, Space
from mlapi.training.threshold import OBJECTIVES, read_objective

MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")  # what MLflow, a file system and a URL path all take


SEARCH = ("search", "search_folds", "search_timeout_s")  # decide nothing where nothing is searched


class TrainingConfig(Frozen):
    """What to train on, how to split it, how to boost, and what to call the result."""

    dataset: str | None = Field(
        default=None,
        description="a table inside scikit-learn (breast_cancer, wine, iris, digits), or openml:NAME or openml:ID",
        json_schema_extra={"metavar": "NAME"},
    )
    data: str | Path | None = Field(
        default=None,
        description="a table's file (CSV, TSV, JSON Lines, ARFF, Parquet, Arrow) or its address: openml:NAME, s3://, https://",
        json_schema_extra={"metavar": "FILE"},
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="what the file at an address must hash to; then it is fetched once only",
        json_schema_extra={"metavar": "HEX"},
    )
    target: str | None = Field(
        default=None,
        description="the column to predict; `target` for scikit-learn's tables",
        json_schema_extra={"metavar": "COLUMN"},
    )
    test: str | Path | None = Field(
        default=None,
        description="a second file that gives the figures, instead of a part of the first",
        json_schema_extra={"metavar": "FILE"},
    )
    drop: Names = Field(default=(), description="columns to leave out", json_schema_extra={"metavar": "COLUMN"})
    group: str | None = Field(
        default=None,
        description="a column whose equal cells stay on one side of every split, a customer say; no feature",
        json_schema_extra={"metavar": "COLUMN"},
    )
    time: str | None = Field(
        default=None,
        description="a column of dates or numbers to split by: the test is the latest; a feature unless dropped",
        json_schema_extra={"metavar": "COLUMN"},
    )
    weight: str | None = Field(
        default=None,
        description="a column that says what each row counts, in training and in the figures; no feature",
        json_schema_extra={"metavar": "COLUMN"},
    )
    engine: Literal["auto", "memory", "stream", "dask"] = Field(
        default="auto",
        description="where the rows are while boosting: in memory, streamed from a Parquet file, or on Dask's workers; "
        "auto: streamed above 200 million cells of Parquet",
    )
    scheduler: str | None = Field(
        default=None,
        description="address of Dask's scheduler; a cluster on this machine if not given",
        json_schema_extra={"metavar": "ADDRESS"},
    )
    dask_workers: int | None = Field(
        default=None, ge=1, le=256, description="workers of a cluster on this machine; one a processor if not given"
    )
    dask_memory: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]*(\.[0-9]+)? ?([kMGT]i?)?B$",
        description="memory that each of them may use before it is ended, such as 4GiB; an equal share if not given",
        json_schema_extra={"metavar": "SIZE"},
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none", description="what a row's class counts in training: all the same, or all classes as much"
    )
    positive: str | None = Field(
        default=None,
        description="the positive class of two; the second in sorted order if not given",
        json_schema_extra={"metavar": "LABEL"},
    )
    name: str | None = Field(
        default=None,
        description="the model's name; the dataset's or the file's if not given",
        json_schema_extra={"metavar": "MODEL"},
    )
    seed: int = Field(default=42, ge=0, lt=2**31, description="of the split, the booster, the search and the bootstrap")
    test_share: float = Field(default=0.2, gt=0, le=0.5, description="share of the rows held out for the figures")
    validation_share: float = Field(
        default=0.15, gt=0, le=0.4, description="share of the rows that stops the training early"
    )
    overrides: Mapping[str, FeatureOverride] = Field(
        default_factory=dict, description="what to say of a feature instead of looking"
    )
    schema_file: Path | None = Field(
        default=None,
        description="a TOML file that says what features are, one table each",
        json_schema_extra={"flag": "--schema"},
    )
    on_unknown_feature: OnUnknownFeature = Field(
        default=OnUnknownFeature.REJECT, description="what serving does with a feature that it does not know"
    )
    scaling: Literal["none", "standard", "minmax"] = Field(
        default="none", description="scaling of number columns; trees need none"
    )
    encoding: Literal["native", "one-hot", "ordinal"] = Field(
        default="native",
        description="how categories become numbers: sets that a tree splits, a column each, or their place in the list",
    )
    min_category_count: int = Field(
        default=1, ge=1, description="training rows that a category needs; the rarer ones become one, `other`"
    )
    max_categories: int = Field(
        default=1000, ge=1, description="categories of a feature at most; the rarer ones become one, `other`"
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
    trials: int = Field(default=0, ge=0, le=10_000, description="parameter sets to try; 0 takes them as they stand")
    search: Space = Field(
        default=SPACE,
        description="where to look for a parameter: low and high, or choices; `off` leaves it as it stands",
        json_schema_extra={"metavar": "NAME=LOW:HIGH[:log]"},
    )
    search_folds: int = Field(default=3, ge=2, le=20, description="folds of the cross-validation that scores a trial")
    search_timeout_s: float | None = Field(
        default=None,
        gt=0,
        description="seconds after which no more is searched",
        json_schema_extra={"flag": "--timeout", "metavar": "SECONDS"},
    )
    storage: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy address of a database that keeps the trials, in place of a journal in `state_dir`",
        json_schema_extra={"metavar": "URL"},
    )
    workers: int = Field(default=1, ge=1, le=64, description="processes that search together; one gives the same again")
    resume: bool = Field(default=False, description="go on with an earlier search of the same table and parameters")
    threads: int | None = Field(default=None, ge=1, description="threads of XGBoost; all processors if not given")
    threshold_objective: str | None = Field(
        default=None,
        description=f"what the threshold of two classes is chosen for on validation: {OBJECTIVES}; 0.5 if not given",
        json_schema_extra={"metavar": "OBJECTIVE"},
    )
    calibrate: Wish = Field(
        default="auto", description="curve that corrects the probability of two classes; auto: only where it helps"
    )
    slices: Names = Field(
        default=(),
        description="a feature whose parts get figures of their own",
        json_schema_extra={"flag": "--slice", "metavar": "FEATURE"},
    )
    card: CardTexts = Field(
        default_factory=dict,
        description=f"what the model card says; parts are {', '.join(PARTS)}",
        json_schema_extra={"metavar": "PART=TEXT"},
    )
    cv: int = Field(default=0, ge=0, le=50, description="folds of a cross-validation of the figures; 0 for none")
    bootstrap: int = Field(default=200, ge=20, le=10_000, description="resamples behind each interval")
    golden_rows: int = Field(default=32, ge=32, le=1000, description="held-out rows kept in the bundle to prove it by")
    signing_key: Path | None = Field(default=None, description="PEM file of the Ed25519 key to sign the bundle with")
    experiment: str = Field(default="mlapi", min_length=1, description="the MLflow experiment")

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """The names that a user may have meant: XGBoost's parameters are set beside the others."""
        return (*cls.model_fields, *BoosterParams.model_fields)

    @field_validator("data", "test", mode="before")
    @classmethod
    def _placed(cls, given: object) -> object:
        return placed(given)

    @model_validator(mode="after")
    def _one_table(self) -> Self:
        if (self.dataset is None) == (self.data is None):
            raise ConfigError("--dataset", "give either --dataset NAME or --data FILE")
        if self.data is not None and not self.target and not str(self.data).startswith(OPENML):
            raise ConfigError("--target", "say which column of the file to predict: --target COLUMN")
        if self.target is not None and self.target in self.drop:
            raise ConfigError("--drop", "the target cannot be left out")
        if self.group is not None and self.time is not None:
            raise ConfigError("--group", "rows are split by --group or by --time, not by both")
        if self.name is not None and not MODEL_NAME.fullmatch(self.name):
            raise ConfigError("--name", "a model's name is 1 to 100 letters, digits, . _ or -, the first no . or -")
        if self.scheduler is not None and (self.dask_workers, self.dask_memory) != (None, None):
            raise ConfigError("--dask-workers", "is for a cluster on this machine; leave out --scheduler or this")
        if self.cv == 1:
            raise ConfigError("--cv", "one fold would leave no rows to learn from; give 2 or more, or 0 for none")
        if self.threshold_objective is not None:
            read_objective(self.threshold_objective)
        return self

    @property
    def address(self) -> str | None:
        """Where the table is fetched from; None for a local file and for scikit-learn's tables."""
        if self.dataset is not None and self.dataset.startswith(OPENML):
            return self.dataset
        return self.data if isinstance(self.data, str) else None

    @property
    def model_name(self) -> str:
        """The name to register under: the given one, else the dataset's or the file's, with odd letters as `_`."""
        place = self.address or self.data
        file = place.name if isinstance(place, Path) else file_name(place or "")
        raw = self.name or (stem(file) if place else self.dataset) or ""
        return re.sub(r"[^A-Za-z0-9._-]", "_", raw).lstrip(".-")[:100] or "model"

    @property
    def cluster(self) -> dict[str, Any]:
        """What is said of a cluster on this machine, as `distributed.LocalCluster` takes it."""
        said = {"n_workers": self.dask_workers, "memory_limit": self.dask_memory}
        return {name: value for name, value in said.items() if value is not None}

    def fingerprint(self) -> dict[str, Any]:
        """Give what decides the model beside the data: neither paths nor names, threads, or where the figures go."""
        apart = {"dataset", "data", "sha256", "test", "name", "threads", "signing_key", "experiment", "scheduler"}
        apart |= {"overrides", "schema_file", "dask_workers", "dask_memory"}
        apart |= {"storage", "workers", "resume"} if self.trials else {"storage", "workers", "resume", *SEARCH}
        apart |= set() if self.engine in ("stream", "dask") else {"engine"}
        plain: dict[str, Any] = self.model_dump(mode="json", exclude=apart)
        return plain | {"overrides": {name: repr(override) for name, override in sorted(self.overrides.items())}}
