"""From decoded rows to an answer."""

import json
from typing import Any

import msgspec
import pytest

from mlapi.app.core.errors import InvalidRequest
from mlapi.app.core.request import Ask
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.services.prediction_service import Answered, PredictionService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle import load
from mlapi.bundle.store.protocol import AliasRecord
from mlapi.bundle.types import Label
from tests.app.bundles import ROW, bundle

ALIAS = AliasRecord(
    name="churn",
    alias="production",
    version="3",
    manifest_sha256="",
    generation=1,
    promoted_at="",
    promoted_by="",
    reason="",
)


def predict(ask: Ask, *rows: dict[str, Any], classes: tuple[Label, ...] = (0, 1)) -> Answered:
    opened = load(bundle(classes))
    decoder = RequestDecoder(opened.encoder, max_rows=10, max_depth=10)
    snapshot = Snapshot(opened, decoder, ALIAS, "production", ("production",), "")
    decoded = decoder.decode(json.dumps({"data": rows or [ROW]}).encode())
    return PredictionService().predict(snapshot, decoded, ask)


def test_gives_all_that_anybody_could_want_to_write_down() -> None:
    answered = predict(Ask(), ROW, ROW)
    assert (answered.snapshot.version, answered.decoded.n_rows) == ("3", 2)
    assert answered.answer.predictions == answered.prediction.labels


@pytest.mark.parametrize(("threshold", "label"), [(0.0, 1), (1.0, 0)])
def test_a_threshold_takes_the_place_of_the_models_own(threshold: float, label: int) -> None:
    assert predict(Ask(threshold=threshold)).answer.predictions == [label]


def test_a_threshold_is_none_for_more_than_two_classes() -> None:
    with pytest.raises(InvalidRequest, match="two classes"):
        predict(Ask(threshold=0.5), classes=(0, 1, 2))


def test_remarks_stand_in_the_answer_only_where_there_are_any() -> None:
    assert predict(Ask()).answer.warnings is msgspec.UNSET
    noted = predict(Ask(), ROW | {"age": 99}).answer.warnings
    assert isinstance(noted, list)
    assert [one.code for one in noted] == ["out_of_range"]
