"""Reading and checking tables by a configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
from pyarrow import parquet

from mlapi.bundle.profile import ColumnKind, FeatureOverride
from mlapi.bundle.schema import FeatureKind
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.errors import ColumnError, ConfigError, DataError, DataFileError, TableError, TargetError
from tests.training.tables import HEADER, good_rows, write_csv


def load(path: Path, **values: Any) -> Dataset:
    return DataLoader(TrainingConfig(data=path, target="y", **values)).load()


def load_both(folder: Path, training: str, test: str, **values: Any) -> Dataset:
    loader = DataLoader(TrainingConfig(data=write_csv(folder, training), target="y", **values))
    return loader.load_test(loader.load(), write_csv(folder, test, "test.csv"))


@pytest.mark.parametrize(
    ("name", "n_rows", "n_features", "classes"),
    [
        ("breast_cancer", 569, 30, ("benign", "malignant")),
        ("wine", 178, 13, ("class_0", "class_1", "class_2")),
        ("iris", 150, 4, ("setosa", "versicolor", "virginica")),
        ("digits", 1797, 64, tuple(range(10))),
    ],
)
def test_scikit_learns_tables(name: str, n_rows: int, n_features: int, classes: tuple[object, ...]) -> None:
    data = DataLoader(TrainingConfig(dataset=name)).load()
    assert (data.n_rows, len(data.columns), data.labels.classes) == (n_rows, n_features, classes)


def test_feature_names_are_kept_as_they_are() -> None:
    assert "mean radius" in DataLoader(TrainingConfig(dataset="breast_cancer")).load().table


def test_an_unknown_dataset_gets_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"there are breast_cancer, wine, iris, digits; did you mean 'digits'\?"):
        DataLoader(TrainingConfig(dataset="digit")).load()


def test_kinds_follow_the_cells(tmp_path: Path) -> None:
    data = load(write_csv(tmp_path, HEADER + good_rows()))
    assert [column.kind for column in data.columns] == [ColumnKind.NUMBER, ColumnKind.TEXT, ColumnKind.BOOLEAN]
    assert data.target not in data.table


def test_rows_without_a_label_are_left_out_and_noted(tmp_path: Path) -> None:
    data = load(write_csv(tmp_path, HEADER + good_rows(20) + "30,free,true,\n31,free,true,?\n"))
    assert data.n_rows == 20
    assert data.notes == ("left out 2 rows of table.csv without a label in 'y'",)


@pytest.mark.parametrize(
    ("content", "values", "message"),
    [
        ("y\nyes\nno\nno\n", {}, "no column is left to learn from beside the target"),
        (HEADER + good_rows(), {"drop": ("age", "plan", "active")}, "no column is left to learn from"),
        (HEADER + good_rows(), {"drop": ("agee",)}, "table.csv has no column 'agee'; did you mean 'age'?"),
        (HEADER + good_rows(), {"overrides": {"Plan": FeatureOverride()}}, "no feature 'Plan'; did you mean 'plan'?"),
        (HEADER + good_rows(), {"overrides": {"y": FeatureOverride()}}, "no feature 'y'"),
        ("age,z\n1,2\n", {}, "no such column"),
    ],
    ids=["target alone", "all dropped", "unknown drop", "unknown override", "override of the target", "wrong target"],
)
def test_faults_between_configuration_and_table(
    tmp_path: Path, content: str, values: Mapping[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError)) as caught:
        load(write_csv(tmp_path, content), **values)
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        load(tmp_path / "none.csv")
    with pytest.raises(DataFileError, match="is a directory; name one file"):
        load(tmp_path)
    with pytest.raises(DataFileError, match="cannot be read: Not a directory"):
        load(write_csv(tmp_path, "a,y\n") / "below.csv")


def test_a_path_with_control_characters_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataFileError) as caught:
        load(tmp_path / "a\nb.csv")
    assert r"a\nb.csv" in str(caught.value)


def test_csv_and_parquet_of_equal_cells_have_equal_fingerprints(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER + good_rows())
    table = arrow_csv.read_csv(
        path, convert_options=arrow_csv.ConvertOptions(null_values=["?"], strings_can_be_null=True)
    )
    parquet.write_table(table, tmp_path / "table.csv.copy")  # known by its first bytes
    first, second = load(path), load(tmp_path / "table.csv.copy")
    assert first.fingerprint() == second.fingerprint()


def test_any_change_of_a_cell_a_name_or_a_label_changes_the_fingerprint(tmp_path: Path) -> None:
    rows = good_rows(20) + "50,team,true,yes\n"
    variants = [
        rows,
        rows.replace("50,team", "51,team"),
        rows.replace("50,team", "50,free"),
        rows.replace("50,team,true,yes", "50,team,true,no"),
    ]
    found = {load(write_csv(tmp_path, HEADER + variant)).fingerprint() for variant in variants}
    found.add(load(write_csv(tmp_path, HEADER.replace("plan", "plans") + rows)).fingerprint())
    assert len(found) == 5


def test_a_numeric_override_reads_stray_text_as_missing_and_notes_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER + good_rows(40) + "old,free,true,yes\n")
    with pytest.raises(ColumnError, match="'old'"):
        load(path)
    data = load(path, overrides={"age": FeatureOverride(kind=FeatureKind.NUMERIC)})
    assert data.notes == ("read 1 cell of text in 'age' as missing",)
    assert np.isnan(data.table["age"][-1])


def test_categories_that_are_mostly_numbers_are_noted_unless_they_are_meant(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "doors,y\n" + "2,a\n3,b\n4,a\n5more,b\n" * 5)
    assert load(path).notes == ("took 'doors' for categories: numbers, but for 5 cells of text: '5more' (5)",)
    assert load(path, overrides={"doors": FeatureOverride(kind=FeatureKind.CATEGORICAL)}).notes == ()


def test_a_test_file_may_order_its_columns_otherwise(tmp_path: Path) -> None:
    test = load_both(tmp_path, HEADER + good_rows(), "y,active,age,plan\nyes,true,30,free\nno,false,40,team\n")
    assert [column.name for column in test.columns] == ["age", "plan", "active"]
    assert test.labels.codes.tolist() == [1, 0]


def test_a_test_file_is_read_in_the_training_tables_kinds(tmp_path: Path) -> None:
    test = load_both(tmp_path, HEADER + good_rows(), HEADER + "?,7,?,yes\n?,8,?,no\n")
    assert [column.kind for column in test.columns] == [ColumnKind.NUMBER, ColumnKind.TEXT, ColumnKind.BOOLEAN]
    assert test.table["plan"].tolist() == ["7", "8"]


def test_dropped_columns_may_be_absent_from_a_test_file(tmp_path: Path) -> None:
    test = load_both(tmp_path, HEADER + good_rows(), "age,active,y\n30,true,yes\n", drop=("plan",))
    assert [column.name for column in test.columns] == ["age", "active"]


@pytest.mark.parametrize(
    ("test", "error", "message"),
    [
        ("age,plan,y\n1,free,yes\n", TableError, "lacks the column 'active'"),
        (
            "age,plan,active,more,y\n1,free,true,1,yes\n",
            TableError,
            "has a column 'more' that the training table lacks",
        ),
        (HEADER + "1,free,true,perhaps\n", TargetError, "has the label 'perhaps'"),
        (
            HEADER + "old,free,true,yes\n",
            ColumnError,
            "column 'age': the test file has 1 cell of text where the training table has numbers",
        ),
        (HEADER + "1,free,2,yes\n", ColumnError, "column 'active': number cells in the test file, boolean cells in"),
    ],
    ids=["column missing", "column too many", "label", "text for a number", "number for a boolean"],
)
def test_a_test_file_that_does_not_fit_is_refused(
    tmp_path: Path, test: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        load_both(tmp_path, HEADER + good_rows(), test)
    assert message in str(caught.value)


def test_a_typed_test_column_of_another_kind_is_refused(tmp_path: Path) -> None:
    parquet.write_table(
        pa.table({"age": [True], "plan": ["free"], "active": [True], "y": ["yes"]}), tmp_path / "test.parquet"
    )
    loader = DataLoader(TrainingConfig(data=write_csv(tmp_path, HEADER + good_rows()), target="y"))
    with pytest.raises(ColumnError, match="column 'age': boolean cells in the test file, number cells in the training"):
        loader.load_test(loader.load(), tmp_path / "test.parquet")
