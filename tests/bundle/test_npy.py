"""Arrays as files: NumPy reads ours, and we read nothing but ours."""

import io
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle import npy
from mlapi.bundle.errors import FormatError

ARRAYS: dict[str, NDArray[Any]] = {
    "floats": np.array([1.5, -0.0, np.inf], np.float32),
    "words": np.arange(5, dtype=np.uint32),
    "bytes": np.array([3, 255], np.uint8),
    "nothing": np.empty(0, np.uint8),
    "two axes": np.arange(8, dtype=np.uint32).reshape(2, 4),
    "no rows": np.empty((0, 4), np.uint32),
    "long": np.zeros(100_001, np.float32),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_numpy_reads_what_write_gives_and_so_does_read(name: str) -> None:
    array = ARRAYS[name]
    data = npy.write(array)
    for found in (np.load(io.BytesIO(data), allow_pickle=False), read(data, array)):
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert found.tobytes() == array.tobytes()


def read(data: bytes, like: NDArray[Any]) -> NDArray[Any]:
    kind = cast("npy.Kind", like.dtype.char)
    found = npy.read(data, kind, like.shape[1] if like.ndim == 2 else 0, file="x.npy")
    assert found.readonly
    return np.asarray(found).reshape(like.shape)


def test_write_gives_numpys_own_bytes_and_the_same_for_any_layout() -> None:
    array = ARRAYS["two axes"]
    buffer = io.BytesIO()
    np.save(buffer, array)
    assert npy.write(array) == buffer.getvalue() == npy.write(np.asfortranarray(array))
    assert npy.write(array.astype(">u4")) == npy.write(array)


def numpys(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


GOOD = npy.write(ARRAYS["two axes"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "not an array of <u4", id="empty"),
        pytest.param(GOOD[:7], "not an array of <u4", id="no header"),
        pytest.param(b"\0" + GOOD[1:], "not an array of <u4", id="magic"),
        pytest.param(GOOD[:6] + b"\2" + GOOD[7:], "not an array of <u4", id="version"),
        pytest.param(GOOD.replace(b"False", b"True "), "not an array of <u4", id="Fortran order"),
        pytest.param(GOOD.replace(b"(2, 4)", b"(2,4) "), "not an array of <u4", id="spelling"),
        pytest.param(numpys(np.zeros((2, 4), np.int32)), "not an array of <u4", id="dtype"),
        pytest.param(numpys(np.array([[object()] * 4])), "not an array of <u4", id="pickle"),
        pytest.param(npy.write(np.zeros((2, 5), np.uint32)), "another shape", id="columns"),
        pytest.param(npy.write(np.zeros(8, np.uint32)), "another shape", id="one axis"),
        pytest.param(numpys(np.zeros((2, 2, 2), np.uint32)), "not an array of <u4", id="three axes"),
        pytest.param(GOOD[:-1], "another shape", id="short"),
        pytest.param(GOOD + b"\0", "another shape", id="long"),
        pytest.param(GOOD.replace(b"(2, 4), }      ", b"(9999999, 4), }"), "another shape", id="huge"),
    ],
)
def test_read_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        npy.read(data, "I", 4, file="engine/x.npy")


@pytest.mark.parametrize("name", ["floats", "words", "bytes", "two axes", "no rows"])
def test_a_machine_of_the_other_byte_order_turns_the_numbers_around(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.byteorder", "big")
    array = ARRAYS[name]
    assert read(npy.write(array), array).tobytes() == array.byteswap().tobytes()
