"""Reading a request's body under a limit."""

from starlette.types import Receive

from mlapi.app.core.errors import BodyTooLarge


class ClientGone(Exception):
    """The client closed the connection before its request was whole; nobody is there to answer."""


async def read_body(receive: Receive, *, limit_bytes: int) -> bytes:
    """Read the whole body.

    Args:
        receive: the ASGI channel.
        limit_bytes: as soon as more than this has come, the rest is not waited for.

    Raises:
        BodyTooLarge: more than the limit; ClientGone: the connection was closed.
    """
    chunks: list[bytes] = []
    size_bytes = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
