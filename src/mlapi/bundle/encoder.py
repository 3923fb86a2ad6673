"""From cells to numbers: the only code that does it, in training and in serving (`encoder.json`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import document
from mlapi.bundle.block import Block, Place, beyond_float32, coding_of, stack
from mlapi.bundle.cells import NOT_MOMENT, OUT_OF_RANGE, Fault
from mlapi.bundle.encoded import Encoded, UnknownCell
from mlapi.bundle.expansion import Expansion
from mlapi.bundle.rows import Bad, check_rows, rows_error
from mlapi.bundle.scaling import Scaler, Scaling, Spread, scale_step, spreads
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.steps import (
    BooleanStep,
    CodesStep,
    DatetimeStep,
    EncoderState,
    Encoding,
    NumberStep,
    OneHotStep,
    OrdinalStep,
    ScaleStep,
    Step,
    check_steps,
    read_steps,
    step_of,
)
from mlapi.bundle.types import Matrix, Row, Table

__all__ = [
    "BooleanStep",
    "CodesStep",
    "DatetimeStep",
    "Encoded",
    "Encoder",
    "Encoding",
    "NumberStep",
    "OneHotStep",
    "OrdinalStep",
    "ScaleStep",
    "Scaling",
    "Spread",
    "Step",
    "UnknownCell",
]

NATIVE: Final[Mapping[str, Encoding]] = MappingProxyType({})
Number = TypeVar("Number", np.float32, np.float64)


class Encoder:
    """Turns rows or tables into the matrix that the trees were grown on; it never changes, threads may share it."""

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
        own, scales = check_steps(schema, self.steps)
        self._scaler = Scaler(schema.names, scales)
        self._expansion = Expansion(schema.features, own)
        self._codings = [(feature.name, coding_of(feature)) for feature in schema.features]

    @classmethod
    def fit(
        cls,
        schema: FeatureSchema,
        table: Table,
        *,
        scaling: Scaling = "none",
        encodings: Mapping[str, Encoding] = NATIVE,
    ) -> Encoder:
        """Make the encoder of a schema, learning the scaling, if any, from the training fold.

        Args:
            schema: the features, fitted on the training fold: it has the categories.
            table: the training fold; looked at for scaling only.
            scaling: of the number columns.
            encodings: of categorical features, by name; native for those not named.
        """
        return cls.of_spreads(schema, {} if scaling == "none" else spreads(schema, table), scaling, encodings)

    @classmethod
    def of_spreads(
        cls,
        schema: FeatureSchema,
        seen: Mapping[str, Spread],
        scaling: Scaling = "none",
        encodings: Mapping[str, Encoding] = NATIVE,
    ) -> Encoder:
        """Make the encoder likewise from what passes over the number columns saw, in pieces if need be.

        Raises:
            KeyError: there is scaling, and a number column has not been looked at.
        """
        steps: list[Step] = [step_of(one, encodings.get(one.name, "native")) for one in schema.features]
        if scaling == "none":
            return cls(schema, steps)
        scaled = {step.feature: seen[step.feature] for step in steps if isinstance(step, NumberStep)}
        return cls(schema, [*steps, scale_step(scaled, scaling)])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix's columns, for people: they need not differ, and may be other features' names."""
        return tuple(column.name for column in self._expansion.columns)

    @property
    def column_types(self) -> tuple[str, ...]:
        """XGBoost's feature types (`feature_types` of DMatrix): q quantitative, i indicator, c categorical."""
        return tuple(column.type for column in self._expansion.columns)

    @property
    def column_codes(self) -> tuple[int, ...]:
        """How many codes each column's cells can have, 0 for a column that holds none."""
        return tuple(column.n_codes for column in self._expansion.columns)

    @property
    def feature_of_column(self) -> tuple[str, ...]:
        """Name of the feature that each column comes from; one feature's columns stand side by side."""
        return self._expansion.feature_of_column

    def one_a_feature(self, matrix: Matrix) -> list[NDArray[np.float32]]:
        """Give one column a feature, (n_rows,) each in the schema's order, for whoever counts cells; NaN is missing."""
        return self._expansion.folded(matrix)

    def by_feature(self, values: NDArray[Number]) -> NDArray[Number]:
        """Add up what belongs to one feature: (…, n_columns) to (…, n_features), in the schema's order."""
        if len(self.feature_of_column) == len(self.schema.names):
            return values
        starts = [self.feature_of_column.index(name) for name in self.schema.names]
        return np.add.reduceat(values, starts, axis=-1)

    def encode(self, rows: Sequence[Row]) -> Matrix:
        """Give the matrix of some rows.

        Args:
            rows: n_rows mappings from feature name to cell; an absent name is a missing cell.

        Returns:
            float32 of shape (n_rows, n_columns), C order, each feature's columns in the schema's order; NaN for a
            missing cell and for an unknown category that counts as missing.

        Raises:
            RowsError: every cell that does not fit the schema.
        """
        return self.encode_table(check_rows(self.schema, rows)).matrix

    def encode_table(self, table: Table) -> Encoded:
        """Give the matrix of a table whose cells are of the right types, as from `check_rows` and the readers of files.

        Args:
            table: n_rows cells by feature name; what is no feature is ignored.

        Returns:
            The matrix as for `encode`, never with an infinity or -0.0, and the unknown categories.

        Raises:
            RowsError: a number beyond float32 (before or after scaling), or an unknown category where it is rejected.
            KeyError: a feature is not in the table.
            ValueError: cells of unequal length.
            TypeError: numbers for a categorical feature, or objects for another.

        Thresholds in XGBoost's trees are float32 (`RegTree` in xgboost/include/xgboost/tree_model.h), so the matrix is
        too: a float64 cell next to a threshold could take the other branch.
        """
        block = stack([code(table[name]) for name, code in self._codings])
        strange = beyond_float32(block)
        if self._scaler:
            self._scaler.apply(block)
            strange = sorted({*strange, *beyond_float32(block)})
        unknown = self._unknown(strange, block) if strange else ()
        matrix = self._expansion.matrix(block)
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
        return cls(schema, read_steps(data))

    def _unknown(self, strange: Sequence[Place], block: Block) -> tuple[UnknownCell, ...]:
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


def _fault(feature: Feature) -> Fault | None:
    """Tell why a cell that became infinite is refused; None for an unknown category that may be missing."""
    if feature.kind is FeatureKind.DATETIME:
        return NOT_MOMENT
    if feature.kind is not FeatureKind.CATEGORICAL:
        return OUT_OF_RANGE
    rejects = feature.on_unknown is OnUnknownCategory.REJECT
    return Fault("unknown_category", feature.expected) if rejects else None
