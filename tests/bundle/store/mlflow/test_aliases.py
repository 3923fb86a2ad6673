"""Generations and history beside MLflow's aliases: moves by other means, interrupted and late promoters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from mlapi.bundle.errors import GenerationConflict, ModelNotFound, StoreUnavailable
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.mlflow.ledgers import Ledgers
from mlapi.bundle.store.protocol import AliasRecord, Promotion

if TYPE_CHECKING:
    from mlflow import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore")


def claim(store: MlflowStore, client: MlflowClient, model: str, alias: str, version: str) -> Promotion:
    """Do the first half of a promotion, as a promoter that is killed then."""
    ledger = Ledgers(client, None).find(client.get_registered_model(model))
    assert ledger is not None
    newest = ledger.moves.newest(alias)
    move = Promotion(
        generation=ledger.moves.last + 1,
        at="2026-01-02T03:04:05Z",
        by="killed",
        alias=alias,
        version=version,
        previous=newest.version if newest else None,
        nonce="n",
    )
    assert ledger.claim(move)
    return move


def test_an_alias_that_was_moved_by_hand_is_believed(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    store.promote(model, alias, "1", by="ada")
    last = store.promote(model, alias, "2", by="ada")
    client.set_registered_model_alias(model, alias, "3")
    found = store.resolve(model, alias)
    assert (found.version, found.generation, found.previous) == ("3", last.generation, "2")
    assert (found.promoted_by, found.promoted_at) == ("", "")
    assert found.manifest_sha256 == store.version(model, "3").manifest_sha256
    assert [move.version for move in store.history(model, alias)] == ["1", "2", "3"]
    after = store.promote(model, alias, "1", by="bob", expect_generation=found.generation)
    assert after.generation > found.generation
    assert after.previous == "3"
    assert store.resolve(model, alias) == after
    assert [move.version for move in store.history(model, alias)] == ["1", "2", "1"]


def test_a_move_by_hand_to_the_version_before_counts_as_a_rollback(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    store.promote(model, alias, "1", by="ada")
    store.promote(model, alias, "2", by="ada")
    client.set_registered_model_alias(model, alias, "1")
    last = store.history(model, alias)[-1]
    assert (last.version, last.previous, last.action, last.by) == ("1", "2", "rollback", "")


def test_a_move_by_hand_and_back_leaves_everything_as_it_was(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    record = store.promote(model, alias, "1", by="ada")
    client.set_registered_model_alias(model, alias, "2")
    client.set_registered_model_alias(model, alias, "1")
    assert store.resolve(model, alias) == record
    assert len(store.history(model, alias)) == 1


def test_an_alias_that_was_never_promoted_has_generation_0(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    client.set_registered_model_alias(model, alias, "2")
    found = store.resolve(model, alias)
    assert (found.version, found.generation, found.previous) == ("2", 0, None)
    assert store.promote(model, alias, "1", by="ada", expect_generation=0).previous == "2"


def test_an_alias_that_was_removed_by_hand_is_not_found_and_keeps_its_history(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    before = store.promote(model, alias, "1", by="ada")
    client.delete_registered_model_alias(model, alias)
    with pytest.raises(ModelNotFound):
        store.resolve(model, alias)
    assert [move.version for move in store.history(model, alias)] == ["1"]
    after = store.promote(model, alias, "2", by="ada")
    assert after.generation > before.generation


def test_a_version_that_was_deleted_stays_in_the_history(
    store: MlflowStore, client: MlflowClient, name: str, alias: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.bundle.store.contract import write_bundle

    for _ in range(2):
        store.add(name, write_bundle(tmp_path_factory.mktemp("bundles")))
    store.promote(name, alias, "2", by="ada")
    store.promote(name, alias, "1", by="ada")
    client.delete_model_version(name, "2")
    assert [move.version for move in store.history(name, alias)] == ["2", "1"]
    assert store.resolve(name, alias).previous == "2"
    client.delete_model_version(name, "1")
    assert len(store.history(name, alias)) == 2
    with pytest.raises(ModelNotFound):
        store.resolve(name, alias)


def test_a_version_that_is_no_bundle_is_none_of_ours(
    store: MlflowStore, client: MlflowClient, name: str, bundle: object, alias: str, uri: str
) -> None:
    client.create_registered_model(name)
    client.create_model_version(name, source="file:///somewhere/else")
    client.set_registered_model_alias(name, alias, "1")
    assert store.versions(name) == []
    assert name not in store.models()
    with pytest.raises(ModelNotFound):
        store.version(name, "1")
    with pytest.raises(ModelNotFound):
        store.resolve(name, alias)


def test_a_promotion_under_way_is_not_seen_before_the_alias_moves(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    record = store.promote(model, alias, "1", by="ada")
    move = claim(store, client, model, alias, "2")
    assert store.resolve(model, alias) == record
    client.set_registered_model_alias(model, alias, "2")
    found = store.resolve(model, alias)
    assert (found.version, found.generation, found.promoted_by) == ("2", move.generation, "killed")


def test_a_first_promotion_under_way_is_not_seen_either(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    claim(store, client, model, alias, "2")
    with pytest.raises(ModelNotFound):
        store.resolve(model, alias)


def test_the_next_promoter_goes_on_after_an_interrupted_one(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    store.promote(model, alias, "1", by="ada")
    move = claim(store, client, model, alias, "2")
    after = store.promote(model, alias, "3", by="bob")
    assert (after.generation, after.previous) == (move.generation + 1, "2")
    assert store.resolve(model, alias) == after


def test_a_promoter_that_expected_less_finishes_the_interrupted_one_and_is_told(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    seen = store.promote(model, alias, "1", by="ada").generation
    move = claim(store, client, model, alias, "2")
    with pytest.raises(GenerationConflict) as caught:
        store.promote(model, alias, "3", by="bob", expect_generation=seen)
    assert caught.value.found == move.generation
    found = store.resolve(model, alias)
    assert (found.version, found.generation) == ("2", move.generation)


def test_a_late_promoter_puts_right_what_it_overwrites(
    store: MlflowStore, client: MlflowClient, model: str, alias: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster = MlflowStore(uri)
    late = MlflowStore(uri)
    set_alias = late._client.set_registered_model_alias
    acknowledged: list[AliasRecord] = []

    def set_late(name: str, alias: str, version: str) -> None:
        if not acknowledged:
            acknowledged.append(faster.promote(model, alias, "3", by="faster"))
        set_alias(name, alias, version)

    monkeypatch.setattr(late._client, "set_registered_model_alias", set_late)
    overtaken = late.promote(model, alias, "2", by="late")
    assert overtaken.generation < acknowledged[0].generation
    assert store.resolve(model, alias) == acknowledged[0]


def test_an_alias_that_moves_between_two_looks_is_looked_at_again(
    store: MlflowStore, client: MlflowClient, model: str, alias: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.promote(model, alias, "1", by="ada")
    reader = MlflowStore(uri)
    find = reader._ledgers.find
    acknowledged: list[AliasRecord] = []

    def find_late(registered: object) -> object:
        acknowledged.append(store.promote(model, alias, "2", by="bob"))
        return find(registered)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(reader._ledgers, "find", find_late)
    assert reader.resolve(model, alias) == acknowledged[0]


def test_an_alias_that_never_stands_still_is_taken_as_last_seen(
    store: MlflowStore, client: MlflowClient, model: str, alias: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.promote(model, alias, "1", by="ada")
    store.promote(model, alias, "3", by="ada")
    reader = MlflowStore(uri)
    get = reader._client.get_registered_model
    versions = iter("121212121212121212")

    def get_moving(name: str) -> object:
        registered = get(name)
        registered.aliases[alias] = next(versions)
        return registered

    monkeypatch.setattr(reader._client, "get_registered_model", get_moving)
    assert reader.resolve(model, alias).version in {"1", "2"}


def test_a_history_of_hundreds_of_generations_is_read_whole(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    import msgspec
    from mlflow.entities import Param

    ledger = Ledgers(client, None).find(client.get_registered_model(model))
    assert ledger is not None
    start = ledger.moves.last
    moves = [
        Promotion(generation=start + n, at="2026-01-02T03:04:05Z", by="ada", alias=alias, version="1")
        for n in range(1, 251)
    ]
    params = [Param(f"gen.{move.generation:06d}", msgspec.json.encode(move).decode()) for move in moves]
    for first in range(0, len(params), 100):  # MLflow takes 100 at a time
        client.log_batch(ledger.run_id, params=params[first : first + 100])
    assert store.promote(model, alias, "2", by="bob").generation == start + 251
    assert store.history(model, alias)[:250] == moves


def test_a_promoter_that_was_overtaken_takes_the_next_generation_or_is_told(
    store: MlflowStore, model: str, alias: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slower = MlflowStore(uri)
    prepare = slower._ledgers.prepare
    faster: list[AliasRecord] = []

    def prepare_late(*found: object) -> bool:
        if len(faster) % 2 == 0:
            faster.append(store.promote(model, alias, "3", by="faster"))
        else:
            faster.append(faster[-1])
        return prepare(*found)  # type: ignore[arg-type]  # as they were given

    monkeypatch.setattr(slower._ledgers, "prepare", prepare_late)
    first = slower.promote(model, alias, "1", by="slower")
    assert (first.generation, first.previous) == (faster[0].generation + 1, "3")
    with pytest.raises(GenerationConflict):
        slower.promote(model, alias, "2", by="slower", expect_generation=first.generation)
    assert [move.version for move in store.history(model, alias)] == ["3", "1", "3"]


def test_a_model_that_is_removed_between_two_questions_is_not_found(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, alias: str
) -> None:
    store.add(name, bundle)
    record = store.version(name, "1")
    client.delete_registered_model(name)
    with patch.object(store, "version", return_value=record), pytest.raises(ModelNotFound):
        store.promote(name, alias, "1", by="ada")


def test_a_model_that_cannot_be_looked_at_makes_the_store_unavailable(
    store: MlflowStore, client: MlflowClient, model: str, alias: str
) -> None:
    with (
        patch.object(store._client, "get_registered_model", side_effect=ConnectionResetError("gone")),
        pytest.raises(StoreUnavailable, match="gone"),
    ):
        store.resolve(model, alias)
