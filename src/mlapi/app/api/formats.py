"""The media types of a predict answer: one JSON document, or one line a row."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from mlapi.app.api.exchange import JSON
from mlapi.app.services.prediction_service import Answer, ByClass
from mlapi.bundle.decision import class_name

CSV: Final = b"text/csv"
NDJSON: Final = b"application/x-ndjson"
# Fields of the answer with one entry a row, and what the entry is called on a line of its own.
BY_ROW: Final = {
    "predictions": "prediction",
    "probabilities": "probabilities",
    "explanations": "explanation",
    "prediction_ids": "prediction_id",
}


def _as_json(value: object) -> msgspec.Raw:
    if isinstance(value, ByClass):
        return msgspec.Raw(value.to_json())
    raise NotImplementedError  # msgspec then says what cannot be encoded


_encode = msgspec.json.Encoder(enc_hook=_as_json).encode


def ndjson(answer: Answer) -> bytes:
    """A JSON object a row, with the version of the model."""
    lines = ({**row, "model_version": answer.model_version} for row in rows(answer))
    return msgspec.json.Encoder().encode_lines(lines)


def as_csv(answer: Answer) -> bytes:
    """RFC 4180: `prediction`, then `probability_<class>` for each class, and what else there is as JSON in a cell."""
    lines = [_flat(row) for row in rows(answer)]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def rows(answer: Answer) -> Iterator[dict[str, Any]]:
    """What the answer says of each row; a row without warnings has none."""
    given = {name: getattr(answer, field, msgspec.UNSET) for field, name in BY_ROW.items()}
    columns = {name: column for name, column in given.items() if column is not msgspec.UNSET}
    noted: dict[int, list[Any]] = {}
    for warning in answer.warnings or ():
        noted.setdefault(warning.row, []).append(warning)
    for place, cells in enumerate(zip(*columns.values(), strict=True)):
        row = dict(zip(columns, cells, strict=True))
        yield {**row, "warnings": noted[place]} if place in noted else row


def _flat(row: dict[str, Any]) -> dict[str, str]:
    flat = {"prediction": class_name(row.pop("prediction"))}
    flat |= {f"probability_{name}": _spelled(p) for name, p in row.pop("probabilities", {}).items()}
    return flat | {name: value if isinstance(value, str) else _spelled(value) for name, value in row.items()}


def _spelled(value: object) -> str:
    return _encode(value).decode()


ENCODERS: Final[Mapping[bytes, Callable[[Answer], bytes]]] = {JSON: _encode, CSV: as_csv, NDJSON: ndjson}
MEDIA_TYPES: Final = tuple(ENCODERS)
