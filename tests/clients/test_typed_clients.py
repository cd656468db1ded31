"""The typed clients say exactly what the contract says (docs/upstreams.md)."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import respx

from clients.call import Answer, CallLimits
from clients.errors import Faulty
from clients.inventory import InventoryClient
from clients.payment import PaymentClient
from clients.shipping import ShippingClient
from clients.upstream import Upstream
from tests.clients.upstreams import URL, an_upstream, within

ADDRESS = {"line1": "1 Main St", "city": "Pune", "country": "IN", "postalCode": "411001"}

Send = Callable[[Upstream, CallLimits], Awaitable[Answer]]


@dataclass(frozen=True)
class Spoken:
    """A call as the protocol has it: path, key and body, and the states that answer it."""

    send: Send
    path: str
    key: str
    body: dict[str, Any]
    resource_id: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


CALLS: dict[str, Spoken] = {
    "reserve": Spoken(
        lambda upstream, limits: InventoryClient(upstream).reserve(
            "r-1", "o-1", [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 1}], limits
        ),
        "/reserve",
        "o-1:reserve",
        {"id": "r-1", "orderId": "o-1", "items": [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 1}]},
        "r-1",
        ("reserved", "committed"),
        ("released", "expired", "RESERVED"),
    ),
    "commit": Spoken(
        lambda upstream, limits: InventoryClient(upstream).commit("r-1", "o-1", limits),
        "/reservations/r-1/commit",
        "o-1:commit",
        {},
        "r-1",
        ("committed",),
        ("reserved", "released", "expired"),
    ),
    "release": Spoken(
        lambda upstream, limits: InventoryClient(upstream).release("r-1", "o-1", limits),
        "/reservations/r-1/release",
        "o-1:release",
        {},
        "r-1",
        ("released",),
        ("reserved", "committed", "expired"),
    ),
    "authorize": Spoken(
        lambda upstream, limits: PaymentClient(upstream).authorize(
            "p-1", "o-1", user_id="u-1", amount="999.00", currency="INR", limits=limits
        ),
        "/payments",
        "o-1:authorize",
        {"id": "p-1", "orderId": "o-1", "userId": "u-1", "amount": "999.00", "currency": "INR"},
        "p-1",
        ("authorized", "captured"),
        ("voided", "refunded", "declined"),
    ),
    "capture": Spoken(
        lambda upstream, limits: PaymentClient(upstream).capture("p-1", "o-1", limits),
        "/payments/p-1/capture",
        "o-1:capture",
        {},
        "p-1",
        ("captured",),
        ("authorized", "voided", "refunded"),
    ),
    "refund": Spoken(
        lambda upstream, limits: PaymentClient(upstream).refund("p-1", "o-1", limits),
        "/payments/p-1/refund",
        "o-1:refund",
        {},
        "p-1",
        ("voided", "refunded"),
        ("authorized", "captured", "pending"),
    ),
    "ship": Spoken(
        lambda upstream, limits: ShippingClient(upstream).ship(
            "s-1", "o-1", address=ADDRESS, items=[{"sku": "A", "qty": 2}], limits=limits
        ),
        "/shipments",
        "o-1:ship",
        {"id": "s-1", "orderId": "o-1", "address": ADDRESS, "items": [{"sku": "A", "qty": 2}]},
        "s-1",
        ("created", "dispatched"),
        ("cancelled", "lost"),
    ),
    "cancel": Spoken(
        lambda upstream, limits: ShippingClient(upstream).cancel("s-1", "o-1", limits),
        "/shipments/s-1/cancel",
        "o-1:cancel",
        {},
        "s-1",
        ("cancelled",),
        ("created", "dispatched"),
    ),
}


@pytest.mark.parametrize("name", CALLS)
@respx.mock
async def test_a_call_is_the_one_of_the_protocol(name: str) -> None:
    """Method, path, key and body are what the contract says, to the letter."""
    spoken = CALLS[name]
    answer = {"id": spoken.resource_id, "status": spoken.good[0]}
    route = respx.post(URL + spoken.path).mock(httpx.Response(200, json=answer))

    got = await spoken.send(an_upstream(), within())

    sent = route.calls.last.request
    assert spoken.key == sent.headers["X-Idempotency-Key"]
    assert spoken.body == json.loads(sent.content)
    assert answer == got.body


GOOD = [(name, state) for name, spoken in CALLS.items() for state in spoken.good]
BAD = [(name, state) for name, spoken in CALLS.items() for state in spoken.bad]


async def _answered(name: str, **body: object) -> Answer:
    served = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    return await CALLS[name].send(an_upstream(served, tries=1), within())


@pytest.mark.parametrize(("name", "state"), GOOD)
async def test_the_states_that_follow_a_call_are_believed(name: str, state: str) -> None:
    """A repeat in a recovery may meet a state further on."""
    answer = await _answered(name, id=CALLS[name].resource_id, status=state)

    assert state == answer.body["status"]


@pytest.mark.parametrize(("name", "state"), BAD)
async def test_another_state_is_no_answer(name: str, state: str) -> None:
    """A release that answers `committed` has released nothing."""
    with pytest.raises(Faulty):
        await _answered(name, id=CALLS[name].resource_id, status=state)


@pytest.mark.parametrize("name", CALLS)
async def test_another_id_is_no_answer(name: str) -> None:
    """What is not about our resource is about nothing."""
    with pytest.raises(Faulty):
        await _answered(name, id="another", status=CALLS[name].good[0])


@pytest.mark.parametrize("name", CALLS)
async def test_an_answer_without_a_state_is_none(name: str) -> None:
    """An echo of the id proves nothing."""
    with pytest.raises(Faulty):
        await _answered(name, id=CALLS[name].resource_id)


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "99.90"}, {"amount": 999.0}, {"amount": "999.0"}, {"currency": "USD"}],
    ids=str,
)
async def test_an_authorization_of_other_money_is_no_answer(wrong: dict[str, object]) -> None:
    """Amount and currency, where they are told, are the ones that were asked for."""
    right: dict[str, object] = {"id": "p-1", "status": "authorized", "amount": "999.00"}

    with pytest.raises(Faulty):
        await _answered("authorize", **{**right, **wrong})


async def test_an_order_without_a_user_says_so() -> None:
    """The member is there, and null."""
    sent: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(201, json={"id": "p-1", "status": "authorized"})

    client = PaymentClient(an_upstream(httpx.MockTransport(handle)))
    await client.authorize("p-1", "o-1", user_id=None, amount="5", currency="JPY", limits=within())

    assert None is json.loads(sent[0])["userId"]
