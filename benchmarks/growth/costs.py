"""What one bundle costs, in a process of its own: to load, to hold, to call.

Run as `python -m benchmarks.growth.costs DIRECTORY ROWS...`; rows.json beside the directory holds rows to ask for. One
line of JSON is printed.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.clock import least_us
from benchmarks.servers import resident_mib
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.bundle.model import Bundle, load
from mlapi.bundle.types import Floats

ROUND_S, ROUNDS = 0.03, 5  # processor time of one round of a call, and how often
MOST_REPEATS = 1000


def measure(directory: Path, rows: Sequence[object], sizes: Sequence[int]) -> dict[str, Any]:
    """Give bytes, seconds, MiB and CPU microseconds a call by number of rows."""
    before_mib, begun = resident_mib(os.getpid()), time.process_time()
    bundle = load(directory)
    load_s, added_mib = time.process_time() - begun, resident_mib(os.getpid()) - before_mib
    decoder = RequestDecoder(bundle, max_rows=max(sizes), max_depth=32)
    found: dict[str, dict[str, float]] = {"engine": {}, "predict": {}}
    for n_rows in sizes:
        body = json.dumps({"data": list(itertools.islice(itertools.cycle(rows), n_rows))}).encode()
        matrix = decode(bundle, decoder, body)
        found["engine"][str(n_rows)] = cost_us(partial(bundle.engine.margin, matrix))
        found["predict"][str(n_rows)] = cost_us(partial(predict, bundle, decoder, body))
    return {
        "engine": bundle.engine.name,
        "model_mib": (directory / "model.ubj").stat().st_size / 2**20,
        "bundle_mib": sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) / 2**20,
        "load_s": load_s,
        "added_mib": added_mib,
        "cpu_us": found,
    }


def decode(bundle: Bundle, decoder: RequestDecoder, body: bytes) -> Floats:
    decoded = decoder.decode(body)
    return bundle.encoder.encode_table(decoded.table).matrix if decoded.matrix is None else decoded.matrix


def predict(bundle: Bundle, decoder: RequestDecoder, body: bytes) -> bytes:
    """Go from the bytes of a body to the bytes of labels and probabilities."""
    prediction = bundle.predict_matrix(decode(bundle, decoder, body))
    return msgspec.json.encode([prediction.labels, prediction.probabilities.tolist()])


def cost_us(call: Callable[[], object]) -> float:
    """Give the least CPU microseconds of a call, repeated as often as its length allows."""
    call()
    begun = time.process_time()
    call()
    once_s = max(time.process_time() - begun, 1e-6)
    repeats = int(np.clip(ROUND_S / once_s, 1, MOST_REPEATS))
    return least_us({"call": call}, rounds=ROUNDS if once_s < 0.3 else 2, repeats=repeats)["call"]


if __name__ == "__main__":
    place = Path(sys.argv[1])
    asked = json.loads(place.with_name("rows.json").read_text())
    print(json.dumps(measure(place, asked, [int(word) for word in sys.argv[2:]])))
