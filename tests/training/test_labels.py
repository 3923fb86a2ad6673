"""Targets: classes as the data spells them."""

import numpy as np
import pyarrow as pa
import pytest

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Label
from mlapi.training.columns import Column, TextColumn, text_column
from mlapi.training.errors import ConfigError, TargetError
from mlapi.training.labels import read_known_labels, read_labels


def target(*texts: str) -> TextColumn:
    return text_column("y", pa.array(texts))


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (("1", "0", "1"), (0, 1)),
        (("10", "9", "-1", "9"), (-1, 9, 10)),
        (("1.0", "0.0", "1.0"), (0, 1)),
        (("01", "02", "01"), ("01", "02")),
        (("yes", "no", "no"), ("no", "yes")),
        (("true", "False", "true"), (False, True)),
        (("1", "b", "1"), ("1", "b")),
        ((" a", "a", "a"), (" a", "a")),
        (("1", str(2**63), "1"), ("1", str(2**63))),
        (("9007199254740993", "9007199254740992", "9007199254740992"), (9007199254740992, 9007199254740993)),
    ],
    ids=str,
)
def test_labels_keep_their_spelling(texts: tuple[str, ...], classes: tuple[Label, ...]) -> None:
    labels = read_labels(target(*texts))
    assert labels.classes == classes
    assert [type(label) for label in labels.classes] == [type(label) for label in classes]
    assert [str(label).casefold() for label in labels.spelled()] == [
        text.casefold().removesuffix(".0") for text in texts
    ]


def test_missing_labels_have_no_class() -> None:
    labels = read_labels(target("a", "?", "b", "b"))
    assert labels.codes.tolist() == [0, -1, 1, 1]
    assert labels.known.tolist() == [0, 2, 3]
    assert labels.spelled()[1] is None


def test_typed_labels_are_integers_or_booleans() -> None:
    numbers = read_labels(Column("y", ColumnKind.NUMBER, np.array([2.0, np.nan, 1.0, 1.0])))
    truths = read_labels(Column("y", ColumnKind.BOOLEAN, np.array([1.0, 0.0, 0.0])))
    assert (numbers.classes, numbers.codes.tolist()) == ((1, 2), [1, -1, 0, 0])
    assert truths.classes == (False, True)
    assert isinstance(truths.classes[0], bool)


def test_the_positive_class_stands_last() -> None:
    assert read_labels(target("a", "b", "b")).classes == ("a", "b")
    labels = read_labels(target("a", "b", "b"), positive="a")
    assert (labels.classes, labels.codes.tolist()) == (("b", "a"), [1, 0, 0])


@pytest.mark.parametrize("positive", ["false", "False"])
def test_a_boolean_positive_class_is_spelled_either_way(positive: str) -> None:
    assert read_labels(target("true", "false", "true"), positive=positive).classes == (True, False)


def test_an_integer_positive_class_is_found_by_its_digits() -> None:
    assert read_labels(target("1", "0", "1"), positive="0").classes == (1, 0)


def test_a_positive_class_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'Bad' is no class; there are 'bad', 'good'; did you mean 'bad'\?"):
        read_labels(target("bad", "good", "good"), positive="Bad")


def test_more_than_two_classes_have_no_positive_one() -> None:
    with pytest.raises(ConfigError, match="the target has 3"):
        read_labels(target("a", "b", "c", "c"), positive="a")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["?", ""], "every cell is missing"),
        (["a", "a"], "has the single class 'a'"),
        (["a", "b", "c"], "all 3 labels differ"),
        (["0.5", "1.5", "0.5"], "a quantity; mlapi trains classification only"),
        ([str(number % 150) for number in range(300)], "150 different numbers in 300 rows, a quantity"),
        ([f"id {number % 150}" for number in range(200)], "150 different labels in 200 rows"),
    ],
    ids=["missing", "single", "all distinct", "fractions", "many integers", "many texts"],
)
def test_a_target_that_is_no_class_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(TargetError) as caught:
        read_labels(target(*texts))
    assert message in str(caught.value)


def test_typed_fractions_are_a_quantity() -> None:
    with pytest.raises(TargetError, match="classification only"):
        read_labels(Column("y", ColumnKind.NUMBER, np.array([0.5, 1.0, 1.0])))


def test_a_hundred_classes_are_classes() -> None:
    assert len(read_labels(target(*(str(number % 100) for number in range(200)))).classes) == 100


def test_a_test_file_uses_the_training_tables_classes() -> None:
    labels = read_known_labels(target("b", "?", "a"), ("c", "b", "a"))
    assert (labels.classes, labels.codes.tolist()) == (("c", "b", "a"), [1, -1, 2])


def test_a_test_file_of_digits_fits_classes_of_text() -> None:
    assert read_known_labels(target("1", "2"), ("1", "2", "x")).codes.tolist() == [0, 1]


def test_a_label_that_training_did_not_see_is_refused() -> None:
    with pytest.raises(TargetError, match="the test file has the label 'z', the training table only 'a', 'b'"):
        read_known_labels(target("a", "z"), ("a", "b"))


def test_a_test_file_without_labels_is_refused() -> None:
    with pytest.raises(TargetError, match="every cell of the test file is missing"):
        read_known_labels(target("?"), ("a", "b"))


def test_digits_that_a_file_calls_text_stay_text() -> None:
    assert read_labels(text_column("y", pa.array(["1", "0", "1"]), typed=True)).classes == ("0", "1")
