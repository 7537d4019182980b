"""The API's description to read: every route of /openapi.json, on one page without scripts."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.prose import prose
from api.pages.visit import Visiting, show

router = APIRouter()
Schema = Mapping[str, Any]
OBJECT: Final = Markup('<a href="#object-{name}">{name}</a>')
KINDS: Final = {
    "uuid": "UUID",
    "date-time": "time (ISO 8601 with offset)",
    "date": "date (YYYY-MM-DD)",
    "binary": "file",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
UNITS: Final = {"string": " characters", "array": " entries"}
LOWEST: Final = ("minimum", "minLength", "minItems")
HIGHEST: Final = ("maximum", "maxLength", "maxItems")
OPEN, EITHER, NEEDED = "Without a token.", "With or without a token.", "Needs a token."


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a body; `place` is path, query, header or body."""

    name: str
    place: str
    kind: Markup
    required: bool
    words: Markup


@dataclass(frozen=True, slots=True)
class Body:
    """A body that a route takes: its media type, and its fields or what it is as a whole."""

    media: str
    kind: Markup
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    anchor: str
    method: str
    path: str
    title: str
    words: Markup
    access: str
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    statuses: tuple[tuple[str, str], ...]


@router.get("/docs")
def docs(visit: Visiting) -> Response:
    """Show every route with what it takes and what it may answer."""
    document = visit.request.app.openapi()
    return show(
        visit,
        "docs/docs.html",
        sections=sections_of(document),
        objects=objects_of(document),
    )


def sections_of(document: Schema) -> dict[str, list[Route]]:
    """Return the routes by tag, tags by name, routes by path."""
    sections: dict[str, list[Route]] = {}
    schemas = document["components"]["schemas"]
    for path, method, operation in _operations(document):
        for tag in operation.get("tags", ["other"]):
            sections.setdefault(tag, []).append(_route(path, method, operation, schemas))
    return {
        tag: sorted(sections[tag], key=lambda each: (each.path, each.method))
        for tag in sorted(sections)
    }


def objects_of(document: Schema) -> dict[str, tuple[Field, ...]]:
    """Return the fields of every object that stands within a body, by its name."""
    schemas = document["components"]["schemas"]
    found: set[str] = set()
    for _, _, operation in _operations(document):
        for _, body in _contents(operation):
            for part in _resolved(body, schemas).get("properties", {"": body}).values():
                _gather(part, schemas, found)
    return {name: _fields(schemas[name], schemas) for name in sorted(found)}


def kind_of(schema: Schema, schemas: Schema) -> Markup:
    """Return what a value is, in words, with a link where it is an object of its own."""
    if "$ref" in schema:
        name, target = _name(schema), _resolved(schema, schemas)
        return OBJECT.format(name=name) if "properties" in target else kind_of(target, schemas)
    if "anyOf" in schema:
        return Markup(" or ").join(kind_of(each, schemas) for each in schema["anyOf"])
    if "enum" in schema:
        words = Markup(", ").join(Markup("<code>{}</code>").format(each) for each in schema["enum"])
        return Markup("one of {}").format(words)
    if schema.get("type") == "array":
        inner = kind_of(schema.get("items", {}), schemas)
        return Markup("list of {}{}").format(inner, _bounds(schema))
    kind = KINDS.get(schema.get("format", "")) or KINDS.get(schema.get("type", ""), "any JSON")
    return Markup("{}{}").format(kind, _bounds(schema))


def _route(path: str, method: str, operation: Schema, schemas: Schema) -> Route:
    security = operation.get("security", [])
    answers = sorted(operation["responses"].items())
    return Route(
        anchor=re.sub(r"[^a-z0-9]+", "-", f"{method}-{path.lower()}").strip("-"),
        method=method.upper(),
        path=path,
        title=operation["summary"].capitalize(),
        words=prose(operation.get("description", "")),
        access=(EITHER if {} in security else NEEDED) if security else OPEN,
        parameters=tuple(_parameter(each, schemas) for each in operation.get("parameters", ())),
        bodies=tuple(_body(media, schema, schemas) for media, schema in _contents(operation)),
        statuses=tuple(
            (status, "Done" if status.startswith("2") else answer["description"])
            for status, answer in answers
        ),
    )


def _parameter(written: Schema, schemas: Schema) -> Field:
    return _field(
        written["name"],
        written["in"],
        {"description": written.get("description", ""), **_unless_null(written["schema"])},
        schemas,
        required=written.get("required", False),
    )


def _unless_null(schema: Schema) -> Schema:
    """Leave null out of what a parameter may be: an address or header cannot carry it."""
    if "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [each for each in schema["anyOf"] if each.get("type") != "null"]}


def _body(media: str, schema: Schema, schemas: Schema) -> Body:
    target = _resolved(schema, schemas)
    return Body(media, kind_of(target, schemas), _fields(target, schemas))


def _fields(schema: Schema, schemas: Schema) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        _field(name, "body", part, schemas, required=name in required)
        for name, part in schema.get("properties", {}).items()
    )


def _field(name: str, place: str, schema: Schema, schemas: Schema, *, required: bool) -> Field:
    kind = kind_of(schema, schemas)
    default = schema.get("default")
    if default not in (None, ""):
        kind += Markup("; <code>{}</code> if left out").format(json.dumps(default))
    return Field(name, place, kind, required, prose(schema.get("description", "")))


def _bounds(schema: Schema) -> str:
    """Return the limits of a number, a text's length or a list's, led by a comma."""
    low = next((schema[each] for each in LOWEST if each in schema), None)
    high = next((schema[each] for each in HIGHEST if each in schema), None)
    unit = UNITS.get(schema["type"], "") if "type" in schema else ""
    if low is not None and high is not None:
        return f", {low:,.10g} to {high:,.10g}{unit}"
    if high is not None:
        return f", at most {high:,.10g}{unit}"
    return "" if low is None else f", at least {low:,.10g}{unit}"


def _gather(schema: Schema, schemas: Schema, found: set[str]) -> None:
    """Add to `found` the names of the objects that `schema` refers to, however deep."""
    if "$ref" in schema:
        name, target = _name(schema), _resolved(schema, schemas)
        if "properties" in target and name not in found:
            found.add(name)
            for each in target["properties"].values():
                _gather(each, schemas, found)
    for each in (*schema.get("anyOf", ()), schema.get("items", {})):
        if each:
            _gather(each, schemas, found)


def _operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _contents(operation: Schema) -> Iterator[tuple[str, Schema]]:
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield media, content["schema"]


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    target: Schema = schemas[_name(schema)] if "$ref" in schema else schema
    return target
