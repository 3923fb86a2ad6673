import pytest

from mlapi.cli.output import print_json, print_table


def test_a_table_has_columns_as_wide_as_their_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", "N"), [("adult", 3), ("x", 10)])
    assert capsys.readouterr().out == "NAME   N\nadult  3\nx      10\n"


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME",), [])
    assert capsys.readouterr().out == "NAME\n"


def test_json_is_one_line_whatever_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"n": 1, "odd": ValueError("x")})
    assert capsys.readouterr().out == '{"n":1,"odd":"x"}\n'
