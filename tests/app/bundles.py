"""Small real bundles over one table with every kind of feature; made once a session each."""

import atexit
import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from msgspec.structs import replace

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.types import Label
from tests.fixtures.bundles import META, make
from tests.fixtures.tables import Sample

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
ABOUT = replace(
    META,
    name="churn",
    metrics={"roc_auc": 0.5},
    metric_intervals={"roc_auc": (0.45, 0.55)},
    tags={"purpose": "test"},
)


@dataclass(frozen=True, eq=False)
class Customers(Sample):
    """A table of noise whose schema is given and not inferred."""

    def schema(self, **_: Any) -> FeatureSchema:
        return SCHEMA


def bundle(classes: tuple[Label, ...] = (0, 1), *, seed: int = 1) -> Path:
    """The directory of a bundle; arguments that are written alike give the same one."""
    return _build(json.dumps(classes), seed)


@cache
def _build(written: str, seed: int) -> Path:
    classes = tuple(json.loads(written))  # as text, since (0, 1) equals (False, True)
    directory = mkdtemp(prefix="bundle")
    atexit.register(shutil.rmtree, directory)
    return make(_customers(classes, seed), meta=ABOUT, rounds=5).write(Path(directory) / "bundle")


def _customers(classes: tuple[Label, ...], seed: int) -> Customers:
    rng = np.random.default_rng(seed)
    income = rng.uniform(0, 9.5, N_ROWS)
    income[::7] = np.nan
    table = {
        "age": rng.integers(0, 90, N_ROWS).astype(np.float64),
        "income": income,
        "member": rng.integers(0, 2, N_ROWS).astype(np.float64),
        "town": rng.choice(np.array(["Bern", "Oslo", "Rome", None], dtype=object), N_ROWS),
        "plan": rng.choice(np.array(["basic", "plus"], dtype=object), N_ROWS),
    }
    return Customers(table, classes, rng.integers(0, len(classes), N_ROWS))
