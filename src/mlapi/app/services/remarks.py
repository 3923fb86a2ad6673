"""What a client should know of its cells though the row was answered."""

import numpy as np

from mlapi.app.services.notes import Remark
from mlapi.bundle.model import Prediction
from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Floats, Table

UNKNOWN_CATEGORY = "not among the categories seen in training; taken as missing"


def remarks(schema: FeatureSchema, table: Table, prediction: Prediction[Floats]) -> list[Remark]:
    """Give the remarks on a table, by row: unknown categories, and numbers outside of the range seen in training.

    An empty table, whose cells were encoded while they were decoded, held nothing to remark on.
    """
    found = [Remark(row, feature, "unknown_category", UNKNOWN_CATEGORY) for row, feature in prediction.unknown]
    for feature in schema.features if table else ():
        if feature.minimum is not None and feature.maximum is not None:
            found += _beyond(feature, feature.minimum, feature.maximum, table)
    return sorted(found, key=lambda remark: remark.row)


def _beyond(feature: Feature, least: float, most: float, table: Table) -> list[Remark]:
    cells = table[feature.name]
    beyond = (cells < least) | (cells > most)  # NaN is neither
    if not beyond.any():
        return []
    limits = map(spelled if feature.kind is FeatureKind.DATETIME else "{:.7g}".format, (least, most))
    message = f"outside of the range seen in training, {' to '.join(limits)}"
    return [Remark(row, feature.name, "out_of_range", message) for row in np.flatnonzero(beyond).tolist()]
