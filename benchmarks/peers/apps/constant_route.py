"""A bare FastAPI route that returns a constant: what the framework costs on top of the server."""

from constant_asgi import ANSWER
from fastapi import FastAPI, Request, Response

app = FastAPI(openapi_url=None)


@app.post("/predict")
async def constant(request: Request) -> Response:
    await request.body()
    return Response(ANSWER, media_type="application/json")
