"""MLflow's own way to a bundle gives the numbers that mlapi serves."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pandas as pd
import pytest

from mlapi.bundle import Bundle, load
from mlapi.bundle.decision import shortest
from mlapi.bundle.errors import RowsError
from mlapi.bundle.moments import seconds_of
from mlapi.bundle.pyfunc import BundleModel, _cell, _load_pyfunc
from tests.fixtures.bundles import KINDS, Made, binary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> Made:
    return KINDS[request.param]()


@pytest.fixture(scope="module")
def bundle(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(made.write(tmp_path_factory.mktemp("bundle") / "1"))


def frame_of(made: Made, n_rows: int = 50) -> pd.DataFrame:
    return pd.DataFrame(made.sample.rows(range(n_rows)))


def check(answer: pd.DataFrame, made: Made, bundle: Bundle) -> None:
    prediction = bundle.predict(made.sample.rows(range(len(answer))))
    names = [f"probability_{name}" for name in made.decision.names]
    assert list(answer.columns) == ["prediction", *names]
    assert answer["prediction"].tolist() == prediction.labels
    assert answer[names].to_numpy().tolist() == shortest(prediction.probabilities)


def test_a_data_frame_gets_a_data_frame(made: Made, bundle: Bundle) -> None:
    check(cast("pd.DataFrame", BundleModel(bundle).predict(frame_of(made))), made, bundle)


def test_the_index_of_a_data_frame_is_kept(made: Made, bundle: Bundle) -> None:
    frame = frame_of(made, 3).set_index(pd.Index(["a", "b", "c"]))
    answer = cast("pd.DataFrame", BundleModel(bundle).predict(frame))
    assert answer.index.tolist() == ["a", "b", "c"]


def test_rows_get_rows(made: Made, bundle: Bundle) -> None:
    rows = made.sample.rows()
    answer = cast("list[dict[str, object]]", BundleModel(bundle).predict(rows))
    check(pd.DataFrame(answer), made, bundle)


def test_an_empty_data_frame_gets_an_empty_one(made: Made, bundle: Bundle) -> None:
    answer = cast("pd.DataFrame", BundleModel(bundle).predict(frame_of(made).iloc[:0]))
    assert len(answer) == 0
    assert answer.columns[0] == "prediction"


@pytest.fixture(scope="module", params=["binary", "multiclass"])
def logged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Path, Path]:
    """A bundle, its directory, and the same as MLflow writes it."""
    import mlflow.pyfunc

    made, folder = KINDS[request.param](), tmp_path_factory.mktemp("logged")
    path = made.write(folder / "bundle")
    mlflow.pyfunc.save_model(
        str(folder / "model"), loader_module="mlapi.bundle.pyfunc", data_path=str(path), pip_requirements=[]
    )
    return made, path, folder / "model"


@pytest.mark.filterwarnings("default")  # MLflow's own
def test_mlflow_loads_and_predicts(logged: tuple[Made, Path, Path]) -> None:
    import mlflow.pyfunc

    made, path, model = logged
    check(mlflow.pyfunc.load_model(str(model)).predict(frame_of(made)), made, load(path))


@pytest.mark.filterwarnings("default")  # MLflow's own
def test_mlflow_serves_the_same_numbers(logged: tuple[Made, Path, Path]) -> None:
    import mlflow.pyfunc
    from mlflow.pyfunc import scoring_server

    made, path, model = logged
    app = scoring_server.init(mlflow.pyfunc.load_model(str(model)))  # what `mlflow models serve` runs

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/invocations", json={"dataframe_records": made.sample.rows(range(50))})

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    check(pd.DataFrame(answer.json()["predictions"]), made, load(path))


def example(**cells: object) -> dict[str, object]:
    return {**binary().encoder.schema.example_row(), **cells}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> BundleModel:
    return _load_pyfunc(str(binary().write(tmp_path_factory.mktemp("model") / "1")))


def margin(model: BundleModel, row: dict[str, object]) -> Any:
    return model.predict([row])


@pytest.mark.parametrize(
    "missing", [None, np.nan, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_every_mark_for_missing_is_missing(missing: object, model: BundleModel) -> None:
    for name in ("income", "city"):
        assert margin(model, example(**{name: missing})) == margin(model, example(**{name: None}))


@pytest.mark.parametrize(
    ("name", "cell", "same"),
    [
        pytest.param("age", np.int64(40), 40, id="int64"),
        pytest.param("age", np.uint8(40), 40, id="uint8"),
        pytest.param("age", np.float64(40.0), 40, id="float64"),
        pytest.param("income", np.float32(1.5), 1.5, id="float32"),
        pytest.param("member", np.bool_(True), True, id="bool"),
        pytest.param("city", np.str_("town 03"), "town 03", id="str"),
    ],
)
def test_numpys_scalars_are_what_they_hold(name: str, cell: object, same: object, model: BundleModel) -> None:
    assert margin(model, example(**{name: cell})) == margin(model, example(**{name: same}))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param("age", "40", id="text for a number"),
        pytest.param("age", np.bool_(True), id="boolean for a number"),
        pytest.param("age", pd.Timestamp("2026-01-01"), id="time"),
        pytest.param("age", np.datetime64("2026-01-01"), id="NumPy's time"),
        pytest.param("age", [1], id="list"),
        pytest.param("age", b"1", id="bytes"),
        pytest.param("city", 3, id="number for a category"),
        pytest.param("income", np.inf, id="infinity"),
        pytest.param("age", np.nan, id="missing where it may not be"),
    ],
)
def test_cells_that_do_not_fit_are_refused(name: str, cell: object, model: BundleModel) -> None:
    with pytest.raises(RowsError) as refusal:
        model.predict(pd.DataFrame([example(**{name: cell})]))
    assert [error.feature for error in refusal.value.errors] == [name]


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda frame: frame.convert_dtypes(), id="nullable dtypes"),
        pytest.param(lambda frame: frame.astype({"city": "category", "plan": "category"}), id="pandas categories"),
        pytest.param(lambda frame: frame.astype({"age": "float64"}), id="integers as floats"),
        pytest.param(lambda frame: frame.astype(object), id="objects"),
        pytest.param(lambda frame: frame[frame.columns[::-1]], id="columns in another order"),
        pytest.param(lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"), id="Arrow dtypes"),
    ],
)
def test_a_data_frame_of_any_dtypes_is_the_same(
    convert: Callable[[pd.DataFrame], pd.DataFrame], model: BundleModel
) -> None:
    check(cast("pd.DataFrame", model.predict(convert(frame_of(binary())))), binary(), model.bundle)


def test_rows_are_served_without_pandas(tmp_path: Path) -> None:
    path = binary().write(tmp_path / "1")
    code = (
        "import sys; from mlapi.bundle.pyfunc import _load_pyfunc; from mlapi.bundle import load;"
        f"model = _load_pyfunc({str(path)!r}); print(len(model.predict([model.bundle.schema.example_row()])));"
        "print([name for name in ('pandas', 'xgboost', 'mlflow', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1", "[]"]


@pytest.mark.parametrize(
    ("cell", "same"),
    [
        (pd.Timestamp("2026-01-02T03:04:05.123456789"), "2026-01-02T03:04:05.123456789"),
        (pd.Timestamp("2026-01-02", tz="UTC"), "2026-01-02T00:00:00+00:00"),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (date(2026, 1, 2), "2026-01-02"),
        (pd.NaT, None),
    ],
    ids=str,
)
def test_moments_are_given_as_texts(cell: object, same: object) -> None:
    assert _cell(cell) == same
    assert same is None or seconds_of(str(same)) is not None
