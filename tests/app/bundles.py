"""Small real bundles with every kind of feature, made as training makes them; once a session each."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import xgboost
from numpy.typing import NDArray

from mlapi.bundle.archive import write_directory
from mlapi.bundle.decision import Decision
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.golden import Golden
from mlapi.bundle.manifest import Dataset, ManifestMeta, build_manifest
from mlapi.bundle.reference import Reference
from mlapi.bundle.rows import table_to_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.trees import load_engine
from mlapi.bundle.types import Label, Matrix, Table

N_ROWS = 300
SCHEMA = FeatureSchema(
    features=(
        Feature(name="age", kind=FeatureKind.INTEGER, minimum=0, maximum=90, example=40, description="In years."),
        Feature(name="income", kind=FeatureKind.NUMERIC, nullable=True, minimum=0.0, maximum=9.5, example=2.5),
        Feature(name="member", kind=FeatureKind.BOOLEAN, example=True),
        Feature(name="town", kind=FeatureKind.CATEGORICAL, categories=("Bern", "Oslo", "Rome"), nullable=True),
        Feature(
            name="plan",
            kind=FeatureKind.CATEGORICAL,
            categories=("basic", "plus"),
            on_unknown=OnUnknownCategory.REJECT,
        ),
    ),
    target="churned",
)
ROW = {"age": 40, "income": 2.5, "member": True, "town": "Oslo", "plan": "basic"}


def bundle(classes: tuple[Label, ...] = (0, 1), *, seed: int = 1) -> Path:
    """The directory of a bundle; arguments that are written alike give the same one."""
    return _build(json.dumps(classes), seed)


@cache
def _build(written: str, seed: int) -> Path:
    classes = tuple(json.loads(written))  # as text, since (0, 1) equals (False, True)
    rng = np.random.default_rng(seed)
    table = _table(rng)
    encoder = Encoder.fit(SCHEMA, table)
    matrix = encoder.encode_table(table).matrix
    decision = Decision(classes=classes)
    booster = _train(matrix, encoder, rng.integers(0, len(classes), N_ROWS), decision)
    engine = load_engine(booster)
    files = {
        "schema.json": SCHEMA.to_json(),
        "encoder.json": encoder.to_json(),
        "model.ubj": booster,
        "decision.json": decision.to_json(),
        "golden.json": Golden.build(encoder, engine, decision, table_to_rows(SCHEMA, table)[:32]).to_json(),
        "reference.json": Reference.build(
            SCHEMA, table, decision, decision.probabilities(engine.margin(matrix))
        ).to_json(),
        "README.md": b"# A model of nothing\n",
    }
    meta = ManifestMeta(
        name="churn",
        created_at="2026-01-31T09:30:00Z",
        dataset=Dataset(name="noise", fingerprint="0" * 64, n_rows=N_ROWS),
        config_digest="0" * 64,
        metrics={"roc_auc": 0.5},
        metric_intervals={"roc_auc": (0.45, 0.55)},
        tags={"purpose": "test"},
        requires={"xgboost": xgboost.__version__},
    )
    files["manifest.json"] = build_manifest(files, meta).to_json()
    path = Path(mkdtemp(prefix="bundle")) / "bundle"
    write_directory(path, files)
    return path


def _table(rng: np.random.Generator) -> Table:
    income = rng.uniform(0, 9.5, N_ROWS)
    income[::7] = np.nan
    return {
        "age": rng.integers(0, 90, N_ROWS).astype(np.float64),
        "income": income,
        "member": rng.integers(0, 2, N_ROWS).astype(np.float64),
        "town": rng.choice(np.array(["Bern", "Oslo", "Rome", None], dtype=object), N_ROWS),
        "plan": rng.choice(np.array(["basic", "plus"], dtype=object), N_ROWS),
    }


def _train(matrix: Matrix, encoder: Encoder, codes: NDArray[np.int64], decision: Decision) -> bytes:
    objective: dict[str, object] = {"objective": "binary:logistic"}
    if decision.n_groups > 1:
        objective = {"objective": "multi:softprob", "num_class": decision.n_groups}
    data = xgboost.DMatrix(matrix, codes, feature_types=list(encoder.column_types), enable_categorical=True, nthread=1)
    booster = xgboost.train({**objective, "max_depth": 4, "nthread": 1, "seed": 1}, data, 5)
    return bytes(booster.save_raw("ubj"))
