"""Parameters: every fault is one line that names the parameter."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "--dataset: give either --dataset NAME or --data FILE"),
        ({"dataset": "iris", "data": "x.csv"}, "give either"),
        ({"data": "x.csv"}, "--target: say which column"),
        ({"data": "x.csv", "target": "y", "drop": ("y",)}, "--drop: the target cannot be left out"),
        ({"dataset": "iris", "name": "a/b"}, "--name: a model's name is"),
        ({"dataset": "iris", "name": "n" * 101}, "--name: a model's name is"),
        (
            {"dataset": "iris", "tset_share": 0.1},
            "tset_share: extra inputs are not permitted; did you mean 'test_share'?",
        ),
        ({"dataset": "iris", "test_share": 0.9}, "test_share: input should be less than or equal to 0.5"),
        ({"dataset": "iris", "seed": -1}, "seed: input should be greater than or equal to 0"),
        (
            {"dataset": "iris", "params": {"max_deph": 3}},
            "max_deph: extra inputs are not permitted; did you mean 'max_depth'?",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_parameter_that_cannot_be_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"dataset": "iris"}, "iris"),
        ({"data": Path("x/credit-g.csv"), "target": "y"}, "credit-g"),
        ({"data": Path("x/my table (1).csv"), "target": "y"}, "my_table__1_"),
        ({"data": Path("x/adult.csv.gz"), "target": "y"}, "adult"),
        ({"data": Path("...csv"), "target": "y"}, "model"),
        ({"data": Path("x.csv"), "target": "y", "name": "churn"}, "churn"),
    ],
    ids=str,
)
def test_the_models_name_is_given_or_made_of_the_tables(values: dict[str, Any], name: str) -> None:
    assert TrainingConfig(**values).model_name == name


def test_a_configuration_cannot_be_changed() -> None:
    config = TrainingConfig(dataset="iris")
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3  # type: ignore[misc] # the point of the test


def test_every_parameter_has_a_description() -> None:
    for kind in (TrainingConfig, BoosterParams):
        assert all(field.description for field in kind.model_fields.values())


def test_paths_names_and_threads_do_not_enter_the_fingerprint() -> None:
    plain = TrainingConfig(data=Path("a.csv"), target="y").fingerprint()
    moved = TrainingConfig(data=Path("b/a2.csv"), target="y", name="other", threads=1, experiment="else").fingerprint()
    assert plain == moved


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"drop": ("a",)}, {"params": {"max_depth": 3}}, {"trials": 2}], ids=str
)
def test_what_decides_the_model_enters_the_fingerprint(change: dict[str, Any]) -> None:
    assert TrainingConfig(dataset="iris", **change).fingerprint() != TrainingConfig(dataset="iris").fingerprint()
