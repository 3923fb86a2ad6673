"""The search: the same seed tries the same sets, every one a run of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow import MlflowClient

from mlapi.ops.settings import Settings
from mlapi.training.booster_params import BoosterParams
from mlapi.training.tracking import ExperimentLogger
from mlapi.training.tracking_server import TrackingServer
from mlapi.training.tuning import HyperparameterOptimizer, Range, Tuned
from tests.training.test_trainer import fold, trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlapi.training.tracking import TrackedRun

SPACE = (Range("max_depth", 2, 4), Range("learning_rate", 0.1, 0.5, log=True))


@contextmanager
def open_run(settings: Settings) -> Iterator[TrackedRun]:
    with ExperimentLogger(TrackingServer(settings.mlflow), "trainings").run("search", {}) as run:
        yield run


def search(run: TrackedRun, start: BoosterParams, seed: int = 1, trials: int = 3) -> Tuned:
    optimizer = HyperparameterOptimizer(trainer(max_rounds=20), seed=seed, space=SPACE)
    return optimizer.optimize(start, fold(200, 1), fold(80, 2), trials=trials, run=run)


def tried(settings: Settings, run: TrackedRun) -> list[tuple[dict[str, str], float]]:
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiment = client.get_run(run.run_id).info.experiment_id
    found = client.search_runs(
        [experiment], f"tags.mlflow.parentRunId = '{run.run_id}'", order_by=["attributes.start_time"]
    )
    return [(one.data.params, one.data.metrics["loss"]) for one in found]


def test_every_trial_is_a_run_and_the_best_one_is_taken(settings: Settings) -> None:
    start = BoosterParams(max_depth=2, learning_rate=0.2, reg_lambda=3.0)
    with open_run(settings) as run:
        best = search(run, start)
    trials = tried(settings, run)
    assert len(trials) == best.n_trials == 3
    assert best.loss == min(loss for _, loss in trials)
    first, _ = trials[0]
    assert (first["max_depth"], first["learning_rate"]) == ("2", "0.2")
    assert all(params["reg_lambda"] == "3.0" for params, _ in trials)
    winner = min(trials, key=lambda one: one[1])[0]
    assert winner["learning_rate"] == str(best.params.learning_rate)


def test_the_same_seed_tries_the_same_sets(settings: Settings) -> None:
    found = []
    for seed in (1, 1, 2):
        with open_run(settings) as run:
            search(run, BoosterParams(max_depth=2, learning_rate=0.2), seed)
        found.append(tried(settings, run))
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_start_outside_the_space_is_left_to_the_sampler(settings: Settings) -> None:
    with open_run(settings) as run:
        best = search(run, BoosterParams(max_depth=9), trials=1)
    assert 2 <= best.params.max_depth <= 4


def test_each_trial_is_told(settings: Settings) -> None:
    told: list[tuple[int | None, int | None]] = []
    with open_run(settings) as run:
        HyperparameterOptimizer(trainer(max_rounds=2), seed=1, space=SPACE).optimize(
            BoosterParams(),
            fold(100, 1),
            fold(50, 2),
            trials=2,
            run=run,
            progress=lambda _, done=None, total=None: told.append((done, total)),
        )
    assert told == [(1, 2), (2, 2)]
