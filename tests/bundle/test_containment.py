"""What our own check lets through must not crash libxgboost, however it was damaged."""

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from mlapi.bundle import ubj
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.structure import check_structure
from tests.fixtures.boosters import CATEGORIES, train
from tests.fixtures.ubj import encode

ROOT = Path(__file__).parents[2]
NUMBERS = (-1, 0, 1, 2, 7, 46, 127, -128, 255, 2**24, 10**9, 2**31 - 1, -(2**31))
TEXTS = ("", "x", "0", "-1", "2", "2147483647", "[]", "gblinear", "c", "reg:logistic")
COUNT = 3000 if os.environ.get("MLAPI_PROVE") else 150


def test_a_model_that_passes_does_not_crash_the_library(tmp_path: Path) -> None:
    model = train(rounds=6).model
    accepted = [damaged for damaged in (*flipped(model), *rewritten(model)) if passes(damaged)]
    assert len(accepted) > COUNT // 10
    for number, damaged in enumerate(accepted):
        (tmp_path / f"{number:05}.ubj").write_bytes(damaged)
    command = [sys.executable, "-m", "tests.fixtures.load_models", str(tmp_path), str(len(CATEGORIES))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, (done.returncode, done.stdout.splitlines()[-1])


def passes(model: bytes) -> bool:
    try:
        check_structure(model, len(CATEGORIES), 1, CATEGORIES)
    except VerificationError:
        return False
    return True


def flipped(model: bytes) -> Iterator[bytes]:
    """The model with one bit flipped, as a disk or a wire does it."""
    rng = np.random.default_rng(1)
    for _ in range(COUNT):
        damaged = bytearray(model)
        damaged[rng.integers(len(damaged))] ^= 1 << int(rng.integers(8))
        yield bytes(damaged)


def rewritten(model: bytes) -> Iterator[bytes]:
    """The model with one field changed, as somebody who knows the format does it."""
    rng = np.random.default_rng(2)
    root = ubj.decode(model)
    fields = list({tuple(key for key in place if isinstance(key, str)): place for place in places(root, ())}.values())
    for _ in range(COUNT):
        damaged = cast("dict[str, Any]", copy.deepcopy(root))
        *path, last = fields[rng.integers(len(fields))]
        parent: Any = damaged
        for key in path:
            parent = parent[key]
        parent[last] = another(parent[last], rng)
        yield encode(damaged)


def places(value: ubj.Value, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The path to each value that is no object."""
    match value:
        case dict():
            for key, member in value.items():
                yield from places(member, (*place, key))
        case list():
            yield from ([place] if place else [])
            for number, item in enumerate(value[:6]):
                yield from places(item, (*place, number))
        case _:
            yield place


def another(value: Any, rng: np.random.Generator) -> Any:
    """A value of the same kind, or nearly."""
    number, text = NUMBERS[rng.integers(len(NUMBERS))], TEXTS[rng.integers(len(TEXTS))]
    match value:
        case np.ndarray() if len(value) and rng.random() < 0.8:
            changed = value.copy()
            changed[rng.integers(len(value))] = np.array(number).astype(value.dtype)
            return changed
        case np.ndarray():
            return np.append(value, np.array(number).astype(value.dtype)) if rng.random() < 0.5 else value[1:]
        case list():
            return value[1:] if value and rng.random() < 0.5 else [*value, *(value[:1] or [number])]
        case str():
            return text
    return number
