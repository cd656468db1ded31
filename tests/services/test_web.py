"""What every service does alike on the wire: bad input, health, traces, and its own failures."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.database.app import create_app
from tests.services.in_process import code_of, running
from tests.services.orders import new_order, write

JSON = {"content-type": "application/json"}
MIB = 1024 * 1024


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a database service on SQLite: the layer in question is above storage."""
    async with running(create_app, f"sqlite:///{tmp_path}/web.db") as opened:
        yield opened


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"nonsense", b"\xff\xfe", b'{"a":NaN}', b'{"a":Infinity}', b'{"id":"\\ud800"}',
        b'{"a":"\xed\xa0\x80"}', b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500, b"9" * 10_000,
        b'{"a":1}trailing',
    ],
    ids=range(11),
)  # fmt: skip
async def test_what_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """Broken, endless and non-standard JSON answers 400, never 500."""
    answer = await client.post("/orders", content=body, headers=JSON)

    assert (400, "malformed_json") == code_of(answer)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"id": "a\u0000b"}, "/id"),
        ({"id": ""}, "/id"),
        ({"id": "x" * 256}, "/id"),
        ({"id": "blank inside"}, "/id"),
        ({"userId": "a\u0000b"}, "/userId"),
        ({"caller": "\n"}, "/caller"),
        ({"key": "ä"}, "/key"),
        ({"leaseS": -1}, "/leaseS"),
        ({"leaseS": 10**400}, "/leaseS"),
        ({"leaseS": None}, "/leaseS"),
        ({"keyTtlS": "soon"}, "/keyTtlS"),
        ({"order": []}, "/order"),
        ({"order": None}, "/order"),
        ({"progress": "text"}, "/progress"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
async def test_what_has_another_form_is_refused(
    client: httpx.AsyncClient, changed: dict[str, Any], pointer: str
) -> None:
    """A member that is not as it should be answers 422 with a JSON pointer to it."""
    answer = await client.post("/orders", json=new_order(**{"id": "o-1", **changed}))

    assert (422, "validation_failed") == code_of(answer)
    assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]


async def test_numbers_beyond_all_readers_are_refused(client: httpx.AsyncClient) -> None:
    """1e999 in an opaque part would come back as Infinity, which is no JSON: 422."""
    body = json.dumps(new_order(order={"n": 1})).replace('"n": 1', '"n": 1e999')
    answer = await client.post("/orders", content=body, headers=JSON)

    assert (422, "validation_failed") == code_of(answer)
    assert "/order" == answer.json()["errors"][0]["pointer"]


async def test_opaque_parts_come_back_as_they_came(client: httpx.AsyncClient) -> None:
    """Big integers, odd names, NUL and nesting survive in what the service does not look into."""
    order = {"": 2**200, "é\u0000": ["\u2028", 0.1, None, True], "deep": [[[[[{}]]]]]}
    await client.post("/orders", json=new_order(order=order))
    found = (await client.get("/orders/o-1")).json()

    assert order == found["order"]


@pytest.mark.parametrize("version", [0, -1, 2**53 + 1, 2**64, 10**400, "x", 1.5, None])
async def test_versions_are_small_integers(client: httpx.AsyncClient, version: object) -> None:
    """A version no database holds is refused before it gets there."""
    answer = await client.patch("/orders/o-1", json={**write(), "version": version})

    assert (422, "validation_failed") == code_of(answer)


@pytest.mark.parametrize("path", ["/orders/%00", "/orders/a%20b", f"/orders/{'x' * 300}"])
async def test_ids_in_paths_are_checked(client: httpx.AsyncClient, path: str) -> None:
    """An id that cannot be one answers 422."""
    assert (422, "validation_failed") == code_of(await client.get(path))


async def test_many_errors_are_cut(client: httpx.AsyncClient) -> None:
    """A body that is wrong in thousands of places gets a short answer."""
    answer = await client.post("/orders", json={f"x{n}": n for n in range(5000)})

    assert 20 == len(answer.json()["errors"])


async def test_a_declared_body_over_the_cap_is_refused(client: httpx.AsyncClient) -> None:
    """More than 1 MiB by its own declaration answers 413; just below is read."""
    over = await client.post("/orders", content=b"x" * (MIB + 1), headers=JSON)
    below = await client.post("/orders", content=b"x" * MIB, headers=JSON)

    assert [(413, "body_too_large"), (400, "malformed_json")] == [code_of(over), code_of(below)]


async def test_an_endless_body_is_refused(client: httpx.AsyncClient) -> None:
    """A body without a declared length is refused once more than the cap has come."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MIB:
            sent += 65_536
            yield b"x" * 65_536

    answer = await client.post("/orders", content=chunks(), headers=JSON)

    assert (413, "body_too_large") == code_of(answer)
    assert sent <= MIB + 2 * 65_536


async def test_unknown_places_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    """404 and 405 have the same form as all errors."""
    assert (404, "not_found") == code_of(await client.get("/nowhere"))
    assert (405, "method_not_allowed") == code_of(await client.delete("/stats"))


async def test_health_needs_no_storage_and_readiness_does(client: httpx.AsyncClient) -> None:
    """The three probes answer 200 while all is well."""
    answers = [await client.get(path) for path in ("/health", "/livez", "/readyz")]

    assert [200] * 3 == [answer.status_code for answer in answers]
    assert {"status": "ok", "service": "Database Service"} == answers[0].json()


async def test_without_storage_it_lives_but_is_not_ready() -> None:
    """A PostgreSQL that is away: alive, not ready, and every request 503 with Retry-After."""
    async with running(create_app, "postgresql://nobody@127.0.0.1:1/none") as client:
        live, ready = await client.get("/livez"), await client.get("/readyz")
        create = await client.post("/orders", json=new_order())

    assert 200 == live.status_code
    assert [(503, "storage_unavailable")] * 2 == [code_of(ready), code_of(create)]
    assert "1" == create.headers["retry-after"]


async def test_trace_headers_are_returned(client: httpx.AsyncClient) -> None:
    """What the caller gave to follow its request comes back; what could harm a log does not."""
    given = {"X-Request-Id": "r-1", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    answer = await client.get("/orders/none", headers=given)
    strange = await client.get("/livez", headers={"X-Request-Id": "two words"})

    assert tuple(given.values()) == (
        answer.headers["x-request-id"],
        answer.headers["traceparent"],
    )
    assert "x-request-id" not in strange.headers


async def test_a_failure_of_ours_tells_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bug answers 500 as a problem without a word of its cause, which the log has."""
    app = create_app()

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError(f"secret in {tmp_path}")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/bug")

    assert (500, "internal_error") == code_of(answer)
    assert "secret" not in answer.text
    capsys.readouterr()


async def test_the_api_is_described(client: httpx.AsyncClient) -> None:
    """Every service has an OpenAPI document and a page that shows it."""
    document = (await client.get("/openapi.json")).json()

    assert {"/orders", "/orders/claim", "/orders/{order_id}", "/keys"} <= set(document["paths"])
    assert 200 == (await client.get("/docs")).status_code
