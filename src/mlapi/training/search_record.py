"""The record of a search in its run: how the loss fell, how each trial learned, which parameters matter, all trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from mlapi.training.choice import Choice
from mlapi.training.plots import picture, plain
from mlapi.training.study import WORKER, quiet
from mlapi.training.tracking import TrackedRun
from mlapi.training.tuning import REPORT_EACH

if TYPE_CHECKING:
    import optuna
    from matplotlib.axes import Axes


def record_search(run: TrackedRun, study: optuna.Study, choice: Choice) -> None:
    """Record the choice, every trial and the pictures."""
    trials = study.get_trials(deepcopy=False)
    run.log(
        metrics={"best_trial_loss": study.best_value, "search_gain": choice.gain, "search_gain_error": choice.error},
        tags={"mlapi.search": str(choice), "mlapi.best_trial": str(study.best_trial.number)},
    )
    listed = [_listed(one) for one in trials]
    importance = importances(study)
    files = {
        "search/trials.json": msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n",
        "search/history.png": picture(lambda axes: _history(axes, trials)),
        "search/curves.png": picture(lambda axes: _curves(axes, trials)),
    }
    if importance:
        files["search/importance.png"] = picture(lambda axes: _importance(axes, importance), left=0.3)
    run.files.write(files)


def importances(study: optuna.Study) -> dict[str, float]:
    """Give each parameter's share in how much the loss varied, the greatest first; empty where too little is known."""
    import optuna

    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len({one.value for one in complete}) < 2:
        return {}
    with quiet():
        return dict(optuna.importance.get_param_importances(study))


def _listed(trial: optuna.trial.FrozenTrial) -> dict[str, object]:
    loss = trial.value if trial.state.name == "COMPLETE" else None
    listed = {"number": trial.number, "worker": trial.user_attrs.get(WORKER), "state": trial.state.name.lower()}
    return listed | {"loss": loss, "params": trial.params}


def _history(axes: Axes, trials: list[optuna.trial.FrozenTrial]) -> None:
    complete = [(one.number, one.value) for one in trials if one.state.name == "COMPLETE" and one.value is not None]
    pruned = [(one.number, min(one.intermediate_values.values())) for one in trials if one.state.name == "PRUNED"]
    numbers, losses = [one[0] for one in complete], [one[1] for one in complete]
    axes.scatter(numbers, losses, s=16, label="completed")
    if pruned:
        axes.scatter([one[0] for one in pruned], [one[1] for one in pruned], s=16, c="0.6", marker="x", label="pruned")
    axes.step(numbers, np.minimum.accumulate(losses), where="post", label="best so far")
    axes.set(xlabel="Trial", ylabel="Cross-validated log loss", title="Search")
    axes.legend()


def _curves(axes: Axes, trials: list[optuna.trial.FrozenTrial]) -> None:
    shown = [one for one in trials if one.intermediate_values]
    best = min((one for one in shown if one.state.name == "COMPLETE"), key=lambda one: one.value or 0, default=None)
    for one in shown:
        steps = [step * REPORT_EACH for step in one.intermediate_values]
        losses = list(one.intermediate_values.values())
        if one is best:
            axes.plot(steps, losses, color="C1", lw=2, zorder=3)
        else:
            axes.plot(steps, losses, color="0.7", lw=0.8)
    axes.set(
        xlabel="Rounds x learning rate", ylabel="Cross-validated log loss", title="Learning curves (best in colour)"
    )


def _importance(axes: Axes, shares: dict[str, float]) -> None:
    names = list(shares)[::-1]
    axes.barh([plain(name) for name in names], [shares[name] for name in names])
    axes.set(xlabel="Share of the variation of the loss", title="Importance of parameters")
