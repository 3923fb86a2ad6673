"""Tables as files give them, and names in messages."""

import numpy as np
import pytest

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column
from mlapi.training.errors import ConfigError, TableError, TargetError, count_of, nearest, shown
from mlapi.training.table import RawTable


def table(*names: str, n_rows: int = 2) -> RawTable:
    columns = tuple(Column(name, ColumnKind.NUMBER, np.zeros(n_rows)) for name in names)
    return RawTable("x.csv", columns, n_rows)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(TableError, match=r"x\.csv: the table has no rows"):
        table("a", n_rows=0)


def test_a_wrong_target_gets_the_nearest_name() -> None:
    with pytest.raises(TargetError, match=r"target 'specis': x\.csv has no such column; did you mean 'species'\?"):
        table("island", "species").column("specis")


def test_a_name_that_differs_in_case_or_blanks_is_near() -> None:
    assert nearest("CLASS ", ["class", "age"]) == "; did you mean 'class'?"
    assert nearest("zzz", ["class"]) == ""


def test_columns_are_left_out_by_name() -> None:
    assert table("a", "b", "c").without(["b"]).names == ("a", "c")
    with pytest.raises(ConfigError, match=r"--drop: x\.csv has no column 'B'; did you mean 'b'\?"):
        table("a", "b").without(["B"])


def test_long_names_are_cut_and_control_characters_escaped() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 100)) == 42


@pytest.mark.parametrize(("number", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_counts_agree_with_their_noun(number: int, text: str) -> None:
    assert count_of(number, "row") == text
