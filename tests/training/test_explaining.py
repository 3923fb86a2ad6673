"""Contributions by feature; that they add up to the margin is seen in test_papers."""

import numpy as np

from mlapi.training.explaining import by_name
from mlapi.training.plots import Explained
from mlapi.training.plots.contributions import draw_contributions


def test_columns_of_one_name_are_put_together() -> None:
    matrix = np.array([[1, 0, 5], [0, 1, 6]], dtype=np.float32)
    pushes = np.array([[[0.1, 0.2, 1.0]], [[-0.3, 0.1, 2.0]]], dtype=np.float32)
    found = by_name(Explained(("plan", "plan", "age"), ("i", "i", "q"), matrix, pushes, ("no", "yes")))
    assert (found.columns, found.column_types) == (("plan", "age"), ("c", "q"))
    assert np.allclose(found.contributions[:, 0, :], [[0.3, 1.0], [-0.2, 2.0]])
    assert np.isnan(found.matrix[:, 0]).all()
    assert found.matrix[:, 1].tolist() == [5.0, 6.0]
    assert draw_contributions(found).startswith(b"\x89PNG")
