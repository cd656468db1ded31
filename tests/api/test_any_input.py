"""Whatever is sent: never a 5xx, and only a valid order reaches an upstream."""

import copy
import json
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.in_process import Body, Tripwire, Whole, line, order, problem

ONE_APP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One order service for all examples: it keeps nothing between requests that would matter."""

NUMBERS = st.integers() | st.floats() | st.integers(min_value=10**18, max_value=10**400)
TEXTS = st.text() | st.text(st.characters()) | st.sampled_from(["", "\x00", "\ud800", "1e9", "NaN"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts) | st.dictionaries(TEXTS, parts),
    max_leaves=30,
)

PATHS: tuple[tuple[str | int, ...], ...] = (
    ("userId",),
    ("address",),
    ("address", "line1"),
    ("address", "city"),
    ("address", "country"),
    ("address", "postalCode"),
    ("currency",),
    ("items",),
    ("items", 0),
    ("items", 0, "sku"),
    ("items", 0, "qty"),
    ("items", 0, "price"),
    ("surplus",),
    ("address", "surplus"),
    ("items", 0, "surplus"),
)

PLAUSIBLE = (
    st.decimals(min_value=0, max_value=10**16, places=2).map(str)
    | st.integers(min_value=-1, max_value=1_000_001)
    | st.sampled_from(["INR", "JPY", "BHD", "IN", "AQ", "00000", "decline", "SKU-1", "0.1", 0.1])
    | st.text(min_size=1, max_size=70)
)
"""Values that are often right somewhere."""


def altered(path: tuple[str | int, ...], value: object) -> Body:
    """A valid order, with one thing put in its place."""
    body = copy.deepcopy(order() if path[0] != "items" else line())
    part: Any = body
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return body


@ONE_APP
@given(body=JSON)
async def test_any_json(front: httpx.AsyncClient, tripwire: Tripwire, body: object) -> None:
    """Any JSON that is no order is refused with a problem, and reaches nobody."""
    answer = await front.post("/orders", content=json.dumps(body).encode())

    assert (422, "validation_failed") == problem(answer)
    assert answer.json()["errors"]
    assert [] == tripwire.reached


@ONE_APP
@given(content=st.binary())
async def test_any_bytes(front: httpx.AsyncClient, tripwire: Tripwire, content: bytes) -> None:
    """Any bytes are refused with a problem, and reach nobody."""
    answer = await front.post("/orders", content=content)

    assert problem(answer) in {(400, "malformed_json"), (422, "validation_failed")}
    assert [] == tripwire.reached


@ONE_APP
@given(key=st.binary(max_size=300).map(lambda key: key.translate(None, b"\r\n\x00")))
async def test_any_key(front: httpx.AsyncClient, tripwire: Tripwire, key: bytes) -> None:
    """Any key is either a good one, or refused before anybody is reached."""
    bad_body = json.dumps(line(qty=0)).encode()
    headers = [(b"X-Idempotency-Key", key)]
    answer = await front.post("/orders", content=bad_body, headers=headers)

    good = 1 <= len(key) <= 255 and all(0x21 <= byte <= 0x7E for byte in key)
    assert ((422, "validation_failed") if good else (400, "invalid_idempotency_key")) == problem(
        answer
    )
    assert [] == tripwire.reached


@ONE_APP
@given(path=st.sampled_from(PATHS), value=JSON | PLAUSIBLE)
async def test_any_change(system: Whole, path: tuple[str | int, ...], value: object) -> None:
    """A good order with anything in the place of anything is placed, refused, or not valid."""
    calls = system.calls
    answer = await system.place(altered(path, value))

    if answer.status_code == 201:
        assert answer.json() == (await system.client.get(answer.headers["location"])).json()
    else:
        status, code = problem(answer)
        assert (status, code) in {
            (422, "validation_failed"),
            (402, "payment_declined"),
            (409, "out_of_stock"),
            (409, "unknown_sku"),
            (422, "shipment_refused"),
        }
        assert (code == "validation_failed") == (calls == system.calls)
