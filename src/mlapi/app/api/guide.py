"""What the OpenAPI document says before its operations."""

from typing import Final

from mlapi.app.services.snapshot import Snapshot

GUIDE: Final = """\
## Keys

Send a key with every request: `Authorization: Bearer <key>`. `mlapi keys create` makes one and prints it
once; the service keeps its SHA-256 only. What a key may do is said by its scopes: `predict` for predictions,
`read` for models, metrics and these pages, `admin` for reloading. To replace a key, let both be valid, move
the clients, then revoke the old one. A key that was sent over plain HTTP is to be replaced. On this page,
choose *Authorize* and paste the key; in the samples it is the variable `API_KEY`.

## Requests and answers

Rows are checked against the model's own features: names, types, categories, missing cells. `POST /v1/predict`
takes JSON, CSV (`text/csv`) and a row a line (`application/x-ndjson`), and answers in the one that `Accept`
asks for. Every answer carries `X-Request-ID` and `X-Model-Version`; a client's own request id is kept.

## Errors

Every error has one shape, and `error` is a code that stays the same: [all codes, and what to
do](docs/errors). A refused row names each bad cell. 429 and 503 carry `Retry-After`.

## Versions

`/v1` is stable; a path without a version is the newest one. What is going to go is marked as deprecated here
and answers with `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) long before.
"""


def description(snapshot: Snapshot | None) -> str:
    """The document's own words, Markdown."""
    if snapshot is None:
        about = "No model is loaded yet; the schema of the rows appears here as soon as one is."
    else:
        algorithm = snapshot.bundle.manifest.algorithm
        about = f"Predictions of the model `{snapshot.alias.name}`, version {snapshot.version} ({algorithm})."
    return f"{about}\n\n{GUIDE}"
