"""What the configuration classes are made of."""

from typing import Any, Self

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen group of settings; an unknown name is refused."""

    def replaced(self, **changes: Any) -> Self:
        """Give the same with other values, which are of the fields' types already."""
        return msgspec.structs.replace(self, **changes)


class Secret:
    """A text that is shown as stars wherever it is printed by mistake."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text; by the name that pydantic's SecretStr gives it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('**********')"


Names = tuple[str, ...]
"""In a text separated by commas."""

Secrets = tuple[Secret, ...]
"""Likewise."""


def about(meaning: str, *, env: str | None = None, shown: str | None = None, **bounds: Any) -> msgspec.Meta:
    """Declare a setting, inside the `Annotated` of its type.

    Args:
        meaning: one line for the table of settings.
        env: environment variable, where another tool owns the name; else `MLAPI_` and the field's name in capitals.
        shown: what the table shows as the default, where it depends on another setting.
        bounds: msgspec's own constraints, such as `ge`.
    """
    return msgspec.Meta(description=meaning, extra={"env": env, "shown": shown}, **bounds)
