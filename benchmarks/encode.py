"""From a request's bytes to the matrix: the native decoder, msgspec's way, and pandas for scale; CPU time a body.

Run by `make bench`. All ways decode the same bodies to the same matrix, in one process, in interleaved rounds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.clock import least_us
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.schemas.native import NativeDecoder
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.types import Floats, as_array

REPEATS = {1: 500, 100: 20, 1000: 2}  # by rows of a body; the calls of one round
LIMITS = {"max_rows": 1000, "max_depth": 32}  # of the service
Way = Callable[[bytes], Floats]


def measure(encoder: Encoder, rows: Sequence[Mapping[str, object]], *, rounds: int) -> dict[str, Any]:
    """Give CPU microseconds by number of rows and way, and in how many cells each way differs from msgspec's."""
    ways = ways_of(encoder)
    bodies = {n_rows: json.dumps({"data": rows[:n_rows]}).encode() for n_rows in REPEATS}
    expected = ways["msgspec"](bodies[1000])
    return {
        "rounds": rounds,
        "different_cells": {name: differing(way(bodies[1000]), expected) for name, way in ways.items()},
        "cells_compared": 1000 * len(encoder.schema.features),
        "cpu_us": {str(n_rows): times(ways, bodies[n_rows], rounds, REPEATS[n_rows]) for n_rows in REPEATS},
    }


def times(ways: Mapping[str, Way], body: bytes, rounds: int, repeats: int) -> dict[str, float]:
    return least_us({name: partial(way, body) for name, way in ways.items()}, rounds=rounds, repeats=repeats)


def ways_of(encoder: Encoder) -> dict[str, Way]:
    """Give every way; without the native one where its extension was not built."""
    decoder = RequestDecoder(encoder, **LIMITS)
    ways: dict[str, Way] = {
        "msgspec": lambda body: encoder.encode_table(decoder.decode_table(body).table).matrix,
        "pandas": pandas_way(encoder),
    }
    native = NativeDecoder.made_for(encoder, max_rows=LIMITS["max_rows"])
    return ways if native is None else {"native": partial(native_way, native)} | ways


def native_way(decoder: NativeDecoder, body: bytes) -> Floats:
    decoded = decoder.decode(body)
    if decoded is None or decoded.matrix is None:
        raise RuntimeError("the native decoder doubts a plain body")
    return decoded.matrix


def pandas_way(encoder: Encoder) -> Way:
    """Give how a frame with categorical columns is made, as one writes it for XGBoost."""
    kinds = {
        feature.name: pd.CategoricalDtype(list(feature.categories)) if feature.categories else np.dtype(np.float32)
        for feature in encoder.schema.features
    }

    def encode(body: bytes) -> NDArray[np.float32]:
        frame = pd.DataFrame(json.loads(body)["data"], columns=list(kinds)).astype(kinds)
        return np.column_stack([_numbers(frame[name]) for name in kinds])

    return encode


def _numbers(column: "pd.Series[Any]") -> NDArray[np.float32]:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.to_numpy(np.float32)
    codes = column.cat.codes.to_numpy(np.float32)
    return np.where(codes < 0, np.float32(np.nan), codes)


def differing(found: Floats, expected: Floats) -> int:
    return int((~np.isclose(as_array(found), as_array(expected), rtol=0, atol=0, equal_nan=True)).sum())


def encoder_of(bundle: Path) -> Encoder:
    """Read the encoder of a bundle's directory."""
    from mlapi.bundle.model import load

    return load(bundle).encoder
