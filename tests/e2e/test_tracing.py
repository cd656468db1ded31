"""Request id and trace are taken or made, passed to every upstream and returned."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from testbed.stack import UPSTREAMS
from tests.e2e.conftest import RESTING
from tests.e2e.recorder import Recorder
from tests.e2e.shop import Shop, order

TRACE = {
    "X-Request-Id": "request-7",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate": "vendor=value",
}

ADDRESSES = {
    "database": "DATABASE_SERVICE_URL",
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
}


@pytest.fixture(scope="module")
def recorders(system: Shop) -> Iterator[Mapping[str, Recorder]]:
    """Start a replica, "traced", whose calls to every upstream are recorded."""
    with ExitStack() as stack:
        recorders = {
            name: stack.enter_context(Recorder(system.stack.upstream(name).url))
            for name in UPSTREAMS
        }
        places = {ADDRESSES[name]: recorder.url for name, recorder in recorders.items()}
        replica = system.stack.add_replica("traced", RESTING | places)
        yield recorders
        replica.terminate()


@pytest.fixture(autouse=True)
def _forget(recorders: Mapping[str, Recorder]) -> None:
    for recorder in recorders.values():
        recorder.seen.clear()


def traces(recorder: Recorder, *names: str) -> set[tuple[str | None, ...]]:
    """What the calls of an order carried in these headers."""
    return {
        tuple(headers.get(name.lower()) for name in names)
        for call, headers in recorder.seen
        if call not in {"POST /orders/claim", "GET /stats"}
    }


@pytest.mark.parametrize("user", ["u-1", "decline-me"])
def test_taken(shop: Shop, recorders: Mapping[str, Recorder], user: str) -> None:
    """What the client gives reaches every upstream, undos included, and comes back."""
    answer = shop.place(order(userId=user), at="traced", headers=TRACE)
    reached = [name for name in UPSTREAMS if user == "u-1" or name != "shipping"]

    assert {name: {tuple(TRACE.values())} for name in reached} == {
        name: traces(recorders[name], *TRACE) for name in reached
    }
    assert ("request-7", TRACE["traceparent"]) == (
        answer.headers["x-request-id"],
        answer.headers["traceparent"],
    )


def test_made(shop: Shop, recorders: Mapping[str, Recorder]) -> None:
    """Without any, one of each is made, the same for all calls of the order."""
    answer = shop.place(at="traced")
    made = answer.headers["x-request-id"], answer.headers["traceparent"]

    assert re.fullmatch(r"[\x21-\x7e]{8,128}", made[0])
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", made[1])
    assert {name: {made} for name in UPSTREAMS} == {
        name: traces(recorder, "x-request-id", "traceparent")
        for name, recorder in recorders.items()
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"X-Request-Id": "two words"},
        {"X-Request-Id": "x" * 129},
        {"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
        {"traceparent": "not-a-trace"},
    ],
)
def test_unusable(shop: Shop, recorders: Mapping[str, Recorder], bad: dict[str, str]) -> None:
    """What cannot be passed on safely is replaced, not refused."""
    answer = shop.place(at="traced", headers=bad)
    ((name, value),) = bad.items()

    assert 201 == answer.status_code
    assert value != answer.headers[name]
    assert {(answer.headers[name],)} == traces(recorders["payment"], name)


def test_keys_of_the_calls(shop: Shop, recorders: Mapping[str, Recorder]) -> None:
    """Every call carries its own fixed key, never the client's."""
    placed = shop.place(at="traced", key="the-client-s-own").json()
    keys = [
        headers["x-idempotency-key"]
        for name in UPSTREAMS[1:]
        for _, headers in recorders[name].seen
    ]

    operations = ("reserve", "commit", "authorize", "capture", "ship")
    assert [f"{placed['id']}:{operation}" for operation in operations] == keys


def test_returned_with_a_refusal(shop: Shop) -> None:
    """A refusal bears the ids too."""
    answer = shop.place({"items": []}, at="traced", headers=TRACE)

    assert (422, "request-7") == (answer.status_code, answer.headers["x-request-id"])
