"""From a candidate in the local directory to a snapshot that can answer at once."""

from collections.abc import Callable

import mlapi.bundle
from mlapi.app.core.clock import timestamp
from mlapi.app.core.request import Decoder
from mlapi.app.services.local_model import STAGES, Candidate, LocalModel
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.encoder import Encoder


class SnapshotLoader:
    """Loads, verifies and warms a candidate."""

    def __init__(
        self,
        local: LocalModel,
        make_decoder: Callable[[Encoder], Decoder],
        *,
        public_key: bytes | None = None,
    ) -> None:
        """Take what a snapshot is made with.

        Args:
            local: knows the aliases of a version.
            make_decoder: gives the decoder for a model's encoder.
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
        )
        bundle.predict([bundle.schema.example_row()])  # the first call of an engine is the slow one
        aliases = self._local.aliases(alias.name, alias.version)
        return Snapshot(
            bundle=bundle,
            decoder=self._make_decoder(bundle.encoder),
            alias=alias,
            stage=next((stage for stage in STAGES if stage in aliases), "none"),
            aliases=aliases,
            loaded_at=timestamp(),
        )
