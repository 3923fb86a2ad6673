"""What came of the boosting: the model, its figures beside those of the baselines, and their record in the run."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import pyarrow as pa
from pyarrow import parquet

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Margin
from mlapi.training.assessment import Assessment
from mlapi.training.baselines import baselines
from mlapi.training.boosting import Boosted
from mlapi.training.columns import Column
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import Dataset
from mlapi.training.deciding import decide
from mlapi.training.evaluation import ModelEvaluator
from mlapi.training.export import Model
from mlapi.training.fingerprints import SEEN_ROWS_FILE, SeenRows
from mlapi.training.plots import Scored
from mlapi.training.preparation import Prepared
from mlapi.training.progress import Progress, silent
from mlapi.training.refolding import cross_validate, folds_of
from mlapi.training.report_page import report_page
from mlapi.training.slices import slices
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import margin, model_bytes

TEST_ROWS_FILE = "test.parquet"
METRICS_AT_ONCE = 900  # MLflow takes 1000 with one call


@dataclass(frozen=True)
class Trained:
    """The model, the trainer's own margins of the test rows, the figures, and what the booster was told."""

    model: Model
    margin: Margin
    scored: Scored
    assessment: Assessment
    parameters: tuple[tuple[str, object], ...]


def evaluate(prepared: Prepared, boosted: Boosted, config: TrainingConfig, progress: Progress = silent) -> Trained:
    """Choose the decision on the validation rows, and score the test rows with the trainer's own booster.

    Raises:
        ConfigError: no threshold reaches what was asked for, or there is no such feature to slice by.
    """
    labels, test, fitted = prepared.data.labels, prepared.fold(prepared.test), prepared.preprocessing
    decided = decide(prepared, boosted, config)
    raw = margin(boosted.trainer, boosted.booster, test)
    probabilities = decided.decision.calibrated(raw)
    evaluator = ModelEvaluator(decided.decision, bootstrap=config.bootstrap, seed=config.seed)
    weights = prepared.test.roles.weights
    evaluation = evaluator.evaluate(test.codes, probabilities, weights)
    # without class weights, which would take from the commonest class that it is
    seen = replace(prepared.fold(prepared.seen), weights=prepared.seen.roles.weights)
    simple = baselines(seen, test.matrix, fitted.encoder.column_types, len(labels.classes), config.seed)
    beaten = {name: evaluator.evaluate(test.codes, found, weights) for name, found in simple.items()}
    parts = slices(prepared.test, config.slices, evaluator, probabilities, weights)
    folds = _cross_validated(prepared, boosted, config, progress) if config.cv else ()
    told: dict[str, object] = {**boosted.params.as_xgboost(), "rounds": boosted.n_rounds, "seed": config.seed}
    return Trained(
        Model(fitted.schema, fitted.encoder, model_bytes(boosted.booster), decided.decision),
        raw,
        Scored(labels.classes, test.codes, probabilities, evaluation),
        Assessment(evaluation, decided, beaten, parts, folds),
        tuple(told.items()),
    )


def _cross_validated(
    prepared: Prepared, boosted: Boosted, config: TrainingConfig, progress: Progress
) -> tuple[dict[str, float], ...]:
    """Give the figures of each fold; parameters that were searched are taken as found."""
    again = config.model_copy(update={"params": boosted.params, "trials": 0})
    parts = folds_of(prepared.data, config)
    return tuple(fold.metrics for fold in cross_validate(prepared.data, parts, again, progress=progress))


def record_run(run: TrackedRun, prepared: Prepared, boosted: Boosted, trained: Trained, config: TrainingConfig) -> None:
    """Record what autologging misses: figures on the test rows, all parameters, the report, the test rows."""
    own = {f"mlapi.{name}": value for name, value in config.fingerprint().items() if name not in ("params", "card")}
    run.log(
        params={**boosted.params.as_xgboost(), **own, "rounds": boosted.n_rounds},
        metrics={"best_round": boosted.search.best_round, "n_features": len(trained.model.schema.features)},
        tags={"mlapi.target": prepared.data.target},
    )
    figures = list(trained.assessment.for_mlflow().items())
    for begin in range(0, len(figures), METRICS_AT_ONCE):
        run.log(metrics=dict(figures[begin : begin + METRICS_AT_ONCE]))
    files = {
        "report.json": prepared.report.to_json(),
        "report.md": report_page(prepared.report),
        TEST_ROWS_FILE: test_rows(prepared.test),
        SEEN_ROWS_FILE: SeenRows.of(prepared.seen.table).to_parquet(),
    }
    run.files.write(files)


def test_rows(test: Dataset) -> bytes:
    """Give the held-out rows as Parquet: every column that was read, null where missing, and the target's labels."""
    arrays = {column.name: _array(column) for column in test.columns}
    arrays[test.target] = pa.array(test.labels.spelled())
    out = io.BytesIO()
    parquet.write_table(pa.table(arrays), out)
    return out.getvalue()


def _array(column: Column) -> pa.Array:
    if column.kind is ColumnKind.TEXT:
        return pa.array(column.cells.tolist(), type=pa.string())
    numbers = pa.array(column.cells.astype("float64"), from_pandas=True)  # NaN becomes null
    if column.kind is ColumnKind.DATETIME:
        return numbers.cast(pa.int64()).cast(pa.timestamp("s", "UTC"))
    return numbers.cast(pa.bool_()) if column.kind is ColumnKind.BOOLEAN else numbers
