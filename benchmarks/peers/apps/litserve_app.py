"""LitServe with batching: requests that wait together become one frame."""

import sys

import litserve
import numpy as np
import pandas as pd
from table import answer, classifier, frame_of


class Predictor(litserve.LitAPI):
    def setup(self, device):
        self.model = classifier()

    def decode_request(self, request):
        return frame_of(request["data"])

    def batch(self, inputs):
        self.sizes = [len(frame) for frame in inputs]
        return pd.concat(inputs, ignore_index=True)

    def predict(self, frame):
        return self.model.predict_proba(frame)

    def unbatch(self, output):
        return np.split(output, np.cumsum(self.sizes)[:-1])

    def encode_response(self, output):
        return answer(output)


if __name__ == "__main__":
    api = Predictor(max_batch_size=32, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
