"""The same rows as JSON, as lines of JSON and as CSV: the same answer or the same error."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from random import Random
from typing import NamedTuple

from mlapi.bundle.schema import Feature, FeatureKind
from tests.fuzz.corpus import Entry
from tests.fuzz.numbers import fitting, number
from tests.fuzz.schemas import MAX_ROWS, SCHEMAS
from tests.fuzz.texts import UNKNOWN
from tests.fuzz.ways import Difference, Ways
from tests.fuzz.words import texts

ALL_KNOWN = 0.6  # how often no cell is a text that the model does not know, or a number beyond its range
TEXTS = [text for text in UNKNOWN if text]  # CSV cannot tell an empty text from a missing cell


class Cell(NamedTuple):
    """A cell as JSON and as CSV spell it."""

    json: str
    csv: str


class FormatFuzzer:
    """Makes rows and sends them in every format."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._ways = {name: Ways(schema) for name, schema in SCHEMAS.items() if name != "wide"}
        self.outcomes: Counter[str] = Counter()

    def step(self) -> None:
        """Make some rows; raises Difference."""
        rng = self._rng
        name = rng.choice(list(self._ways))
        features = rng.sample(SCHEMAS[name].features, len(SCHEMAS[name].features))
        odd = rng.random() > ALL_KNOWN
        n_rows = rng.choice((1, 1, 2, 3, 5, MAX_ROWS, MAX_ROWS + 1))
        rows = [[self._cell(feature, odd) for feature in features] for _ in range(n_rows)]
        self.look(name, [feature.name for feature in features], rows)

    def look(self, name: str, names: list[str], rows: list[list[Cell]]) -> None:
        """Take rows in every format; raises Difference."""
        ways = self._ways[name]
        objects = [_object(names, row) for row in rows]
        body = f'{{"data":[{",".join(objects)}]}}'.encode()
        expected = ways.verdict(ways.general.decode, body)
        lines = self._rng.choice(("\n", "\r\n", "\n\n \t\n")).join(objects).encode()
        for format_, found in (
            ("lines", ways.verdict(ways.general.decode_lines, lines)),
            ("CSV", ways.verdict(ways.general.decode_csv, _csv(names, rows))),
        ):
            if found != expected:
                difference = Difference(f"{format_} say {found!r:.500}, JSON {expected!r:.500}")
                difference.entry = Entry(name, body)
                raise difference
        self.outcomes[type(expected).__name__] += 1

    def _cell(self, feature: Feature, odd: bool) -> Cell:
        rng = self._rng
        if (feature.nullable and rng.random() < 0.1) or (odd and rng.random() < 0.02):
            return Cell("null", "")
        match feature.kind:
            case FeatureKind.NUMERIC | FeatureKind.INTEGER:
                text = (number if odd else fitting)(rng, feature)
                return Cell(text, text)
            case FeatureKind.BOOLEAN:
                text = rng.choice(("true", "false"))
                return Cell(text, rng.choice((text, text.title())))
            case FeatureKind.CATEGORICAL | FeatureKind.DATETIME:
                known = feature.categories or texts("moments")
                text = rng.choice(TEXTS if odd and rng.random() < 0.3 else known)
                return Cell(json.dumps(text, ensure_ascii=rng.random() < 0.5), text)


def _object(names: list[str], row: list[Cell]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{cell.json}" for name, cell in zip(names, row, strict=True)) + "}"


def _csv(names: list[str], rows: list[list[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([names, *([cell.csv for cell in row] for row in rows)])
    return text.getvalue().encode()
