"""What moved the predictions of some test rows."""

from __future__ import annotations

import numpy as np

from mlapi.training.boosting import Boosted
from mlapi.training.plots import Explained
from mlapi.training.preparation import Prepared
from mlapi.training.trainer import Fold

MOST_ROWS = 1000
MOST_TREE_ROWS = 2_000_000  # trees x rows; about ten seconds of TreeSHAP at depth 6


def explain(prepared: Prepared, boosted: Boosted) -> Explained:
    """Give the exact contributions (TreeSHAP; Lundberg et al., 2020) of rows spread evenly over the test rows."""
    test, encoder = prepared.fold(prepared.test), prepared.preprocessing.encoder
    n_trees = boosted.n_rounds * (1 if len(prepared.data.labels.classes) == 2 else len(prepared.data.labels.classes))
    count = min(len(test.codes), MOST_ROWS, max(50, MOST_TREE_ROWS // n_trees))
    rows = np.unique(np.linspace(0, len(test.codes) - 1, count).astype(np.intp))
    some = Fold(test.matrix[rows], test.codes[rows])
    found = np.asarray(boosted.booster.predict(boosted.trainer.data(some), pred_contribs=True), dtype=np.float32)
    by_group = found.reshape(len(rows), -1, len(encoder.columns) + 1)[:, :, :-1]  # the last one is the bias
    single = Explained(encoder.columns, encoder.column_types, some.matrix, by_group, prepared.data.labels.classes)
    return single if len(set(encoder.columns)) == len(encoder.columns) else by_name(single)


def by_name(explained: Explained) -> Explained:
    """Put the columns of one feature together: their pushes add up, and their cells have no order."""
    names = tuple(dict.fromkeys(explained.columns))
    places = [[place for place, name in enumerate(explained.columns) if name == wanted] for wanted in names]
    alone = [len(one) == 1 for one in places]
    cells = [explained.matrix[:, one[0]] if only else np.nan for one, only in zip(places, alone, strict=True)]
    return Explained(
        names,
        tuple(explained.column_types[one[0]] if only else "c" for one, only in zip(places, alone, strict=True)),
        np.stack([np.broadcast_to(np.float32(cell), len(explained.matrix)) for cell in cells], axis=1),
        np.stack([explained.contributions[:, :, one].sum(axis=2) for one in places], axis=2),
        explained.classes,
    )
