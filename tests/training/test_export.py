"""The bundle of a trained model: proved against its booster before anybody gets it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle import load, native
from mlapi.bundle.decision import Decision
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.manifest import Dataset
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.types import Table
from mlapi.bundle.verify import verify
from mlapi.training.assessment import Assessment
from mlapi.training.booster_params import BoosterParams
from mlapi.training.deciding import Decided
from mlapi.training.errors import ParityError
from mlapi.training.evaluation import Evaluation
from mlapi.training.export import (
    About,
    Model,
    bundle_files,
    git_commit,
    write_bundle,
)
from mlapi.training.golden_rows import Held
from mlapi.training.trainer import Fold, ModelTrainer, margin, model_bytes
from tests.fixtures.boosters import train

SCHEMA = FeatureSchema(
    features=(
        Feature(name="age", kind=FeatureKind.INTEGER, minimum=18, maximum=90, example=40),
        Feature(name="income", kind=FeatureKind.NUMERIC, nullable=True, minimum=0.5, maximum=99.5, example=30.5),
        Feature(name="plan", kind=FeatureKind.CATEGORICAL, categories=("free", "team"), nullable=True, example="free"),
        Feature(name="size", kind=FeatureKind.CATEGORICAL, categories=("l", "s"), on_unknown=OnUnknownCategory.REJECT),
        Feature(name="active", kind=FeatureKind.BOOLEAN, example=True),
    ),
    target="y",
)


def table(n_rows: int, seed: int) -> Table:
    random = np.random.default_rng(seed)
    income = random.uniform(0.5, 99.5, n_rows)
    income[random.random(n_rows) < 0.2] = np.nan
    return {
        "age": random.integers(18, 91, n_rows).astype(np.float64),
        "income": income,
        "plan": random.choice(np.array(["free", "team", None], dtype=np.object_), n_rows),
        "size": random.choice(np.array(["l", "s"], dtype=np.object_), n_rows),
        "active": random.integers(0, 2, n_rows).astype(np.float64),
    }


@pytest.fixture(scope="module")
def trained() -> tuple[Model, Table, Held]:
    """A small model with the rows that it was trained on, and held-out rows with its own margins."""
    training, held_out = table(200, 1), table(60, 2)
    encoder = Encoder.fit(SCHEMA, training)
    codes = (training["age"].astype(np.float64) > 50).astype(np.int32)
    trainer = ModelTrainer(encoder.column_types, 2, seed=1, max_rounds=10, patience=5, threads=1)
    booster = trainer.fit(BoosterParams(), Fold(encoder.encode_table(training).matrix, codes), 10)
    rows = Fold(encoder.encode_table(held_out).matrix, np.zeros(60, dtype=np.int32))
    model = Model(SCHEMA, encoder, model_bytes(booster), Decision(classes=("no", "yes")))
    return model, training, Held(held_out, margin(trainer, booster, rows))


def about(name: str = "churn") -> About:
    evaluation = Evaluation(60, {"accuracy": 0.9}, {"accuracy": (0.8, 1.0)}, (), np.zeros((2, 2), dtype=np.int64))
    assessed = Assessment(evaluation, Decided(Decision(classes=("no", "yes")), "", {}))
    return About(name, Dataset(name="t.csv", fingerprint="f", n_rows=260), "c" * 64, assessed, {"team": "a"})


def files(trained: tuple[Model, Table, Held]) -> dict[str, bytes]:
    model, training, held_out = trained
    return bundle_files(model, training=training, held_out=held_out, card=b"# card\n", golden_rows=32)


def test_a_bundle_is_verified_and_predicts_what_the_booster_does(
    trained: tuple[Model, Table, Held], tmp_path: Path
) -> None:
    digest = write_bundle(tmp_path / "bundle", files(trained), about())
    verify(tmp_path / "bundle")
    bundle = load(tmp_path / "bundle")
    assert bundle.manifest.content_digest == digest
    assert bundle.manifest.metrics == {"accuracy": 0.9}
    assert bundle.manifest.requires == {"xgboost": bundle.manifest.libraries["xgboost-cpu"]}
    assert np.array_equal(bundle.predict_table(trained[2].table).margin, trained[2].margin)


def test_the_same_model_has_the_same_content_digest(trained: tuple[Model, Table, Held], tmp_path: Path) -> None:
    first = write_bundle(tmp_path / "a", files(trained), about())
    assert write_bundle(tmp_path / "b", files(trained), about()) == first


def test_a_booster_that_is_not_the_trainers_is_refused(trained: tuple[Model, Table, Held]) -> None:
    model, training, held_out = trained
    other = held_out.margin.copy()
    other[3] = np.nextafter(other[3], np.float32(9))
    with pytest.raises(ParityError, match="differs from its booster in 1 rows"):
        bundle_files(model, training=training, held_out=Held(held_out.table, other), card=b"", golden_rows=32)


def test_a_booster_whose_tables_differ_anywhere_is_refused(
    trained: tuple[Model, Table, Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, training, held_out = trained
    fresh = Model(model.schema, model.encoder, model.booster, model.decision)
    assert fresh.tables is not None
    fresh.tables.leaves[:] += np.float32(1e-6)
    monkeypatch.setattr(Model, "engine", lambda self: LibXGBoost(self.booster))
    with pytest.raises(ParityError, match=r"differs from its booster in \d+ rows"):
        bundle_files(fresh, training=training, held_out=held_out, card=b"", golden_rows=32)


def test_the_files_are_the_same_without_the_extension(
    trained: tuple[Model, Table, Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_extension = files(trained)
    monkeypatch.setattr(native, "extension", lambda: None)
    assert files(trained) == with_extension
    assert "engine/nodes.npy" in with_extension


def test_a_dart_booster_has_no_tables(trained: tuple[Model, Table, Held]) -> None:
    model = trained[0]
    assert Model(model.schema, model.encoder, train(booster="dart").model, model.decision).tables is None


def test_a_signed_bundle_is_verified_with_its_key_only(trained: tuple[Model, Table, Held], tmp_path: Path) -> None:
    keys, others = generate_keys(), generate_keys()
    write_bundle(tmp_path / "bundle", files(trained), about(), keys.private)
    verify(tmp_path / "bundle", public_key=keys.public, require_signature=True)
    with pytest.raises(VerificationError):
        verify(tmp_path / "bundle", public_key=others.public, require_signature=True)


def test_the_commit_is_that_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() == ""
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", *command], check=True)
    assert len(git_commit()) == 40


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_commit() == ""


def test_a_multiclass_model_is_exported_too(trained: tuple[Model, Table, Held], tmp_path: Path) -> None:
    model, training, held_out = trained
    codes = np.digitize(training["age"].astype(np.float64), [40, 60]).astype(np.int32)
    trainer = ModelTrainer(model.encoder.column_types, 3, seed=1, max_rounds=10, patience=5, threads=1)
    booster = trainer.fit(BoosterParams(), Fold(model.encoder.encode_table(training).matrix, codes), 4)
    rows = Fold(model.encoder.encode_table(held_out.table).matrix, np.zeros(60, dtype=np.int32))
    many = replace(model, booster=model_bytes(booster), decision=Decision(classes=(1, 2, 3)))
    content = bundle_files(
        many, training=training, held_out=Held(held_out.table, margin(trainer, booster, rows)), card=b"", golden_rows=32
    )
    write_bundle(tmp_path / "bundle", content, about())
    assert load(tmp_path / "bundle").predict_table(held_out.table).probabilities.shape == (60, 3)
