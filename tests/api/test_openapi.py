"""The OpenAPI document says what the service does."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.in_process import Body, Whole, line, order

PLACE_STATUSES = {"201", "202", "400", "402", "409", "413", "422", "502", "503", "504"}
"""Those of the protocol's table, and of bodies that are no JSON or too large."""


@pytest.fixture
async def document(front: httpx.AsyncClient) -> Body:
    """Give the document as a client gets it."""
    found: Body = (await front.get("/openapi.json")).json()
    return found


def references(part: object) -> Iterator[str]:
    """Every $ref in a part of the document."""
    if isinstance(part, dict):
        if isinstance(ref := part.get("$ref"), str):
            yield ref
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolved(document: Body, ref: str) -> Body:
    """What a reference stands for."""
    part: Any = document
    for name in ref.removeprefix("#/").split("/"):
        part = part[name]
    found: Body = part
    return found


def operations(document: Body) -> Iterator[tuple[str, str, Body]]:
    """Method, path and description of everything that can be asked."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_well_formed(document: Body) -> None:
    """It is OpenAPI 3.1; every reference leads somewhere, every operation is told apart."""
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert document["openapi"].startswith("3.1")
    assert {"title", "version"} <= document["info"].keys()
    assert all(resolved(document, ref) for ref in references(document))
    assert len(names) == len(set(names))
    assert all(operation["responses"] for _, _, operation in operations(document))


def test_path_parameters_are_declared(document: Body) -> None:
    """Every {name} of a path is a required parameter of its operations, and no other is."""
    for _, path, operation in operations(document):
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}

        assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_routes(document: Body) -> None:
    """It has all of the API."""
    assert {
        ("post", "/orders"),
        ("get", "/orders"),
        ("get", "/orders/{order_id}"),
        ("get", "/health"),
        ("get", "/livez"),
        ("get", "/readyz"),
        ("get", "/metrics"),
    } == {(method, path) for method, path, _ in operations(document)}


def test_place_order(document: Body) -> None:
    """POST /orders has its body, its key and every answer of the table."""
    place = document["paths"]["/orders"]["post"]
    body = place["requestBody"]
    schema = resolved(document, body["content"]["application/json"]["schema"]["$ref"])

    assert body["required"]
    assert {"address", "items"} == set(schema["required"])
    assert {"userId", "address", "currency", "items"} == schema["properties"].keys()
    assert schema["additionalProperties"] is False
    assert ["X-Idempotency-Key"] == [
        parameter["name"] for parameter in place["parameters"] if parameter["in"] == "header"
    ]
    assert PLACE_STATUSES == place["responses"].keys()


def test_problems(document: Body) -> None:
    """Every refusal is application/problem+json; FastAPI's own form of them is nowhere."""
    refusals = [
        (path, status, answer)
        for _, path, operation in operations(document)
        for status, answer in operation["responses"].items()
        if status >= "400" and path.startswith("/orders")
    ]

    assert [] == [
        (path, status)
        for path, status, answer in refusals
        if list(answer["content"]) != ["application/problem+json"]
    ]
    assert not any("HTTPValidationError" in ref for ref in references(document))


async def test_answers_are_as_documented(system: Whole, document: Body) -> None:
    """A real order and a real problem have the members the document says, and no others."""
    schemas = document["components"]["schemas"]
    placed = (await system.place(order())).json()
    declined = (await system.place(order(userId="decline-me"))).json()
    invalid = (await system.place(line(qty=0))).json()

    assert set(schemas["OrderShown"]["required"]) <= placed.keys()
    assert placed.keys() <= schemas["OrderShown"]["properties"].keys()
    for answer in (declined, invalid):
        assert set(schemas["ProblemShown"]["required"]) <= answer.keys()
        assert answer.keys() <= schemas["ProblemShown"]["properties"].keys()


async def test_pages(front: httpx.AsyncClient) -> None:
    """There is a page for people."""
    answer = await front.get("/docs")

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("text/html")
