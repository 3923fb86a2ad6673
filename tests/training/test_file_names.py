"""Names without their endings."""

import pytest

from mlapi.training.file_names import stem, uncompressed


@pytest.mark.parametrize(
    ("name", "plain", "bare"),
    [
        ("adult.csv", "adult.csv", "adult"),
        ("adult.csv.gz", "adult.csv", "adult"),
        ("adult.v2.TSV.ZST", "adult.v2.TSV", "adult.v2"),
        ("adult", "adult", "adult"),
        ("adult.gz", "adult", "adult"),
    ],
)
def test_endings_are_taken_off(name: str, plain: str, bare: str) -> None:
    assert (uncompressed(name), stem(name)) == (plain, bare)
