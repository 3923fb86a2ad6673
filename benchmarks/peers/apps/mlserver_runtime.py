"""A runtime of MLServer's for the booster: columns of the V2 protocol to a frame by its pandas codec, and back."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from table import answer, classifier, typed


class Predictor(MLModel):
    async def load(self) -> bool:
        self.model = classifier()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        frame = typed(self.decode_request(payload, default_codec=PandasCodec))
        found = answer(self.model.predict_proba(frame))
        outputs = [
            StringCodec.encode_output("predictions", found["predictions"]),
            NumpyCodec.encode_output("probabilities", np.asarray(found["probabilities"])),
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
