"""How good the models are: OpenML's ten folds of public tables, with the defaults and after a search in every fold.

Run as `make bench-quality` or `python -m benchmarks.quality`. Every model is made by the functions behind
`mlapi train`: early stopping on a validation part, then refitted on train and validation. Figures go to
benchmarks/results/quality.json and, beside what others published, to benchmarks/README.md.
`--data FILE --target COLUMN --folds FILE` measures any other table instead, and only prints.
"""

import argparse
import csv
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import report
from benchmarks.quality_table import quality_lines
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader
from mlapi.training.errors import TrainingError
from mlapi.training.folds import Parts
from mlapi.training.refolding import cross_validate

SHARED = Path(__file__).parents[2] / "shared" / "data"
FIGURES = ("roc_auc", "accuracy", "log_loss")


@dataclass(frozen=True)
class Task:
    """A table with its folds, and what was published on them; `metric` is the figure that is compared.

    `budget_s` is the time that a search may take for one fold.
    """

    name: str
    data: Path
    target: str
    folds: Path
    metric: str = "roc_auc"
    published: float | None = None
    source: str = ""
    budget_s: float = 60.0


# A single XGBoost's figure, and where it is from
TASKS = (
    Task("adult", Path("adult/openml_1590.csv"), "class", Path("adult/openml_folds.csv"), "roc_auc", 0.93061,
         "AutoML Benchmark 2023, task 359983", 75.0),
    Task("credit-g", Path("credit_g/credit-g.csv"), "class", Path("credit_g/openml_folds.csv"), "roc_auc", 0.75969,
         "AutoML Benchmark 2023, task 168757", 20.0),
    Task("kr-vs-kp", Path("kr_vs_kp/kr-vs-kp.csv"), "class", Path("kr_vs_kp/openml_folds.csv"), "accuracy", 0.99374,
         "TabZilla, tuned, task 3", 30.0),
    Task("breast-w", Path("breast_w/breast-w.csv"), "Class", Path("breast_w/openml_folds.csv"), "accuracy", 0.95561,
         "TabZilla, tuned, task 15", 20.0),
)  # fmt: skip


def main() -> int:
    arguments = parser().parse_args()
    asked = bool(arguments.data)
    tasks = [own_task(arguments)] if asked else list(TASKS)
    found = {}
    for task in tasks:
        located = task if asked else in_folder(task, arguments.folder)
        if not located.data.exists():
            print(f"{task.name}: skipped, {located.data} is not there (set MLAPI_TEST_DATA)", file=sys.stderr)
            continue
        try:
            found[task.name] = measure(located, arguments)
        except TrainingError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
    if asked or not arguments.trials:  # the table that is kept has both ways
        print(quality_lines(found))
    elif found:
        report.save("quality", {"trials": arguments.trials, "seed": arguments.seed, "tasks": found})
    return 0


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = Path(os.environ.get("MLAPI_TEST_DATA", SHARED))
    words.add_argument("--folder", type=Path, default=folder, help="where the public tables are")
    words.add_argument("--data", type=Path, help="a table of one's own, instead")
    words.add_argument("--target", help="the column to predict")
    words.add_argument("--folds", type=Path, help="a CSV file with row_id and test_fold")
    words.add_argument("--metric", default="roc_auc", choices=FIGURES, help="the figure to compare (default roc_auc)")
    words.add_argument(
        "--trials", type=int, default=30, help="of the search in each fold; 0: defaults only (default 30)"
    )
    words.add_argument("--budget", type=float, help="seconds that a search may take for a fold; else the task's own")
    words.add_argument("--seed", type=int, default=42)
    return words


def own_task(arguments: argparse.Namespace) -> Task:
    if not (arguments.target and arguments.folds):
        raise SystemExit("benchmarks: --data needs --target COLUMN and --folds FILE")
    return Task(arguments.data.name, arguments.data, arguments.target, arguments.folds, arguments.metric)


def in_folder(task: Task, folder: Path) -> Task:
    return Task(**{**vars(task), "data": folder / task.data, "folds": folder / task.folds})


def measure(task: Task, arguments: argparse.Namespace) -> dict[str, object]:
    """Score the task with the defaults, then after a search in every fold."""
    budget_s = arguments.budget or task.budget_s
    plain = TrainingConfig(data=task.data, target=task.target, seed=arguments.seed)
    ways = {"defaults": plain}
    if arguments.trials:
        ways["search"] = plain.model_copy(update={"trials": arguments.trials, "search_timeout_s": budget_s})
    data = DataLoader(plain).load()
    parts = read_folds(task.folds, data.n_rows)
    about = {"rows": data.n_rows, "features": len(data.columns), "classes": len(data.labels.classes)}
    results = {}
    for way, config in ways.items():
        begun, folds, seconds, taken = time.perf_counter(), [], [], 0
        with tempfile.TemporaryDirectory() as scratch:
            for number, fold in enumerate(cross_validate(data, parts, config, Path(scratch))):
                seconds.append(time.perf_counter() - begun)
                folds.append(fold.metrics)
                taken += fold.boosted.params != BoosterParams()
                print(f"{task.name}, {way}, fold {number + 1}: {fold.metrics[task.metric]:.5f} in {seconds[-1]:.1f} s",
                      file=sys.stderr)  # fmt: skip
                begun = time.perf_counter()
        results[way] = {**summary(folds), "seconds_a_fold": statistics.mean(seconds), "searched_taken": taken}
    return {
        **about,
        "metric": task.metric,
        "published": task.published,
        "source": task.source,
        "budget_s": budget_s,
        **results,
    }


def read_folds(path: Path, n_rows: int) -> Parts:
    """Read which fold tests each row."""
    with path.open(newline="") as file:
        fold_of = {int(row["row_id"]): int(row["test_fold"]) for row in csv.DictReader(file)}
    if sorted(fold_of) != list(range(n_rows)):
        raise SystemExit(f"benchmarks: {path} must name each of the {n_rows} labelled rows once")
    folds = np.array([fold_of[row] for row in range(n_rows)])
    return [(np.flatnonzero(folds != one), np.flatnonzero(folds == one)) for one in np.unique(folds)]


def summary(folds: Sequence[dict[str, float]]) -> dict[str, object]:
    """Mean, standard deviation and standard error over the folds, and each fold's own."""
    found: dict[str, object] = {}
    for name in FIGURES:
        values = [fold[name] for fold in folds if name in fold]
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        found[name] = {
            "mean": statistics.mean(values),
            "sd": deviation,
            "se": deviation / len(values) ** 0.5,
            "folds": values,
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
