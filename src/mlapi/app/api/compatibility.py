"""What a client of an older OpenAPI document can no longer rely on in a newer one.

An operation may go only after it has been deprecated with an `x-sunset` that is past (see `deprecation.py`). What a
request may hold must not become less; what an answer holds must not become less certain. New operations, optional
request properties, answers' properties and statuses are no break.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]
LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")  # a request's may not rise
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")  # a request's may not fall


class Side(NamedTuple):
    """The same place in both documents, with their components to look references up in."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def resolved(self, before: Any, after: Any) -> tuple[Schema, Schema]:
        """Two schemas without a reference at their top."""
        return _resolve(self.before, before), _resolve(self.after, after)


def breaking(before: Mapping[str, Any], after: Mapping[str, Any], today: date) -> list[str]:
    """Give one line for each break, none if there is none.

    Args:
        before: the document that clients were written against.
        after: the document of now.
        today: decides whether a sunset is past.
    """
    return list(dict.fromkeys(_operations(Side(before, after), today)))


def _operations(side: Side, today: date) -> Iterator[str]:
    for path, operations in side.before["paths"].items():
        for method, old in operations.items():
            where = f"{method.upper()} {path}"
            new = side.after["paths"].get(path, {}).get(method)
            if new is None:
                if not _is_over(old, today):
                    yield f"{where}: removed, without a sunset that is past"
                continue
            yield from _operation(side, where, old, new)


def _is_over(operation: Mapping[str, Any], today: date) -> bool:
    sunset = operation.get("x-sunset")
    return bool(operation.get("deprecated")) and sunset is not None and date.fromisoformat(sunset) <= today


def _operation(side: Side, where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("security") == [] and new.get("security") != []:
        yield f"{where}: needs a key now"
    yield from _parameters(side, where, old.get("parameters", ()), new.get("parameters", ()))
    yield from _body(side, where, old.get("requestBody"), new.get("requestBody"))
    for status, answer in old["responses"].items():
        if status.startswith("2"):
            yield from _answer(side, f"{where} {status}", answer, new["responses"].get(status))


def _parameters(side: Side, where: str, old: Any, new: Any) -> Iterator[str]:
    now = {(one["in"], one["name"]): one for one in new}
    then = {(one["in"], one["name"]): one for one in old}
    for key, one in then.items():
        if key not in now:
            yield f"{where}: the parameter {key[1]} is gone"
        else:
            yield from _request(side, f"{where}: {key[1]}", one["schema"], now[key]["schema"], ())
    for key, one in now.items():
        if one.get("required") and not then.get(key, {}).get("required"):
            yield f"{where}: the parameter {key[1]} must be given now"


def _body(side: Side, where: str, old: Any, new: Any) -> Iterator[str]:
    if new is not None and new.get("required") and not (old or {}).get("required"):
        yield f"{where}: must have a body now"
    for media_type, content in (old or {}).get("content", {}).items():
        now = (new or {}).get("content", {}).get(media_type)
        if now is None:
            yield f"{where}: takes {media_type} no more"
        else:
            yield from _request(side, f"{where}: body", content["schema"], now["schema"], ())


def _answer(side: Side, where: str, old: Any, new: Any) -> Iterator[str]:
    if new is None:
        yield f"{where}: is answered no more"
        return
    for media_type, content in old.get("content", {}).items():
        now = new.get("content", {}).get(media_type)
        if now is None:
            yield f"{where}: answers {media_type} no more"
        else:
            yield from _response(side, where, content.get("schema", {}), now.get("schema", {}), ())


def _request(side: Side, where: str, before: Any, after: Any, seen: tuple[str, ...]) -> Iterator[str]:
    """What was taken and is not any more."""
    old, new = side.resolved(before, after)
    if (key := f"{before}{after}") in seen:
        return
    seen = (*seen, key)
    if not _types(old) <= _types(new):
        yield f"{where}: takes {', '.join(sorted(_types(old) - _types(new)))} no more"
    if "enum" in new and not _values(old) <= _values(new):
        yield f"{where}: takes fewer values"
    yield from (
        f"{where}: {name} became {new[name]}" for name in LOWER if name in new and _least(old, name) < new[name]
    )
    yield from (f"{where}: {name} became {new[name]}" for name in UPPER if name in new and _most(old, name) > new[name])
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{where}.{name}: must be given now"
    for name, schema in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _request(side, f"{where}.{name}", schema, new["properties"][name], seen)
        elif new.get("additionalProperties") is False:
            yield f"{where}.{name}: is taken no more"
    if "items" in old and "items" in new:
        yield from _request(side, f"{where}[]", old["items"], new["items"], seen)


def _response(side: Side, where: str, before: Any, after: Any, seen: tuple[str, ...]) -> Iterator[str]:
    """What an answer held and does not any more, or what it holds now and never held."""
    old, new = side.resolved(before, after)
    if (key := f"{before}{after}") in seen:
        return
    seen = (*seen, key)
    if not _types(new) <= _types(old):
        yield f"{where}: may be {', '.join(sorted(_types(new) - _types(old)))} now"
    if "enum" in old and not _values(new) <= _values(old):
        yield f"{where}: may have other values now"
    for name, schema in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{where}.{name}: is gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{where}.{name}: may be left out now"
        yield from _response(side, f"{where}.{name}", schema, new["properties"][name], seen)
    if "items" in old and "items" in new:
        yield from _response(side, f"{where}[]", old["items"], new["items"], seen)


def _resolve(document: Mapping[str, Any], schema: Any) -> Schema:
    while isinstance(schema, Mapping) and "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema if isinstance(schema, Mapping) else {}


def _types(schema: Schema) -> frozenset[str]:
    """The JSON types that a schema allows; all of them where it says nothing."""
    every = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
    if "type" in schema:
        named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return frozenset([*named, *(["integer"] if "number" in named else [])])
    choices = schema.get("anyOf") or schema.get("oneOf")
    return frozenset().union(*map(_types, choices)) if choices else every


def _values(schema: Schema) -> frozenset[str]:
    """Spelled, since values may be of any type; a schema without a list has one value that no list has."""
    return frozenset(map(repr, schema["enum"])) if "enum" in schema else frozenset({"anything"})


def _least(schema: Schema, name: str) -> float:
    return float(schema.get(name, float("-inf")))


def _most(schema: Schema, name: str) -> float:
    return float(schema.get(name, float("inf")))
