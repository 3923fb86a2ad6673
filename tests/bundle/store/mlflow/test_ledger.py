"""The ledger: what its parameters mean, who wins a generation, and where its run is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.errors import StoreError, StoreUnavailable
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.mlflow.ledger import Ledger, Moves
from mlapi.bundle.store.mlflow.ledgers import EXPERIMENT, RUN_TAG, Ledgers
from mlapi.bundle.store.protocol import Promotion
from tests.fixtures.mlflow_server import new_database

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore")


def move(generation: int, alias: str = "production", version: str = "1", **more: str) -> Promotion:
    return msgspec.structs.replace(
        Promotion(generation=generation, at="2026-01-02T03:04:05Z", by="ada", alias=alias, version=version), **more
    )


def params(*moves: Promotion, marked: tuple[int, ...] = ()) -> dict[str, str]:
    claimed = {f"gen.{one.generation:06d}": msgspec.json.encode(one).decode() for one in moves}
    return claimed | {f"set.{generation:06d}": "1" for generation in marked}


@given(st.permutations([1, 2, 10, 999_999, 1_000_000]))
def test_moves_are_ordered_by_their_number_however_long(generations: list[int]) -> None:
    moves = Moves(params(*map(move, generations)))
    assert [one.generation for one in moves.of("production")] == [1, 2, 10, 999_999, 1_000_000]
    assert moves.last == 1_000_000


def test_parameters_of_others_are_passed_over_but_their_numbers_are_taken() -> None:
    found = Moves({**params(move(1)), "gen.000002": "by hand", "gen.x": "1", "note": "hello", "gen.3": "{}"})
    assert found.of("production") == [move(1)]
    assert found.last == 2


def test_the_effective_move_is_the_newest_that_has_been_carried_out() -> None:
    one, two, three = move(1, version="1"), move(2, version="2"), move(3, version="3")
    found = Moves(params(one, two, three, marked=(1, 2)))
    assert found.effective("production", "3") == three
    assert found.effective("production", "2") == two
    assert found.effective("production", "7") == two
    assert Moves(params(one)).effective("production", "7") is None
    assert Moves({}).effective("production", "7") is None


@pytest.fixture
def ledger(store: MlflowStore, client: MlflowClient, name: str) -> Ledger:
    Ledgers(client, store._uri).ensure_model(name)
    found = Ledgers(client, store._uri).find(client.get_registered_model(name))
    assert found is not None
    return found


def test_of_two_moves_of_one_generation_the_first_wins(ledger: Ledger) -> None:
    assert ledger.claim(move(1, nonce="a"))
    assert not ledger.claim(move(1, nonce="b"))
    assert ledger.claim(move(1, nonce="a"))  # the same writer again: its answer had got lost
    assert [one.nonce for one in ledger.read().of("production")] == ["a"]


def test_a_claim_whose_answer_got_lost_is_looked_up(ledger: Ledger, client: MlflowClient) -> None:
    log_param = client.log_param

    def lose(run_id: str, key: str, value: str) -> None:
        log_param(run_id, key, value)
        raise ConnectionResetError

    with patch.object(client, "log_param", lose):
        assert ledger.claim(move(1))


def test_a_claim_that_never_arrived_is_an_error(ledger: Ledger, client: MlflowClient) -> None:
    with patch.object(client, "log_param", side_effect=ConnectionResetError), pytest.raises(ConnectionResetError):
        ledger.claim(move(1))


def test_a_move_that_mlflow_would_cut_off_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="6000 characters"):
        ledger.claim(move(1, reason="x" * 6000))
    assert ledger.read().last == 0


def test_a_model_gets_its_ledger_with_its_first_version(store: MlflowStore, client: MlflowClient, model: str) -> None:
    run = client.get_run(client.get_registered_model(model).tags[RUN_TAG])
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == EXPERIMENT


def test_who_comes_second_to_register_a_model_leaves_no_ledger(client: MlflowClient, uri: str, name: str) -> None:
    ledgers = Ledgers(client, uri)
    ledgers.ensure_model(name)
    first = client.get_registered_model(name).tags[RUN_TAG]
    with patch.object(ledgers, "_is_registered", return_value=False):
        ledgers.ensure_model(name)
    assert client.get_registered_model(name).tags[RUN_TAG] == first
    runs = client.search_runs([ledgers.experiment()], f"attributes.run_name = 'ledger of {name}'")
    assert [run.info.run_id for run in runs] == [first]


@pytest.mark.parametrize("failing", ["get_registered_model", "create_registered_model"])
def test_what_mlflow_says_otherwise_is_passed_on(client: MlflowClient, uri: str, name: str, failing: str) -> None:
    with patch.object(client, failing, side_effect=ConnectionResetError), pytest.raises(ConnectionResetError):
        Ledgers(client, uri).ensure_model(name)


def test_a_model_that_others_registered_gets_a_ledger_when_it_is_promoted(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, alias: str
) -> None:
    client.create_registered_model(name)
    store.add(name, bundle)
    assert store.history(name, alias) == []
    assert store.promote(name, alias, "1", by="ada").generation == 1
    assert name in store.models()
    assert store.promote(name, alias, "1", by="ada").generation == 2


def test_of_two_ledgers_made_at_the_same_time_the_older_counts(client: MlflowClient, uri: str, name: str) -> None:
    client.create_registered_model(name)
    ledgers = Ledgers(client, uri)
    runs = [
        client.create_run(ledgers.experiment(), start_time=start, tags={"mlapi.ledger": name}).info.run_id
        for start in (2000, 1000)
    ]
    found = ledgers.find(client.get_registered_model(name))
    assert found is not None
    assert found.run_id == runs[1]


def test_a_ledger_in_mlflows_bin_is_read_and_fetched_back_to_be_written(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, alias: str
) -> None:
    store.add(name, bundle)
    store.promote(name, alias, "1", by="ada")
    client.delete_run(client.get_registered_model(name).tags[RUN_TAG])
    assert len(store.history(name, alias)) == 1
    assert store.promote(name, alias, "1", by="ada").generation == 2


def test_a_ledger_that_is_gone_for_good_is_begun_anew(
    store: MlflowStore, client: MlflowClient, name: str, bundle: Path, alias: str
) -> None:
    store.add(name, bundle)
    store.promote(name, alias, "1", by="ada")
    client.delete_run(client.get_registered_model(name).tags[RUN_TAG])
    client.set_registered_model_tag(name, RUN_TAG, "0" * 32)
    assert store.resolve(name, alias).generation == 0
    assert store.promote(name, alias, "1", by="ada").generation == 1


def test_a_question_about_the_ledger_that_fails_is_passed_on(client: MlflowClient, uri: str, model: str) -> None:
    registered = client.get_registered_model(model)
    with patch.object(client, "get_run", side_effect=ConnectionResetError), pytest.raises(ConnectionResetError):
        Ledgers(client, uri).find(registered)


def test_a_database_without_the_experiment_has_no_ledgers(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    address = new_database(tmp_path)
    client = MlflowClient(address)
    client.create_registered_model("m")
    assert Ledgers(client, address).find(client.get_registered_model("m")) is None


def test_the_experiment_is_made_once_and_fetched_back_from_the_bin(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    address = new_database(tmp_path)
    client = MlflowClient(address)
    ledgers = Ledgers(client, address)
    with patch.object(client, "get_experiment_by_name", side_effect=[None, client.get_experiment_by_name]):
        made = ledgers.experiment()
    found = client.get_experiment(made)
    assert found.artifact_location == (tmp_path / "artifacts").as_uri()
    with patch.object(client, "get_experiment_by_name", side_effect=[None, found]):  # somebody else was faster
        assert ledgers.experiment() == made
    client.delete_experiment(made)
    assert ledgers.experiment() == made
    assert client.get_experiment(made).lifecycle_stage == "active"
    with (
        patch.object(client, "get_experiment_by_name", return_value=None),
        patch.object(client, "create_experiment", side_effect=ConnectionResetError),
        pytest.raises(ConnectionResetError),
    ):
        ledgers.experiment()


def test_a_server_decides_itself_where_files_go(client: MlflowClient) -> None:
    assert Ledgers(client, "http://127.0.0.1:1")._files() is None


def test_a_promotion_that_cannot_be_claimed_makes_the_store_unavailable(
    store: MlflowStore, model: str, alias: str
) -> None:
    with (
        patch.object(store._client, "log_param", side_effect=ConnectionResetError("gone")),
        pytest.raises(StoreUnavailable, match="gone"),
    ):
        store.promote(model, alias, "1", by="ada")
    assert store.history(model, alias) == []
