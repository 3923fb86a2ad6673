"""FastAPI, pandas and XGBClassifier, as people write it: a model of a row, a token, a frame, predict_proba."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, create_model
from table import FEATURES, answer, classifier, frame_of

KEY = os.environ["PEER_KEY"]
# By hand one line a feature; of the same type.
Row = create_model("Row", **{name: ((str if levels else float) | None, None) for name, levels in FEATURES.items()})


class Request(BaseModel):
    data: list[Row]


class Answer(BaseModel):
    predictions: list[str]
    probabilities: list[float]


app = FastAPI()
model = classifier()


def known(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> None:
    if credentials.credentials != KEY:
        raise HTTPException(401)


@app.post("/predict", dependencies=[Depends(known)])
def predict(request: Request) -> Answer:
    frame = frame_of([row.model_dump() for row in request.data])
    return Answer(**answer(model.predict_proba(frame)))
