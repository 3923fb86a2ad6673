"""Detached Ed25519 signature of a manifest (`manifest.sig`).

The manifest holds the sha256 of every other file, so signing its bytes signs the bundle. The key belongs to neither the
registry nor the object store: whoever can write there still cannot make a bundle that serving accepts.
`cryptography` is imported inside the functions, because a serving process that asks for no signature has no use for it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple

from mlapi.bundle.errors import VerificationError

SIGNATURE_FILE: Final = "manifest.sig"


class KeyPair(NamedTuple):
    """PEM text of both halves: PKCS 8 without a password, and SubjectPublicKeyInfo."""

    private: bytes
    public: bytes


def generate_keys() -> KeyPair:
    """Make a fresh pair of keys."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private, public)


def sign(manifest: bytes, private_key: bytes) -> bytes:
    """Give `manifest.sig`.

    Args:
        manifest: the exact bytes of `manifest.json`.
        private_key: PEM, PKCS 8, without a password.

    Returns:
        The 64 bytes of the signature (RFC 8032) as base64 and a newline; equal input gives equal output.

    Raises:
        ValueError: the key is no Ed25519 private key in PEM.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the signing key is not an Ed25519 key")  # noqa: TRY004  # a wrong file, not a wrong type in code
    return base64.b64encode(key.sign(manifest)) + b"\n"


def verify_signature(manifest: bytes, signature: bytes, public_key: bytes) -> None:
    """Refuse a manifest that the owner of the key has not signed.

    Args:
        manifest: the exact bytes of `manifest.json`.
        signature: the bytes of `manifest.sig`.
        public_key: PEM, SubjectPublicKeyInfo.

    Raises:
        VerificationError: signature_invalid.
        ValueError: the key is no Ed25519 public key in PEM; that is a fault of the configuration, not of the bundle.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the verifying key is not an Ed25519 key")  # noqa: TRY004  # a wrong file, not a wrong type in code
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), manifest)
    except (InvalidSignature, binascii.Error) as error:
        reason = f"{SIGNATURE_FILE} is not this key's signature of the manifest"
        raise VerificationError("signature", "signature_invalid", reason) from error
