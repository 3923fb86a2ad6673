"""The bodies of MLflow's scoring protocol (`mlflow models serve`): what its clients send and what they read."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from mlapi.app.core.errors import InvalidRequest
from mlapi.app.schemas.protocol_body import fit
from mlapi.bundle.types import Row

Params = Annotated[
    dict[str, Any] | None, Field(description="MLflow's inference parameters; there are none.", max_length=0)
]


class Split(BaseModel):
    """pandas' `to_dict(orient="split")`."""

    model_config = ConfigDict(extra="forbid")

    columns: list[str] = Field(min_length=1)
    data: list[list[Any]]
    index: list[Any] | None = None


class DataframeSplit(BaseModel):
    """A data frame by names and rows."""

    model_config = ConfigDict(extra="forbid")

    dataframe_split: Split
    params: Params = None


class DataframeRecords(BaseModel):
    """A data frame row by row."""

    model_config = ConfigDict(extra="forbid")

    dataframe_records: list[dict[str, Any]]
    params: Params = None


class Instances(BaseModel):
    """TensorFlow Serving's row format: objects, or lists of cells in the order of the model's features."""

    model_config = ConfigDict(extra="forbid")

    instances: list[dict[str, Any]] | list[list[Any]]
    params: Params = None


class Inputs(BaseModel):
    """TensorFlow Serving's column format, or rows as lists of cells in the order of the model's features."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, list[Any]] | list[dict[str, Any]] | list[list[Any]]
    params: Params = None


class InvocationResponse(BaseModel):
    """One object a row, as MLflow's own server answers for this model."""

    model_config = ConfigDict(extra="forbid")

    predictions: list[dict[str, str | int | float | bool]] = Field(
        description="`prediction`, and `probability_<class>` for each class."
    )


FORMS: Final[dict[str, type[BaseModel]]] = {
    "dataframe_split": DataframeSplit,
    "dataframe_records": DataframeRecords,
    "instances": Instances,
    "inputs": Inputs,
}


def rows_of(document: object, names: tuple[str, ...]) -> list[Row]:
    """Give the rows of a parsed body; the cells are still unchecked.

    Args:
        document: the body.
        names: of the features, for rows without names.

    Raises:
        InvalidRequest: none of the four forms, or rows of unequal length.
    """
    forms = [form for form in FORMS if form in document] if isinstance(document, dict) else []
    if len(forms) != 1:
        raise InvalidRequest(f"The body must hold one of {', '.join(FORMS)}")
    content = getattr(fit(document, FORMS[forms[0]]), forms[0])
    if isinstance(content, Split):
        return _named(content.columns, content.data)
    if isinstance(content, dict):
        return _named(list(content), _transposed(list(content.values())))
    if content and isinstance(content[0], list):
        return _named(names, content)
    return list(content)


def _named(names: list[str] | tuple[str, ...], rows: list[list[Any]]) -> list[Row]:
    if len(set(names)) != len(names):
        raise InvalidRequest("A column stands there twice")
    if any(len(row) != len(names) for row in rows):
        raise InvalidRequest("Each row must have as many cells as there are columns")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _transposed(columns: list[list[Any]]) -> list[list[Any]]:
    """Rows from columns; a column may be [n] or [n, 1]."""
    if len({len(column) for column in columns}) > 1:
        raise InvalidRequest("All columns must have the same length")
    flat = [[cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in column] for column in columns]
    return [list(row) for row in zip(*flat, strict=True)]
