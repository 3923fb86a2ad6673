"""Bundles of any shape: a real booster on a made-up table, with all files that training would write."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
import xgboost
from msgspec.structs import replace

from mlapi.bundle.archive import write_directory
from mlapi.bundle.decision import Decision
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.forest import read_forest
from mlapi.bundle.golden import Golden
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.manifest import MANIFEST_FILE, Dataset, ManifestMeta, build_manifest, sha256
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.reference import Reference
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Label, Matrix, Row

MOST_ROWS: Final = 4000  # to grow on: a tree has no more leaves than that, however deep it may be
MOST_CELLS: Final = 400_000  # of wide tables, which would take minutes else
META: Final = ManifestMeta(
    name="growth",
    created_at="2026-01-02T03:04:05Z",
    dataset=Dataset(name="made up", fingerprint=sha256(b"made up"), n_rows=MOST_ROWS, target="target"),
    config_digest=sha256(b"growth"),
    libraries={"xgboost-cpu": version("xgboost-cpu")},
    requires={"xgboost": version("xgboost-cpu")},
)


@dataclass(frozen=True)
class Shape:
    """Of a model.

    Attributes:
        features: half of them categorical.
        rounds: of boosting; each grows one tree, or one for each of more than two classes.
        depth: of a tree at most.
        classes: of the target.
        categories: of each categorical feature.
    """

    features: int = 20
    rounds: int = 300
    depth: int = 6
    classes: int = 2
    categories: int = 10


def make(shape: Shape, directory: Path) -> list[Row]:
    """Write the bundle of a shape; gives rows to ask for."""
    rng = np.random.default_rng(0)
    schema, rows = features_of(shape), rows_of(shape, rng)
    table = check_rows(schema, rows)
    encoder, decision = Encoder.fit(schema, table), Decision(classes=classes_of(shape))
    matrix = encoder.encode_table(table).matrix
    model = grow(shape, matrix, encoder.column_types, rng)
    engine = LibXGBoost(model)
    files = {
        "schema.json": schema.to_json(),
        "encoder.json": encoder.to_json(),
        "model.ubj": model,
        "decision.json": decision.to_json(),
        "golden.json": Golden.build(encoder, engine, decision, rows[:32]).to_json(),
        "reference.json": Reference.build(
            schema, table, decision, decision.calibrated(engine.margin(matrix))
        ).to_json(),
        "README.md": b"# growth\n\nA model of random numbers.\n",
    }
    if tables := build_tables(order_nodes(read_forest(model))):
        files |= tables.to_files()
    write_directory(directory, files | {MANIFEST_FILE: build_manifest(files, META).to_json()})
    return rows[:1000]


def classes_of(shape: Shape) -> tuple[Label, ...]:
    return tuple(f"class {number}" for number in range(shape.classes))


def features_of(shape: Shape) -> FeatureSchema:
    levels = tuple(f"level_{code}" for code in range(shape.categories))
    numeric = Feature(name="feature", kind=FeatureKind.NUMERIC, nullable=True)
    categorical = Feature(name="feature", kind=FeatureKind.CATEGORICAL, categories=levels, nullable=True)
    features = (
        replace(categorical if number % 2 else numeric, name=f"feature_{number}") for number in range(shape.features)
    )
    return FeatureSchema(features=tuple(features), target="target")


def rows_of(shape: Shape, rng: np.random.Generator) -> list[Row]:
    size = min(MOST_ROWS, MOST_CELLS // shape.features), shape.features
    numbers = np.round(rng.gamma(2.0, 20.0, size), 2).tolist()
    codes = rng.integers(0, shape.categories, size).tolist()
    return [
        {f"feature_{j}": f"level_{row[j]}" if j % 2 else cells[j] for j in range(shape.features)}
        for cells, row in zip(numbers, codes, strict=True)
    ]


def grow(shape: Shape, matrix: Matrix, types: tuple[str, ...], rng: np.random.Generator) -> bytes:
    """Boost on labels that are mostly chance, so that trees grow as large as they may; gives `model.ubj`."""
    chance = rng.random(len(matrix)) + 0.2 * (matrix[:, 0] > np.median(matrix[:, 0]))
    labels = np.minimum((chance / 1.2 * shape.classes).astype(int), shape.classes - 1)
    goal = {"objective": "multi:softprob", "num_class": shape.classes}
    settings = {
        **(goal if shape.classes > 2 else {"objective": "binary:logistic"}),
        "max_depth": shape.depth,
        "learning_rate": 0.02,
        "min_child_weight": 0,
        "tree_method": "hist",
        "max_bin": 64,
        "nthread": 1,
        "seed": 0,
    }
    data = xgboost.DMatrix(matrix, labels, feature_types=list(types), nthread=1)
    return bytes(xgboost.train(settings, data, shape.rounds).save_raw("ubj"))
