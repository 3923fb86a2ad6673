"""JSON as RFC 8259 has it, and nothing that only looks like it.

The standard library's parser takes NaN, Infinity, UTF-16, lone surrogates and the last of two equal keys; each is
refused here. This is the complete way and not the fast one: `row_struct` and `row_dict` take good bodies first.
"""

import json
import re
from typing import NoReturn

from mlapi.app.core.errors import InvalidJSON

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")  # RFC 8259's, but for leading zeros
STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
BRACKET = re.compile(r"[\[\]{}]")
DEEP = 200  # the most that `max_depth` may be set to, and far less than the 1000 calls that Python allows
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # half of an escaped pair, or a lone one
BEYOND_FLOAT = 10**400  # stands for numbers that float64 cannot hold; the row check calls them out of range
LONGEST_INTEGER = 400  # digits; Python refuses above 4300, and reads long ones in quadratic time


def parse(body: bytes, *, max_depth: int, nan_is_null: bool = False) -> object:
    """Parse a request body.

    Args:
        body: UTF-8 without a byte order mark.
        max_depth: how deep objects and arrays may be nested; 1 is a flat one.
        nan_is_null: take NaN, which Python writes for a missing cell, as null.

    Returns:
        dict, list, str, bool, None, float or int; a number beyond float64 is given as an int beyond float64.

    Raises:
        InvalidJSON: says what is wrong and where, without echoing the text.
    """
    text = _decode(body)
    try:
        document: object = (_LENIENT if nan_is_null else _STRICT).decode(text)
    except json.JSONDecodeError as error:
        if _is_deep(text[: error.pos]):
            raise InvalidJSON(f"nested deeper than {max_depth}") from None
        raise InvalidJSON(f"syntax error at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidJSON(f"nested deeper than {max_depth}") from None
    _check_depth(document, max_depth)
    if SURROGATE.search(text):
        _check_surrogates(document)
    return document


def _decode(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        raise InvalidJSON("it begins with a byte order mark")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJSON(f"byte {error.start} is not UTF-8") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJSON("an object has the same key twice")
    return found


def number(text: str) -> float | int:
    """Read a number as JSON spells it; one beyond float64 is given as an int beyond float64."""
    found = float(text)
    return _beyond(text) if found in (float("inf"), float("-inf")) else found


def _integer(text: str) -> int:
    return int(text) if len(text) <= LONGEST_INTEGER else _beyond(text)


def _beyond(text: str) -> int:
    return -BEYOND_FLOAT if text.startswith("-") else BEYOND_FLOAT


def _constant(_: str) -> NoReturn:
    raise InvalidJSON("NaN and Infinity are no JSON numbers; write null for a missing cell")


def _nan_as_null(name: str) -> None:
    if name != "NaN":
        _constant(name)


def _is_deep(text: str) -> bool:
    """Whether the parser may have come near its own limit, which is nearer the deeper its caller stands."""
    depth = 0
    for bracket in BRACKET.findall(STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEP:
            return True
    return False


def _check_depth(document: object, max_depth: int) -> None:
    level, depth = [document], 0
    while level := [node for node in level if isinstance(node, dict | list)]:
        depth += 1
        if depth > max_depth:
            raise InvalidJSON(f"nested deeper than {max_depth}")
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]


def _check_surrogates(document: object) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidJSON("a string holds half of a surrogate pair") from None


_STRICT, _LENIENT = (
    json.JSONDecoder(object_pairs_hook=_unique, parse_float=number, parse_int=_integer, parse_constant=constant)
    for constant in (_constant, _nan_as_null)
)
