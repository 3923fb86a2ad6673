"""Who is asking: from the credential in a request's headers to a principal."""

from collections.abc import Iterable

from mlapi.app.core.errors import InsufficientScope, Unauthorized
from mlapi.app.core.security import Principal, find_key, store_key


class AuthService:
    """Knows the API keys that may be used."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Take keys as configured.

        Args:
            keys: each in clear or as `sha256:<64 hexadecimal digits>`.

        Raises:
            ValueError: a hashed key has no valid digest.
        """
        self._keys = tuple(store_key(key) for key in keys)

    def authenticate(self, authorization: bytes | None) -> Principal:
        """Give the principal of an `Authorization` header's value.

        Raises:
            Unauthorized: no header, another scheme than Bearer (RFC 6750), or an unknown key.
        """
        scheme, _, key = (authorization or b"").partition(b" ")
        principal = find_key(self._keys, key.strip(b" ")) if scheme.lower() == b"bearer" else None
        if principal is None:
            raise Unauthorized
        return principal


def require(principal: Principal | None, scope: str) -> None:
    """Ask that whoever calls has a scope.

    Args:
        principal: None on a public path, where nobody is asked.
        scope: `predict`, `read` or `admin`.

    Raises:
        InsufficientScope: the principal lacks it.
    """
    if principal is not None and scope not in principal.scopes:
        raise InsufficientScope(scope)
