"""The C extension under native/; its constructors raise ValueError where an index in the arrays is out of range."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.tables import Numbers
from mlapi.bundle.types import Floats, Label

@final
class Padded:
    def __new__(
        cls,
        n_columns: int,
        base: Numbers,
        groups: Numbers,
        depths: Numbers,
        nodes: Numbers,
        leaves: Numbers,
        splits: Numbers,
        numeric: Numbers,
        categorical: Numbers,
        strips: Numbers,
        /,
    ) -> Padded: ...
    @property
    def by_test(self) -> bool: ...
    @property
    def sliced(self) -> bool: ...
    def margin(self, matrix: Floats, answer: Floats, /) -> None: ...

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
    def margin(self, matrix: Floats, answer: Floats, /) -> None: ...
    def contributions(self, matrix: NDArray[np.float32], answer: NDArray[np.float64], /) -> None: ...

def probabilities(margin: Floats, answer: Floats, /) -> None: ...
def labels(probabilities: Floats, classes: tuple[Label, ...], threshold: float, /) -> list[Label]: ...
def decide(margin: Floats, answer: Floats, classes: tuple[Label, ...], threshold: float, /) -> list[Label]: ...
def json_rows(probabilities: Floats, keys: tuple[bytes, ...], otherwise: Callable[[float], bytes], /) -> bytes: ...
def trim() -> None: ...
