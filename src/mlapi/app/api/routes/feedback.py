"""Outcomes of predictions."""

from functools import partial
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from mlapi.app.api.body import read_body
from mlapi.app.api.deps import CurrentExchange, CurrentRecords, MayPredict
from mlapi.app.api.negotiation import check_headers
from mlapi.app.api.responses import SPECIAL, responses
from mlapi.app.schemas.feedback import FeedbackResponse, Outcome, OutcomeList, read_feedback
from mlapi.app.services.feedback_service import Taken, record_outcome, record_outcomes
from mlapi.app.utils.metrics import ServiceMetrics

EXAMPLE: Final = {"prediction_id": "019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b", "outcome": "yes"}


def feedback_router(metrics: ServiceMetrics, *, max_body_bytes: int) -> APIRouter:
    """The route of `/feedback`."""
    router = APIRouter(tags=["Feedback"], dependencies=[MayPredict])

    @router.post(
        "/feedback",
        summary="Tell what turned out to be true",
        response_model=FeedbackResponse,
        response_description="How many were taken.",
        responses=responses(400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503, codes=SPECIAL),
        openapi_extra={"requestBody": _body()},
    )
    async def feedback(request: Request, exchange: CurrentExchange, records: CurrentRecords) -> Response:
        """Record the outcome of one prediction, or of up to 1,000 as `{"outcomes": […]}`.

        The same outcome may be told again; another one for the same prediction replaces the first. Of many, those that
        cannot be taken are listed and the others are recorded; one alone that cannot be taken is an error.
        """
        check_headers(exchange.headers, max_body_bytes=max_body_bytes)
        told, many = read_feedback(await read_body(request.receive, limit_bytes=max_body_bytes))
        key_id = exchange.principal.key_id if exchange.principal else None
        work = partial(record_outcomes, told=told) if many else partial(record_outcome, told=told[0])
        taken = await records.run(partial(work, key_id=key_id))
        _count(metrics, taken)
        return Response(msgspec.json.encode(taken), media_type="application/json")

    return router


def _count(metrics: ServiceMetrics, taken: Taken) -> None:
    numbers = {name: getattr(taken, name) for name in ("recorded", "replaced", "unchanged")}
    for result, number in {**numbers, "rejected": len(taken.rejected)}.items():
        if number:
            metrics.registry.add("mlapi_feedback_total", result, by=number)


def _body() -> dict[str, Any]:
    """The request body for OpenAPI: one outcome, or a list."""
    one, many = Outcome.model_json_schema(), OutcomeList.model_json_schema()
    many.pop("$defs")
    many["properties"]["outcomes"]["items"] = one
    examples = {"one": {"value": EXAMPLE}, "many": {"value": {"outcomes": [EXAMPLE]}}}
    return {"required": True, "content": {"application/json": {"schema": {"oneOf": [one, many]}, "examples": examples}}}
