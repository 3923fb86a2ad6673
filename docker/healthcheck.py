"""Is the service in this container ready? Exit code 0 or 1, for HEALTHCHECK; needs no curl and imports little."""

import http.client
import os
import ssl
import sys

port = int(os.environ.get("MLAPI_PORT") or 8000)
connection: http.client.HTTPConnection
if os.environ.get("MLAPI_TLS_CERT"):
    # The certificate names the host that clients use; here only the process behind the port is asked.
    anyone = ssl._create_unverified_context()  # noqa: S323, SLF001  # loopback
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=anyone)
else:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
try:
    connection.request("GET", os.environ.get("HEALTH_PATH", "/health/ready"))
    status = connection.getresponse().status
except (OSError, http.client.HTTPException) as error:
    sys.exit(f"not reachable: {error}")
sys.exit(0 if status == 200 else f"not ready: {status}")
