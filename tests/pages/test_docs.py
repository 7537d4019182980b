"""/docs: the whole description, rendered here, without anything from elsewhere."""

import re

import pytest
from fastapi import FastAPI

from api.headers import SECURITY_HEADERS
from api.pages.docs import kind_of, sections_of
from tests.pages.visitor import Visitor, text_of


def test_docs__every_route__is_there_with_its_anchor(app: FastAPI, visitor: Visitor) -> None:
    page = visitor.get("/docs")
    described = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert set(re.findall(r"<code>([A-Z]+ /[^<]+)</code>", page.text)) == described
    anchors = re.findall(r' id="([^"]+)"', page.text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(anchors)
    assert page.text.count("<h1") == 1


def test_docs__booking__names_fields_parameters_and_answers(visitor: Visitor) -> None:
    words = text_of(visitor.get("/docs"))
    for each in (
        "resource_id : UUID, required",
        "title : text, at most 200 characters",
        "idempotency-key in the header: text, at most 200 characters",
        "mine in the query: true or false; false if left out",
        "409 Refused by the rules",
        "/openapi.json",
    ):
        assert each in words
    assert "idempotency-key in the header: text, at most 200 characters or null" not in words


def test_docs__policy__takes_nothing_from_elsewhere(visitor: Visitor) -> None:
    page = visitor.get("/docs")
    name = "Content-Security-Policy"
    assert page.headers[name] == SECURITY_HEADERS[name]
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "any JSON"),
        ({"type": "integer", "minimum": 1.0, "maximum": 2147483647.0}, "1 to 2,147,483,647"),
        ({"type": "integer", "minimum": 1}, "whole number, at least 1"),
        ({"type": "array", "items": {"$ref": "#/x/Part"}, "maxItems": 5}, "at most 5 entries"),
        ({"$ref": "#/x/Part"}, '<a href="#object-Part">Part</a>'),
        ({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}, "UUID or null"),
        ({"$ref": "#/x/Mark"}, "one of <code>&lt;</code>"),
    ],
)
def test_kind_of__each_form_of_schema__is_in_words(schema: dict[str, object], words: str) -> None:
    schemas = {"Part": {"type": "object", "properties": {}}, "Mark": {"enum": ["<"]}}
    assert words in kind_of(schema, schemas)


def test_sections_of__routes_with_and_without_a_token__say_which(app: FastAPI) -> None:
    routes = {each.anchor: each for part in sections_of(app.openapi()).values() for each in part}
    assert routes["post-api-v1-bookings"].access == "Needs a token."
    assert routes["get-api-v1-resources"].access == "With or without a token."
    assert routes["get-healthz"].access == "Without a token."
