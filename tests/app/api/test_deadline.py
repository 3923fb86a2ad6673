"""What takes too long is given up."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.app.bundles import ROW
from tests.app.service import KEY, Service, settings


def test_an_answer_that_takes_too_long_is_504(state_dir: Path) -> None:
    with Service(settings(state_dir, request_timeout_s="0.05")) as service:
        sent: list[dict[str, Any]] = []

        async def never() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        pairs = [(b"host", b"x"), (b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")]
        scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/predict", "scheme": "http"}
        service.run(service._with_state({**scope, "query_string": b"", "headers": pairs}, never, send))
        assert (sent[0]["status"], json.loads(sent[1]["body"])["error"]) == (504, "deadline_exceeded")
        assert service.post({"data": [ROW]}).status_code == 200
