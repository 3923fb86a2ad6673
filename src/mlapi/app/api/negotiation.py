"""What the headers promise about the body, and what the client takes in return (RFC 9110 §8 and §12)."""

from collections.abc import Mapping, Sequence
from typing import Final

from mlapi.app.api.exchange import JSON, Headers
from mlapi.app.core.errors import BodyTooLarge, InvalidRequest, NotAcceptable, UnsupportedMediaType

USUAL_ACCEPT: Final = (None, b"*/*", JSON, b"")
UTF_8: Final = (b"utf-8", b"utf8")


def check_headers(
    headers: Headers, *, max_body_bytes: int, taken: Sequence[bytes] = (JSON,), offered: Sequence[bytes] = (JSON,)
) -> tuple[bytes, bytes]:
    """Refuse a request by its headers alone, before a byte of the body is read.

    Args:
        headers: of the request.
        max_body_bytes: limit of the declared length.
        taken: media types that the body may have.
        offered: media types that the answer may have, the usual one first.

    Returns:
        The media type of the body, and the one to answer with.

    Raises:
        UnsupportedMediaType: another media type, not in UTF-8, or compressed.
        BodyTooLarge: the declared length is over the limit.
        InvalidRequest: the declared length is no number.
        NotAcceptable: the client takes none of the media types on offer.
    """
    given = check_media_type(headers.get(b"content-type"), taken)
    check_length(headers.get(b"content-length"), max_body_bytes)
    wanted = headers.get(b"accept")
    chosen = JSON if wanted in USUAL_ACCEPT else choose(wanted, offered)
    if chosen is None:
        raise NotAcceptable(tuple(kind.decode() for kind in offered))
    if headers.get(b"content-encoding", b"identity").lower() not in (b"identity", b""):
        raise UnsupportedMediaType("without Content-Encoding")
    return given, chosen


def check_media_type(value: bytes | None, taken: Sequence[bytes] = (JSON,)) -> bytes:
    """Ask for one of some media types, with no charset or UTF-8; other parameters are ignored (RFC 8259 defines none).

    Returns:
        Which one it is.
    """
    if value is not None and value in taken:
        return value
    kind, *parameters = (value or b"").split(b";")
    kind = kind.strip().lower()
    if kind not in taken:
        raise UnsupportedMediaType(f"as Content-Type: {b', '.join(taken).decode()}")
    for parameter in parameters:
        name, _, text = parameter.partition(b"=")
        if name.strip().lower() == b"charset" and text.strip().strip(b'"').lower() not in UTF_8:
            raise UnsupportedMediaType("in UTF-8")
    return kind


def check_length(value: bytes | None, limit_bytes: int) -> None:
    """Compare a declared length, if there is one, with the limit."""
    if value is None:
        return
    if not value.isdigit():
        raise InvalidRequest("Content-Length must be a number")
    if len(value) > 18 or int(value) > limit_bytes:
        raise BodyTooLarge(limit_bytes)


def choose(value: bytes | None, offered: Sequence[bytes]) -> bytes | None:
    """Give the media type to answer with.

    Args:
        value: of the Accept header, None where there is none.
        offered: media types that the path can answer with, the usual one first.

    Returns:
        The offered type of the greatest weight, the first of equals; None where the header excludes all of them. The
        most specific range that matches a type decides its weight (RFC 9110 §12.5.1).
    """
    if value is None or not value.strip():
        return offered[0]
    weights = dict(map(_media_range, value.lower().split(b",")))
    best = max(offered, key=lambda kind: _weight_of(kind, weights))
    return best if _weight_of(best, weights) > 0 else None


def _weight_of(kind: bytes, weights: Mapping[bytes, float]) -> float:
    ranges = (kind, kind.partition(b"/")[0] + b"/*", b"*/*")
    return next((weights[one] for one in ranges if one in weights), 0.0)


def _media_range(text: bytes) -> tuple[bytes, float]:
    kind, *parameters = text.split(b";")
    weight = 1.0
    for parameter in parameters:
        name, _, number = parameter.partition(b"=")
        if name.strip() == b"q":
            weight = _weight(number)
    return kind.strip(), weight


def _weight(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
