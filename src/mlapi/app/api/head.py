"""The head of a request as its bytes, to be known again."""

import hashlib
from typing import Final

import msgspec

END: Final = b"\r\n\r\n"
LINE_END: Final = b"\r\n"
BLANKS: Final = b" \t"  # those behind a value are part of it, for llhttp too
LENGTH_LINE: Final = b"\r\ncontent-length:"
REQUEST_ID_LINE: Final = b"\r\nx-request-id:"
PARENT_LINE: Final = b"\r\ntraceparent:"
LONGEST_BYTES: Final = 2048


class Head(msgspec.Struct, frozen=True):
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
        lower = data[:at].lower()
        start = lower.find(LENGTH_LINE)
        if start < 0 or at > LONGEST_BYTES:
            return None
        end = lower.find(LINE_END, start + len(LENGTH_LINE))
        body = data[at:]
        if data[start + len(LENGTH_LINE) : end].lstrip(BLANKS) != b"%d" % len(body):
            return None
        rest, request_id, parent = data[:start] + data[end:at], None, None
        if REQUEST_ID_LINE in lower:
            rest, request_id = cut(rest, REQUEST_ID_LINE)
        if PARENT_LINE in lower:
            rest, parent = cut(rest, PARENT_LINE)
        return cls(hashlib.sha256(sender + rest).digest(), request_id, parent, body)


def cut(head: bytes, line: bytes) -> tuple[bytes, bytes]:
    """Take a line out of a head.

    Args:
        head: has the line.
        line: the end of the line before, the name in lower case, and the colon.

    Returns:
        The rest and the value. A line that goes on in the next one (obsolete folding) leaves a rest that is no head.
    """
    start = head.lower().find(line)
    begin = start + len(line)
    end = head.find(LINE_END, begin)
    return head[:start] + head[end:], head[begin:end].lstrip(BLANKS)
