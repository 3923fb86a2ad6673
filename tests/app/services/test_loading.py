"""From a candidate to a snapshot."""

import re
import shutil
from pathlib import Path

import pytest

from mlapi.app.core.request import Decoded, Decoder
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.schemas.native import NativeDecoder
from mlapi.app.services.loading import SnapshotLoader
from mlapi.app.services.local_model import Candidate, LocalModel
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.steps import Stepped
from tests.app.bundles import bundle
from tests.app.service import publish
from tests.fixtures.extension import needs_extension

PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""


def decoder(of: Stepped) -> Decoder:
    return RequestDecoder(of, max_rows=10, max_depth=32)


def local(state_dir: Path) -> LocalModel:
    return LocalModel(state_dir / "serving", name="churn", alias="production")


def promoted(state_dir: Path) -> Candidate:
    publish(state_dir, "churn", bundle())
    found = local(state_dir).look()
    assert found is not None
    return found


def test_gives_a_snapshot_that_can_predict(tmp_path: Path) -> None:
    snapshot = SnapshotLoader(local(tmp_path), decoder)(promoted(tmp_path))
    assert (snapshot.version, snapshot.stage, snapshot.aliases) == ("1", "production", ("production",))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", snapshot.loaded_at)
    assert snapshot.bundle.predict([snapshot.bundle.schema.example_row()]).labels


def test_refuses_a_bundle_that_the_alias_record_does_not_vouch_for(tmp_path: Path) -> None:
    candidate = promoted(tmp_path)
    shutil.rmtree(candidate.path)
    shutil.copytree(bundle(seed=2), candidate.path)
    with pytest.raises(VerificationError, match="digest_mismatch"):
        SnapshotLoader(local(tmp_path), decoder)(candidate)


def test_refuses_an_unsigned_bundle_where_signatures_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="signature_missing"):
        SnapshotLoader(local(tmp_path), decoder, public_key=PUBLIC_KEY)(promoted(tmp_path))


@needs_extension
def test_refuses_a_model_whose_requests_are_decoded_to_other_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The golden rows hold by the bundle's own reading of them, and not by the decoder's."""
    candidate = promoted(tmp_path)
    right = NativeDecoder.decode

    def wrong(self: NativeDecoder, body: bytes) -> Decoded | None:
        decoded = right(self, body)
        if decoded is not None and decoded.matrix is not None:
            decoded.matrix[0, 0] += 40.0
        return decoded

    monkeypatch.setattr(NativeDecoder, "decode", wrong)
    with pytest.raises(VerificationError, match="decoded to another margin"):
        SnapshotLoader(local(tmp_path), decoder)(candidate)
