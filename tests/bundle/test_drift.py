"""Counts in the reference's bins, and how far they are from it."""

from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.drift import SMOOTHING, DriftBins
from mlapi.bundle.encoder import Encoder, Encoding, Scaling
from mlapi.bundle.model import Bundle, load
from mlapi.bundle.reference import Reference
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.types import Cells, Matrix, Probabilities
from tests.fixtures import tables
from tests.fixtures.bundles import KINDS, Made, make


@pytest.fixture(params=list(KINDS))
def made(request: pytest.FixtureRequest) -> Made:
    found: Made = KINDS[request.param]()
    return found


@pytest.fixture
def bundle(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(made.write(tmp_path_factory.mktemp("drift") / "1"))


def counted(bins: DriftBins, matrix: Matrix, probabilities: Probabilities) -> list[float]:
    places = np.array(bins.places(matrix, probabilities), np.intp)
    counts: list[float] = np.bincount(places, minlength=bins.size).astype(np.float64).tolist()
    return counts


def bins_of(bundle: Bundle) -> DriftBins:
    return DriftBins(bundle, bundle.reference, bundle.decision.names)


def test_the_training_table_falls_into_the_reference_itself(made: Made, bundle: Bundle) -> None:
    bins = bins_of(bundle)
    prediction = bundle.predict_table(made.sample.table)
    counts = counted(bins, prediction.matrix, prediction.probabilities)
    assert counts == bins._expected
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
    drifts = {
        drift.name: drift.psi for drift in bins.compare(counted(bins, prediction.matrix, prediction.probabilities))
    }
    others = [drifts[name] for name in bundle.schema.names[1:]]
    assert drifts[moved] > 0.25
    assert others == pytest.approx([0.0] * len(others))


def test_the_index_is_the_sum_of_its_formula(bundle: Bundle) -> None:
    bins = bins_of(bundle)
    counts = list(map(float, range(bins.size)))
    first = bins.compare(counts)[0]
    end = bins._starts[1]
    p, q = np.array(bins._expected[:end]) + SMOOTHING, np.array(counts[:end]) + SMOOTHING
    p, q = p / p.sum(), q / q.sum()
    assert first.psi == pytest.approx(sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True)))


def test_no_rows_are_no_counts(bundle: Bundle) -> None:
    bins = bins_of(bundle)
    n_classes = len(bundle.decision.names)
    counts = counted(bins, np.empty((0, len(bundle.schema.names)), np.float32), np.empty((0, n_classes), np.float32))
    assert (bins.n_rows(counts), sum(counts)) == (0, 0)


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_borders_are_scaled_as_the_matrix_is(scaling: Scaling, tmp_path: Path) -> None:
    made = make(tables.mixed(), scaling=scaling)
    bundle = load(made.write(tmp_path / "1"))
    prediction = bundle.predict_table(made.sample.table)
    counts = counted(bins_of(bundle), prediction.matrix, prediction.probabilities)
    assert counts == bins_of(bundle)._expected


@pytest.mark.parametrize("encoding", ["native", "one-hot", "ordinal"])
def test_a_feature_of_several_columns_is_one_row_of_bins(encoding: Encoding) -> None:
    schema = FeatureSchema(
        features=(
            Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x", "y"), on_unknown=OnUnknownCategory.OTHER),
            Feature(name="t", kind=FeatureKind.DATETIME, nullable=True),
            Feature(name="n", kind=FeatureKind.NUMERIC),
        )
    )
    table: dict[str, Cells] = {
        "c": np.array([*"xxxyy", "rare", "odd", None, "x", "y"], np.object_),
        "t": np.array([*np.arange(9.0) * 86_400, np.nan]),
        "n": np.arange(10.0),
    }
    decision, probabilities = Decision(classes=("no", "yes")), np.full((10, 2), 0.5, np.float32)
    encoder = Encoder.fit(schema, table, encodings={"c": encoding})
    bins = DriftBins(encoder, Reference.build(schema, table, decision, probabilities), decision.names)
    counts = counted(bins, encoder.encode_table(table).matrix, probabilities)
    assert counts == bins._expected
    assert counts[:4] == [4.0, 3.0, 2.0, 1.0]
    later = encoder.encode_table(table | {"t": table["t"].astype(np.float64) + 1e8}).matrix
    drifts = {drift.name: drift.psi for drift in bins.compare(counted(bins, later, probabilities))}
    assert drifts["t"] > 0.25
    assert drifts["c"] == drifts["n"] == 0.0
