"""RFC 8259 and nothing that only looks like it."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.app.core.errors import InvalidJSON
from mlapi.app.schemas.strict_json import BEYOND_FLOAT, DEEP, parse
from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import load_settings

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)

REFUSED = {
    "empty": b"",
    "blank": b"  ",
    "nan": b'{"a": NaN}',
    "infinity": b"[Infinity]",
    "minus infinity": b"[-Infinity]",
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "utf-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "utf-32": '{"a": 1}'.encode("utf-32-be"),
    "bad utf-8": b'{"a": "\xff"}',
    "surrogate in utf-8": b'{"a": "\xed\xa0\x80"}',
    "lone high surrogate": b'{"a": "\\ud800"}',
    "lone low surrogate": b'{"a": "\\udc00x"}',
    "surrogates in the wrong order": b'["\\udc00\\ud800"]',
    "surrogate in a key": b'{"\\ud800": 1}',
    "trailing comma in an object": b'{"a": 1,}',
    "trailing comma in a list": b"[1,]",
    "trailing junk": b"{} x",
    "two documents": b"{}{}",
    "duplicate key": b'{"a": 1, "a": 1}',
    "duplicate key by escape": b'{"a": 1, "\\u0061": 2}',
    "duplicate key deep inside": b'[{"b": {"a": 1, "a": 1}}]',
    "leading zero": b"[01]",
    "plus sign": b"[+1]",
    "bare point": b"[1.]",
    "hexadecimal": b"[0x10]",
    "single quotes": b"{'a': 1}",
    "comment": b"[1] // one",
    "raw control character": b'["\x01"]',
    "raw newline in a string": b'["a\nb"]',
    "form feed as blank": b"\x0c{}",
    "no-break space as blank": "\u00a0{}".encode(),
    "unfinished string": b'{"a": "b',
    "unfinished escape": b'["\\u12"]',
    "unknown escape": b'["\\x41"]',
    "unfinished object": b'{"a":',
    "nested 33 deep": b"[" * 33 + b"]" * 33,
    "nested very deep": b"[" * 100_000,
    "objects nested very deep": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_what_is_no_json(body: bytes) -> None:
    with pytest.raises(InvalidJSON):
        parse(body, max_depth=32)


@given(DOCUMENTS)
def test_reads_what_any_writer_writes(document: object) -> None:
    text = json.dumps(document)
    assert parse(text.encode(), max_depth=40) == json.loads(text)


@given(st.binary(max_size=60))
def test_never_fails_otherwise_on_any_bytes(body: bytes) -> None:
    with contextlib.suppress(InvalidJSON):
        parse(body, max_depth=32)


def test_keeps_a_surrogate_pair_and_an_escaped_backslash() -> None:
    assert parse(b'["\\ud83d\\ude00", "\\\\ud800"]', max_depth=32) == ["\U0001f600", "\\ud800"]


def test_takes_nesting_up_to_the_limit() -> None:
    assert parse(b"[" * 32 + b"]" * 32, max_depth=32) is not None


@pytest.mark.parametrize("text", ["1e400", "9" * 401, "9" * 100_000])
def test_gives_a_number_beyond_float64_as_one_that_no_float_can_hold(text: str) -> None:
    assert parse(f"[{text}, -{text}]".encode(), max_depth=32) == [BEYOND_FLOAT, -BEYOND_FLOAT]


def test_says_where_the_syntax_breaks_without_echoing_it() -> None:
    with pytest.raises(InvalidJSON) as caught:
        parse(b'{"a": 1,\n "secret"}', max_depth=32)
    assert str(caught.value) == "The body is not valid JSON: syntax error at line 2, column 10."


@pytest.mark.parametrize("n_levels", range(150, 1100, 25))
@pytest.mark.parametrize("opening", ["[", '{"[":', '["]\\"",'])
def test_says_the_same_of_deep_and_broken_bodies_wherever_it_is_called_from(n_levels: int, opening: str) -> None:
    body = (opening * n_levels).encode()
    said = {explain(body, n_calls) for n_calls in (0, 1, 30, 100, 300)}
    assert said == {"nested deeper than 5" if n_levels > DEEP else f"syntax error at line 1, column {len(body) + 1}"}


def test_no_limit_can_be_set_that_a_caller_could_lower() -> None:
    assert load_settings(environ={"MLAPI_MAX_DEPTH": str(DEEP)}).api.max_depth == DEEP
    with pytest.raises(SettingsError, match="MLAPI_MAX_DEPTH"):
        load_settings(environ={"MLAPI_MAX_DEPTH": str(DEEP + 1)})


def explain(body: bytes, n_calls: int) -> str:
    if n_calls:
        return explain(body, n_calls - 1)
    with pytest.raises(InvalidJSON) as caught:
        parse(body, max_depth=5)
    return str(caught.value).removeprefix("The body is not valid JSON: ").removesuffix(".")
