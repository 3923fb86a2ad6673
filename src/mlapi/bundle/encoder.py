"""From cells to numbers: the only code that does it, in training and in serving (`encoder.json`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import document
from mlapi.bundle.cells import FLOAT32_OVERFLOW, OUT_OF_RANGE, Fault
from mlapi.bundle.errors import FormatError, shown
from mlapi.bundle.rows import Bad, check_rows, rows_error
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.steps import (
    BooleanStep,
    CodesStep,
    FeatureStep,
    NumberStep,
    ScaleStep,
    Scaling,
    Step,
    fit_scale,
    step_of,
)
from mlapi.bundle.types import Cells, Matrix, Row, Table

__all__ = [
    "BooleanStep",
    "CodesStep",
    "Encoded",
    "Encoder",
    "NumberStep",
    "ScaleStep",
    "Scaling",
    "Step",
    "UnknownCell",
]

_FILE: Final = "encoder.json"
_TYPES: Final[dict[type[FeatureStep], str]] = {
    NumberStep: "q",
    BooleanStep: "i",
    CodesStep: "c",
}
Place = tuple[int, int]  # row, position of the feature
_UNKNOWN: Final = math.inf  # so that ONE look at the numbers finds them and what is beyond float32


class UnknownCell(NamedTuple):
    """A category that training has not seen, scored as missing."""

    row: int
    feature: str


class Encoded(NamedTuple):
    """A matrix, and the cells that count as missing in it because their category is unknown, by row."""

    matrix: Matrix
    unknown: tuple[UnknownCell, ...]


class EncoderState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `encoder.json`."""

    steps: tuple[Step, ...]


class Encoder:
    """Turns rows or tables into the matrix that the trees were grown on; never changes, so that threads may share it."""

    def __init__(self, schema: FeatureSchema, steps: Sequence[Step]) -> None:
        """Put steps together.

        Args:
            schema: the features.
            steps: one for each feature in the schema's order, of the kind that the feature calls for; then scale steps.

        Raises:
            FormatError: the steps do not fit the schema.
        """
        self.schema = schema
        self.steps = tuple(steps)
        n_features = len(schema.features)
        _check_feature_steps(schema, self.steps[:n_features])
        scales = _scale_steps(schema, self.steps[n_features:])
        self._coded = [(feature.name, _coding(feature)) for feature in schema.features]
        place = {name: position for position, name in enumerate(schema.names)}
        self._scaled = np.array([place[name] for step in scales for name in step.columns], np.intp)
        self._offset = np.array([number for step in scales for number in step.offset])[:, np.newaxis]
        self._scale = np.array([number for step in scales for number in step.scale])[:, np.newaxis]

    @classmethod
    def fit(cls, schema: FeatureSchema, table: Table, *, scaling: Scaling = "none") -> Encoder:
        """Make the encoder of a schema, learning the scaling, if any, from the training fold."""
        steps: list[Step] = [step_of(feature) for feature in schema.features]
        return cls(schema, steps if scaling == "none" else [*steps, fit_scale(schema, table, scaling)])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix's columns: one a feature, of its name."""
        return self.schema.names

    @property
    def column_types(self) -> tuple[str, ...]:
        """XGBoost's feature types (`feature_types` of DMatrix): q quantitative, i indicator, c categorical."""
        return tuple(_TYPES[type(step_of(feature))] for feature in self.schema.features)

    def encode(self, rows: Sequence[Row]) -> Matrix:
        """Give the matrix of some rows.

        Args:
            rows: n_rows mappings from feature name to cell; an absent name is a missing cell.

        Returns:
            float32 of shape (n_rows, n_columns), C order, columns in the schema's order; NaN for a missing cell and for an
            unknown category that is not rejected.

        Raises:
            RowsError: every cell that does not fit the schema.
        """
        return self.encode_table(check_rows(self.schema, rows)).matrix

    def encode_table(self, table: Table) -> Encoded:
        """Give the matrix of a table whose cells are of the right types, as `check_rows` and the readers of files give it.

        Args:
            table: n_rows cells by feature name; what is no feature is ignored.

        Returns:
            The matrix as for `encode`, never with an infinity or -0.0, and the unknown categories.

        Raises:
            RowsError: a number beyond float32 (before or after scaling), or an unknown category where it is rejected.
            KeyError: a feature is not in the table.
            ValueError: cells of unequal length.
            TypeError: numbers for a categorical feature, or objects for another.

        Thresholds in XGBoost's trees are float32 (`RegTree` in xgboost/include/xgboost/tree_model.h), so the matrix is too:
        a float64 cell next to a threshold could take the other branch.
        """
        block = _block([coded(table[name]) for name, coded in self._coded])
        strange = _beyond_float32(block)
        if self._scaled.size:
            self._scale_in_place(block)
            strange = sorted({*strange, *_beyond_float32(block)})
        unknown = self._unknown(strange, block) if strange else ()
        matrix = block.T.astype(np.float32, order="C")
        matrix += np.float32(0.0)  # -0.0 becomes 0.0
        return Encoded(matrix, unknown)

    def to_json(self) -> bytes:
        """Give `encoder.json`; equal encoders give equal bytes."""
        return document.write(EncoderState(self.steps), readable=True)

    @classmethod
    def from_json(cls, schema: FeatureSchema, data: bytes) -> Encoder:
        """Read `encoder.json`.

        Raises:
            FormatError: not such a file, a step of an unknown kind, or steps that do not fit the schema.
        """
        return cls(schema, document.read(data, EncoderState, _FILE).steps)

    def _scale_in_place(self, block: NDArray[np.float64]) -> None:
        with np.errstate(over="ignore"):  # a cell far outside the fitted range; refused afterwards
            block[self._scaled] = (block[self._scaled] - self._offset) / self._scale

    def _unknown(self, strange: Sequence[Place], block: NDArray[np.float64]) -> tuple[UnknownCell, ...]:
        """Refuse what must not reach the trees; what may is made missing in place, and named.

        Raises:
            RowsError: a number beyond float32, or an unknown category where it is rejected.
        """
        cells = [(row, position, self.schema.features[position]) for row, position in strange]
        bad = [Bad(row, position, one.name, fault) for row, position, one in cells if (fault := _fault(one))]
        if bad:
            raise rows_error(bad)
        for row, position, _ in cells:
            block[position, row] = np.nan
        return tuple(UnknownCell(row, feature.name) for row, _, feature in cells)


def _coding(feature: Feature) -> Callable[[Cells], Cells]:
    """Give what turns a feature's cells into numbers: nothing, or its codes with infinity for an unknown category."""
    if feature.kind is not FeatureKind.CATEGORICAL:
        return _as_they_are
    codes: dict[str | None, float] = {category: float(code) for category, code in feature.codes.items()}
    return partial(_with_codes, {None: np.nan, **codes}.get)


def _as_they_are(cells: Cells) -> Cells:
    return cells


def _with_codes(code_of: Callable[[str | None, float], float], cells: Cells) -> Cells:
    if cells.dtype != np.object_:
        raise TypeError("cells of a categorical feature must be objects")
    return np.fromiter(map(code_of, cells, repeat(_UNKNOWN)), np.float64, len(cells))


def _fault(feature: Feature) -> Fault | None:
    """Tell why a cell that became infinite is refused; None for an unknown category that may be missing."""
    if feature.kind is not FeatureKind.CATEGORICAL:
        return OUT_OF_RANGE
    rejects = feature.on_unknown is OnUnknownCategory.REJECT
    return Fault("unknown_category", feature.expected) if rejects else None


def _block(cells: Sequence[Cells]) -> NDArray[np.float64]:
    """Put n_columns arrays of n_rows cells under each other, (n_columns, n_rows)."""
    n_rows = len(cells[0])
    if any(len(column) != n_rows for column in cells):
        raise ValueError("the features of a table must have equally many cells")
    return np.concatenate(cells, dtype=np.float64, casting="safe").reshape(len(cells), n_rows)


def _beyond_float32(block: NDArray[np.float64]) -> list[Place]:
    beyond = np.abs(block) >= FLOAT32_OVERFLOW
    return [(row, position) for row, position in np.argwhere(beyond.T).tolist()] if beyond.any() else []


def _check_feature_steps(schema: FeatureSchema, steps: Sequence[Step]) -> None:
    if list(steps) != [step_of(feature) for feature in schema.features]:
        raise FormatError(_FILE, "needs one step for each feature first, in the schema's order and of its kind")


def _scale_steps(schema: FeatureSchema, steps: Sequence[Step]) -> list[ScaleStep]:
    scales = [step for step in steps if isinstance(step, ScaleStep)]
    columns = [name for step in scales for name in step.columns]
    if len(scales) != len(steps) or len(set(columns)) != len(columns):
        raise FormatError(_FILE, "has more than one step for a feature")
    for name in columns:
        if name not in schema or not isinstance(step_of(schema.feature(name)), NumberStep):
            raise FormatError(_FILE, f"scales {shown(name)}, which is no number column")
    return scales
