"""JSON files: equal bytes for equal values, and nothing read that could be read two ways."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle import document
from mlapi.bundle.errors import FormatError


class Page(msgspec.Struct, forbid_unknown_fields=True):
    numbers: dict[str, float]
    text: str = ""


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)), st.text(), st.booleans())
def test_read_gives_back_what_was_written(numbers: dict[str, float], text: str, readable: bool) -> None:
    page = Page(numbers, text)
    data = document.write(page, readable=readable)
    assert data.endswith(b"}\n")
    assert document.read(data, Page, "page.json") == page


def test_write_gives_equal_bytes_for_equal_values() -> None:
    assert document.write(Page({"a": 1.0, "b": 2.0})) == document.write(Page({"b": 2.0, "a": 1.0}))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b"[]", id="another type"),
        pytest.param(b"{}", id="missing field"),
        pytest.param(b'{"numbers":{},"other":1}', id="unknown field"),
        pytest.param(b'{"numbers":{"a":NaN}}', id="NaN"),
        pytest.param(b'{"numbers":{"a":Infinity}}', id="Infinity"),
        pytest.param(b'{"numbers":{"a":1e999}}', id="beyond float64"),
        pytest.param(b'{"numbers":{"a":true}}', id="boolean for a number"),
        pytest.param(b'{"numbers":{}}{}', id="trailing object"),
        pytest.param(b'\xef\xbb\xbf{"numbers":{}}', id="byte order mark"),
        pytest.param('{"numbers":{}}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"numbers":{},"text":"\xff"}', id="bad UTF-8"),
        pytest.param(b'{"numbers":{"a":1,"a":1}}', id="key twice in a mapping"),
        pytest.param(b'{"numbers":{},"text":"a","text":"b"}', id="field twice"),
        pytest.param(b'{"numbers":' + b'{"a":' * 100_000, id="very deep"),
    ],
)
def test_read_refuses(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"page\.json: "):
        document.read(data, Page, "page.json")
