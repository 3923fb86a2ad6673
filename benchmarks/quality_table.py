"""The quality figures as a Markdown table."""

from typing import Any

NAMES = {"roc_auc": "ROC AUC", "accuracy": "accuracy", "log_loss": "log loss"}


def quality_table(results: dict[str, Any]) -> str:
    """Give the table with the note below it."""
    tasks = results["tasks"]
    budgets = ", ".join(f"{name} {task['budget_s']:g} s" for name, task in tasks.items())
    cores = results["machine"]["cores"]
    note = f"""
Means over OpenML's ten folds ± the standard error of the mean; seed {results["seed"]}.
Search: {results["trials"]} trials in every fold, each scored on 3 inner folds, or fewer where the time for a fold was
spent first ({budgets}, on {cores} shared cores). In brackets: the folds in which what was found
beat the defaults on fresh inner folds, and was shipped. Published: a single XGBoost.
Seconds are of whole folds, with the defaults and with a search: encoding, search, early stopping, refit.
"""
    return quality_lines(tasks) + note


def quality_lines(tasks: dict[str, Any]) -> str:
    """Give one line a table of data."""
    lines = [
        "| table | rows, features, classes | figure | defaults | after search | published | s a fold |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, task in tasks.items():
        shape = f"{task['rows']}, {task['features']}, {task['classes']}"
        searched = task.get("search")
        found = f"{_figure(searched, task)} ({searched['searched_taken']} of {_folds(task)})" if searched else ""
        published = f"{task['published']:.5f} ({task['source']})" if task["published"] else ""
        seconds = [f"{task[way]['seconds_a_fold']:.1f}" for way in ("defaults", "search") if way in task]
        cells = (
            name,
            shape,
            NAMES[task["metric"]],
            _figure(task["defaults"], task),
            found,
            published,
            ", ".join(seconds),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _figure(way: dict[str, Any], task: dict[str, Any]) -> str:
    figure = way[task["metric"]]
    return f"{figure['mean']:.5f} ± {figure['se']:.5f}"


def _folds(task: dict[str, Any]) -> int:
    return len(task["defaults"][task["metric"]]["folds"])
