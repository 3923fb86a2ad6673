"""A loaded bundle predicts what the booster predicts."""

import json
import shutil
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle import Bundle, libxgboost, load
from mlapi.bundle.archive import pack, unpack, write_directory
from mlapi.bundle.decision import Decision, Platt, shortest
from mlapi.bundle.encoded import UnknownCell
from mlapi.bundle.errors import RowsError, VerificationError
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.types import Cell, Matrix
from mlapi.bundle.verify import CHECKS
from tests.fixtures import tables
from tests.fixtures.bundles import KINDS, Made, binary, make, with_manifest
from tests.fixtures.extension import needs_extension


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> Made:
    return KINDS[request.param]()


@pytest.fixture(scope="module")
def bundle(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(made.write(tmp_path_factory.mktemp("bundle") / "1"), expected_manifest=made.manifest_sha256)


def bits(array: Matrix) -> list[int]:
    return array.view(np.int32).ravel().tolist()


def second_class(probabilities: Matrix) -> Matrix:
    return np.ascontiguousarray(probabilities[:, 1:]) if probabilities.shape[1] == 2 else probabilities


def test_a_loaded_bundle_says_what_it_is(made: Made, bundle: Bundle) -> None:
    assert bundle.manifest.name == "sample"
    assert bundle.manifest_sha256 == made.manifest_sha256
    assert bundle.schema == made.encoder.schema
    assert bundle.decision == made.decision
    assert bundle.reference.n_rows == 400
    assert bundle.card.startswith("# sample")
    assert bundle.card_page is None


def test_a_page_of_the_card_is_read_where_there_is_one(tmp_path: Path) -> None:
    write_directory(tmp_path / "1", with_manifest({**binary().files, "card.html": "<p>größer".encode()}))
    assert load(tmp_path / "1").card_page == "<p>größer"


def test_predict_gives_xgboosts_probabilities_in_every_bit(made: Made, bundle: Bundle) -> None:
    prediction = bundle.predict(made.sample.rows(range(400)))
    assert bits(prediction.margin) == bits(made.expected(made.matrix, output_margin=True))
    assert bits(second_class(prediction.probabilities)) == bits(made.expected(made.matrix))
    assert prediction.labels == made.decision.labels(prediction.probabilities)
    assert prediction.unknown == ()


def test_predict_table_gives_what_predict_gives(made: Made, bundle: Bundle) -> None:
    by_row, by_table = bundle.predict(made.sample.rows(range(400))), bundle.predict_table(made.sample.table)
    assert bits(by_table.probabilities) == bits(by_row.probabilities)
    assert by_table.labels == by_row.labels


def test_a_row_alone_gets_what_it_gets_among_others(made: Made, bundle: Bundle) -> None:
    rows = made.sample.rows(range(20))
    together = bundle.predict(rows).probabilities
    assert bits(np.concatenate([bundle.predict([row]).probabilities for row in rows])) == bits(together)


def test_explain_says_what_each_feature_adds_to_the_margin(made: Made, bundle: Bundle) -> None:
    encoded = bundle.encoder.encode_table(made.sample.table)
    found = bundle.explain(encoded.matrix)
    assert found.shape == (400, bundle.decision.n_groups, len(bundle.schema.features) + 1)
    np.testing.assert_allclose(found.sum(axis=2), bundle.predict_encoded(encoded).margin, rtol=0, atol=1e-5)


@needs_extension
@pytest.mark.parametrize("engine_files", [True, False])
def test_a_bundle_is_loaded_scored_and_explained_without_libxgboost(
    engine_files: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise AssertionError("libxgboost was asked for")

    made = make(tables.mixed(), engine_files=engine_files)
    monkeypatch.setattr(libxgboost, "_library", absent)
    bundle = load(made.write(tmp_path / "1"))
    prediction = bundle.predict(made.sample.rows(range(400)))
    assert bits(prediction.margin) == bits(made.expected(made.matrix, output_margin=True))
    assert bundle.explain(bundle.encoder.encode_table(made.sample.table).matrix).shape[0] == 400


def test_the_example_row_can_be_predicted(bundle: Bundle) -> None:
    assert len(bundle.predict([bundle.schema.example_row()]).labels) == 1


def test_no_rows_give_no_predictions(bundle: Bundle) -> None:
    prediction = bundle.predict([])
    assert prediction.labels == []
    assert prediction.probabilities.shape == (0, len(bundle.decision.classes))


def test_a_bundle_that_went_through_a_tar_predicts_the_same(made: Made, bundle: Bundle, tmp_path: Path) -> None:
    write_directory(tmp_path / "1", unpack(pack(made.files)))
    again = load(tmp_path / "1", expected_manifest=made.manifest_sha256)
    rows = made.sample.rows(range(50))
    assert bits(again.predict(rows).probabilities) == bits(bundle.predict(rows).probabilities)


def test_threads_share_a_bundle(made: Made, bundle: Bundle) -> None:
    rows = made.sample.rows(range(100))
    expected = bits(bundle.predict(rows).probabilities)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: bits(bundle.predict(rows).probabilities) == expected, range(40)))


def test_a_probability_in_json_reads_back_as_the_boosters_float(made: Made, bundle: Bundle) -> None:
    prediction = bundle.predict(made.sample.rows(range(100)))
    read = np.array(json.loads(json.dumps(shortest(prediction.probabilities))), np.float32)
    assert bits(read) == bits(prediction.probabilities)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(binary().write(tmp_path_factory.mktemp("mixed") / "1"))


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "age": st.integers(-(10**6), 10**6) | st.sampled_from([18.0, 54.0]),
            "income": st.none() | st.floats(-1e30, 1e30) | st.integers(-(2**60), 2**60),
            "city": st.none() | st.text(max_size=5).filter(lambda text: "\0" not in text) | st.just("town 03"),
            "plan": st.none() | st.sampled_from(["free", "team", "none", "NONE", ""]),
            "member": st.booleans(),
        }
    ),
    min_size=1,
    max_size=20,
)


@given(rows=ROWS)
def test_any_rows_that_fit_get_what_xgboost_gives_to_their_matrix(rows: list[dict[str, Cell]], mixed: Bundle) -> None:
    prediction = mixed.predict(rows)
    expected = binary().expected(mixed.encoder.encode(rows))
    assert bits(second_class(prediction.probabilities)) == bits(expected)
    assert np.isfinite(prediction.margin).all()
    assert {(cell.row, cell.feature) for cell in prediction.unknown} == {
        (number, name)
        for number, row in enumerate(rows)
        for name in ("city", "plan")
        if row[name] is not None and row[name] not in mixed.schema.feature(name).categories
    }


def test_an_unknown_category_is_scored_as_missing_and_reported(mixed: Bundle) -> None:
    row, missing = (dict(mixed.schema.example_row(), city=city) for city in ("atlantis", None))
    prediction = mixed.predict([missing, row])
    assert bits(prediction.margin[:1]) == bits(prediction.margin[1:])
    assert prediction.unknown == (UnknownCell(1, "city"),)


def test_rows_that_do_not_fit_are_refused(mixed: Bundle) -> None:
    with pytest.raises(RowsError) as refusal:
        mixed.predict([{**mixed.schema.example_row(), "age": "old", "agee": 1}])
    assert {(error.feature, error.code) for error in refusal.value.errors} == {
        ("age", "wrong_type"),
        ("agee", "unknown_feature"),
    }


def test_a_threshold_of_the_caller_moves_the_labels_and_not_the_probabilities(mixed: Bundle) -> None:
    rows = binary().sample.rows(range(50))
    assert set(mixed.predict(rows, threshold=0.0).labels) == {"yes"}
    assert set(mixed.predict(rows, threshold=1.0).labels) == {"no"}
    assert bits(mixed.predict(rows, threshold=1.0).probabilities) == bits(mixed.predict(rows).probabilities)
    assert set(mixed.predict_table(binary().sample.table, threshold=1.0).labels) == {"no"}


def test_a_calibrated_bundle_serves_calibrated_probabilities(tmp_path: Path) -> None:
    decision = Decision(classes=("no", "yes"), threshold=0.4, calibration=Platt(2.0, 0.5))
    made = make(tables.mixed(), decision=decision)
    prediction = load(made.write(tmp_path / "1")).predict(made.sample.rows(range(50)))
    assert bits(prediction.probabilities) == bits(decision.calibrated(prediction.margin))
    assert bits(prediction.probabilities) != bits(decision.probabilities(prediction.margin))
    assert prediction.labels == decision.labels(prediction.probabilities)


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_a_scaled_bundle_predicts_what_its_booster_does(scaling: str, tmp_path: Path) -> None:
    made = make(tables.mixed(), scaling=scaling)  # type: ignore[arg-type]  # one of the two literals
    prediction = load(made.write(tmp_path / "1")).predict(made.sample.rows(range(400)))
    assert bits(second_class(prediction.probabilities)) == bits(made.expected(made.matrix))


def test_equal_data_configuration_and_seed_give_equal_files() -> None:
    one, other = make(tables.mixed()), make(tables.mixed())
    assert one.files == other.files


def test_load_verifies_first(tmp_path: Path) -> None:
    path = binary().write(tmp_path / "1")
    (path / "README.md").write_bytes(b"other")
    with pytest.raises(VerificationError, match=r"README\.md"):
        load(path)


def test_load_verifies_the_signature(tmp_path: Path) -> None:
    keys = generate_keys()
    write_directory(tmp_path / "1", with_manifest(binary().files, private_key=keys.private))
    assert load(tmp_path / "1", public_key=keys.public, require_signature=True).manifest.name == "sample"
    with pytest.raises(VerificationError, match="signature_invalid"):
        load(tmp_path / "1", public_key=generate_keys().public)


def test_load_can_be_content_with_some_checks(tmp_path: Path) -> None:
    path = binary().write(tmp_path / "1")
    assert load(path, checks=CHECKS[:1]).manifest.name == "sample"


def test_a_bundle_needs_its_directory_no_more_once_it_is_loaded(tmp_path: Path) -> None:
    path = binary().write(tmp_path / "1")
    bundle = load(path)
    shutil.rmtree(path)
    assert len(bundle.predict(binary().sample.rows()).labels) == 8


def test_predicting_keeps_nothing(mixed: Bundle) -> None:
    rows = binary().sample.rows(range(100))
    mixed.predict(rows)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            mixed.predict(rows)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000
