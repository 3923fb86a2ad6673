"""The framework's own errors, translated into ours; the gate answers them like all others."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlapi.app.core.errors import AppError, BodyTooLarge, InvalidRequest, MethodNotAllowed, NotFound


async def translate(request: Request, error: Exception) -> NoReturn:
    """Raise ours for an error of the framework."""
    raise _ours(error) from error


def _ours(error: Exception) -> Exception:
    if isinstance(error, RequestValidationError):
        return InvalidRequest("A parameter of the request is missing or cannot be used")
    if not isinstance(error, HTTPException) or error.status_code >= 500:
        return RuntimeError("the framework gave up")
    return _by_status(error)


def _by_status(error: HTTPException) -> AppError:
    match error.status_code:
        case 404:
            return NotFound()
        case 405:
            return MethodNotAllowed(_with_head((error.headers or {}).get("Allow", "")))
        case 413:
            return BodyTooLarge(0)
        case _:
            return InvalidRequest("The request cannot be understood")


def _with_head(allow: str) -> tuple[str, ...]:
    """The methods of an Allow header; whatever takes GET takes HEAD."""
    methods = {method.strip() for method in allow.split(",") if method.strip()}
    return tuple(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def pass_on(_: Request, error: Exception) -> NoReturn:
    """Raise what nobody foresaw, so that the gate answers and not the framework, whose answer is another."""
    raise error


HANDLERS: Final[dict[Any, Callable[[Request, Any], Coroutine[Any, Any, Response]]]] = {
    HTTPException: translate,
    RequestValidationError: translate,
    Exception: pass_on,
}
