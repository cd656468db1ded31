"""What the fuzz found in the product stays mended."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest

from orchestrator.api.schemas import ONE_LINE, AddressIn
from tests.api.in_process import ADDRESS, SERVICES, Whole, client_of, pointers, whole
from tests.fuzz.served import upstream
from tests.services.in_process import code_of
from tests.services.orders import claim, new_order, write


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Whole]:
    """Give the order service over the real reference upstreams."""
    async with whole(tmp_path) as running:
        yield running


ALLOWED: Final = {
    ("database", "/orders"): "GET, POST",
    ("database", "/orders/claim"): "POST",
    ("database", "/orders/o-1"): "GET, PATCH",
    ("database", "/orders/o-1/abandon"): "POST",
    ("inventory", "/stock/a"): "GET, PUT",
    ("payment", "/payments"): "GET, POST",
    ("shipping", "/shipments"): "GET, POST",
    ("order", "/orders"): "GET, POST",
    ("order", "/orders/o-1"): "GET",
}


async def test_405_names_all_methods_of_a_path(shop: Whole) -> None:
    """`Allow` has every method that would be answered there, not only those of one route."""
    clients = {**shop.upstreams, "order": shop.client}
    answers = {at: await clients[at[0]].request("TRACE", at[1]) for at in ALLOWED}

    assert {405} == {answer.status_code for answer in answers.values()}
    assert ALLOWED == {at: answer.headers["allow"] for at, answer in answers.items()}


async def test_a_number_is_a_number(shop: Whole) -> None:
    """The database service takes neither a text nor true for seconds, orders or versions."""
    database = shop.upstreams["database"]
    for value in (True, False, "5", "", [5]):
        refused = [
            await database.post("/orders", json={**new_order(), "leaseS": value}),
            await database.post("/orders", json={**new_order(), "keyTtlS": value}),
            await database.post("/orders/claim", json=claim(limit=value)),
            await database.patch("/orders/o-1", json={**write(), "version": value}),
        ]

        assert {(422, "validation_failed")} == {code_of(answer) for answer in refused}
        assert [{"/leaseS"}, {"/keyTtlS"}, {"/limit"}, {"/version"}] == [*map(pointers, refused)]


async def test_what_could_not_be_asked_for_again_is_no_id(shop: Whole) -> None:
    """An order whose id no URL can hold as one step would be there and never be found."""
    for order_id in ("a/b", "/", ".", "..", ".a", "a?b", "a#b", "a%2Fb", "é"):
        answer = await shop.upstreams["database"].post("/orders", json=new_order(order_id))

        assert (422, "validation_failed") == code_of(answer)
        assert {"/id"} == pointers(answer)


async def test_a_long_cursor_is_called_a_bad_cursor(shop: Whole) -> None:
    """A cursor longer than the database service takes is not blamed on the user."""
    for length in (500, 501, 512, 513):
        answer = await shop.client.get("/orders", params={"cursor": "A" * length})

        assert 422 == answer.status_code
        assert {"/cursor"} == pointers(answer)


def test_one_line_is_documented_as_it_is() -> None:
    """The document's pattern takes the same characters as the service, alone and among others."""
    pattern = re.compile(ONE_LINE)
    differing = [
        code
        for code in range(0x3100)  # beyond these, Unicode has neither blanks nor controls
        for text in (chr(code), f"a{chr(code)}")
        if (pattern.fullmatch(text) is not None) != _is_taken(text)
    ]

    assert [] == differing


def _is_taken(city: str) -> bool:
    try:
        AddressIn.model_validate({**ADDRESS, "city": city})
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("service", SERVICES)
async def test_refusals_are_documented_as_problems(service: str, tmp_path: Path) -> None:
    """No document has FastAPI's own form of a refusal; each refusal it has is a problem."""
    app = upstream(service, f"sqlite:///{tmp_path}/{service}")
    async with AsyncExitStack() as stack:
        client: httpx.AsyncClient = await stack.enter_async_context(client_of(app))
        document = (await client.get("/openapi.json")).json()
    answers = [
        (int(status), answer)
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
    ]

    assert "HTTPValidationError" not in str(document)
    assert {"application/problem+json"} == {
        kind for status, answer in answers if status >= 400 for kind in answer["content"]
    }
    assert all(answer["content"]["application/json"]["schema"] for s, answer in answers if s < 300)
