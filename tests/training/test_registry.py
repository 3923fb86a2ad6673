"""Registering and moving aliases, over a real directory store and a real MLflow registry."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.errors import GenerationConflict, ModelNotFound, VerificationError
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.store import open_store
from mlapi.bundle.store.protocol import Promotion, Store
from mlapi.ops.settings import Settings
from mlapi.training.errors import PromotionError
from mlapi.training.export import write_bundle
from mlapi.training.promotion import ModelPromotion
from mlapi.training.registry import ModelRegistrar, ModelRegistry, Source, current_user
from mlapi.training.signature import input_example
from mlapi.training.undo import undo_stack
from tests.training.test_export import SCHEMA, about, files, trained

__all__ = ["trained"]  # a fixture

SOURCE = Source("run-1", SCHEMA, Decision(classes=("no", "yes")))


@pytest.fixture
def bundle(trained: object, tmp_path: Path) -> Callable[..., Path]:
    """Makes bundles that differ in their name only; signed where a key is given."""

    def make(name: str, key: bytes | None = None) -> Path:
        write_bundle(tmp_path / name, files(trained), about(name), key)  # type: ignore[arg-type] # the fixture's value
        return tmp_path / name

    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store("file:store", state_dir=tmp_path)


def register(store: Store, *bundles: Path) -> None:
    for path in bundles:
        ModelRegistrar(store, by="ann").register("churn", path, SOURCE, {"team": "a"})


def test_a_registered_bundle_is_in_staging(store: Store, bundle: Callable[..., Path]) -> None:
    register(store, bundle("a"), bundle("b"))
    registry = ModelRegistry(store)
    assert [record.version for record in registry.versions("churn")] == ["1", "2"]
    stages = registry.stages("churn")
    assert (stages["staging"].version, stages["staging"].promoted_by) == ("2", "ann")
    assert "production" not in stages
    assert registry.versions("churn")[0].tags == {"team": "a", "mlflow_run_id": "run-1"}


def test_promotion_takes_what_is_in_staging_and_tells_who_and_why(store: Store, bundle: Callable[..., Path]) -> None:
    register(store, bundle("a"))
    record = ModelPromotion(store, by="bob").promote("churn", reason="better", metrics={"auc": 0.9})
    assert (record.alias, record.version, record.promoted_by, record.reason) == ("production", "1", "bob", "better")
    (move,) = ModelPromotion(store).history("churn")
    assert (move.by, move.metrics, move.action) == ("bob", {"auc": 0.9}, "promote")


def test_promotion_of_nothing_is_refused(store: Store, bundle: Callable[..., Path]) -> None:
    with pytest.raises(ModelNotFound):
        ModelPromotion(store).promote("churn")
    register(store, bundle("a"))
    with pytest.raises(ModelNotFound):
        ModelPromotion(store).promote("churn", "7")


def test_of_two_promoters_with_the_same_view_one_wins(store: Store, bundle: Callable[..., Path]) -> None:
    register(store, bundle("a"), bundle("b"))
    promotion = ModelPromotion(store)
    seen = promotion.promote("churn", "1").generation
    promotion.promote("churn", "2", expect_generation=seen)
    with pytest.raises(GenerationConflict):
        promotion.promote("churn", "1", expect_generation=seen)


def test_a_damaged_version_is_not_promoted(store: Store, bundle: Callable[..., Path], tmp_path: Path) -> None:
    register(store, bundle("a"))
    (model,) = (tmp_path / "store").rglob("model.ubj")
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.chmod(0o644)
    model.write_bytes(content)
    with pytest.raises(VerificationError):
        ModelPromotion(store).promote("churn")
    assert "production" not in ModelRegistry(store).stages("churn")


def test_a_bundle_without_the_right_signature_is_not_promoted(store: Store, bundle: Callable[..., Path]) -> None:
    keys = generate_keys()
    register(store, bundle("unsigned"), bundle("signed", keys.private))
    promotion = ModelPromotion(store, public_key=keys.public, require_signature=True)
    with pytest.raises(VerificationError, match="signature_missing"):
        promotion.promote("churn", "1")
    assert promotion.promote("churn", "2").version == "2"


def test_rollback_goes_one_further_back_each_time(store: Store, bundle: Callable[..., Path]) -> None:
    register(store, bundle("a"), bundle("b"), bundle("c"))
    promotion = ModelPromotion(store, by="bob")
    for version in ("1", "2", "3"):
        promotion.promote("churn", version)
    assert [promotion.rollback("churn", reason="worse").version for _ in range(2)] == ["2", "1"]
    with pytest.raises(PromotionError, match="model 'churn', alias production: there is no version before"):
        promotion.rollback("churn")
    last = promotion.history("churn")[-1]
    assert (last.action, last.version, last.previous, last.by, last.reason) == ("rollback", "1", "2", "bob", "worse")


def test_a_promotion_after_a_rollback_can_be_taken_back(store: Store, bundle: Callable[..., Path]) -> None:
    register(store, bundle("a"), bundle("b"), bundle("c"))
    promotion = ModelPromotion(store)
    promotion.promote("churn", "1")
    promotion.promote("churn", "2")
    promotion.rollback("churn")
    promotion.promote("churn", "3")
    assert promotion.rollback("churn").version == "1"


def move(version: str, action: str = "promote") -> Promotion:
    return Promotion(generation=1, at="", by="", alias="production", version=version, action=action)  # type: ignore[arg-type] # either action


@pytest.mark.parametrize(
    ("moves", "trail"),
    [
        ([], []),
        ([move("1"), move("2")], ["1", "2"]),
        ([move("1"), move("1")], ["1"]),
        ([move("1"), move("2"), move("1", "rollback")], ["1"]),
        ([move("1"), move("2"), move("1", "rollback"), move("2")], ["1", "2"]),
        ([move("1", "rollback")], ["1"]),
        ([move("1"), move("2"), move("3"), move("2", "rollback"), move("3", "rollback")], ["1", "2", "3"]),
    ],
    ids=["nothing", "two", "the same again", "back", "back and forth", "rollback of an unknown start", "back by hand"],
)
def test_the_trail_of_an_alias(moves: list[Promotion], trail: list[str]) -> None:
    assert undo_stack(moves) == trail


def test_mlflow_gets_signature_and_example_and_gives_the_same_numbers(
    settings: Settings, bundle: Callable[..., Path]
) -> None:
    import mlflow
    import pandas as pd

    from mlapi.bundle import load
    from mlapi.training.tracking import ExperimentLogger
    from mlapi.training.tracking_server import TrackingServer

    store = open_store("mlflow", state_dir=settings.state_dir, tracking_uri=settings.mlflow.tracking_uri)
    path = bundle("a")
    server = TrackingServer(settings.mlflow)
    with ExperimentLogger(server, "trainings").run("churn", {}) as run:
        record = ModelRegistrar(store).register(
            "churn", path, Source(run.run_id, SCHEMA, SOURCE.decision), {"team": "a"}
        )
    assert (record.run_id, record.tags["team"]) == (run.run_id, "a")
    with server.in_use():
        model = mlflow.pyfunc.load_model("models:/churn@staging")
        answer = model.predict(pd.DataFrame([model.input_example]))
    wanted = load(path).predict([SCHEMA.example_row()])
    assert model.input_example == input_example(SCHEMA)
    assert answer["prediction"].tolist() == wanted.labels
    assert answer["probability_yes"].to_numpy("float32").tolist() == wanted.probabilities[:, 1].tolist()


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no entry")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert current_user() == "unknown"
