"""The head of a request as its bytes, to be known again."""

import hashlib
from typing import Final, NamedTuple

END: Final = b"\r\n\r\n"
LINE_END: Final = b"\r\n"
LENGTH_LINE: Final = b"\r\ncontent-length:"
REQUEST_ID_LINE: Final = b"\r\nx-request-id:"
PARENT_LINE: Final = b"\r\ntraceparent:"
LONGEST_BYTES: Final = 2048


class Head(NamedTuple):
    """The head of what came, where that is one whole request of usual form.

    Attributes:
        name: digest of the head and of whom it came from, less the lines that differ each time.
        request_id: of the client, as it stands there; None without one.
        parent: value of `traceparent`.
        body: as long as the head says.
    """

    name: bytes
    request_id: bytes | None
    parent: bytes | None
    body: bytes

    @classmethod
    def of(cls, data: bytes, sender: bytes) -> "Head | None":
        """Find it; None where there is none, or a long one."""
        at = data.find(END) + len(END)
        head = data[:at]
        lower = head.lower()
        start = lower.find(LENGTH_LINE)
        if start < 0 or at > LONGEST_BYTES:
            return None
        body = data[at:]
        rest, length = cut(head, start, LENGTH_LINE)
        if length != b"%d" % len(body):
            return None
        request_id = parent = None
        if REQUEST_ID_LINE in lower:
            rest, request_id = cut(rest, rest.lower().find(REQUEST_ID_LINE), REQUEST_ID_LINE)
        if PARENT_LINE in lower:
            rest, parent = cut(rest, rest.lower().find(PARENT_LINE), PARENT_LINE)
        return cls(hashlib.sha256(sender + rest).digest(), request_id, parent, body)


def cut(head: bytes, start: int, line: bytes) -> tuple[bytes, bytes]:
    """Take a line out of a head.

    Args:
        head: has the line.
        start: where the end of the line before is.
        line: that end, the name and the colon.

    Returns:
        The rest and the value. A line that goes on in the next one (obsolete folding) leaves a rest that is no head.
    """
    begin = start + len(line)
    end = head.find(LINE_END, begin)
    return head[:start] + head[end:], head[begin:end].lstrip(b" \t")
