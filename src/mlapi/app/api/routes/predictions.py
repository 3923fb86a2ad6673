"""Declaration of the predict routes.

They are answered by `api/predict.py` in front of the framework; what stands here is what OpenAPI shows, and a test
proves that both take and refuse the same bodies.
"""

from typing import Annotated, NoReturn

from fastapi import APIRouter, Query

from mlapi.app.api.responses import responses
from mlapi.app.schemas.prediction import PredictionRequest, PredictionResponse

PredictionRouter = APIRouter(tags=["Predictions"])


@PredictionRouter.post(
    "/predict",
    summary="Predict rows",
    response_model=PredictionResponse,
    response_description="One prediction a row.",
    responses=responses(400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503),
)
async def predict(
    request: PredictionRequest,
    probabilities: Annotated[bool, Query(description="As the option of the same name; the body's own wins.")] = False,
) -> NoReturn:
    """Give one prediction a row, in the order of the rows.

    A row maps feature names to cells. A feature may be left out or null only where the model's schema says that it may
    be missing. A category that the model has not seen is taken as missing and named in `warnings`, unless the schema
    lists its categories, then it is refused.
    """
    raise RuntimeError("the predict endpoint answers in front of the framework")
