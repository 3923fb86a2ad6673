"""The UBJSON reader against files that XGBoost wrote, and against files that nobody should write."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlapi.bundle.errors import FormatError
from mlapi.bundle.ubj import MAX_DEPTH, Value, decode
from tests.fixtures.boosters import train
from tests.fixtures.ubj import encode

NUMBER_ARRAYS = st.sampled_from(["i1", "u1", "i2", "i4", "i8", "f4", "f8"]).flatmap(
    lambda code: hnp.arrays(np.dtype(code), st.integers(0, 5))
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | NUMBER_ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plain(value: object) -> object:
    """The same with arrays as their type, shape and bytes, so that equality means equality of bits."""
    match value:
        case np.ndarray():
            return (value.dtype.str, value.tobytes())
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
    return value


@given(VALUES)
def test_decode_gives_back_what_was_encoded(value: Value) -> None:
    assert plain(decode(encode(value))) == plain(value)


@given(VALUES, st.data())
def test_decode_of_a_damaged_file_gives_a_value_or_a_format_error(value: Value, data: st.DataObject) -> None:
    damaged = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        decode(bytes(damaged))


@given(VALUES, st.data())
def test_decode_refuses_a_truncated_file(value: Value, data: st.DataObject) -> None:
    whole = encode(value)
    with pytest.raises(FormatError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_decode_reads_in_xgboosts_file_what_its_json_says(booster: str) -> None:
    trained = train(3, rounds=3, booster=booster)
    assert_same(decode(trained.model), json.loads(trained.booster.save_raw("json")))


def assert_same(found: object, said: object) -> None:
    """Compare with JSON, whose numbers are decimals: arrays as their own dtype."""
    match found:
        case dict():
            assert isinstance(said, dict)
            assert found.keys() == said.keys()
            for key, member in found.items():
                assert_same(member, said[key])
        case list():
            assert isinstance(said, list)
            for item, said_item in zip(found, said, strict=True):
                assert_same(item, said_item)
        case np.ndarray():
            np.testing.assert_array_equal(found, np.asarray(said, found.dtype))
        case _:
            assert found == said


def test_a_file_of_xgboost_survives_a_round_trip() -> None:
    value = decode(train(rounds=2).model)
    assert plain(decode(encode(value))) == plain(value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "ends in the middle", id="empty"),
        pytest.param(b"X", "unknown type marker", id="unknown marker"),
        pytest.param(b"N", "unknown type marker", id="no-op"),
        pytest.param(b"TT", "follow the value", id="trailing byte"),
        pytest.param(b"Si\xff", "negative", id="negative length"),
        pytest.param(b"ST", "not an integer", id="length of no integer"),
        pytest.param(b"SL\x7f" + b"\xff" * 7, "ends in the middle", id="huge text"),
        pytest.param(b"Si\x01\xff", "not UTF-8", id="bad text"),
        pytest.param(b"[#L\x7f" + b"\xff" * 7, "longer than the file", id="huge list"),
        pytest.param(b"[$d#L\x7f" + b"\xff" * 7, "ends in the middle", id="huge array"),
        pytest.param(b"[$Z#i\x7f", "counted array of numbers", id="array without size"),
        pytest.param(b"[$d]", "counted array of numbers", id="uncounted array"),
        pytest.param(b"{i\x01aTi\x01aF}", "a key twice", id="duplicate key"),
        pytest.param(b"[" * (MAX_DEPTH + 1), "nesting", id="deep list"),
        pytest.param(b"[#i\x01" * 100_000, "nesting", id="very deep list"),
        pytest.param(b"{i\x01a" * 100_000, "nesting", id="very deep object"),
    ],
)
def test_decode_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        decode(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b"[TFZ]", [True, False, None], id="uncounted list"),
        pytest.param(b"[i\x80U\xffI\x80\x00l\x80\x00\x00\x00]", [-128, 255, -32768, -(2**31)], id="small integers"),
        pytest.param(b"d\x3f\x80\x00\x00", 1.0, id="float32"),
    ],
)
def test_decode_reads_also(data: bytes, value: object) -> None:
    assert decode(data) == value
