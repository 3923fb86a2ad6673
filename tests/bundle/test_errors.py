"""Errors say what happened in one line and survive a trip between processes."""

from __future__ import annotations

import pickle

import pytest

from mlapi.bundle import errors
from mlapi.bundle.errors import (
    BundleError,
    CellError,
    EngineError,
    FormatError,
    GenerationConflict,
    ModelNotFound,
    RowsError,
    SchemaError,
    StoreError,
    StoreUnavailable,
    VerificationError,
    VersionExists,
)

CELL = CellError(row=3, feature="age", code="wrong_type", expected="a number")
EVERY = [
    (RowsError((CELL,), 1), "row 3, feature 'age': wrong_type, expected a number"),
    (RowsError((CELL,), 5), "row 3, feature 'age': wrong_type, expected a number (4 more)"),
    (SchemaError("age", "holds inf"), "feature 'age': holds inf"),
    (SchemaError(None, "there are no features"), "feature schema: there are no features"),
    (FormatError("schema.json", "no JSON"), "schema.json: no JSON"),
    (VerificationError("digest", "digest_mismatch", "other bytes"), "digest_mismatch (digest): other bytes"),
    (EngineError("no libxgboost"), "no libxgboost"),
    (StoreError("no such store"), "no such store"),
    (StoreUnavailable("mlflow at http://x", "timeout"), "mlflow at http://x: timeout"),
    (ModelNotFound("m"), "there is no model 'm'"),
    (ModelNotFound("m", "3"), "there is no model 'm' version '3'"),
    (ModelNotFound("m", alias="production"), "there is no model 'm' alias 'production'"),
    (VersionExists("m", "3", "ab12"), "version '3' of 'm' exists already with other contents (ab12)"),
    (
        GenerationConflict("m", "production", 4, 5),
        "alias 'production' of 'm' was moved meanwhile (generation 5, expected 4): look at it and try again",
    ),
]


@pytest.mark.parametrize(("error", "line"), EVERY, ids=[type(error).__name__ for error, _ in EVERY])
def test_an_error_says_its_values_in_one_line(error: BundleError, line: str) -> None:
    assert str(error) == line


@pytest.mark.parametrize("error", [error for error, _ in EVERY], ids=[type(error).__name__ for error, _ in EVERY])
def test_an_error_survives_pickling_with_its_attributes(error: BundleError) -> None:
    # Process pools of the standard library send exceptions this way; bundles themselves are never pickled.
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_error_stands_in_the_tree_of_the_docstring() -> None:
    found = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, BundleError)}
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in found)


@pytest.mark.parametrize("kind", [StoreUnavailable, ModelNotFound, VersionExists, GenerationConflict])
def test_what_a_store_raises_is_a_store_error(kind: type[StoreError]) -> None:
    assert issubclass(kind, StoreError)


def test_rows_error_keeps_at_most_a_hundred_cells_and_counts_all() -> None:
    error = RowsError((CELL,) * 150, 2000)
    assert len(error.errors) == 100
    assert error.total == 2000


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31mred", "\ud800", "\0", "tab\t"], ids=ascii)
def test_no_control_character_reaches_a_message(text: str) -> None:
    found = [
        RowsError((CellError(0, text, "wrong_type", text),), 1),
        SchemaError(text, text),
        FormatError(text, text),
        VerificationError("digest", "digest_mismatch", text),
        EngineError(text),
        StoreUnavailable(text, text),
        ModelNotFound(text, text, text),
        GenerationConflict(text, text, 1, 2),
        VersionExists(text, text, ""),
    ]
    assert all(str(error).isprintable() for error in found)


def test_a_long_name_is_cut() -> None:
    assert len(str(SchemaError("x" * 10_000, "reason"))) < 130
