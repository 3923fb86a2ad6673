"""The native way gives what the complete way gives, bit for bit, or doubts."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlapi.app.core.errors import AppError
from mlapi.app.core.request import Ask
from mlapi.app.schemas import native
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.schemas.native import NativeDecoder
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.errors import RowsError
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Matrix, as_array
from tests.app.schemas.strategies import documents, schemas, spelled

_rows = pytest.importorskip("mlapi.app.schemas._rows", reason="the native request decoder is not built")

SCHEMA = FeatureSchema(
    features=(
        Feature(name="age", kind=FeatureKind.INTEGER),
        Feature(name="income", kind=FeatureKind.NUMERIC, nullable=True),
        Feature(name="member", kind=FeatureKind.BOOLEAN, nullable=True),
        Feature(name="town", kind=FeatureKind.CATEGORICAL, categories=("a:b", "x", "größe"), nullable=True),
    )
)
ROW = '{"age": 3, "income": 1.5, "member": true, "town": "x"}'


def both(schema: FeatureSchema = SCHEMA, *, max_rows: int = 5) -> tuple[NativeDecoder, RequestDecoder]:
    encoder = Encoder.fit(schema, {})
    made = NativeDecoder.made_for(encoder, max_rows=max_rows)
    assert made is not None
    return made, RequestDecoder(encoder, max_rows=max_rows, max_depth=32)


def native_matrix(decode: NativeDecoder, text: bytes) -> tuple[Matrix, Ask] | None:
    decoded = decode.decode(text)
    if decoded is None:
        return None
    assert decoded.matrix is not None
    assert (decoded.exact, len(decoded.matrix)) == (True, decoded.n_rows)
    return as_array(decoded.matrix), decoded.ask


def complete_matrix(decode: RequestDecoder, encoder: Encoder, text: bytes) -> tuple[Matrix, Ask]:
    decoded = decode.decode_exactly(text)
    encoded = encoder.encode_table(decoded.table)
    assert encoded.unknown == ()
    return encoded.matrix, decoded.ask


def agree(schema: FeatureSchema, text: bytes) -> bool:
    """Whether the native way took a body, after a look that it gave what the complete way gives."""
    encoder = Encoder.fit(schema, {})
    decode = NativeDecoder.made_for(encoder, max_rows=5)
    found = native_matrix(decode, text) if decode else None
    if found is None:
        return False
    matrix, ask = complete_matrix(RequestDecoder(encoder, max_rows=5, max_depth=32), encoder, text)
    np.testing.assert_array_equal(found[0].view(np.int32), matrix.view(np.int32))
    assert found[1] == ask
    return True


@given(st.data())
def test_agrees_on_any_request(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    agree(schema, spelled(data.draw(documents(schema))))


@given(st.data())
def test_agrees_on_mangled_text(data: st.DataObject) -> None:
    text = spelled(data.draw(documents(SCHEMA)))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 4)))
    pieces = (b"", b",", b":", b'"', b"{", b"}", b"]", b"1", b"-", b".", b"e", b"0", b"\\", b'"age":1,', b"\xff", b"\0")
    agree(SCHEMA, text[:start] + data.draw(st.sampled_from(pieces)) + text[end:])


NUMERIC = FeatureSchema(features=(Feature(name="x", kind=FeatureKind.NUMERIC),))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-3.4e38, max_value=3.4e38).map(repr))
@example("9007199254740993")
@example("1.00000017881393421514957253748434595763683319091796875001")  # beside a tie of float32 in float64's sight
@example("0." + "0" * 300 + "1")
@example("7.2057594037927933e16")
@example("123456789012345678901234567890e-20")
@example("18446744073709551616")  # 2**64
@example("-1844674407370955161.6e-3")
@example("-0")
@example("0e999")
def test_numbers_are_rounded_correctly(number: str) -> None:
    decode, _ = both(NUMERIC)
    found = native_matrix(decode, f'{{"data":[{{"x":{number}}}]}}'.encode())
    assert found is not None
    expected = np.float32(float(number)) + np.float32(0)
    assert found[0][0, 0].tobytes() == expected.tobytes()


@given(st.from_regex(r"-?[0-9]{0,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{0,3})?", fullmatch=True))
def test_takes_no_number_that_json_has_not(text: str) -> None:
    decode, _ = both(NUMERIC)
    try:
        value = json.loads(text)
    except ValueError:
        value = math.nan
    taken = decode.decode(f'{{"data":[{{"x":{text}}}]}}'.encode()) is not None
    with np.errstate(over="ignore"):
        assert taken == bool(np.isfinite(np.float32(value)))


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        (f'{{"data":[{ROW}]}}', Ask(None)),
        (f' {{ "data" : [ {ROW} , {{"age":1}} ] , "options" : {{ }} }} \n', Ask(None)),
        (f'{{"options":{{"probabilities":true}},"data":[{ROW}]}}', Ask(True)),
        (f'{{"data":[{ROW}],"options":{{ "probabilities" : false }}}}', Ask(False)),
        ('{"data":[{"town":"größe","member":null,"age":4.0}]}', Ask(None)),
    ],
)
def test_takes_good_bodies(text: str, ask: Ask) -> None:
    decode, _ = both()
    found = native_matrix(decode, text.encode())
    assert found is not None
    assert found[1] == ask
    assert agree(SCHEMA, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[]",
        '{"data":{}}',
        '{"data":[]}',
        '{"data":[1]}',
        '{"data":[{}]}',  # age is missing
        '{"data":[{"age":null}]}',
        '{"data":[{"age":1,"age":1}]}',
        '{"data":[{"age":1.5}]}',
        '{"data":[{"age":true}]}',
        '{"data":[{"age":"1"}]}',
        '{"data":[{"age":1,"member":1}]}',
        '{"data":[{"age":1,"member":tru}]}',
        '{"data":[{"age":1,"town":x}]}',
        '{"data":[{"age":1,"town":"y"}]}',
        '{"data":[{"age":1,"town":"\\u0078"}]}',
        '{"data":[{"age":1,"more":1}]}',
        '{"data":[{"age" 1}]}',
        '{"data":[{"age":1 "town":"x"}]}',
        '{"data":[{"age":1,}]}',
        '{"data":[{"age":1},]}',
        '{"data":[{"age":1}{"age":1}]}',
        '{"data":[{"age":' + "1" * 401 + "}]}",
        '{"data":[{"age":1e39}]}',
        '{"data":[{"age":1}]}x',
        '{"data":[{"age":1}]}\0',
        '{"data":[{"age":1}],}',
        '{"data":[{"age":1}],"data":[{"age":1}]}',
        '{"data":[{"age":1}],"options":1}',
        '{"data":[{"age":1}],"options":{"probabilities":1}}',
        '{"data":[{"age":1}],"options":{"probabilities":true,}}',
        '{"data":[{"age":1}],"options":{"explain":1}}',
        '{"data":[{"age":1}],"options":{},"options":{}}',
        '{"data" [{"age":1}]}',
        '{"options":{}}',
        '{"data":[' + ",".join(['{"age":1}'] * 6) + "]}",
    ],
)
def test_doubts_everything_else(text: str) -> None:
    decode, _ = both()
    assert decode.decode(text.encode()) is None


def test_a_refusal_is_explained_by_the_complete_way() -> None:
    _, decode = both()
    with pytest.raises(RowsError):
        decode.decode(b'{"data":[{"age":"x"}]}')
    with pytest.raises(AppError):
        decode.decode(b'{"data":[]}')


def test_the_first_way_is_the_native_one() -> None:
    _, decode = both()
    text = f'{{"data":[{ROW}]}}'.encode()
    assert decode.decode(text).matrix is not None
    assert decode.decode_table(text).table["town"].tolist() == ["x"]


def test_a_number_outside_the_range_seen_is_left_to_the_way_that_warns() -> None:
    features = (Feature(name="x", kind=FeatureKind.NUMERIC, minimum=-1.5, maximum=2.0),)
    decode, _ = both(FeatureSchema(features=features))
    taken = [decode.decode(f'{{"data":[{{"x":{x}}}]}}'.encode()) is not None for x in (-1.6, -1.5, 0, 2, 2.1)]
    assert taken == [False, True, True, True, False]


def test_keys_may_come_in_any_order() -> None:
    names = [f"column {number}" for number in range(200)]
    schema = FeatureSchema(features=tuple(Feature(name=name, kind=FeatureKind.NUMERIC) for name in names))
    row = {name: float(number) for number, name in reversed(list(enumerate(names)))}
    decode, _ = both(schema)
    found = native_matrix(decode, json.dumps({"data": [row, row]}).encode())
    assert found is not None
    np.testing.assert_array_equal(found[0], [list(range(200))] * 2)


def test_rows_beyond_the_first_few_are_kept() -> None:
    decode, _ = both(NUMERIC, max_rows=1000)
    text = json.dumps({"data": [{"x": number} for number in range(1000)]}).encode()
    found = native_matrix(decode, text)
    assert found is not None
    np.testing.assert_array_equal(found[0][:, 0], range(1000))


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "new\nline"])
def test_covers_no_name_that_json_escapes(name: str) -> None:
    schema = FeatureSchema(features=(Feature(name=name, kind=FeatureKind.NUMERIC),))
    assert NativeDecoder.made_for(Encoder.fit(schema, {}), max_rows=1) is None


def test_covers_no_scaling() -> None:
    table = {"x": np.array([1.0, 2.0])}
    assert NativeDecoder.made_for(Encoder.fit(NUMERIC, table, scaling="standard"), max_rows=1) is None


def test_without_the_extension_there_is_no_native_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_extension", lambda: None)
    encoder = Encoder.fit(NUMERIC, {})
    assert NativeDecoder.made_for(encoder, max_rows=1) is None
    assert RequestDecoder(encoder, max_rows=1, max_depth=32).decode(b'{"data":[{"x":1}]}').table["x"].tolist() == [1.0]


@pytest.mark.parametrize(
    "changed",
    [
        {"names": ()},
        {"kinds": b"nn"},
        {"nullable": b""},
        {"limits": b""},
        {"categories": ()},
        {"max_rows": 0},
        {"names": ("x",)},
        {"categories": ((1,),)},
    ],
    ids=str,
)
def test_a_plan_that_does_not_fit_together_is_refused(changed: dict[str, Any]) -> None:
    good = {"names": (b"x",), "kinds": b"n", "nullable": b"0", "limits": bytes(16), "categories": ((),), "max_rows": 1}
    with pytest.raises((ValueError, TypeError)):
        _rows.Plan(**{**good, **changed})
    with pytest.raises(TypeError):
        _rows.Plan(**good).decode("text")
