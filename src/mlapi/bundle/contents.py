"""The files of one bundle in memory, each read as what it is when somebody first asks.

What reads a part is imported then too: the follower, which only compares digests, never loads NumPy, nor does who
serves a plain model (`Contents.is_plain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlapi.bundle import archive
from mlapi.bundle.manifest import MANIFEST_FILE, Manifest, manifest_digest

if TYPE_CHECKING:
    from mlapi.bundle.decision import Decision
    from mlapi.bundle.encoder import Encoder
    from mlapi.bundle.forest import Forest
    from mlapi.bundle.golden import Golden
    from mlapi.bundle.reference import Reference
    from mlapi.bundle.schema import FeatureSchema
    from mlapi.bundle.steps import Step
    from mlapi.bundle.tables import Tables
    from mlapi.bundle.trees import TreeEngine

SCHEMA_FILE: Final = "schema.json"
ENCODER_FILE: Final = "encoder.json"
MODEL_FILE: Final = "model.ubj"
DECISION_FILE: Final = "decision.json"
GOLDEN_FILE: Final = "golden.json"
REFERENCE_FILE: Final = "reference.json"
CARD_FILE: Final = "README.md"
CARD_PAGE_FILE: Final = "card.html"  # optional
REQUIRED_FILES: Final = (SCHEMA_FILE, ENCODER_FILE, MODEL_FILE, DECISION_FILE, GOLDEN_FILE, REFERENCE_FILE, CARD_FILE)


class Contents:
    """Bytes first, parts later: the digests are compared before anything but the manifest is parsed.

    The bytes that were checked are the bytes that are used; the engine keeps large ones as a mapping that equals them.
    Every property raises FormatError (the engine EngineError) where its file is not what it should be.
    """

    def __init__(self, files: Mapping[str, bytes], path: Path | None = None) -> None:
        """Hold the content of each file by its path in the bundle, and the directory that they came from, if any."""
        self.files = files
        self._path = path

    @classmethod
    def read(cls, path: Path) -> Contents:
        """Read a directory.

        Raises:
            FormatError: something in it is no regular file with a safe name, or it is too large.
            OSError: it cannot be read.
        """
        return cls(archive.read_directory(path), path)

    @cached_property
    def manifest(self) -> Manifest:
        """What the bundle says of itself; the only part that is parsed before the digests are compared."""
        return Manifest.from_json(self.files[MANIFEST_FILE])

    @cached_property
    def manifest_sha256(self) -> str:
        """Digest of the manifest's bytes."""
        return manifest_digest(self.files[MANIFEST_FILE])

    @cached_property
    def schema(self) -> FeatureSchema:
        """The features."""
        from mlapi.bundle.schema import FeatureSchema

        return FeatureSchema.from_json(self.files[SCHEMA_FILE])

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What the encoder does."""
        from mlapi.bundle.steps import check_steps, read_steps

        steps = read_steps(self.files[ENCODER_FILE])
        check_steps(self.schema, steps)
        return steps

    @cached_property
    def encoder(self) -> Encoder:
        """From cells to the matrix."""
        from mlapi.bundle.encoder import Encoder

        return Encoder(self.schema, self.steps)

    @cached_property
    def is_plain(self) -> bool:
        """Whether our own engine serves it from its tables, without NumPy: plain steps, and no calibration."""
        from mlapi.bundle import native
        from mlapi.bundle.calibration import NoCalibration
        from mlapi.bundle.steps import is_plain

        plain = is_plain(self) and isinstance(self.decision.calibration, NoCalibration)
        return plain and native.extension() is not None and self.tables is not None

    @cached_property
    def decision(self) -> Decision:
        """From margins to labels."""
        from mlapi.bundle.decision import Decision

        return Decision.from_json(self.files[DECISION_FILE])

    @cached_property
    def golden(self) -> Golden:
        """Rows with their answers."""
        from mlapi.bundle.golden import Golden

        return Golden.from_json(self.files[GOLDEN_FILE])

    @cached_property
    def reference(self) -> Reference:
        """What the training data looked like."""
        from mlapi.bundle.reference import Reference

        return Reference.from_json(self.files[REFERENCE_FILE])

    @cached_property
    def forest(self) -> Forest:
        """The trees, in our own reading."""
        from mlapi.bundle.forest import read_forest

        return read_forest(self.files[MODEL_FILE])

    @cached_property
    def tables(self) -> Tables | None:
        """The trees as our own engine walks them; None where the bundle has no such files."""
        from mlapi.bundle.tables import FOLDER, Tables

        return Tables.from_files({name: self._shared(name) for name in self.files if name.startswith(FOLDER)})

    @cached_property
    def engine(self) -> TreeEngine:
        """From the matrix to margins; made last, when everything else has been checked."""
        from mlapi.bundle.trees import load_engine, load_tables

        if self.is_plain and self.tables is not None:
            return load_tables(
                self._shared(MODEL_FILE),
                self.tables,
                n_groups=self.decision.n_groups,
                n_categories=[feature.n_codes for feature in self.schema.features],
            )
        return load_engine(self._shared(MODEL_FILE), self.forest, self.tables)

    @cached_property
    def card(self) -> str:
        """The model card, Markdown."""
        return self.files[CARD_FILE].decode("utf-8")

    @cached_property
    def card_page(self) -> str | None:
        """The model card as a page with pictures, HTML; None where the bundle has none."""
        page = self.files.get(CARD_PAGE_FILE)
        return None if page is None else page.decode("utf-8")

    def _shared(self, name: str) -> bytes | memoryview:
        from mlapi.bundle.mapping import shared

        return self.files[name] if self._path is None else shared(self._path / name, self.files[name])
