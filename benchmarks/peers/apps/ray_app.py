"""Ray Serve: one replica behind its proxy, with FastAPI as its ingress, as its documentation begins."""

import sys

import ray
from fastapi import FastAPI
from pydantic import BaseModel
from ray import serve
from table import answer, classifier, frame_of

app = FastAPI()


class Request(BaseModel):
    data: list[dict[str, float | str | None]]


@serve.deployment(num_replicas=1, max_ongoing_requests=100)
@serve.ingress(app)
class Predictor:
    def __init__(self):
        self.model = classifier()

    @app.post("/predict")
    def predict(self, request: Request):
        return answer(self.model.predict_proba(frame_of(request.data)))


if __name__ == "__main__":
    ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", _temp_dir=sys.argv[2])
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Predictor.bind(), blocking=True)
