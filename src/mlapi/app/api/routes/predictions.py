"""Declaration of the predict routes.

They are answered by `api/predict.py` in front of the framework; what stands here is what OpenAPI shows, and a test
proves that both take and refuse the same bodies.
"""

from typing import Annotated, Final, NoReturn

from fastapi import APIRouter, Query

from mlapi.app.api.formats import CSV, NDJSON
from mlapi.app.api.responses import responses
from mlapi.app.core.request import MOST_EXPLAINED
from mlapi.app.schemas.prediction import EXPLAIN, PROBABILITIES, THRESHOLD, PredictionRequest, PredictionResponse

LINES: Final = (CSV.decode(), NDJSON.decode())
TEXT: Final = {"schema": {"type": "string"}}
PredictionRouter = APIRouter(tags=["Predictions"])


@PredictionRouter.post(
    "/predict",
    summary="Predict rows",
    response_model=PredictionResponse,
    response_description="One prediction a row.",
    openapi_extra={"requestBody": {"content": dict.fromkeys(LINES, TEXT)}},
    responses={
        200: {"content": dict.fromkeys(LINES, TEXT)},
        **responses(400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503),
    },
)
async def predict(
    request: PredictionRequest,
    probabilities: Annotated[bool, Query(description=PROBABILITIES)] = False,
    explain: Annotated[int, Query(description=EXPLAIN, ge=0, le=MOST_EXPLAINED)] = 0,
    threshold: Annotated[float, Query(description=THRESHOLD, ge=0, le=1)] = 0.5,
) -> NoReturn:
    """Give one prediction a row, in the order of the rows.

    A row maps feature names to cells. A feature may be left out or null only where the model's schema says that it may
    be missing. A category that the model has not seen is taken as missing and named in `warnings`, unless the schema
    lists its categories, then it is refused.

    The options are query parameters too; where a body of JSON has them as well, it wins. A body of `text/csv` has the
    features' names in its first line, and an empty cell is a missing one; `application/x-ndjson` has a row a line.
    """
    raise RuntimeError("the predict endpoint answers in front of the framework")
