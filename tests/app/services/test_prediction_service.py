"""Which way's word counts when the encoder refuses a table."""

from typing import NoReturn

import pytest

from mlapi.app.core.request import Ask, Decoded
from mlapi.app.services.prediction_service import PredictionService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.errors import CellError, RowsError
from mlapi.bundle.types import Table

FROM_ENCODER = RowsError((CellError(0, "a", "out_of_range", "less"),), 1)
EXPLAINED = RowsError((CellError(0, "a", "out_of_range", "less"), CellError(0, "b", "wrong_type", "text")), 2)


class Refusing:
    """A bundle whose encoder refuses every table."""

    def predict_table(self, table: Table) -> NoReturn:
        raise FROM_ENCODER


class Decoding:
    """A decoder that takes every body, and may find more wrong with it when it looks closer."""

    def __init__(self, *, exact: bool, explains: bool) -> None:
        self.exact = exact
        self.explains = explains

    def decode(self, body: bytes) -> Decoded:
        return Decoded({}, 1, Ask(), exact=self.exact)

    def decode_exactly(self, body: bytes) -> Decoded:
        if self.explains:
            raise EXPLAINED
        return Decoded({}, 1, Ask(), exact=True)


@pytest.mark.parametrize(
    ("exact", "explains", "expected"),
    [(False, True, EXPLAINED), (False, False, FROM_ENCODER), (True, True, FROM_ENCODER)],
)
def test_a_refusal_by_the_encoder_is_explained_where_it_can_be(
    exact: bool, explains: bool, expected: RowsError
) -> None:
    snapshot = Snapshot(Refusing(), Decoding(exact=exact, explains=explains), None, "none", (), "")  # type: ignore[arg-type]  # stubs of the parts that are asked
    with pytest.raises(RowsError) as caught:
        PredictionService().predict(snapshot, b"")
    assert caught.value is expected
