from pathlib import Path

import pytest

from mlapi.bundle.profile import FeatureOverride
from mlapi.bundle.schema import FeatureKind
from mlapi.ops.settings import load_settings
from mlapi.training.errors import ConfigError
from mlapi.training.resolving import configuration


def test_flags_win_over_settings() -> None:
    config = configuration({"seed": 1, "dataset": "wine", "max_rounds": 9}, {"seed": 2, "trials": None, "drop": ()})
    assert (config.seed, config.dataset, config.max_rounds, config.trials) == (2, "wine", 9, 0)


def test_a_table_named_by_flags_takes_the_place_of_the_settings_table() -> None:
    section = {"data": "a.csv", "target": "y", "test": "b.csv", "drop": ["id"]}
    config = configuration(section, {"dataset": "iris"})
    assert (config.dataset, config.data, config.target, config.test, config.drop) == ("iris", None, None, None, ("id",))


def test_variables_give_text_that_is_read() -> None:
    environ = {"MLAPI_TRAINING_SEED": "7", "MLAPI_TRAINING_DROP": "id, name", "MLAPI_TRAINING_DATASET": "iris"}
    config = configuration(load_settings(environ=environ).training, {})
    assert (config.seed, config.drop, config.dataset) == (7, ("id", "name"), "iris")


def test_overrides_of_features_come_from_tables(tmp_path: Path) -> None:
    file = tmp_path / "mlapi.toml"
    file.write_text('[training]\ndataset = "iris"\n[training.overrides.zip]\nkind = "categorical"\nnullable = true\n')
    config = configuration(load_settings(config_file=file, environ={}).training, {})
    assert config.overrides == {"zip": FeatureOverride(kind=FeatureKind.CATEGORICAL, nullable=True)}


@pytest.mark.parametrize(
    "section",
    [{"sed": 1}, {"seed": "x"}, {"overrides": {"zip": {"kin": "numeric"}}}, {"overrides": 3}],
    ids=["unknown", "no number", "unknown override", "no table"],
)
def test_what_cannot_be_is_one_line(section: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        configuration({"dataset": "iris", **section}, {})
    assert "\n" not in str(caught.value)
