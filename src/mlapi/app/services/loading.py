"""From a candidate in the local directory to a snapshot that can answer at once."""

from array import array
from collections.abc import Callable

import msgspec

import mlapi.bundle
from mlapi.app.core.clock import timestamp
from mlapi.app.core.request import Decoder
from mlapi.app.services.local_model import STAGES, Candidate, LocalModel
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.model import Bundle
from mlapi.bundle.verify import SERVED


class SnapshotLoader:
    """Loads, verifies and warms a candidate."""

    def __init__(
        self,
        local: LocalModel,
        make_decoder: Callable[[Bundle], Decoder],
        *,
        public_key: bytes | None = None,
    ) -> None:
        """Take what a snapshot is made with.

        Args:
            local: knows the aliases of a version.
            make_decoder: gives the decoder for a model.
            public_key: PEM of the Ed25519 key that bundles must be signed with; None asks for no signature.
        """
        self._local = local
        self._make_decoder = make_decoder
        self._public_key = public_key

    def __call__(self, candidate: Candidate) -> Snapshot:
        """Give the snapshot of a candidate.

        Raises:
            BundleError: the bundle is refused, is not the one that the alias record names, or cannot predict.
            OSError: its files cannot be read.
        """
        alias = candidate.alias
        bundle = mlapi.bundle.load(
            candidate.path,
            expected_manifest=alias.manifest_sha256,
            public_key=self._public_key,
            require_signature=self._public_key is not None,
            checks=SERVED,
        )
        decoder = self._make_decoder(bundle)
        prove(bundle, decoder)
        aliases = self._local.aliases(alias.name, alias.version)
        return Snapshot(
            bundle=bundle,
            decoder=decoder,
            alias=alias,
            stage=next((stage for stage in STAGES if stage in aliases), "none"),
            aliases=aliases,
            loaded_at=timestamp(),
        )


def prove(bundle: Bundle, decoder: Decoder) -> None:
    """Score the golden rows once more, the way that requests go: `load` has scored them without a request's decoder.

    Raises:
        VerificationError: golden_mismatch; a row that is decoded the native way gets another margin.
        RowsError, AppError: the example of the schema is no row.
    """
    example = decoder.decode(msgspec.json.encode({"data": [bundle.schema.example_row()]}))
    if example.matrix is None:
        bundle.predict_table(example.table)  # the first call of an engine is the slow one
    for row, expected in zip(bundle.golden.rows, bundle.golden.margin, strict=True):
        plain = decoder.decode_plain(msgspec.json.encode({"data": [row]}))
        if plain is None or plain.matrix is None:
            continue
        if bundle.predict_matrix(plain.matrix).margin.tobytes() != array("f", expected).tobytes():
            raise VerificationError("golden", "golden_mismatch", "a golden row is decoded to another margin")
