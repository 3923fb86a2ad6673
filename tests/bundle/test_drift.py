"""Counts in the reference's bins, and how far they are from it."""

from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle.drift import SMOOTHING, DriftBins
from mlapi.bundle.encoder import Scaling
from mlapi.bundle.model import Bundle, load
from tests.fixtures import tables
from tests.fixtures.bundles import KINDS, Made, make


@pytest.fixture(params=list(KINDS))
def made(request: pytest.FixtureRequest) -> Made:
    found: Made = KINDS[request.param]()
    return found


@pytest.fixture
def bundle(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(made.write(tmp_path_factory.mktemp("drift") / "1"))


def bins_of(bundle: Bundle) -> DriftBins:
    return DriftBins(bundle.encoder, bundle.reference, bundle.decision.names)


def test_the_training_table_falls_into_the_reference_itself(made: Made, bundle: Bundle) -> None:
    bins = bins_of(bundle)
    prediction = bundle.predict_table(made.sample.table)
    counts = bins.count(prediction.matrix, prediction.probabilities)
    assert counts.tolist() == bins._expected.tolist()
    assert bins.n_rows(counts) == bundle.reference.n_rows
    drifts = bins.compare(counts)
    assert [drift.psi for drift in drifts] == pytest.approx([0.0] * len(drifts))
    assert [drift.name for drift in drifts] == [*bundle.schema.names, *bundle.decision.names]
    assert sum(drift.of_prediction for drift in drifts) == len(bundle.decision.names)


def test_rows_of_another_kind_are_far_from_it_in_what_they_differ(made: Made, bundle: Bundle) -> None:
    bins = bins_of(bundle)
    table = {name: cells.copy() for name, cells in made.sample.table.items()}
    moved = bundle.schema.names[0]
    table[moved][:] = table[moved][int(np.argmax(bundle.reference.n_rows > 0))]  # one value everywhere
    prediction = bundle.predict_table(table)
    drifts = {drift.name: drift.psi for drift in bins.compare(bins.count(prediction.matrix, prediction.probabilities))}
    others = [drifts[name] for name in bundle.schema.names[1:]]
    assert drifts[moved] > 0.25
    assert others == pytest.approx([0.0] * len(others))


def test_the_index_is_the_sum_of_its_formula(bundle: Bundle) -> None:
    bins = bins_of(bundle)
    counts = np.arange(bins.size, dtype=np.float64)
    first = bins.compare(counts)[0]
    end = int(bins._starts[1])
    p, q = bins._expected[:end] + SMOOTHING, counts[:end] + SMOOTHING
    p, q = p / p.sum(), q / q.sum()
    assert first.psi == pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True)))


def test_no_rows_are_no_counts(bundle: Bundle) -> None:
    bins = bins_of(bundle)
    n_classes = len(bundle.decision.names)
    counts = bins.count(np.empty((0, len(bundle.schema.names)), np.float32), np.empty((0, n_classes), np.float32))
    assert (bins.n_rows(counts), counts.sum()) == (0, 0)


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_borders_are_scaled_as_the_matrix_is(scaling: Scaling, tmp_path: Path) -> None:
    made = make(tables.mixed(), scaling=scaling)
    bundle = load(made.write(tmp_path / "1"))
    prediction = bundle.predict_table(made.sample.table)
    counts = bins_of(bundle).count(prediction.matrix, prediction.probabilities)
    assert counts.tolist() == bins_of(bundle)._expected.tolist()
