"""The server speaks TLS by itself."""

import http.client
import signal
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mlapi.app.server import make_server
from tests.app.service import KEY, settings
from tests.app.test_server import free_port, until


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


def test_answers_over_tls_where_https_is_asked_for(state_dir: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    port = free_port()
    given = settings(state_dir, port=str(port), https_only="true", tls_cert=str(cert), tls_key=str(key))
    server = make_server(given)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        context = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
        connection.request("GET", "/models/current", headers={"Authorization": f"Bearer {KEY}"})
        response = connection.getresponse()
        response.read()
        connection.close()
        assert (response.status, response.getheader("strict-transport-security")) == (200, "max-age=31536000")
    finally:
        server.handle_exit(signal.SIGINT, None)
        thread.join(20)
