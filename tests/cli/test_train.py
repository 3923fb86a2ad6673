import json
import random
import re
from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi


@pytest.fixture(autouse=True)
def _directory_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_STORE", f"file:{tmp_path}/models")
    monkeypatch.setenv("MLAPI_TRAINING_BOOTSTRAP", "20")
    monkeypatch.setenv("MLAPI_TRAINING_MAX_ROUNDS", "20")


def write_table(path: Path, *, n_rows: int = 240) -> None:
    """Write a table whose label mostly follows the size, with a column that is no feature."""
    chance = random.Random(7)
    lines = ["size,colour,same,label"]
    for _ in range(n_rows):
        size, colour = round(chance.gauss(0, 2), 2), chance.choice(["red", "green", "blue", ""])
        label = "big" if size + (colour == "red") + chance.gauss(0, 0.5) > 0 else "small"
        lines.append(f"{size if chance.random() > 0.05 else 'NA'},{colour},1,{label}")
    path.write_text("\n".join(lines) + "\n")


def test_a_person_reads_rows_columns_left_out_figures_and_what_to_do_next_and_a_program_one_object(
    tmp_path: Path,
) -> None:
    write_table(tmp_path / "sizes.csv")
    flags = ("train", "--data", "sizes.csv", "--target", "label", "--trials", "2")
    person = mlapi(*flags)
    assert (person.exit_code, person.stderr) == (0, "")
    assert "240 rows" in person.stdout
    assert "left out 'same': constant" in person.stdout
    assert "95 % interval     majority  logistic regression" in person.stdout
    (line,) = [line for line in person.stdout.splitlines() if line.startswith("accuracy")]
    assert re.fullmatch(r"accuracy +0\.\d{4}  [01]\.\d{4} to [01]\.\d{4}  0\.\d{4}    [01]\.\d{4}", line)
    assert "registered sizes version 1, now in staging" in person.stdout
    assert person.stdout.splitlines()[-1] == "Next: mlapi models promote sizes"
    program = json.loads(mlapi(*flags, "--seed", "43", "--json").stdout)
    assert set(program) == {"model", "version", "content_digest", "run_id", "metrics"}
    assert (program["model"], program["version"]) == ("sizes", "2")
    assert 0.5 < program["metrics"]["roc_auc"] <= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--dataset"),
        (("--data", "none.csv", "--target", "y"), "none.csv"),
        (("--dataset", "wines"), "wine"),
        (("--dataset", "wine", "--seed", "-1"), "seed"),
    ],
    ids=["no table", "missing file", "unknown dataset", "impossible seed"],
)
def test_what_cannot_be_trained_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    assert says in failed("train", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_flag_of_the_wrong_kind_is_wrong_usage() -> None:
    assert "--seed" in failed("train", "--seed", "x", code=2)
