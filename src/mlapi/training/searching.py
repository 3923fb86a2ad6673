"""The stage of a training that looks for parameters: a study opened, filled, judged and put on record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mlapi.training.booster_params import BoosterParams
from mlapi.training.choice import Choice, choose
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import SearchError
from mlapi.training.interruption import Interruption
from mlapi.training.preparation import Prepared
from mlapi.training.progress import Progress
from mlapi.training.search_record import record_search
from mlapi.training.search_rows import cross_validation
from mlapi.training.search_workers import helpers
from mlapi.training.study import StudyPlace
from mlapi.training.tracking import TrackedRun
from mlapi.training.tuning import Budget, Found, HyperparameterOptimizer, found_in, record_others

if TYPE_CHECKING:
    import optuna


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
    place, budget = study_place(prepared, config, state_dir), Budget(config.trials, config.search_timeout_s)
    with place.claimed(resume=config.resume) as claim, Interruption() as interruption:
        run.log(tags={"mlapi.study": place.name})
        with helpers(prepared, config, place, interruption):
            rows = cross_validation(prepared, config)
            optimizer = HyperparameterOptimizer(rows, config.params, seed=config.seed, space=config.search)
            optimizer.optimize(claim, budget, run, interruption, progress)
        record_others(run, claim.study, config.params)
        found = _found(claim.study, config, interruption)
        progress("comparing the best parameters with the given ones")
        choice = choose(config.params, found.params, cross_validation(prepared, config, fresh=True))
        record_search(run, claim.study, choice)
    return Searched(choice.params, (summary(found, choice, budget, interrupted=interruption.asked),))


def _found(study: optuna.Study, config: TrainingConfig, interruption: Interruption) -> Found:
    found = found_in(study, config.params)
    if found is None and interruption.asked:
        raise KeyboardInterrupt
    if found is None:
        raise SearchError(study.study_name, "no trial completed in time; give it more with --timeout")
    return found


def study_place(prepared: Prepared, config: TrainingConfig, state_dir: Path) -> StudyPlace:
    """Give the place of this table's study under these parameters; budgets do not matter, so that they may grow."""
    decides = {
        name: value for name, value in config.fingerprint().items() if name not in ("trials", "search_timeout_s")
    }
    text = msgspec.json.encode([prepared.facts.fingerprint, decides], order="deterministic")
    name = f"{config.model_name}-{hashlib.sha256(text).hexdigest()[:12]}"
    return StudyPlace(state_dir / "studies", name, config.storage.get_secret_value() if config.storage else None)


def summary(found: Found, choice: Choice, budget: Budget, *, interrupted: bool) -> str:
    """Say in one line what came of the search."""
    ended = f"{found.n_trials} of {budget.trials} trials ({found.pruned} pruned)"
    return f"searched {ended}{', then interrupted' if interrupted else ''}; {choice}"
