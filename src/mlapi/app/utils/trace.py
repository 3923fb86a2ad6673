"""W3C Trace Context: which distributed trace a request belongs to (https://www.w3.org/TR/trace-context/)."""

import re
from typing import Final, NamedTuple, Self

# A later version may add fields behind a further dash; version ff is none, and so are ids of zeros only.
TRACEPARENT: Final = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?"
)


class TraceContext(NamedTuple):
    """A trace and the span in it that is meant.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits; the caller's own in what came in, ours in what goes out.
        flags: 2 hexadecimal digits; 01 is sampled.
    """

    trace_id: str
    span_id: str
    flags: str

    @classmethod
    def read(cls, header: bytes | None) -> Self | None:
        """Read a `traceparent` header; None where there is none, or none that follows the standard."""
        found = TRACEPARENT.fullmatch(header) if header else None
        if found is None or (found[1] == b"00" and found[5] is not None):
            return None
        return cls(found[2].decode(), found[3].decode(), found[4].decode())

    def header(self) -> bytes:
        """Spell it as a `traceparent`, in the version that this service knows."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}".encode()
