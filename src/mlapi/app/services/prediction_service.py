"""From the bytes of a request to labels and probabilities, by one snapshot."""

import msgspec

from mlapi.app.core.clock import timestamp
from mlapi.app.core.request import Ask, Decoded
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decision import shortest
from mlapi.bundle.encoder import Encoded
from mlapi.bundle.errors import RowsError
from mlapi.bundle.model import Prediction
from mlapi.bundle.types import Label

UNKNOWN_CATEGORY = "not among the categories seen in training; taken as missing"
NOTHING_ASKED = Ask()


class Remark(msgspec.Struct, frozen=True):
    """Something about one cell that the client should know though the row was answered."""

    row: int  # zero-based position in the request
    feature: str
    code: str
    message: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a successful answer; fields that were not asked for are left out."""

    predictions: list[Label]  # one a row
    model_version: str
    timestamp: str
    probabilities: list[dict[str, float]] | msgspec.UnsetType = msgspec.UNSET  # class name → probability, one a row
    warnings: list[Remark] | msgspec.UnsetType = msgspec.UNSET


class PredictionService:
    """Predicts; holds nothing, so that every request stands alone."""

    def predict(self, snapshot: Snapshot, body: bytes, query: Ask = NOTHING_ASKED) -> tuple[Answer, int]:
        """Answer a request body.

        Args:
            snapshot: the model that answers.
            body: JSON as `schemas/decoder.py` reads it.
            query: options of the query string; the body's own win.

        Returns:
            The answer, and its number of rows.

        Raises:
            AppError: the body is no request.
            RowsError: cells do not fit the model's feature schema.
        """
        decoded, prediction = self._predict(snapshot, body)
        wanted = query.probabilities if decoded.ask.probabilities is None else decoded.ask.probabilities
        answer = Answer(
            predictions=prediction.labels,
            model_version=snapshot.version,
            timestamp=timestamp(),
            probabilities=_by_class(snapshot, prediction) if wanted else msgspec.UNSET,
            warnings=_remarks(prediction) if prediction.unknown else msgspec.UNSET,
        )
        return answer, decoded.n_rows

    def _predict(self, snapshot: Snapshot, body: bytes) -> tuple[Decoded, Prediction]:
        decoded = snapshot.decoder.decode(body)
        if decoded.matrix is not None:
            return decoded, snapshot.bundle.predict_encoded(Encoded(decoded.matrix, ()))
        try:
            return decoded, snapshot.bundle.predict_table(decoded.table)
        except RowsError:
            if not decoded.exact:
                snapshot.decoder.decode_exactly(body)  # raises with the refusal explained, cell by cell
            raise


def _by_class(snapshot: Snapshot, prediction: Prediction) -> list[dict[str, float]]:
    names = snapshot.bundle.decision.names
    return [dict(zip(names, row, strict=True)) for row in shortest(prediction.probabilities)]


def _remarks(prediction: Prediction) -> list[Remark]:
    return [Remark(row, feature, "unknown_category", UNKNOWN_CATEGORY) for row, feature in prediction.unknown]
