"""What came of the boosting: the model, its figures, and their record in the run."""

from __future__ import annotations

import io
from dataclasses import dataclass

import msgspec
import pyarrow as pa
from pyarrow import parquet

from mlapi.bundle.decision import Decision, class_name
from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Margin
from mlapi.training.boosting import Boosted
from mlapi.training.card import CardFacts
from mlapi.training.columns import Column
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import Dataset
from mlapi.training.evaluation import Evaluation, ModelEvaluator
from mlapi.training.export import Model
from mlapi.training.fingerprints import SEEN_ROWS_FILE, SeenRows
from mlapi.training.plots import Scored, draw_all
from mlapi.training.preparation import Prepared
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import margin, model_bytes

TEST_ROWS_FILE = "test.parquet"


@dataclass(frozen=True)
class Trained:
    """The model, the trainer's own margins of the test rows, the figures, and what the booster was told."""

    model: Model
    margin: Margin
    scored: Scored
    parameters: tuple[tuple[str, object], ...]


def evaluate(prepared: Prepared, boosted: Boosted, config: TrainingConfig) -> Trained:
    """Score the test rows with the trainer's own booster."""
    labels = prepared.data.labels
    decision = Decision(classes=labels.classes)
    raw = margin(boosted.trainer, boosted.booster, prepared.fold(prepared.test))
    probabilities = decision.probabilities(raw)
    evaluator = ModelEvaluator(decision, bootstrap=config.bootstrap, seed=config.seed)
    evaluation = evaluator.evaluate(prepared.test.labels.codes, probabilities)
    fitted = prepared.preprocessing
    told: dict[str, object] = {**boosted.params.as_xgboost(), "rounds": boosted.n_rounds, "seed": config.seed}
    return Trained(
        Model(fitted.schema, fitted.encoder, model_bytes(boosted.booster), decision),
        raw,
        Scored(labels.classes, prepared.test.labels.codes, probabilities, evaluation),
        tuple(told.items()),
    )


def record_run(run: TrackedRun, prepared: Prepared, boosted: Boosted, trained: Trained, config: TrainingConfig) -> None:
    """Record what autologging misses: figures on the test rows, all parameters, the report, the test rows, pictures."""
    evaluation = trained.scored.evaluation
    own = {f"mlapi.{name}": value for name, value in config.fingerprint().items() if name != "params"}
    figures = {f"test_{name}": value for name, value in evaluation.metrics.items()}
    run.log(
        params={**boosted.params.as_xgboost(), **own, "rounds": boosted.n_rounds},
        metrics={**figures, "best_round": boosted.search.best_round, "n_features": len(trained.model.schema.features)},
        tags={"mlapi.target": prepared.data.target},
    )
    importance = boosted.importance(trained.model.encoder.columns)
    pictures = draw_all(trained.scored, importance, boosted.search.curves, boosted.search.best_round)
    files = {
        "report.json": prepared.report.to_json(),
        "evaluation.json": evaluation_json(evaluation),
        TEST_ROWS_FILE: test_rows(prepared.test),
        SEEN_ROWS_FILE: SeenRows.of(prepared.seen.table).to_parquet(),
        **{f"plots/{name}": content for name, content in pictures.items()},
    }
    run.files.write(files)


def card_facts(prepared: Prepared, trained: Trained) -> CardFacts:
    """Give what the model card tells."""
    fitted = prepared.preprocessing
    return CardFacts(prepared.facts, fitted.schema, fitted.left_out, trained.scored.evaluation, trained.parameters)


def evaluation_json(evaluation: Evaluation) -> bytes:
    """Give the figures, their intervals and each class's own as JSON."""
    whole = {
        "n_rows": evaluation.n_rows,
        "metrics": evaluation.metrics,
        "intervals": evaluation.intervals,
        "classes": {class_name(one.label): one._asdict() for one in evaluation.per_class},
        "confusion": evaluation.confusion.tolist(),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


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
    return numbers.cast(pa.bool_()) if column.kind is ColumnKind.BOOLEAN else numbers
