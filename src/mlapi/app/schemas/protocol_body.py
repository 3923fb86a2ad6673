"""Bodies of other servers' protocols: strict JSON, then the shape that the protocol's declaration asks for."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mlapi.app.core.errors import InvalidRequest

Declared = TypeVar("Declared", bound=BaseModel)


def fit(document: object, declared: type[Declared]) -> Declared:
    """Give a parsed body as its declaration.

    Raises:
        InvalidRequest: it has another shape; says where, by the declaration's own names and by positions.
    """
    try:
        return declared.model_validate(document, strict=True)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = list(problem["loc"])
        if problem["type"] == "extra_forbidden":
            raise InvalidRequest(f"There is a key that is none of the protocol's{_place(where[:-1])}") from None
        raise InvalidRequest(f"The body does not follow the protocol{_place(where)}") from None


def _place(where: list[int | str]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return f" at {path.lstrip('.')[:80]}" if path else ""
