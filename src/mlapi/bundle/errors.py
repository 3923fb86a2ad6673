"""Everything that this package raises for what it is given.

    BundleError
    ├── RowsError                  cells that do not fit the feature schema
    ├── SchemaError                a feature schema that cannot be
    ├── FormatError                a file of a bundle that cannot be read
    ├── VerificationError          a bundle that fails a check
    ├── EngineError                a tree engine that cannot be loaded, or cannot take a booster
    └── StoreError                 a store that cannot do what was asked
        ├── StoreUnavailable       it did not answer; trying again may help
        ├── ModelNotFound          no such model, version or alias
        ├── VersionExists          the version is taken by another bundle
        └── GenerationConflict     somebody else moved the alias first

An error is made from domain values, keeps them as attributes and says them in one line without control characters.
What a client sent stands in none of them, but for the names of features.
"""

from __future__ import annotations

from typing import Final

import msgspec

MAX_CELL_ERRORS: Final = 100  # kept of one request; the rest is counted
_LONGEST_NAME: Final = 100


class CellError(msgspec.Struct, frozen=True):
    """A cell that does not fit.

    Attributes:
        row: zero-based position among the rows.
        feature: its name; for an unknown feature the name that was given, cut to 100 characters.
        code: missing_feature, null_not_allowed, unknown_feature, wrong_type, out_of_range, not_integer,
            unknown_category or invalid_text.
        expected: what would have been right, such as "a number"; never the cell itself.
    """

    row: int
    feature: str
    code: str
    expected: str


class BundleError(Exception):
    """Base of every error of this package; `args` are what it was made from, so that it survives pickling."""


class RowsError(BundleError):
    """Cells that do not fit the feature schema.

    Attributes:
        errors: one for each bad cell, by row and then in the schema's order; the first 100 at most.
        total: number of bad cells.
    """

    def __init__(self, errors: tuple[CellError, ...], total: int) -> None:
        super().__init__(errors, total)
        self.errors = errors[:MAX_CELL_ERRORS]
        self.total = total

    def __str__(self) -> str:
        first = self.errors[0]
        more = f" ({self.total - 1} more)" if self.total > 1 else ""
        where = f"row {first.row}, feature {shown(first.feature)}"
        return f"{where}: {first.code}, expected {shown_text(first.expected)}{more}"


class SchemaError(BundleError):
    """A feature schema that cannot be: a column that cannot be a feature, an override that does not fit its column.

    Attributes:
        feature: the feature's name, None where it is about the schema as a whole.
        reason: what is wrong and what to do.
    """

    def __init__(self, feature: str | None, reason: str) -> None:
        super().__init__(feature, reason)
        self.feature = feature
        self.reason = reason

    def __str__(self) -> str:
        where = "feature schema" if self.feature is None else f"feature {shown(self.feature)}"
        return f"{where}: {shown_text(self.reason)}"


class FormatError(BundleError):
    """A file of a bundle that cannot be read.

    Attributes:
        file: its path inside the bundle.
        reason: what is wrong with it.
    """

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file = file
        self.reason = reason

    def __str__(self) -> str:
        return f"{shown_text(self.file)}: {shown_text(self.reason)}"


class VerificationError(BundleError):
    """A bundle that fails a check.

    Attributes:
        check: digest, signature, structure, versions or golden.
        code: digest_mismatch, signature_missing, signature_invalid, structure_invalid, version_unsupported,
            golden_mismatch or replayed.
        reason: what is wrong.
    """

    def __init__(self, check: str, code: str, reason: str) -> None:
        super().__init__(check, code, reason)
        self.check = check
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} ({self.check}): {shown_text(self.reason)}"


class EngineError(BundleError):
    """A tree engine that cannot be loaded, or cannot take this booster or matrix.

    Attributes:
        reason: what is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return shown_text(self.reason)


class StoreError(BundleError):
    """A store that cannot do what was asked.

    Attributes:
        reason: what is wrong and what to do.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return shown_text(self.reason)


class StoreUnavailable(StoreError):
    """A store that did not answer, or not in time; trying again may help.

    Attributes:
        store: its description, without credentials.
    """

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(reason)
        self.args = (store, reason)
        self.store = store

    def __str__(self) -> str:
        return f"{shown_text(self.store)}: {shown_text(self.reason)}"


class ModelNotFound(StoreError):
    """No such model, or no such version or alias of it.

    Attributes:
        name: the model's.
        version: the one that was asked for, if one was.
        alias: likewise.
    """

    def __init__(self, name: str, version: str | None = None, alias: str | None = None) -> None:
        named = "" if version is None else f" version {shown(version)}"
        super().__init__(
            f"there is no model {shown(name)}{named}" + ("" if alias is None else f" alias {shown(alias)}")
        )
        self.args = (name, version, alias)
        self.name = name
        self.version = version
        self.alias = alias


class VersionExists(StoreError):
    """The version is taken by a bundle with other contents.

    Attributes:
        name: the model's.
        version: the one that was to be added.
        digest: of the bundle that holds it.
    """

    def __init__(self, name: str, version: str, digest: str) -> None:
        super().__init__(f"version {shown(version)} of {shown(name)} exists already with other contents ({digest})")
        self.args = (name, version, digest)
        self.name = name
        self.version = version
        self.digest = digest


class GenerationConflict(StoreError):
    """Somebody else moved the alias first.

    Attributes:
        name: the model's.
        alias: the one that was to be moved.
        expected: generation that the caller had seen, 0 for an alias that was not there.
        found: generation that it has.
    """

    def __init__(self, name: str, alias: str, expected: int, found: int) -> None:
        super().__init__(
            f"alias {shown(alias)} of {shown(name)} was moved meanwhile (generation {found}, expected {expected}): "
            "look at it and try again"
        )
        self.args = (name, alias, expected, found)
        self.name = name
        self.alias = alias
        self.expected = expected
        self.found = found


def shown(name: str) -> str:
    """Quote a name for a message: control characters and half surrogates escaped, 100 characters at most."""
    return repr(cut(name))


def cut(text: str) -> str:
    """Shorten a text to 100 characters, the last one `…` if any is left out."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def shown_text(text: str) -> str:
    """Escape what would break a line or a log: everything that is not printable."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
