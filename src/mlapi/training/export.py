"""Make the bundle's files of a trained model, and prove them against the booster they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from mlapi.bundle.archive import write_directory
from mlapi.bundle.decision import Decision
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.forest import Forest, read_forest
from mlapi.bundle.golden import Golden
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.manifest import MANIFEST_FILE, Dataset, ManifestMeta, build_manifest
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.reference import Reference
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.signing import SIGNATURE_FILE, sign
from mlapi.bundle.tables import Tables
from mlapi.bundle.trees import TreeEngine, load_engine
from mlapi.bundle.types import Margin, Table
from mlapi.training.assessment import Assessment
from mlapi.training.errors import ParityError
from mlapi.training.golden_rows import Held, choose_golden_rows
from mlapi.training.proof_rows import proof_rows
from mlapi.training.table_walk import walk_tables

PROOF_ROWS: Final = 2048  # random ones, beside all held-out rows
LIBRARIES = ("ml-api-platform", "numpy", "xgboost-cpu")


@dataclass(frozen=True)
class Model:
    """A trained model as serving will have it; `booster` is UBJSON."""

    schema: FeatureSchema
    encoder: Encoder
    booster: bytes
    decision: Decision

    @cached_property
    def forest(self) -> Forest:
        """The trees, in our own reading."""
        return read_forest(self.booster)

    @cached_property
    def tables(self) -> Tables | None:
        """The trees as our own engine walks them; None for those that it walks node by node, or not at all."""
        return build_tables(order_nodes(self.forest)) if self.forest.booster == "gbtree" else None

    def engine(self) -> TreeEngine:
        """Load the trees as serving does."""
        return load_engine(self.booster, self.forest, self.tables)


def bundle_files(
    model: Model,
    *,
    training: Table,
    held_out: Held,
    card: bytes,
    golden_rows: int,
    more: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Give every file but the manifest, by path.

    Args:
        model: the trained model.
        training: cells of the rows that the booster was trained on, for the drift reference.
        held_out: golden rows are taken from here.
        card: the model card.
        golden_rows: how many to take.
        more: optional files by path.

    Raises:
        ParityError: the files predict anything but what the booster does.
    """
    engine = model.engine()
    prove(model, engine, held_out)
    prove_anywhere(model, engine)
    encoded = model.encoder.encode_table(training)
    reference = Reference.build(
        model.schema, training, model.decision, model.decision.calibrated(engine.margin(encoded.matrix))
    )
    golden = Golden.build(
        model.encoder, engine, model.decision, choose_golden_rows(model.schema, held_out, golden_rows)
    )
    return {
        "schema.json": model.schema.to_json(),
        "encoder.json": model.encoder.to_json(),
        "model.ubj": model.booster,
        "decision.json": model.decision.to_json(),
        "golden.json": golden.to_json(),
        "reference.json": reference.to_json(),
        "README.md": card,
        **(model.tables.to_files() if model.tables else {}),
        **(more or {}),
    }


def prove(model: Model, engine: TreeEngine, held_out: Held) -> None:
    """Score every held-out row as serving does and compare with the trainer's booster, bit for bit.

    Raises:
        ParityError: a margin differs.
    """
    _compare(engine.margin(model.encoder.encode_table(held_out.table).matrix), held_out.margin)


def prove_anywhere(model: Model, engine: TreeEngine) -> None:
    """Score rows that reach everywhere in the trees, some as no encoder gives them, and compare with libxgboost.

    Raises:
        ParityError: a margin of the engine or of the tables differs in any bit.
    """
    matrix = proof_rows(order_nodes(model.forest), PROOF_ROWS)
    expected = LibXGBoost(model.booster).margin(matrix)
    _compare(engine.margin(matrix), expected)
    if model.tables:  # they are the same files wherever they are made, so they are proved there, extension or not
        _compare(walk_tables(model.tables, matrix), expected)


def _compare(served: Margin, expected: Margin) -> None:
    different = np.any(served.view(np.int32) != expected.view(np.int32), axis=1)
    if different.any():
        raise ParityError(int(different.sum()), float(np.abs(served - expected).max()))


@dataclass(frozen=True)
class About:
    """What a manifest says that the files do not; `config_digest` is the sha256 of what decides the model."""

    name: str
    dataset: Dataset
    config_digest: str
    assessment: Assessment
    tags: Mapping[str, str]


def write_bundle(path: Path, files: Mapping[str, bytes], about: About, signing_key: bytes | None = None) -> str:
    """Write a bundle with its manifest, signed where a key (PEM) is given; give its content digest."""
    meta = ManifestMeta(
        name=about.name,
        created_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        dataset=about.dataset,
        config_digest=about.config_digest,
        metrics=about.assessment.metrics,
        metric_intervals=about.assessment.intervals,
        tags=dict(about.tags),
        git_commit=git_commit(),
        libraries={name: version(name) for name in LIBRARIES},
        requires={"xgboost": version("xgboost-cpu")},
    )
    manifest = build_manifest(files, meta)
    data = manifest.to_json()
    signature = {SIGNATURE_FILE: sign(data, signing_key)} if signing_key else {}
    write_directory(path, {**files, MANIFEST_FILE: data, **signature})
    return manifest.content_digest


def git_commit() -> str:
    """Give the commit checked out in the working directory; empty where there is none or no git."""
    import subprocess

    command = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
