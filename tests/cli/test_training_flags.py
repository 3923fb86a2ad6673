"""Flags, variables and files: one definition, one order, and every value's origin shown."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mlapi.training.config import TrainingConfig
from mlapi.training.parameters import parameters
from tests.cli.run import failed, mlapi


@pytest.mark.parametrize("parameter", parameters(), ids=lambda one: one.flag)
def test_every_parameter_has_a_flag_with_its_meaning(parameter: object) -> None:
    assert parameter.flag in mlapi("train", "--help").stdout  # type: ignore[attr-defined] # parametrize knows no types
    assert parameter.meaning  # type: ignore[attr-defined] # likewise


def test_no_two_parameters_share_a_name() -> None:
    names = [one.name for one in parameters()]
    assert len(set(names)) == len(names)


def test_flags_win_over_variables_and_those_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mlapi.toml").write_text(
        '[training]\ndataset = "wine"\nseed = 1\nbootstrap = 30\nmax_rounds = 9\n'
        "[training.params]\nmax_depth = 2\nsubsample = 0.6\ngamma = 1.0\n"
        "[training.search.max_bin]\nchoices = [64, 256]\n"
    )
    for name, value in {"SEED": "2", "BOOTSTRAP": "40", "MAX_DEPTH": "3", "SUBSAMPLE": "0.7"}.items():
        monkeypatch.setenv(f"MLAPI_TRAINING_{name}", value)
    shown = json.loads(
        mlapi("train", "--seed", "3", "--subsample", "0.9", "--search", "gamma=0:2", "--show-config", "--json").stdout
    )
    assert shown["seed"] == {"value": 3, "origin": "--seed"}
    assert shown["bootstrap"] == {"value": 40, "origin": "MLAPI_TRAINING_BOOTSTRAP"}
    assert shown["max_rounds"] == {"value": 9, "origin": "training.max_rounds in mlapi.toml"}
    assert shown["params.subsample"] == {"value": 0.9, "origin": "--subsample"}
    assert shown["params.max_depth"] == {"value": 3, "origin": "MLAPI_TRAINING_MAX_DEPTH"}
    assert shown["params.gamma"] == {"value": 1.0, "origin": "training.params.gamma in mlapi.toml"}
    assert shown["search.gamma"] == {"value": {"low": 0, "high": 2}, "origin": "--search"}
    assert shown["search.max_bin"]["origin"] == "training.search.max_bin in mlapi.toml"
    assert shown["params.reg_alpha"] == {"value": 0.0, "origin": "default"}
    assert not (tmp_path / ".mlapi").exists()


def test_what_is_shown_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    Path("schema.toml").touch()
    Path("mlapi.toml").write_text('[training.overrides."a b"]\nkind = "categorical"\n')
    flags = ("--data", "a.csv", "--target", "y", "--drop", "id", "--drop", "a\"'é", "--schema", "schema.toml")
    printed = mlapi("train", *flags, "--max-depth", "3", "--search", "subsample=off", "--show-config").stdout
    assert 'target = "y"                              # --target\n' in printed
    assert "# positive is not given\n" in printed
    Path("again.toml").write_text(printed)
    again = mlapi("train", "--config", "again.toml", "--show-config").stdout
    assert tomllib.loads(again) == tomllib.loads(printed)
    assert tomllib.loads(printed)["training"]["search"]["subsample"] == "off"


def test_the_definition_and_its_flags_hold_the_same_names() -> None:
    apart = {"params", "overrides"}
    assert {one.name for one in parameters() if len(one.path) == 1} == set(TrainingConfig.model_fields) - apart


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("SED", "1", "MLAPI_TRAINING_SED: extra inputs are not permitted; did you mean 'seed'?"),
        ("MAX_DPTH", "1", "MLAPI_TRAINING_MAX_DPTH: extra inputs are not permitted; did you mean 'max_depth'?"),
        ("MAX_DEPTH", "x", "MLAPI_TRAINING_MAX_DEPTH: input should be a valid integer, unable to parse string"),
        ("SEARCH", "max_dpth=1:2", "MLAPI_TRAINING_SEARCH: max_dpth: no such parameter; did you mean 'max_depth'?"),
        ("SEARCH", "max_depth", "MLAPI_TRAINING_SEARCH: give NAME=VALUE"),
        ("OVERRIDES", "x", "MLAPI_TRAINING_OVERRIDES: give a table"),
    ],
)
def test_what_cannot_be_is_named_as_it_was_given(
    variable: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MLAPI_TRAINING_{variable}", value)
    assert failed("train", "--dataset", "iris").startswith(line)


def test_a_choice_that_is_none_is_wrong_usage() -> None:
    assert "'none', 'standard', 'minmax'" in failed("train", "--dataset", "iris", "--scaling", "big", code=2)
