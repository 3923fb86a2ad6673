"""The search: the same seed tries the same sets, every one a run of its own, and what it finds must prove itself."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from mlflow import MlflowClient

from mlapi.ops.settings import Settings
from mlapi.training.booster_params import BoosterParams
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.folds import stratified_folds
from mlapi.training.interruption import Interruption
from mlapi.training.search_space import SearchRange
from mlapi.training.study import StudyPlace
from mlapi.training.tracking import ExperimentLogger
from mlapi.training.tracking_server import TrackingServer
from mlapi.training.tuning import Budget, Found, HyperparameterOptimizer, Reports, found_in
from tests.training.test_trainer import fold, trainer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlapi.training.tracking import TrackedRun

SPACE = {"learning_rate": SearchRange(low=0.1, high=0.5, log=True), "max_depth": SearchRange(low=2, high=4)}
START = BoosterParams(max_depth=2, learning_rate=0.2, reg_lambda=3.0)


@contextmanager
def open_run(settings: Settings) -> Iterator[TrackedRun]:
    with ExperimentLogger(TrackingServer(settings.mlflow), "trainings").run("search", {}) as run:
        yield run


def cross_validation(max_rounds: int = 20) -> CrossValidation:
    rows = fold(200, 1)
    return CrossValidation(trainer(max_rounds=max_rounds), rows, stratified_folds(rows.codes, 2, 1))


def search(
    place: StudyPlace,
    run: TrackedRun,
    *,
    trials: int = 3,
    resume: bool = False,
    start: BoosterParams = START,
    seed: int = 1,
) -> tuple[Found, list[optuna.trial.FrozenTrial]]:
    optimizer = HyperparameterOptimizer(cross_validation(), start, seed=seed, space=SPACE)
    with place.claimed(resume=resume) as claim:
        optimizer.optimize(claim, Budget(trials), run, Interruption())
        found = found_in(claim.study, start)
        assert found is not None
        return found, claim.study.get_trials()


def tried(settings: Settings, run: TrackedRun) -> list[tuple[dict[str, str], dict[str, float]]]:
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiment = client.get_run(run.run_id).info.experiment_id
    found = client.search_runs(
        [experiment], f"tags.mlflow.parentRunId = '{run.run_id}'", order_by=["attributes.start_time"]
    )
    return [(one.data.params, one.data.metrics) for one in found]


def sets(trials: list[optuna.trial.FrozenTrial]) -> list[tuple[dict[str, Any], float | None]]:
    return [(one.params, one.value) for one in trials if one.state.is_finished() and one.value is not None]


def test_every_trial_is_a_run_and_the_best_one_is_found(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        best, _ = search(StudyPlace(tmp_path, "s"), run)
    runs = tried(settings, run)
    assert len(runs) == best.n_trials == best.completed == 3
    assert best.loss == min(metrics["best_loss"] for _, metrics in runs)
    first, metrics = runs[0]
    assert (first["max_depth"], first["learning_rate"]) == ("2", "0.2")
    assert metrics["loss"] >= metrics["best_loss"]
    assert all(params["reg_lambda"] == "3.0" for params, _ in runs)
    winner = min(runs, key=lambda one: one[1]["best_loss"])[0]
    assert winner["learning_rate"] == str(best.params.learning_rate)


def test_the_same_seed_tries_the_same_sets(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        found = [sets(search(StudyPlace(tmp_path, "s"), run, seed=seed)[1]) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_search_that_was_cut_goes_the_way_that_it_would_have_gone(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        _, whole = search(StudyPlace(tmp_path, "whole"), run, trials=5)
        place = StudyPlace(tmp_path, "cut")
        search(place, run, trials=3)
        with place.claimed(resume=True) as claim:
            claim.study.ask()  # a trial that nobody ends
        _, cut = search(place, run, trials=5, resume=True)
    assert [one.state.name for one in cut] == ["COMPLETE"] * 3 + ["FAIL"] + ["COMPLETE"] * 2
    assert sets(cut) == sets(whole)


def test_without_resume_a_search_begins_anew(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        place = StudyPlace(tmp_path, "s")
        search(place, run, trials=3)
        assert len(search(place, run, trials=2)[1]) == 2
        assert len(search(place, run, trials=2, resume=True)[1]) == 2


def test_a_start_outside_the_space_is_left_to_the_sampler(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        best, _ = search(StudyPlace(tmp_path, "s"), run, start=BoosterParams(max_depth=9), trials=1)
    assert 2 <= best.params.max_depth <= 4


def test_an_interruption_ends_the_search_in_the_midst_of_a_trial(settings: Settings, tmp_path: Path) -> None:
    interruption = Interruption()

    def interrupts(message: str, done: int | None = None, total: int | None = None) -> None:
        interruption.asked = done == 2

    with open_run(settings) as run, StudyPlace(tmp_path, "s").claimed(resume=False) as claim:
        optimizer = HyperparameterOptimizer(cross_validation(), START, seed=1, space=SPACE)
        optimizer.optimize(claim, Budget(10), run, interruption, interrupts)
        states = [one.state.name for one in claim.study.get_trials()]
    assert states == ["COMPLETE", "COMPLETE", "FAIL"]


def test_no_trial_begins_after_the_time_is_up(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run, StudyPlace(tmp_path, "s").claimed(resume=False) as claim:
        optimizer = HyperparameterOptimizer(cross_validation(), START, seed=1, space=SPACE)
        optimizer.optimize(claim, Budget(10, 1e-9), run, Interruption())
        assert found_in(claim.study, START) is None


class Listener:
    """A trial that keeps what it is told and is hopeless from one step on; optuna's own would need a study."""

    def __init__(self, hopeless_from: int) -> None:
        self.told: list[int] = []
        self._hopeless_from = hopeless_from

    def report(self, loss: float, step: int) -> None:
        self.told.append(step)

    def should_prune(self) -> bool:
        return self.told[-1] >= self._hopeless_from


def test_a_trial_reports_when_its_learning_rates_have_added_up_to_one_more_and_ends_where_hopeless() -> None:
    listener = Listener(3)
    reports = Reports(listener, 0.05, Interruption(), float("inf"))  # type: ignore[arg-type] # a listener is enough
    for number in range(1, 60):
        reports(number, 0.5)
    with pytest.raises(optuna.TrialPruned):
        reports(60, 0.5)
    assert listener.told == [1, 2, 3]
    assert list(reports.curve) == [20, 40, 60]


def test_a_trial_ends_when_the_time_is_up() -> None:
    reports = Reports(Listener(9), 0.05, Interruption(), time.monotonic() - 1)  # type: ignore[arg-type] # as above
    with pytest.raises(Exception, match="in the midst"):
        reports(1, 0.5)


def test_a_pruned_trial_is_a_finished_run_without_a_best_loss(settings: Settings, tmp_path: Path) -> None:
    with open_run(settings) as run:
        found, trials = search(StudyPlace(tmp_path, "s"), run, trials=12, start=BoosterParams(learning_rate=0.5))
    runs = tried(settings, run)
    assert len(runs) == found.n_trials == 12
    assert found.pruned == sum(one.state.name == "PRUNED" for one in trials)
    assert sum("best_loss" in metrics for _, metrics in runs) == found.completed
