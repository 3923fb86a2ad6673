"""The one answer that uvicorn gives by itself, in the shape of all others."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlapi.app.api.error_body import reply_to
from mlapi.app.api.exchange import choose_request_id
from mlapi.app.core.errors import InvalidRequest


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, but for what cannot be parsed as HTTP at all."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP request, and close the connection; `msg` is uvicorn's own text."""
        request_id = choose_request_id(None)
        reply = reply_to(InvalidRequest("This is not a valid HTTP request"), request_id)
        head = (
            f"HTTP/1.1 {reply.status} Bad Request\r\ncontent-type: application/json\r\nx-request-id: {request_id}\r\n"
            f"content-length: {len(reply.body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + reply.body)
        self.transport.close()
