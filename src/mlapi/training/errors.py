"""What training says when it cannot go on. Each error is one line that names what is wrong and what to do.

TrainingError
├── ConfigError            a parameter that cannot be, or that does not fit the table
├── DataError              the table cannot be trained on
│   ├── AddressError       a table cannot be had from its address
│   │   └── AddressAway    … for now: asking again may help
│   ├── DataFileError      a file cannot be read at all
│   ├── TableError         the shape of a table is wrong: no rows, ragged rows, doubled names
│   ├── ColumnError        one feature's cells are wrong
│   └── TargetError        the target's labels are wrong
├── SearchError            a search of parameters cannot begin, or finds nothing
├── TrackingError          the tracking server cannot be reached or refuses
├── PromotionError         an alias cannot be moved as asked
│   ├── GatesRefused       a gate says no
│   └── NotPublished       it was moved, and the store that promotions are carried to does not have it
└── ParityError            the exported bundle does not predict what the booster predicts

Nothing here echoes whole rows; names and cells are shown quoted, control characters escaped, cut at 40 characters.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SHOWN_LENGTH = 40  # a cell may be a whole document; enough is shown to find it


def shown(text: object) -> str:
    """Quote a name or a cell for one line: control characters escaped, at most 40 characters."""
    full = str(text)
    return repr(full if len(full) <= SHOWN_LENGTH else full[: SHOWN_LENGTH - 1] + "…")


def count_of(number: int, noun: str) -> str:
    """Give "1 row" or "3 rows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(name: str, known: Iterable[str]) -> str:
    """Give "; did you mean 'x'?" for the known name most like this one, or nothing."""
    names = list(known)
    folded = {known_name.casefold(): known_name for known_name in names}
    found = difflib.get_close_matches(name.strip().casefold(), folded, n=1)
    return f"; did you mean {shown(folded[found[0]])}?" if found else ""


class TrainingError(Exception):
    """Training cannot go on."""


class ConfigError(TrainingError):
    """A parameter cannot be, or does not fit the table."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class DataError(TrainingError):
    """The table cannot be trained on."""


class AddressError(DataError):
    """A table cannot be had from its address, which is shown without credentials and query."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = shown_address(address)
        self.reason = reason
        super().__init__(f"{self.address}: {reason}")


class AddressAway(AddressError):
    """A table cannot be had from its address now; asking again may help."""


class DataFileError(DataError):
    """A file cannot be read at all."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{shown_path(path)}: {reason}")


class TableError(DataError):
    """The shape of a table is wrong; `line` is the file's line, from 1, where one is known."""

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        self.source = source
        self.reason = reason
        self.line = line
        super().__init__(f"{source}: {reason}" if line is None else f"{source}, line {line}: {reason}")


class ColumnError(DataError):
    """The cells of one column are wrong."""

    def __init__(self, column: str, reason: str) -> None:
        self.column = column
        self.reason = reason
        super().__init__(f"column {shown(column)}: {reason}")


class TargetError(DataError):
    """The labels of the target are wrong."""

    def __init__(self, target: str, reason: str) -> None:
        self.target = target
        self.reason = reason
        super().__init__(f"target {shown(target)}: {reason}")


class SearchError(TrainingError):
    """A search of parameters cannot begin, or finds nothing; `study` is its name, or an address without credentials."""

    def __init__(self, study: str, reason: str) -> None:
        self.study = study
        self.reason = reason
        super().__init__(f"search {study}: {reason}")


class TrackingError(TrainingError):
    """The tracking server cannot be reached, or refuses; `address` carries no credentials."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(f"tracking server {address}: {reason}")


class PromotionError(TrainingError):
    """An alias cannot be moved as asked."""

    def __init__(self, name: str, alias: str, reason: str) -> None:
        self.name = name
        self.alias = alias
        self.reason = reason
        super().__init__(f"model {shown(name)}, alias {alias}: {reason}")


class GatesRefused(PromotionError):
    """Gates say no; `refusals` are their reasons by name."""

    def __init__(self, name: str, alias: str, refusals: Mapping[str, str]) -> None:
        self.refusals = dict(refusals)
        reasons = "; ".join(f"{gate}: {reason}" for gate, reason in self.refusals.items())
        skips = " ".join(f"--skip-gate {gate}" for gate in self.refusals)
        super().__init__(name, alias, f"refused. {reasons}. To promote it all the same: {skips} --reason TEXT")


class NotPublished(PromotionError):
    """An alias was moved, and the store that promotions are carried to does not have it."""

    def __init__(self, name: str, alias: str, version: str, to: str, error: Exception) -> None:
        self.version = version
        self.to = to
        super().__init__(
            name,
            alias,
            f"version {version} is in {alias}, but it could not be published ({error}); "
            f"when that is mended: mlapi models publish {name} --to {to}",
        )


class ParityError(TrainingError):
    """The exported bundle gives other probabilities than the booster it was made from."""

    def __init__(self, rows: int, difference: float) -> None:
        self.rows = rows
        self.difference = difference
        super().__init__(
            f"the bundle differs from its booster in {rows} rows (by up to {difference:g}); nothing was registered"
        )


def shown_address(address: str) -> str:
    """Give an address for one line: without user, password, query and fragment, control characters escaped."""
    parts = urlsplit(address)
    plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in plain)


def shown_path(path: Path) -> str:
    """Give a path for one line: control characters escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(path))
