"""What is going to go, declared once: headers of the answers and marks in the OpenAPI document follow from it.

The policy: an operation of a stable version is announced here first, answers with `Deprecation` and `Sunset`, and is
removed after the second date and not before. `mlapi openapi --against` refuses a removal without it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from mlapi.app.api.exchange import Pairs


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """An operation that is going to go.

    Attributes:
        path: as declared, such as `/v1/models/{name}/versions`.
        method: in upper case.
        since: from when on it is deprecated, UTC.
        sunset: from when on it may be gone, UTC.
        successor: path of what to use instead, if there is anything.
    """

    path: str
    method: str
    since: datetime
    sunset: datetime
    successor: str | None = None

    def headers(self) -> Pairs:
        """`Deprecation` (RFC 9745, a structured date), `Sunset` (RFC 8594, an HTTP date), a link to the successor."""
        pairs = [
            (b"deprecation", f"@{int(self.since.timestamp())}".encode()),
            (b"sunset", format_datetime(self.sunset.astimezone(UTC), usegmt=True).encode()),
        ]
        if self.successor:
            pairs.append((b"link", f'<{self.successor}>; rel="successor-version"'.encode()))
        return pairs


DECLARED: Final[tuple[Deprecation, ...]] = ()


class Deprecations:
    """Finds the deprecation of a request."""

    def __init__(self, declared: Sequence[Deprecation] = DECLARED) -> None:
        """Take what is declared."""
        self._declared = [(_pattern(one.path), one, one.headers()) for one in declared]

    def __bool__(self) -> bool:
        return bool(self._declared)

    def headers(self, method: str, path: str) -> Pairs:
        """The headers of an answer to a request; none where nothing is deprecated."""
        for pattern, one, headers in self._declared:
            if one.method == method and pattern.fullmatch(path):
                return headers
        return []

    def mark(self, document: dict[str, Any]) -> None:
        """Mark the operations of an OpenAPI document, in place."""
        for _, one, _ in self._declared:
            operation = document["paths"].get(one.path, {}).get(one.method.lower())
            if operation is not None:
                operation["deprecated"] = True
                operation["x-sunset"] = one.sunset.date().isoformat()


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path))))
