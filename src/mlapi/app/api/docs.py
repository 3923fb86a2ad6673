"""`/docs`, `/redoc` and `/openapi.json`: everything they load is served from here, nothing by another host.

The scripts are those that the distribution `fastapi-offline` carries; it is never imported. Where it is not installed
there are no pages, and `/openapi.json` remains.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from mlapi.app.api import error_pages, markdown_page
from mlapi.app.api.deps import CurrentExchange, MayRead
from mlapi.app.api.docs_page import HEADERS, STARTERS, page
from mlapi.app.api.docs_paths import ASSETS, ERRORS
from mlapi.app.api.openapi import OpenAPIDocument
from mlapi.app.core.errors import NotFound

MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
FOREIGN_LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"  # ReDoc's own, which the policy would block
PACKAGED: Final = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"})


def docs_router(document: OpenAPIDocument) -> APIRouter:
    """The routes of the documentation."""
    router = APIRouter(include_in_schema=False, dependencies=[MayRead])

    @router.get("/openapi.json")
    async def openapi(exchange: CurrentExchange) -> Response:
        return Response(document.to_json(exchange.snapshot), media_type="application/json")

    router.add_api_route("/docs", _serve(page("API", ("swagger-ui-bundle.js", "swagger.js"), "swagger-ui.css")))
    router.add_api_route("/redoc", _serve(page("API reference", ("redoc.standalone.js", "redoc.js"))))
    router.add_api_route(ERRORS, _errors)
    router.add_api_route(f"{ERRORS}/{{code}}", _error)
    router.add_api_route(f"{ASSETS}/{{name}}", _asset)
    return router


def _serve(text: str) -> Callable[[], Awaitable[Response]]:
    async def serve() -> Response:
        if assets_directory() is None:
            raise NotFound
        return Response(text, media_type="text/html", headers=HEADERS)

    return serve


async def _errors() -> Response:
    """All error codes; addresses are relative, so that they hold below any prefix."""
    return _page("Errors", error_pages.overview("errors/{code}"))


async def _error(code: str) -> Response:
    """One error code."""
    if code not in error_pages.entries():
        raise NotFound
    return _page(code, error_pages.page(code))


def _page(title: str, markdown: str) -> Response:
    return Response(markdown_page.render(title, markdown), media_type="text/html", headers=markdown_page.HEADERS)


async def _asset(name: str) -> Response:
    """A script or style sheet."""
    directory = assets_directory()
    headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
    if name in STARTERS:
        return Response(STARTERS[name], media_type="text/javascript", headers=headers)
    if directory is None or name not in PACKAGED:
        raise NotFound
    content = (directory / name).read_bytes().replace(FOREIGN_LOGO, b"data:,")
    return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)


@cache
def assets_directory() -> Path | None:
    """Where the packaged scripts are, None if the package is not installed."""
    found = find_spec("fastapi_offline")
    places = found.submodule_search_locations if found else None
    return Path(places[0]) / "static" if places else None
