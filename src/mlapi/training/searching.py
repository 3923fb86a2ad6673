"""The stage of a training that looks for parameters: a study opened, filled, judged and put on record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mlapi.training.booster_params import BoosterParams
from mlapi.training.choice import Choice, choose
from mlapi.training.config import TrainingConfig
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.errors import SearchError
from mlapi.training.folds import stratified_folds
from mlapi.training.interruption import Interruption
from mlapi.training.preparation import Prepared
from mlapi.training.progress import Progress
from mlapi.training.search_record import record_search
from mlapi.training.study import StudyPlace
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import ModelTrainer
from mlapi.training.tuning import Budget, Found, HyperparameterOptimizer, found_in


@dataclass(frozen=True)
class Searched:
    """The parameters to ship, and what a person is told of the search; nothing where there was none."""

    params: BoosterParams
    notes: tuple[str, ...] = ()


def search(
    prepared: Prepared, config: TrainingConfig, run: TrackedRun, state_dir: Path, progress: Progress
) -> Searched:
    """Search as the configuration says; without trials, give the parameters as they stand.

    Raises:
        SearchError: another process is at this search, or no trial completed in time.
        KeyboardInterrupt: Ctrl-C before any trial had completed.
    """
    if not config.trials:
        return Searched(config.params)
    optimizer = HyperparameterOptimizer(
        cross_validation(prepared, config, config.seed), config.params, seed=config.seed, space=config.search
    )
    budget = Budget(config.trials, config.search_timeout_s)
    with (
        study_place(prepared, config, state_dir).claimed(resume=config.resume) as claim,
        Interruption() as interruption,
    ):
        run.log(tags={"mlapi.study": claim.study.study_name})
        optimizer.optimize(claim, budget, run, interruption, progress)
        found = found_in(claim.study, config.params)
        if found is None:
            if interruption.asked:
                raise KeyboardInterrupt
            raise SearchError(claim.study.study_name, "no trial completed in time; give it more with --timeout")
        progress("comparing the best parameters with the given ones")
        choice = choose(config.params, found.params, cross_validation(prepared, config, config.seed + 1))
        record_search(run, claim.study, choice)
    return Searched(choice.params, (summary(found, choice, budget, interrupted=interruption.asked),))


def study_place(prepared: Prepared, config: TrainingConfig, state_dir: Path) -> StudyPlace:
    """Give the place of this table's study under these parameters; budgets do not matter, so that they may grow."""
    decides = {
        name: value for name, value in config.fingerprint().items() if name not in ("trials", "search_timeout_s")
    }
    text = msgspec.json.encode([prepared.facts.fingerprint, decides], order="deterministic")
    name = f"{config.model_name}-{hashlib.sha256(text).hexdigest()[:12]}"
    return StudyPlace(state_dir / "studies", name, config.storage.get_secret_value() if config.storage else None)


def cross_validation(prepared: Prepared, config: TrainingConfig, seed: int) -> CrossValidation:
    """Cut the rows that the shipped booster will see into folds."""
    rows = prepared.fold(prepared.seen)
    trainer = ModelTrainer.for_table(prepared, config)
    return CrossValidation(trainer, rows, stratified_folds(rows.codes, config.search_folds, seed))


def summary(found: Found, choice: Choice, budget: Budget, *, interrupted: bool) -> str:
    """Say in one line what came of the search."""
    ended = f"{found.n_trials} of {budget.trials} trials ({found.pruned} pruned)"
    return f"searched {ended}{', then interrupted' if interrupted else ''}; {choice}"
