"""From texts of an environment and values of a TOML file to a configuration class."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from mlapi.ops.fields import Section

Sections = TypeVar("Sections", bound=Section)
TRUTHS: Final = {"yes": True, "on": True, "y": True, "t": True, "no": False, "off": False, "n": False, "f": False}
WORDS: Final = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}
WORDS_OF_MANY: Final = {"array": "a list", "object": "a table"}


class Unfit(Exception):
    """A value that cannot be used.

    Attributes: place, of the setting, ("api", "port"); reason, what would be right, without the value.
    """

    def __init__(self, place: tuple[str, ...], reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(reason)


def convert(given: Mapping[str, Any], kind: type[Sections]) -> Sections:
    """Make a configuration class of values by name, sections as mappings; texts become what the fields are.

    Raises:
        Unfit: a value cannot be used; what the classes themselves raise passes.
    """
    try:
        return msgspec.convert(_prepared(given, kind), kind, strict=False, dec_hook=_made)
    except msgspec.ValidationError as error:
        found = re.fullmatch(r"(.*?)(?: - at `\$\.?(.*)`)?", str(error), re.DOTALL)
        message, path = found.groups() if found else (str(error), "")
        place = tuple(part for part in re.sub(r"\[.*?\]", "", path or "").split(".") if part)
        raise Unfit(place, _reason(message, kind, place)) from None  # the error's own text may hold the value


def _prepared(given: Mapping[str, Any], kind: type[Section]) -> dict[str, Any]:
    """Read what only texts have: commas of lists, and more words for true and false than JSON's."""
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    return {name: _read(value, types.get(name)) for name, value in given.items()}


def _read(value: Any, kind: Any) -> Any:
    bare = plain(kind)
    if isinstance(value, Mapping) and isinstance(bare, type) and issubclass(bare, Section):
        return _prepared(value, bare)
    if not isinstance(value, str):
        return value
    if get_origin(bare) is Literal:
        return next((one for one in get_args(bare) if one.casefold() == value.casefold()), value)
    if get_origin(bare) is tuple:
        return [part.strip() for part in value.split(",") if part.strip()]
    return TRUTHS.get(value.lower(), value) if bare is bool else value


def plain(kind: Any) -> Any:
    """A field's type without what is said of it, and without None."""
    if get_origin(kind) in (Union, UnionType):
        return plain(next(one for one in get_args(kind) if one is not type(None)))
    return plain(kind.__origin__) if hasattr(kind, "__metadata__") else kind


def _made(kind: type, value: object) -> object:
    """Make what msgspec does not know: paths and secrets."""
    if isinstance(value, str):
        return kind(value)
    if isinstance(value, kind):
        return value
    raise TypeError("Expected `str`")


def _reason(message: str, kind: type[Section], place: tuple[str, ...]) -> str:
    if message.startswith("Invalid enum value"):
        return "give " + " or ".join(map(str, get_args(_type_at(kind, place))))
    if not (expected := re.match(r"Expected `(\w+)[^`]*`([^,]*)", message)):
        return message
    word, bounds = expected.groups()
    return f"give {WORDS.get(word) or WORDS_OF_MANY.get(word, word)}{bounds}"


def _type_at(kind: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        kind = plain(next(field.type for field in msgspec.structs.fields(kind) if field.name == name))
    return kind if get_origin(kind) is Literal else Literal[()]
