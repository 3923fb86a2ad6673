"""From a decoded request to labels and probabilities, by one snapshot."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from mlapi.app.core.clock import timestamp
from mlapi.app.core.errors import InvalidRequest
from mlapi.app.core.request import Ask, Decoded
from mlapi.app.services.notes import Explanation, Remark
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decimals import json_rows, shortest
from mlapi.bundle.model import Bundle, Prediction
from mlapi.bundle.types import Floats, Label


class ByClass:
    """Class name → probability, an object a row; whoever writes the answer says in which form."""

    def __init__(self, names: Sequence[str], probabilities: Floats) -> None:
        self._names = names
        self._probabilities = probabilities

    def __iter__(self) -> Iterator[dict[str, float]]:
        return (dict(zip(self._names, row, strict=True)) for row in shortest(self._probabilities))

    def to_json(self) -> bytes:
        """Give them as JSON."""
        return json_rows(self._probabilities, self._names)


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a successful answer; fields that were not asked for are left out."""

    predictions: list[Label]  # one a row
    model_version: str
    timestamp: str
    probabilities: ByClass | msgspec.UnsetType = msgspec.UNSET
    explanations: list[Explanation] | msgspec.UnsetType = msgspec.UNSET  # one a row
    warnings: list[Remark] | msgspec.UnsetType = msgspec.UNSET
    prediction_ids: list[str] | msgspec.UnsetType = msgspec.UNSET  # UUIDv7, one a row


class Answered(msgspec.Struct, frozen=True):
    """A request that has been predicted, for whoever counts it or writes it down."""

    snapshot: Snapshot
    decoded: Decoded
    prediction: Prediction[Floats]
    answer: Answer


class PredictionService:
    """Predicts; holds nothing of a request, so that every one stands alone."""

    def __init__(self, new_ids: Callable[[int], list[str]] | None = None) -> None:
        """Take what gives the ids of n rows that will be kept; None where no row is."""
        self._new_ids = new_ids

    def predict(self, snapshot: Snapshot, decoded: Decoded, ask: Ask, *, keep: bool = True) -> Answered:
        """Answer a request.

        Args:
            snapshot: the model that answers.
            decoded: by the snapshot's own decoder.
            ask: what the answer shall hold, wherever the client said so.
            keep: whether the rows may be kept, where rows are kept at all.

        Raises:
            InvalidRequest: a threshold for more than two classes.
            RowsError: the encoder refuses a cell; see `Decoded.exact`.
        """
        bundle = snapshot.bundle
        if ask.threshold is not None and len(bundle.decision.classes) > 2:
            raise InvalidRequest("The option 'threshold' needs a model of two classes")
        if decoded.matrix is None:
            prediction: Prediction[Floats] = bundle.predict_table(decoded.table, threshold=ask.threshold)
            noted = _remarks(bundle, decoded, prediction)
        else:
            prediction, noted = bundle.predict_matrix(decoded.matrix, threshold=ask.threshold), None
        answer = Answer(
            predictions=prediction.labels,
            model_version=snapshot.version,
            timestamp=timestamp(),
            probabilities=ByClass(bundle.decision.names, prediction.probabilities)
            if ask.probabilities
            else msgspec.UNSET,
            explanations=_explanations(bundle, prediction, ask.explain) if ask.explain else msgspec.UNSET,
            warnings=noted or msgspec.UNSET,
            prediction_ids=self._new_ids(decoded.n_rows) if keep and self._new_ids else msgspec.UNSET,
        )
        return Answered(snapshot, decoded, prediction, answer)


def _remarks(bundle: Bundle, decoded: Decoded, prediction: Prediction[Floats]) -> list[Remark]:
    from mlapi.app.services.remarks import remarks

    return remarks(bundle.schema, decoded.table, prediction)


def _explanations(bundle: Bundle, prediction: Prediction[Floats], n_features: int) -> list[Explanation]:
    from mlapi.app.services.explanation import explanations

    return explanations(bundle, prediction, n_features)
