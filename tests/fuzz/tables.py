"""Damaged tables of the tree engine: refused where they are loaded, or walked without harm."""

from __future__ import annotations

import copy
import math
from collections import Counter
from random import Random
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError
from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.tables import Tables
from mlapi.bundle.types import Matrix
from mlapi.training.proof_rows import proof_rows
from tests.fixtures.boosters import train
from tests.fixtures.unusual import unusual
from tests.fuzz.build import Counters
from tests.fuzz.mutation import mutate

Arrays = list[NDArray[Any]]
ODD: Final = (0, 1, 2, 3, 5, 7, 8, 10, 11, 255, 2**15, 2**16 - 4, 2**16 - 1, 2**16, 2**24, 2**31, 2**32 - 2, 2**32 - 1)
SHAPES: Final[tuple[tuple[int, dict[str, Any]], ...]] = (
    (2, {}),
    (4, {}),
    (2, {"categorical": False, "rounds": 1}),
    (2, {"max_depth": 9, "rounds": 20, "max_cat_to_onehot": 1}),
    (3, {"max_depth": 1}),
    *((n_classes, {"max_depth": depth}) for depth in (2, 3, 5, 6, 7, 8, 10) for n_classes in (2, 3)),
)
N_ROWS: Final = 40
FEW_ROWS: Final = 20


class Subject:
    """One booster in both forms, and rows to walk with: values beside every split, infinities and missing cells."""

    def __init__(self, n_classes: int, options: dict[str, Any]) -> None:
        nodes = order_nodes(read_forest(train(n_classes, **options).model))
        tables = build_tables(nodes)
        assert tables is not None
        groups, roots = nodes.groups.astype(np.uint32), nodes.roots.astype(np.uint32)
        self.tables = tables
        self.forms: dict[str, Arrays] = {
            "Padded": list(tables),
            "Plain": [nodes.base, groups, roots, nodes.records(), nodes.words, nodes.shares],
        }
        self.n_columns = nodes.n_columns
        self.matrix: Matrix = proof_rows(nodes, N_ROWS, seed=3)


class TableFuzzer:
    """Walks damaged tables of some boosters."""

    def __init__(self, extension: ModuleType, rng: Random, counters: Counters | None = None) -> None:
        self._extension, self._rng, self._counters = extension, rng, counters
        self._subjects = [Subject(n_classes, options) for n_classes, options in SHAPES]
        self.outcomes: Counter[str] = Counter()
        self.edges = 0
        self._live = counters.live.value if counters else 0  # of engines of a part before, which may end yet

    def step(self) -> None:
        """Damage one; raises AssertionError where memory is not given back."""
        subject = self._rng.choice(self._subjects)
        form = self._rng.choice(("Padded", "Padded", "Plain"))
        if self._counters and self._rng.random() < 0.02:
            self._counters.shortage.value = self._rng.randrange(12)
        try:
            arrays = self._damaged_files(subject.tables) if form == "Padded" and self._rng.random() < 0.2 else None
            self._walk(subject, form, damaged(subject.forms[form], self._rng) if arrays is None else arrays)
            self.outcomes[f"{form} walked"] += 1
        except (ValueError, FormatError) as error:
            self.outcomes[f"{form} refused: {str(error).partition(' is ')[0]:.60}"] += 1
        except MemoryError:
            self.outcomes[f"{form} short of memory"] += 1
        self._look_at_memory()

    def _walk(self, subject: Subject, form: str, arrays: Arrays) -> None:
        trees = getattr(self._extension, form)(subject.n_columns, *arrays)
        n_groups = len(arrays[0])
        margin = np.empty((N_ROWS, n_groups), np.float32)
        trees.margin(subject.matrix, margin)
        if form == "Padded":
            self._walk_few(trees, subject.matrix, margin)
            self._walk_by_cells(subject, arrays, margin)
        self._answer(margin)
        trees.margin(subject.matrix[:1], np.empty((1, n_groups), np.float32))
        if form == "Plain":
            trees.contributions(subject.matrix[:2], np.empty((2, n_groups, subject.n_columns + 1)))

    def _walk_few(self, trees: Any, matrix: Matrix, margin: Matrix) -> None:
        """Few rows are walked one by one, many at once, if the tables are of the usual form: both give the same."""
        again = np.empty_like(margin)
        for start in range(0, N_ROWS, FEW_ROWS):
            trees.margin(matrix[start : start + FEW_ROWS], again[start : start + FEW_ROWS])
        assert np.array_equal(margin, again, equal_nan=True), "rows one by one give other margins than many at once"
        self.outcomes["Padded at once"] += trees.sliced
        self.outcomes["Padded by test"] += trees.by_test

    def _walk_by_cells(self, subject: Subject, arrays: Arrays, margin: Matrix) -> None:
        odd = self._extension.Padded(subject.n_columns, *unusual(Tables(*arrays)))
        again = np.empty_like(margin)
        odd.margin(subject.matrix, again)
        assert np.array_equal(margin, again, equal_nan=True), "tests give other margins than cells"

    def _answer(self, margin: Matrix) -> None:
        """Go on to probabilities and labels, sometimes with arrays that do not fit; what they give is not looked at."""
        n_classes = max(2, margin.shape[1]) - (self._rng.random() < 0.01)
        chances = np.empty((N_ROWS - (self._rng.random() < 0.01), n_classes), np.float32)
        self._extension.probabilities(margin, chances)
        threshold = self._rng.choice((0.5, 0.0, -1.0, math.nan, math.inf))
        found = self._extension.labels(chances, tuple(range(n_classes - (self._rng.random() < 0.01))), threshold)
        assert len(found) == N_ROWS

    def _damaged_files(self, tables: Tables) -> Arrays:
        files = tables.to_files()
        name = self._rng.choice(list(files))
        files[name] = mutate(self._rng, files[name], list(files.values()))
        read = Tables.from_files(files)
        assert read is not None
        return list(read)

    def _look_at_memory(self) -> None:
        if self._counters:
            self._counters.shortage.value = -1
            self.edges |= self._counters.edges()
            live = self._counters.live.value
            assert live <= self._live, f"{live - self._live} blocks of memory are not given back"
            self._live = live


def damaged(arrays: Arrays, rng: Random) -> Arrays:
    """Arrays with some numbers replaced, or cut or lengthened."""
    arrays = copy.deepcopy(arrays)
    for _ in range(rng.randint(1, 3)):
        which = rng.randrange(len(arrays))
        array = arrays[which]
        if rng.random() < 0.1 or not array.size:
            shorter = rng.random() < 0.5
            arrays[which] = array[: rng.randint(0, len(array))] if shorter else np.concatenate([array] * 2)
            continue
        odd = rng.choice((*ODD, rng.getrandbits(32))).to_bytes(8, "little")[: array.itemsize]
        place = rng.randrange(array.size) * array.itemsize
        array.reshape(-1).view(np.uint8)[place : place + array.itemsize] = np.frombuffer(odd, np.uint8)
    return arrays
