"""XGBoost's C library through ctypes."""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import EngineError
from mlapi.bundle.types import AnyFloats, Contributions, Margin, Matrix

# XGBoosterPredictFromDense in xgboost/include/xgboost/c_api.h: type 1 is the margin, an end of 0 is all rounds, and a
# strict shape is always (n_rows, n_groups).
_PREDICT: Final = (
    b'{"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true, '
    b'"cache_id": 0, "missing": NaN}'
)
# XGBoosterPredictFromDMatrix: type 2 are the contributions, exact and path-dependent.
_EXPLAIN: Final = _PREDICT.replace(b'"type": 1', b'"type": 2')
_MATRIX: Final = b'{"missing": NaN, "nthread": 1}'
# NumPy's array interface, version 3, as XGBoost reads it; the flag says that the array is only read.
_ARRAY: Final = b'{"data": [%d, true], "shape": [%d, %d], "strides": null, "typestr": "<f4", "version": 3}'


class LibXGBoost:
    """XGBoost's own C library, without the Python package around it, on one thread.

    The package would import scipy, and pandas and scikit-learn where they are installed: up to two seconds and 100 MB.

    What the encoder must guard, because the library does not: an unknown or negative category code and an infinity are
    scored without a word.
    """

    name = "libxgboost"

    def __init__(self, model: bytes) -> None:
        """Load a model.

        Args:
            model: `model.ubj`, already checked by `check_structure`: the library's own reader is not memory-safe.

        Raises:
            EngineError: the library is not installed or refuses the model.
        """
        self._lib = _library()
        self._handle = ctypes.c_void_p()
        self._call("XGBoosterCreate", None, 0, ctypes.byref(self._handle))
        weakref.finalize(self, self._lib.XGBoosterFree, self._handle)
        # Starting threads costs more than a small request's trees; on a busy machine their spinning costs far more.
        self._call("XGBoosterSetParam", self._handle, b"nthread", b"1")
        self._call("XGBoosterLoadModelFromBuffer", self._handle, model, len(model))
        n_columns = ctypes.c_uint64()
        self._call("XGBoosterGetNumFeature", self._handle, ctypes.byref(n_columns))
        self.n_columns = n_columns.value
        # The first prediction also configures the booster, which is not safe from two threads: it happens here.
        self.n_groups = self._predict(np.full((1, self.n_columns), np.nan, np.float32)).shape[1]

    def margin(self, matrix: AnyFloats) -> AnyFloats:
        """Give the margins of some rows, bit for bit those of `Booster.predict(output_margin=True)`."""
        array = np.asarray(matrix)
        check_matrix(array, self.n_columns)
        found = self._predict(np.ascontiguousarray(array)) if len(array) else np.empty((0, self.n_groups), np.float32)
        return cast("AnyFloats", memoryview(cast("Any", found)) if isinstance(matrix, memoryview) else found)

    def contributions(self, matrix: Matrix) -> Contributions:
        """Give the contributions of some rows, those of `Booster.predict(pred_contribs=True)`.

        Raises:
            EngineError: a matrix of another shape or dtype, or with an infinity, which no encoder gives.
        """
        check_matrix(matrix, self.n_columns)
        if not len(matrix):
            return np.empty((0, self.n_groups, self.n_columns + 1))
        array, data = _interface(np.ascontiguousarray(matrix)), ctypes.c_void_p()
        self._call("XGDMatrixCreateFromDense", array, _MATRIX, ctypes.byref(data))
        try:
            return self._result("XGBoosterPredictFromDMatrix", data, _EXPLAIN).astype(np.float64)
        finally:
            self._lib.XGDMatrixFree(data)

    def _predict(self, matrix: Matrix) -> Margin:
        return self._result("XGBoosterPredictFromDense", _interface(matrix), _PREDICT, None)

    def _result(self, function: str, *arguments: object) -> NDArray[np.float32]:
        shape, n_axes, result = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64(), ctypes.c_void_p()
        places = (ctypes.byref(shape), ctypes.byref(n_axes), ctypes.byref(result))
        self._call(function, self._handle, *arguments, *places)
        # The buffer belongs to the booster and this thread, and the next prediction overwrites it: hence the copy.
        answer = np.empty(shape[: n_axes.value], np.float32)
        ctypes.memmove(answer.ctypes.data, result, answer.nbytes)
        return answer

    def _call(self, function: str, *arguments: object) -> None:
        if getattr(self._lib, function)(*arguments):
            message: bytes = self._lib.XGBGetLastError()
            raise EngineError(_first_line(message.decode("utf-8", "replace")))


def check_matrix(matrix: Matrix, n_columns: int) -> None:
    """Refuse what no engine takes.

    Raises:
        EngineError: a matrix of another shape or dtype.
    """
    if matrix.ndim != 2 or matrix.shape[1] != n_columns or matrix.dtype != np.float32:
        raise EngineError(f"the matrix is {matrix.dtype}{list(matrix.shape)}, not float32[n, {n_columns}]")


def _interface(matrix: Matrix) -> bytes:
    return _ARRAY % (matrix.__array_interface__["data"][0], *matrix.shape)


@cache
def _library() -> ctypes.CDLL:
    """Load libxgboost and declare the functions that are called.

    Raises:
        EngineError: it is not installed, or the system cannot load it.
    """
    # OpenMP reads this once, when it is loaded; its default spins between calls (a row's p99 is 107 ms on two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        lib = ctypes.CDLL(str(_library_path()))
    except OSError as error:
        raise EngineError(f"libxgboost cannot be loaded: {error}") from error
    text, size, handle = ctypes.c_char_p, ctypes.c_uint64, ctypes.c_void_p
    lib.XGBGetLastError.restype = text
    lib.XGBoosterCreate.argtypes = [handle, size, handle]
    lib.XGBoosterFree.argtypes = [handle]
    lib.XGBoosterSetParam.argtypes = [handle, text, text]
    lib.XGBoosterLoadModelFromBuffer.argtypes = [handle, text, size]
    lib.XGBoosterGetNumFeature.argtypes = [handle, handle]
    lib.XGBoosterPredictFromDense.argtypes = [handle, text, text, handle, handle, handle, handle]
    lib.XGBoosterPredictFromDMatrix.argtypes = [handle, handle, text, handle, handle, handle]
    lib.XGDMatrixCreateFromDense.argtypes = [text, text, handle]
    lib.XGDMatrixFree.argtypes = [handle]
    return lib


def _library_path() -> Path:
    """Find libxgboost beside the package, whose own code is not run.

    PathFinder looks along sys.path only, so that it also works where imports of xgboost are blocked.
    """
    spec = PathFinder.find_spec("xgboost")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError("libxgboost is not installed: install xgboost-cpu")
    name = {"darwin": "libxgboost.dylib", "win32": "xgboost.dll"}.get(sys.platform, "libxgboost.so")
    return Path(spec.submodule_search_locations[0], "lib", name)


def _first_line(message: str) -> str:
    """Keep what was wrong; drop the C++ trace, the time and the source file ("[12:00:00] /src/x.cc:1: no such…")."""
    line = message.strip().partition("\n")[0]
    return line.rpartition(".cc:")[2].partition(": ")[2] or line
