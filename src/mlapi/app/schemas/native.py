"""The native way: `_rows`, a small extension in C, turns a body into its matrix without an object per cell.

It takes plain requests to plain models and doubts everything else, which goes the general way. It is the one place
beside the encoder that turns cells into numbers, so tests hold the two against each other on any request.
"""

import logging
import math
from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, Self

from mlapi.app.core.request import Ask, Decoded
from mlapi.app.schemas.names import fits_names
from mlapi.bundle.schema import Feature, FeatureKind
from mlapi.bundle.steps import BooleanStep, CodesStep, NumberStep, Step, Stepped

_KINDS: Final = {
    FeatureKind.NUMERIC: (b"n", NumberStep),
    FeatureKind.INTEGER: (b"i", NumberStep),
    FeatureKind.BOOLEAN: (b"b", BooleanStep),
    FeatureKind.CATEGORICAL: (b"c", CodesStep),
}

log = logging.getLogger(__name__)


def _extension() -> Any:
    """Give the extension, None where it was not built."""
    try:
        from mlapi.app.schemas import _rows
    except ImportError:
        log.info("the native request decoder is not built; msgspec decodes")
        return None
    return _rows


class NativeDecoder:
    """Decodes plain bodies for one encoder."""

    def __init__(self, plan: Any, n_columns: int) -> None:
        self._decode = plan.decode
        self._n_columns = n_columns

    @classmethod
    def made_for(cls, of: Stepped, *, max_rows: int) -> Self | None:
        """Give the decoder of a bundle or encoder, None where the extension is not built or does not cover it."""
        features = of.schema.features
        if not covers(features, of.steps) or (extension := _extension()) is None:
            return None
        plan = extension.Plan(
            names=tuple(feature.name.encode() for feature in features),
            kinds=b"".join(_KINDS[feature.kind][0] for feature in features),
            nullable=b"".join(b"1" if feature.nullable else b"0" for feature in features),
            limits=array("d", chain.from_iterable(map(_limits, features))).tobytes(),
            categories=tuple(tuple(category.encode() for category in feature.categories) for feature in features),
            max_rows=max_rows,
        )
        return cls(plan, len(features))

    def decode(self, body: bytes) -> Decoded | None:
        """Decode a good and plain body; None for doubt."""
        found = self._decode(body)
        if found is None:
            return None
        cells, n_rows, probabilities = found
        matrix = memoryview(cells).cast("f", (n_rows, self._n_columns))
        return Decoded({}, n_rows, Ask(probabilities), exact=True, matrix=matrix, body=body)


def _limits(feature: Feature) -> tuple[float, float]:
    """The range seen in training; a number outside is warned of, which the general way does."""
    least, most = feature.minimum, feature.maximum
    return -math.inf if least is None else least, math.inf if most is None else most


def covers(features: Sequence[Feature], steps: Sequence[Step]) -> bool:
    """Whether the extension turns these features into what these steps do: one column each, not scaled."""
    plain = [_KINDS[feature.kind][1](feature.name) for feature in features if feature.kind in _KINDS]
    return plain == list(steps) and fits_names(features)
