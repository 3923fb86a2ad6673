import io
import json
import sys
from pathlib import Path

import click
import pytest

from mlapi.cli.rows_file import read_rows

ROW = {"age": 39, "job": "clerk", "gain": None}


@pytest.mark.parametrize(
    "text",
    [json.dumps(ROW), json.dumps([ROW]), json.dumps({"data": [ROW]}), "  " + json.dumps(ROW, indent=2)],
    ids=["row", "list", "request", "indented"],
)
def test_an_argument_may_be_json(text: str) -> None:
    assert read_rows(text) == [ROW]


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_a_file_may_hold_a_row_a_line(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n")
    assert read_rows(str(file)) == [ROW, ROW]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps([ROW]).encode())))
    assert read_rows("-") == [ROW]


def test_a_feature_may_be_called_data() -> None:
    assert read_rows('{"data": 3}') == [{"data": 3}]


@pytest.mark.parametrize("text", ["[]", "[1]", '{"data": []}', '{"data": [[1]]}'])
def test_what_holds_no_rows_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="give at least one row"):
        read_rows(text)


@pytest.mark.parametrize("content", [b"age,job\n39,clerk\n", b'{"age": NaN}', b"", b'{"a": "\xff"}', b"3"])
def test_a_file_of_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    file.write_bytes(content)
    with pytest.raises(click.BadParameter):
        read_rows(str(file))


def test_a_missing_file_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_rows("none.json")
