"""What every group of training parameters is: frozen, closed to unknown names, with one-line errors."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from mlapi.training.errors import ConfigError, nearest


class Frozen(BaseModel):
    """A group of parameters; `place` stands before their names in messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    place: ClassVar[str] = ""

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """The names that a user may have meant."""
        return tuple(cls.model_fields)

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, values: object, build: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return build(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            known = nearest(field, cls.known()) if first["type"] == "extra_forbidden" else ""
            raise ConfigError(cls.place + field, first["msg"][:1].lower() + first["msg"][1:] + known) from error


def _split_commas(given: object) -> object:
    """Split `a, b` into its non-empty parts; what is no text stays as it is."""
    return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]
"""Texts, or one with commas between them."""
