"""Search XGBoost's parameters with Optuna: cross-validated, pruned, every trial a run of its own, safe to kill."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlapi.training.booster_params import BoosterParams
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.interruption import Interruption
from mlapi.training.progress import Progress, silent
from mlapi.training.search_space import SPACE, SearchRange
from mlapi.training.study import WORKER, Claim, quiet, running
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import Search

if TYPE_CHECKING:
    import optuna

START = "start"  # what the trial of the given parameters carries
WAIT_S = 0.2  # between looks at what other processes are doing
# Loss is reported each time the learning rates of the rounds add up to one more: every 20 rounds at 0.05. Counted in
# rounds, trials that learn slowly would look bad beside fast ones, and be pruned for it.
REPORT_EACH = 1.0
WORKER_SEEDS = 1_000_003  # more than a study has trials: no two workers draw from the same seed
PRUNE_FROM, PRUNE_AMONG = 5, 5  # reports of a trial, and completed trials, before one can be pruned


class OutOfTime(Exception):
    """The search must end, in the midst of a trial."""


@dataclass(frozen=True)
class Budget:
    """Trials in all, over every process and resumption, and seconds of this process."""

    trials: int
    timeout_s: float | None = None


@dataclass(frozen=True)
class Found:
    """The best parameters, their loss, and how many trials ended: completed and pruned."""

    params: BoosterParams
    loss: float
    completed: int
    pruned: int

    @property
    def n_trials(self) -> int:
        """Trials that ended."""
        return self.completed + self.pruned


class HyperparameterOptimizer:
    """Tries parameter sets by cross-validation: the given one first, then those of a seeded TPE sampler.

    What the sampler proposes depends on the seed and on the trials that have ended, and on nothing else, so a search
    that was killed and taken up goes the way that it would have gone.
    """

    def __init__(
        self,
        rows: CrossValidation,
        start: BoosterParams,
        *,
        seed: int,
        space: Mapping[str, SearchRange] = SPACE,
        worker: int = 0,
    ) -> None:
        """Say what to search.

        Args:
            rows: what scores a trial.
            start: the first set; what the space does not vary stays as it is here.
            seed: of the sampler.
            space: where to look, by parameter.
            worker: the number of this process where several search; 0 leads, and tries again what others lose.
        """
        self._rows = rows
        self._start = start
        self._seed = seed
        self._space = space
        self._worker = worker

    def optimize(
        self,
        claim: Claim,
        budget: Budget,
        run: TrackedRun | None,
        interruption: Interruption,
        progress: Progress = silent,
    ) -> None:
        """Search until the budget is spent or a person interrupts.

        Args:
            claim: the study; it may have trials already.
            budget: when to end.
            run: the run under which every trial gets its own; None records nothing.
            interruption: says whether to go on.
            progress: hears of each trial.
        """
        deadline = time.monotonic() + budget.timeout_s if budget.timeout_s else float("inf")
        study = claim.study
        while not (interruption.asked or time.monotonic() > deadline):
            claim.recover()
            ended, at_it = counts(study)
            progress("searching parameters", ended, budget.trials)
            if ended >= budget.trials:
                break
            if ended + at_it >= budget.trials:
                if self._worker:
                    break
                time.sleep(WAIT_S)  # others are at the last ones; should they die, these are tried again
                continue
            self._one_trial(study, run, interruption, deadline)

    def _one_trial(
        self, study: optuna.Study, run: TrackedRun | None, interruption: Interruption, deadline: float
    ) -> None:
        import optuna

        def objective(trial: optuna.Trial) -> float:
            params = self._start.model_copy(
                update={name: one.suggest(trial, name) for name, one in self._space.items()}
            )
            return self._tried(trial, params, run, interruption, deadline)

        if not self._worker:
            self._enqueue_start(study)
        number = self._worker * WORKER_SEEDS + counts(study)[0]
        with quiet():
            study.sampler = optuna.samplers.TPESampler(seed=(self._seed + number) % 2**32)
            study.pruner = optuna.pruners.MedianPruner(PRUNE_AMONG, PRUNE_FROM)
        study.optimize(objective, n_trials=1, catch=(OutOfTime,))

    def _enqueue_start(self, study: optuna.Study) -> None:
        """Let the given parameters be tried first, if the search could come upon them, and again if they were lost."""
        from optuna.trial import TrialState

        given = self._start.as_xgboost()
        if not all(one.holds(given[name]) for name, one in self._space.items()):
            return
        lost = (TrialState.FAIL,)
        if not any(START in one.user_attrs and one.state not in lost for one in study.get_trials(deepcopy=False)):
            study.enqueue_trial({name: given[name] for name in self._space}, user_attrs={START: True})

    def _tried(
        self,
        trial: optuna.Trial,
        params: BoosterParams,
        run: TrackedRun | None,
        interruption: Interruption,
        deadline: float,
    ) -> float:
        import optuna

        trial.set_user_attr(WORKER, self._worker)
        reports = Reports(trial, params.learning_rate, interruption, deadline)
        with run.trial(f"trial {trial.number}") if run else nullcontext() as trial_run:
            try:
                found: Search | None = self._rows.search(params, reports)
            except optuna.TrialPruned:
                found = None
            if trial_run:
                record_trial(trial_run, params, reports.curve, found.best_loss if found else None)
        if found is None:
            raise optuna.TrialPruned
        return found.best_loss


class Reports:
    """Tells a trial's loss to its study now and then, and ends the trial where it is hopeless or time is up."""

    def __init__(self, trial: optuna.Trial, rate: float, interruption: Interruption, deadline: float) -> None:
        self.curve: dict[int, float] = {}
        self._trial = trial
        self._rate = rate
        self._interruption = interruption
        self._deadline = deadline
        self._step = 0

    def __call__(self, round_number: int, loss: float) -> None:
        """Hear of a round.

        Raises:
            TrialPruned: most other trials were better by now.
            OutOfTime: the search must end.
        """
        import optuna

        if self._interruption.asked or time.monotonic() > self._deadline:
            raise OutOfTime("the search was ended in the midst of this trial")
        step = int(round_number * self._rate / REPORT_EACH)
        if step > self._step:
            self._step = step
            self.curve[round_number] = loss
            self._trial.report(loss, step)
            if self._trial.should_prune():
                raise optuna.TrialPruned


def record_trial(run: TrackedRun, params: BoosterParams, curve: Mapping[int, float], loss: float | None) -> None:
    """Record what a trial was told and how it learned, its loss by round; without a loss of its own it was pruned."""
    metrics = {} if loss is None else {"best_loss": loss}
    run.log(params=params.as_xgboost(), metrics=metrics, tags={"mlapi.trial": "complete" if metrics else "pruned"})
    run.curve("loss", curve)


def record_others(run: TrackedRun, study: optuna.Study, start: BoosterParams) -> None:
    """Record the trials of other workers, which know of no run."""
    for trial in study.get_trials(deepcopy=False):
        if trial.user_attrs.get(WORKER) and trial.state.name in ("COMPLETE", "PRUNED"):
            params = start.model_copy(update=trial.params)
            rounds = {
                round(step * REPORT_EACH / params.learning_rate): loss
                for step, loss in trial.intermediate_values.items()
            }
            with run.trial(f"trial {trial.number}") as one:
                record_trial(one, params, rounds, trial.value if trial.state.name == "COMPLETE" else None)


def counts(study: optuna.Study) -> tuple[int, int]:
    """Give how many trials have ended, completed or pruned, and how many are running."""
    from optuna.trial import TrialState

    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return len(ended), len(running(study))


def found_in(study: optuna.Study, start: BoosterParams) -> Found | None:
    """Give what a study has found, None where no trial has completed."""
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return None
    best = study.best_trial
    assert best.value is not None
    params = start.model_copy(update=best.params)
    return Found(params, best.value, len(complete), counts(study)[0] - len(complete))
