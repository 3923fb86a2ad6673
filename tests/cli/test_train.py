import json
from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi
from tests.cli.trained import write_table

pytestmark = pytest.mark.usefixtures("state")


def test_a_person_reads_rows_columns_left_out_figures_and_what_to_do_next(tmp_path: Path) -> None:
    write_table(tmp_path / "sizes.csv")
    result = mlapi("train", "--data", "sizes.csv", "--target", "label", "--trials", "2", "--name", "tuned")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert "240 rows" in result.stdout
    assert "left out 'same': constant" in result.stdout
    assert "95 % interval" in result.stdout
    assert "registered tuned version 1, now in staging" in result.stdout
    assert result.stdout.splitlines()[-1] == "Next: mlapi models promote tuned"


def test_a_program_reads_one_object(tmp_path: Path) -> None:
    write_table(tmp_path / "sizes.csv")
    result = mlapi("train", "--data", "sizes.csv", "--target", "label", "--json")
    found = json.loads(result.stdout)
    assert set(found) == {"model", "version", "content_digest", "run_id", "metrics"}
    assert (found["model"], found["version"]) == ("sizes", "3")
    assert 0.5 < found["metrics"]["roc_auc"] <= 1


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
def test_what_cannot_be_trained_is_one_line(arguments: tuple[str, ...], says: str) -> None:
    assert says in failed("train", *arguments)


def test_a_flag_of_the_wrong_kind_is_wrong_usage() -> None:
    assert "--seed" in failed("train", "--seed", "x", code=2)
