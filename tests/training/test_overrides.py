"""What a person says of features."""

from pathlib import Path

import pytest

from mlapi.bundle.profile import FeatureOverride
from mlapi.bundle.schema import FeatureKind, OnUnknownCategory
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError
from mlapi.training.overrides import read_overrides, resolved
from mlapi.training.preparation import prepare


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "schema.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_has_one_table_a_feature(tmp_path: Path) -> None:
    found = read_overrides(write(tmp_path, '[zip]\nkind = "categorical"\n["home.dest"]\non_unknown = "reject"\n'))
    assert found == {
        "zip": FeatureOverride(kind=FeatureKind.CATEGORICAL),
        "home.dest": FeatureOverride(on_unknown=OnUnknownCategory.REJECT),
    }


def test_the_file_goes_over_the_configuration_feature_by_feature(tmp_path: Path) -> None:
    said = {"a": FeatureOverride(nullable=True), "b": FeatureOverride(nullable=True)}
    path = write(tmp_path, "[b]\nnullable = false\n")
    config = resolved(TrainingConfig(dataset="iris", overrides=said, schema_file=path))
    assert config.overrides == {"a": FeatureOverride(nullable=True), "b": FeatureOverride(nullable=False)}
    assert config.schema_file is None


def test_a_configuration_without_a_file_stands() -> None:
    config = TrainingConfig(dataset="iris")
    assert resolved(config) is config


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[a]\nkind = "date"\n', "invalid enum value 'date'"),
        ("[a]\nkin = 1\n", "unknown field `kin`"),
        ("a = 1\n", "expected `object`, got `int`"),
        ("[a\n", "expected ']'"),
        (b"\xff", "can't decode byte 0xff"),
    ],
    ids=["kind", "field", "no table", "no TOML", "no UTF-8"],
)
def test_a_file_that_says_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_overrides(write(tmp_path, content))
    assert str(caught.value).startswith("--schema: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_overrides(tmp_path / "none.toml")


def test_every_field_of_an_override_changes_what_is_trained(tmp_path: Path) -> None:
    cells = "".join(f"{n % 3},2024-01-{n % 28 + 1:02},{'low' if n % 2 else 'high'},n{n},{n % 2}\n" for n in range(240))
    table = tmp_path / "t.csv"
    table.write_text("code,day,size,name,y\n" + cells)
    path = write(
        tmp_path,
        """
        [code]
        kind = "categorical"
        on_unknown = "other"
        encoding = "one-hot"
        description = "of the region"
        [day]
        kind = "categorical"
        [size]
        categories = ["low", "high"]
        encoding = "ordinal"
        nullable = true
        [name]
        kind = "categorical"
        on_unknown = "missing"
        """,
    )
    fitted = prepare(resolved(TrainingConfig(data=table, target="y", schema_file=path))).preprocessing
    code, day, size, name = fitted.schema.features
    assert (code.kind, code.on_unknown, code.description) == ("categorical", "other", "of the region")
    assert (day.kind, day.categories[0]) == ("categorical", "2024-01-01")
    assert (size.categories, size.nullable) == (("low", "high"), True)
    assert (name.kind, name.on_unknown) == ("categorical", "missing")
    assert fitted.encoder.columns == ("code=0", "code=1", "code=2", "code=(other)", "day", "size", "name")
