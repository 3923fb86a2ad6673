"""A bundle that is ready to predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from mlapi.bundle import native
from mlapi.bundle.checks import Expectation
from mlapi.bundle.decision import Decision
from mlapi.bundle.encoded import Encoded, UnknownCell
from mlapi.bundle.golden import Golden
from mlapi.bundle.manifest import Manifest
from mlapi.bundle.reference import Reference
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.steps import Step
from mlapi.bundle.trees import TreeEngine
from mlapi.bundle.types import AnyFloats, Contributions, Floats, Label, Matrix, Row, Table, as_array
from mlapi.bundle.verify import CHECKS, Check, open_verified

if TYPE_CHECKING:
    from mlapi.bundle.encoder import Encoder

Held_co = TypeVar("Held_co", bound="Floats", covariant=True)


class Prediction(msgspec.Struct, Generic[Held_co], frozen=True):
    """The answers to n_rows rows, in arrays, or in views where the matrix was given as one.

    Attributes:
        labels: n_rows labels as the dataset spells them.
        probabilities: float32 (n_rows, n_classes) in the order of the decision's classes, calibrated if it says so.
        margin: float32 (n_rows, n_groups).
        unknown: cells whose category the model has not seen and that were scored as missing.
        matrix: float32 (n_rows, n_columns), what was scored.
    """

    labels: list[Label]
    probabilities: Held_co
    margin: Held_co
    unknown: tuple[UnknownCell, ...]
    matrix: Held_co


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything a bundle holds, verified and read; predicting never changes it, so that threads may share one.

    Attributes:
        path: the directory that it came from, which may go: what is still needed is in memory or mapped.
        manifest: what the bundle says of itself.
        manifest_sha256: of the manifest's bytes.
        schema: the features.
        steps: of its encoder.
        engine: from the matrix to margins.
        decision: from margins to probabilities and labels.
        golden: rows with their answers.
        reference: what the training data looked like.
        card: the model card, Markdown.
        card_page: the same with pictures, HTML; None where the bundle has none.
    """

    path: Path
    manifest: Manifest
    manifest_sha256: str
    schema: FeatureSchema
    steps: tuple[Step, ...]
    engine: TreeEngine
    decision: Decision
    golden: Golden
    reference: Reference
    card: str
    card_page: str | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """From cells to the matrix."""
        from mlapi.bundle.encoder import Encoder

        return Encoder(self.schema, self.steps)

    def predict(self, rows: Sequence[Row], *, threshold: float | None = None) -> Prediction[Matrix]:
        """Predict some rows.

        Args:
            rows: n_rows mappings from feature name to cell.
            threshold: in place of the bundle's own; two classes only.

        Raises:
            RowsError: cells that do not fit the schema, every one of them named.
            ValueError: a threshold for more than two classes.
        """
        from mlapi.bundle.rows import check_rows

        return self.predict_table(check_rows(self.schema, rows), threshold=threshold)

    def predict_table(self, table: Table, *, threshold: float | None = None) -> Prediction[Matrix]:
        """Predict cells that are already checked and sorted by feature.

        Args:
            table: n_rows cells by feature name.
            threshold: in place of the bundle's own; two classes only.

        Raises:
            RowsError: an unknown category where the schema rejects it, or a number beyond float32.
            ValueError: a threshold for more than two classes.
        """
        return self.predict_encoded(self.encoder.encode_table(table), threshold=threshold)

    def predict_encoded(self, encoded: Encoded, *, threshold: float | None = None) -> Prediction[Matrix]:
        """Predict a matrix of this bundle's encoder; the rest is as for `predict`."""
        return self.predict_matrix(encoded.matrix, encoded.unknown, threshold=threshold)

    def predict_matrix(
        self, matrix: AnyFloats, unknown: tuple[UnknownCell, ...] = (), *, threshold: float | None = None
    ) -> Prediction[AnyFloats]:
        """Predict float32 (n_rows, n_columns), given as an array or a view."""
        margin = self.engine.margin(matrix)
        probabilities, labels = self.decision.decide(margin, threshold)
        return Prediction(labels, probabilities, margin, unknown, matrix)

    def explain(self, matrix: Floats) -> Contributions:
        """Give what each feature adds to the margins of a matrix of this bundle's encoder.

        Returns:
            float64 (n_rows, n_groups, n_features + 1), features in the schema's order, each with all its columns; last
            the base value. In log-odds: of the second class where there are two, else of each class.
        """
        import numpy as np

        found = self.engine.contributions(as_array(matrix))
        return np.concatenate([self.encoder.by_feature(found[..., :-1]), found[..., -1:]], axis=-1)


def load(
    path: Path,
    *,
    expected_manifest: str | None = None,
    public_key: bytes | None = None,
    require_signature: bool = False,
    checks: Sequence[Check] = CHECKS,
) -> Bundle:
    """Verify a directory and open it; the bytes that are verified are the bytes that are used.

    Args:
        path: the bundle's directory.
        expected_manifest: sha256 of `manifest.json`, from the registry or an alias record.
        public_key: PEM of the Ed25519 key that signs bundles.
        require_signature: refuse a bundle without a signature.
        checks: in place of all of them.

    Raises:
        VerificationError: names the check, a code and the reason.
        ValueError: the key is none, or is missing though a signature is required.
    """
    contents = open_verified(path, Expectation(expected_manifest, public_key, require_signature), checks)
    bundle = Bundle(
        path=path,
        manifest=contents.manifest,
        manifest_sha256=contents.manifest_sha256,
        schema=contents.schema,
        steps=contents.steps,
        engine=contents.engine,
        decision=contents.decision,
        golden=contents.golden,
        reference=contents.reference,
        card=contents.card,
        card_page=contents.card_page,
    )
    del contents  # the engine has what it needs of it
    native.trim()
    return bundle
