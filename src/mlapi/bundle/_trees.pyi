"""The C extension under native/; its constructors raise ValueError where an index in the arrays is out of range."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Label

@final
class Padded:
    def __new__(
        cls,
        n_columns: int,
        base: NDArray[np.float32],
        groups: NDArray[np.uint32],
        depths: NDArray[np.uint8],
        nodes: NDArray[np.uint32],
        leaves: NDArray[np.float32],
        splits: NDArray[np.float32],
        numeric: NDArray[np.uint32],
        categorical: NDArray[np.uint32],
        strips: NDArray[np.uint8],
        /,
    ) -> Padded: ...
    @property
    def sliced(self) -> bool: ...
    def margin(self, matrix: NDArray[np.float32], answer: NDArray[np.float32], /) -> None: ...

@final
class Plain:
    def __new__(
        cls,
        n_columns: int,
        base: NDArray[np.float32],
        groups: NDArray[np.uint32],
        roots: NDArray[np.uint32],
        nodes: NDArray[np.uint32],
        words: NDArray[np.uint32],
        shares: NDArray[np.float64],
        /,
    ) -> Plain: ...
    def margin(self, matrix: NDArray[np.float32], answer: NDArray[np.float32], /) -> None: ...
    def contributions(self, matrix: NDArray[np.float32], answer: NDArray[np.float64], /) -> None: ...

def probabilities(margin: NDArray[np.float32], answer: NDArray[np.float32], /) -> None: ...
def labels(probabilities: NDArray[np.float32], classes: tuple[Label, ...], threshold: float, /) -> list[Label]: ...
def decide(
    margin: NDArray[np.float32], answer: NDArray[np.float32], classes: tuple[Label, ...], threshold: float, /
) -> list[Label]: ...
def json_rows(
    probabilities: NDArray[np.float32], keys: tuple[bytes, ...], otherwise: Callable[[float], bytes], /
) -> bytes: ...
def trim() -> None: ...
