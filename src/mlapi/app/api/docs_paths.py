"""Where the documentation is. Known without loading it."""

from typing import Final

ASSETS: Final = "/docs/assets"
ERRORS: Final = "/docs/errors"
PAGES: Final = frozenset({"/docs", "/redoc", "/openapi.json", ERRORS})


def is_docs_path(path: str) -> bool:
    """Whether a path belongs to the documentation."""
    return path in PAGES or path.startswith((f"{ASSETS}/", f"{ERRORS}/"))
