"""Bodies made from a schema: half of them good, in the others every part is sometimes odd."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from tests.fuzz.numbers import fitting, number, odd_number
from tests.fuzz.schemas import MAX_DEPTH, MAX_ROWS
from tests.fuzz.texts import UNKNOWN, spelled
from tests.fuzz.words import raw, texts

BLANKS: Final = (b"", b"", b"", b" ", b"\n", b"\r\n", b"\t", b"  ")
NO_BLANKS: Final = tuple(raw("no_blanks"))
MOMENTS: Final = texts("moments")
OPTIONS: Final = raw("options")  # the first four are good
OTHER_MEMBERS: Final = raw("members")
ROOTS: Final = raw("roots")
CELLS: Final = raw("cells")


class Grammar:
    """Makes bodies for one schema from one source of chance."""

    def __init__(self, schema: FeatureSchema, rng: Random) -> None:
        self._features = schema.features
        self._rng = rng
        self._style: tuple[bytes, ...] = (b"",)
        self._oddness = 0.0  # of the body in hand: 0 where it shall be good, else 1

    def body(self) -> bytes:
        """Make a body."""
        rng = self._rng
        self._oddness = float(rng.random() < 0.5)
        self._style = rng.choices(((b"",), (b" ",), BLANKS, BLANKS + NO_BLANKS), (6, 4, 3, 0.2 * self._oddness))[0]
        if self._odd(0.01):
            return rng.choice(ROOTS)
        members = [(b'"data"', self._rows())]
        if rng.random() < 0.3:
            members.append((b'"options"', rng.choice(OPTIONS if self._odd(0.5) else OPTIONS[:4])))
        if self._odd(0.03):
            members.append((rng.choice(OTHER_MEMBERS), rng.choice((b"[]", b"{}", b"1"))))
        if rng.random() < 0.2:
            rng.shuffle(members)
        if self._odd(0.01):
            del members[0]
        body = self._blank() + self._object(members) + self._blank()
        if self._odd(0.02):
            body = rng.choice(NO_BLANKS) + body if rng.random() < 0.5 else body + rng.choice(NO_BLANKS)
        return body[: rng.randint(0, len(body))] if self._odd(0.01) else body

    def _odd(self, share: float) -> bool:
        return self._rng.random() < share * self._oddness

    def _some_rows(self) -> list[list[tuple[bytes, bytes]]]:
        few = self._rng.randint(1, 1 if len(self._features) > 100 else 3)
        others = (4, 5, MAX_ROWS - 1, MAX_ROWS) if len(self._features) < 100 else ()
        n_rows = self._rng.choice(others) if others and self._rng.random() < 0.1 else few
        return [self._row() for _ in range(self._rng.choice((0, MAX_ROWS + 1)) if self._odd(0.02) else n_rows)]

    def _rows(self) -> bytes:
        if self._odd(0.01):
            return self._nested()
        rows = [self._object(row) for row in self._some_rows()]
        if self._odd(0.01):
            rows.insert(self._rng.randint(0, len(rows)), self._rng.choice((b"", b"null", b"[]", b"1", self._nested())))
        return self._between(b"[", rows, b"]")

    def _row(self) -> list[tuple[bytes, bytes]]:
        rng, share = self._rng, 1 / len(self._features)
        row = [
            (self._text(feature.name), self._cell(feature))
            for feature in self._features
            if not (rng.random() < 0.2 if feature.nullable else self._odd(0.1 * share))
        ]
        if rng.random() < 0.3:
            rng.shuffle(row)
        if self._odd(0.04):
            odd = rng.choice((*row, (b'"unknown"', b"1"), (b'""', b"null"), (b"x", b"1"), (b'"x', b"1"), (b"1", b"1")))
            row.insert(rng.randint(0, len(row)), odd)
        return row

    def _cell(self, feature: Feature) -> bytes:
        rng, share = self._rng, min(0.05, 0.15 / len(self._features))
        if feature.nullable and rng.random() < 0.1:
            return b"null"
        if self._odd(share):
            return self._odd_cell()
        match feature.kind:
            case FeatureKind.NUMERIC | FeatureKind.INTEGER:
                return (number if self._oddness else fitting)(rng, feature).encode()
            case FeatureKind.BOOLEAN:
                return rng.choice((b"true", b"false"))
            case FeatureKind.CATEGORICAL:
                return self._text(rng.choice(UNKNOWN if self._odd(share) else feature.categories))
            case FeatureKind.DATETIME:
                return self._text(rng.choice(MOMENTS))

    def _text(self, text: str) -> bytes:
        return spelled(self._rng, text, odd=self._odd(min(0.2, 1 / len(self._features))))

    def _odd_cell(self) -> bytes:
        rng = self._rng
        makers = (CELLS, (odd_number(rng).encode(), self._text(rng.choice(UNKNOWN)), self._nested()))
        return rng.choice(rng.choice(makers))

    def _nested(self) -> bytes:
        depth = self._rng.choice((1, MAX_DEPTH - 4, MAX_DEPTH - 3, MAX_DEPTH - 2, MAX_DEPTH, MAX_DEPTH + 1, 40, 1000))
        before, after = self._rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[[],", b"]")))
        return before * depth + b"1" + after * depth

    def _object(self, members: Iterable[tuple[bytes, bytes]]) -> bytes:
        pairs = [key + self._blank() + b":" + self._blank() + value for key, value in members]
        return self._between(b"{", pairs, b"}")

    def _between(self, before: bytes, parts: Iterable[bytes], after: bytes) -> bytes:
        blank = self._blank
        return before + b",".join([blank() + part + blank() for part in parts]) + blank() + after

    def _blank(self) -> bytes:
        return self._style[0] if len(self._style) == 1 else self._rng.choice(self._style)
