"""The pydantic declaration of a loaded model's rows, which OpenAPI shows.

The bytes of a request are decoded by `decoder.py`; a test proves that both accept and refuse the same.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictStr, WithJsonSchema, create_model

from mlapi.app.schemas.prediction import PredictionRequest
from mlapi.bundle.cells import FLOAT32_OVERFLOW, MOMENT
from mlapi.bundle.moments import seconds_of, spelled
from mlapi.bundle.schema import (
    Feature,
    FeatureKind,
    FeatureSchema,
    OnUnknownCategory,
    OnUnknownFeature,
)

NO_NUL: Final = r"^[^\u0000]*$"  # as `text_fault` has it; half a surrogate pair is no JSON text anyway
FLOAT32_MAX: Final = math.nextafter(FLOAT32_OVERFLOW, 0.0)  # the largest number that does not become infinite
INTEGER_MAX: Final = (
    int(FLOAT32_MAX) + 2**74 - 1
)  # the largest integer that float64 rounds to it; its next is 2**75 away
JSON_TYPES: Final = {
    FeatureKind.NUMERIC: "number",
    FeatureKind.INTEGER: "integer",
    FeatureKind.BOOLEAN: "boolean",
    FeatureKind.CATEGORICAL: "string",
    FeatureKind.DATETIME: "string",
}


def request_model(schema: FeatureSchema, *, max_rows: int) -> type[PredictionRequest]:
    """Make the model of a whole request: components `PredictionRequest` and `FeatureRow`."""
    row = row_model(schema)
    data = Annotated[list[row], Field(min_length=1, max_length=max_rows, description="Rows to predict.")]  # type: ignore[valid-type]  # a type made at run time
    return create_model("PredictionRequest", __base__=PredictionRequest, __doc__="Rows to predict.", data=(data, ...))


def row_model(schema: FeatureSchema) -> type[Any]:
    """Make the model of one row."""
    extra: Literal["forbid", "ignore"] = "forbid" if schema.on_unknown_feature is OnUnknownFeature.REJECT else "ignore"
    fields: dict[str, Any] = {f"f{index}": _field(feature) for index, feature in enumerate(schema.features)}
    model: type[Any] = create_model(
        "FeatureRow",
        __config__=ConfigDict(extra=extra, protected_namespaces=(), title="FeatureRow"),
        __doc__="One row, from feature name to cell, as the loaded model takes it.",
        **fields,
    )
    return model


def property_schema(feature: Feature) -> dict[str, Any]:
    """The JSON Schema of a feature's cells."""
    kind = JSON_TYPES[feature.kind]
    described: dict[str, Any] = {"type": [kind, "null"] if feature.nullable else kind}
    if feature.description:
        described["description"] = feature.description
    if feature.kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER):
        most = INTEGER_MAX if feature.kind is FeatureKind.INTEGER else FLOAT32_MAX
        described |= {"minimum": -most, "maximum": most}
    if feature.minimum is not None and feature.maximum is not None:
        described["x-training-range"] = [_limit(feature, limit) for limit in (feature.minimum, feature.maximum)]
    if feature.kind is FeatureKind.DATETIME:
        described |= {"format": "date-time", "description": feature.description or MOMENT}
    if feature.kind is FeatureKind.CATEGORICAL:
        described |= _categories(feature)
    if feature.example is not None:
        described["examples"] = [feature.example]
    return described


def _categories(feature: Feature) -> dict[str, Any]:
    """A closed list only where an unknown category is refused."""
    if feature.on_unknown is OnUnknownCategory.REJECT:
        return {"enum": [*feature.categories, *([None] if feature.nullable else [])]}
    return {"pattern": NO_NUL, "x-categories": list(feature.categories)}


def _limit(feature: Feature, limit: float) -> float | str:
    return spelled(limit) if feature.kind is FeatureKind.DATETIME else limit


def _field(feature: Feature) -> tuple[Any, Any]:
    cell = _cell_type(feature)
    described = WithJsonSchema(property_schema(feature))
    if feature.nullable:
        return Annotated[cell | None, described], Field(default=None, alias=feature.name)
    return Annotated[cell, described], Field(alias=feature.name)


def _cell_type(feature: Feature) -> Any:
    if feature.kind is FeatureKind.NUMERIC:
        return Annotated[StrictFloat, AfterValidator(_fits_float32)]
    if feature.kind is FeatureKind.INTEGER:
        return Annotated[StrictFloat, AfterValidator(_fits_float32), AfterValidator(_is_whole)]
    if feature.kind is FeatureKind.BOOLEAN:
        return StrictBool
    if feature.kind is FeatureKind.DATETIME:
        return Annotated[StrictStr, AfterValidator(_is_moment)]
    return Annotated[StrictStr, AfterValidator(_text_check(feature))]


def _fits_float32(number: float) -> float:
    if not abs(number) < FLOAT32_OVERFLOW:
        raise ValueError("a number within float32")
    return number


def _is_whole(number: float) -> float:
    if not number.is_integer():
        raise ValueError("a whole number")
    return number


def _is_moment(text: str) -> str:
    if seconds_of(text) is None:
        raise ValueError(MOMENT)
    return text


def _text_check(feature: Feature) -> Callable[[str], str]:
    def check(text: str) -> str:
        if "\0" in text:
            raise ValueError("text without NUL")
        if feature.on_unknown is OnUnknownCategory.REJECT and text not in feature.categories:
            raise ValueError("one of the categories")
        return text

    return check
