"""BentoML: a service without and one with adaptive batching, over the same frame.

Batched rows come as a list: with a data frame as its input 1.4.40 answers nothing but 504, since
`PandasDataFrameContainer` gives the dispatcher a tuple where it adds up numbers of rows.
"""

import bentoml
from table import answer, classifier, frame_of

Rows = list[dict[str, float | str | None]]


@bentoml.service(workers=1, traffic={"timeout": 60})
class Single:
    def __init__(self) -> None:
        self.model = classifier()

    @bentoml.api
    def predict(self, data: Rows) -> dict:
        return answer(self.model.predict_proba(frame_of(data)))


@bentoml.service(workers=1, traffic={"timeout": 60})
class Batched:
    def __init__(self) -> None:
        self.model = classifier()

    @bentoml.api(batchable=True, max_batch_size=4000, max_latency_ms=10000)
    def predict(self, data: Rows) -> list[dict]:
        found = answer(self.model.predict_proba(frame_of(data)))
        pairs = zip(found["predictions"], found["probabilities"], strict=True)
        return [{"prediction": label, "probability": probability} for label, probability in pairs]
