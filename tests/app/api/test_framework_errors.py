"""Errors of the framework become ours."""

import asyncio

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mlapi.app.api.errors import entry_of
from mlapi.app.api.framework_errors import HANDLERS, translate


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HTTPException(404), "not_found"),
        (HTTPException(405, headers={"Allow": "GET"}), "method_not_allowed"),
        (HTTPException(405), "method_not_allowed"),
        (HTTPException(413), "body_too_large"),
        (HTTPException(400, "secret"), "invalid_request"),
        (HTTPException(418, "secret"), "invalid_request"),
        (RequestValidationError([{"loc": ("query",), "msg": "secret", "type": "x"}]), "invalid_request"),
        (HTTPException(500, "secret"), "internal_error"),
    ],
    ids=str,
)
def test_translates_what_the_framework_raises(error: Exception, code: str) -> None:
    with pytest.raises(Exception, match=r".*") as caught:
        asyncio.run(translate(Request({"type": "http"}), error))
    assert entry_of(caught.value).code == code
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_leaves_no_kind_to_the_framework() -> None:
    assert set(HANDLERS) == {HTTPException, RequestValidationError, Exception}


def test_hands_on_what_nobody_foresaw() -> None:
    error = KeyError("secret")
    with pytest.raises(KeyError) as caught:
        asyncio.run(HANDLERS[Exception](Request({"type": "http"}), error))
    assert caught.value is error
