"""Ed25519 over the manifest."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.errors import VerificationError
from mlapi.bundle.signing import generate_keys, sign, verify_signature

KEYS = generate_keys()


@given(st.binary())
def test_a_signature_is_accepted_for_what_was_signed(manifest: bytes) -> None:
    verify_signature(manifest, sign(manifest, KEYS.private), KEYS.public)


def test_equal_manifests_have_equal_signatures() -> None:
    assert sign(b"manifest", KEYS.private) == sign(b"manifest", KEYS.private)


@pytest.mark.parametrize(
    ("manifest", "signature", "public"),
    [
        pytest.param(b"other", sign(b"manifest", KEYS.private), KEYS.public, id="another manifest"),
        pytest.param(b"manifest", sign(b"manifest", generate_keys().private), KEYS.public, id="another key"),
        pytest.param(b"manifest", b"", KEYS.public, id="empty"),
        pytest.param(b"manifest", b"AAAA\n", KEYS.public, id="short"),
        pytest.param(b"manifest", b"no base64 !\n", KEYS.public, id="no base64"),
        pytest.param(b"manifest", b"\xff\xfe", KEYS.public, id="no ASCII"),
    ],
)
def test_a_signature_is_refused(manifest: bytes, signature: bytes, public: bytes) -> None:
    with pytest.raises(VerificationError) as refusal:
        verify_signature(manifest, signature, public)
    assert (refusal.value.check, refusal.value.code) == ("signature", "signature_invalid")


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    "private",
    [
        pytest.param(rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), id="RSA"),
        pytest.param(KEYS.public, id="public"),
        pytest.param(b"nothing", id="no PEM"),
    ],
)
def test_sign_refuses_another_kind_of_key(private: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        sign(b"manifest", private)


@pytest.mark.parametrize(
    "public",
    [
        pytest.param(rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), id="RSA"),
        pytest.param(b"nothing", id="no PEM"),
    ],
)
def test_verify_refuses_another_kind_of_key(public: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        verify_signature(b"manifest", sign(b"manifest", KEYS.private), public)
