"""Explanations are XGBoost's own contributions, sorted and named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from mlapi.app.services.explanation import explanations
from mlapi.bundle import load
from mlapi.bundle.model import Bundle
from mlapi.bundle.types import Matrix
from tests.fixtures import bundles

ALL = 10_000


def boosters_own(bundle: Bundle, path: Path, matrix: Matrix) -> np.ndarray[Any, Any]:
    """(n_rows, n_groups, n_columns + 1), the bias last."""
    data = xgboost.DMatrix(matrix, feature_types=list(bundle.encoder.column_types), nthread=2)
    found = np.asarray(xgboost.Booster(model_file=str(path / "model.ubj")).predict(data, pred_contribs=True))
    return found.reshape(len(matrix), -1, matrix.shape[1] + 1)


def check(bundle: Bundle, path: Path, matrix: Matrix) -> None:
    """Every row sums to its margin, and its features are ordered as the booster's contributions are."""
    prediction = bundle.predict_matrix(matrix)
    expected = boosters_own(bundle, path, matrix)
    groups = prediction.probabilities.argmax(axis=1) if expected.shape[1] > 1 else np.zeros(len(matrix), int)
    names = bundle.encoder.columns
    for row, one in enumerate(explanations(bundle, prediction, ALL)):
        weights = expected[row, groups[row], :-1]
        found = [part.contribution for part in one.contributions]
        assert one.base_value + sum(found) + one.rest == pytest.approx(one.margin, abs=1e-5)
        by_name = dict(zip(names, weights.tolist(), strict=True))
        ours = [by_name[part.feature] for part in one.contributions]
        np.testing.assert_allclose(found, ours, atol=1e-5)
        np.testing.assert_allclose(np.abs(ours), np.sort(np.abs(weights))[::-1], atol=2e-5)  # but for ties
        if abs(weights).max() - np.partition(abs(weights), -2)[-2] > 1e-5:
            assert one.contributions[0].feature == names[int(abs(weights).argmax())]


@pytest.mark.parametrize("kind", bundles.KINDS)
def test_every_row_sums_to_its_margin_by_the_boosters_own_contributions(kind: str, tmp_path: Path) -> None:
    made = bundles.KINDS[kind]()
    path = made.write(tmp_path / "bundle")
    check(load(path), path, made.matrix)


def test_names_the_class_whose_margin_it_is(tmp_path: Path) -> None:
    for make, place in ((bundles.binary, None), (bundles.multiclass, 0)):
        made = make()
        bundle = load(made.write(tmp_path / make.__name__))
        encoded = bundle.encoder.encode_table(made.sample.table)
        prediction = bundle.predict_encoded(encoded)
        labels = [one.label for one in explanations(bundle, prediction, 1)]
        assert labels == (prediction.labels if place == 0 else [made.decision.classes[1]] * len(labels))
