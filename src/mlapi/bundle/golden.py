"""Rows with the answers that the trained model gave to them (`golden.json`); every load scores them again."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.decision import Decision, NoCalibration
from mlapi.bundle.errors import RowsError, VerificationError
from mlapi.bundle.plain import cells_of
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.trees import TreeEngine
from mlapi.bundle.types import Cell, Row, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlapi.bundle.encoder import Encoder

# Margins are sums of float32 in a fixed order, equal everywhere; expf differs between C libraries in the last bit.
PROBABILITY_TOLERANCE: Final = 1e-6

Numbers = tuple[tuple[float, ...], ...]


class Golden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows and answers; the rows are never shown by any route.

    Attributes:
        rows: cells by feature name, null where missing.
        margin: (n_rows, n_groups), float32 numbers.
        probabilities: (n_rows, n_classes), float32 numbers, before calibration.
        calibrated: the same after calibration; null where the decision has none.
    """

    rows: tuple[dict[str, Cell], ...]
    margin: Numbers
    probabilities: Numbers
    calibrated: Numbers | None = None

    def __post_init__(self) -> None:
        """Refuse a proof of nothing.

        Raises:
            ValueError: no rows.
        """
        if not self.rows:
            raise ValueError("there are no golden rows")

    @classmethod
    def build(cls, encoder: Encoder, engine: TreeEngine, decision: Decision, rows: Sequence[Row]) -> Golden:
        """Score some rows.

        Args:
            encoder: the bundle's.
            engine: the booster.
            decision: the bundle's.
            rows: hold-out rows, 32 or more where there are so many, with the edges of what the features may be.

        Raises:
            RowsError: a row does not fit the schema.
            ValueError: no rows, or a margin that is not finite.
        """
        import numpy as np

        margin = engine.margin(encoder.encode(rows))
        if not np.isfinite(margin).all():
            raise ValueError("the model gives a margin that is not finite")
        served = None if isinstance(decision.calibration, NoCalibration) else _numbers(decision.calibrated(margin))
        return cls(
            rows=tuple(dict(row) for row in rows),
            margin=_numbers(margin),
            probabilities=_numbers(decision.probabilities(margin)),
            calibrated=served,
        )

    def holds(self, schema: FeatureSchema, engine: TreeEngine, decision: Decision) -> bool:
        """Tell whether `check` passes, for a plain model without calibration; where it is in doubt, that decides."""
        matrix = cells_of(schema, self.rows)
        if matrix is None or self.calibrated is not None:
            return False
        margin = engine.margin(matrix)
        probabilities = decision.probabilities(margin)
        expected = list(chain.from_iterable(self.probabilities))
        return (
            [len(row) for row in self.margin] == [engine.n_groups] * len(self.rows)
            and [len(row) for row in self.probabilities] == [len(decision.classes)] * len(self.rows)
            and margin.tobytes() == array("f", chain.from_iterable(self.margin)).tobytes()
            and all(map(_is_near, chain.from_iterable(rows_of(probabilities)), expected))
        )

    def check(self, encoder: Encoder, engine: TreeEngine, decision: Decision) -> None:
        """Score the rows again and compare.

        Raises:
            VerificationError: golden_mismatch; a margin differs in any bit, a probability by more than 1e-6, or a row
                does not fit the schema.
        """
        import numpy as np

        try:
            margin = engine.margin(encoder.encode(self.rows))
        except RowsError as error:
            raise _mismatch("a golden row does not fit the schema") from error
        if not np.array_equal(margin.view(np.int32), _floats(self.margin).view(np.int32)):  # -0.0 is not 0.0
            raise _mismatch("a golden row has another margin")
        if not _close(decision.probabilities(margin), self.probabilities):
            raise _mismatch("a golden row has another probability")
        served = self.probabilities if self.calibrated is None else self.calibrated
        if not _close(decision.calibrated(margin), served):
            raise _mismatch("a golden row has another calibrated probability")

    def to_json(self) -> bytes:
        """Give `golden.json`."""
        return document.write(self)

    @classmethod
    def from_json(cls, data: bytes) -> Golden:
        """Read `golden.json`.

        Raises:
            FormatError: not such a file.
        """
        return document.read(data, cls, "golden.json")


def _numbers(found: NDArray[np.float32]) -> Numbers:
    return tuple(tuple(row) for row in found.tolist())


def _is_near(found: float, expected: float) -> bool:
    return abs(found - expected) <= PROBABILITY_TOLERANCE


def _floats(numbers: Numbers) -> NDArray[np.float32]:
    import numpy as np

    try:
        with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite and so differs
            return np.array(numbers, np.float32)
    except ValueError as error:
        raise _mismatch("golden answers differ in length") from error


def _close(found: NDArray[np.float32], numbers: Numbers) -> bool:
    import numpy as np

    expected = _floats(numbers)
    return found.shape == expected.shape and np.allclose(found, expected, rtol=0, atol=PROBABILITY_TOLERANCE)


def _mismatch(reason: str) -> VerificationError:
    return VerificationError("golden", "golden_mismatch", reason)
