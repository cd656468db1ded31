"""What is stored is read back the same, and what older releases stored still means something."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clients.database import StoredOrder
from orchestrator.domain import Event, Failure, OrderStatus
from orchestrator.saga.progress import Progress
from orchestrator.saga.record import (
    decode_failure,
    decode_order,
    encode_order,
    encode_progress,
    inherited_progress,
)
from tests.unit.orders import ADDRESS, an_order, order_body


def _stored(order: object, progress: object, status: str = "PENDING") -> StoredOrder:
    return StoredOrder.parse(
        {
            "id": "6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10",
            "caller": "",
            "fingerprint": "f",
            "status": status,
            "version": 3,
            "owner": "w",
            "rounds": 1,
            "attention": None,
            "createdAt": "",
            "updatedAt": "",
            "ageS": 1.5,
            "order": order,
            "progress": progress,
        }
    )


def _over_the_wire(document: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(document))
    return read


_TEXT = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)


@given(
    line1=_TEXT,
    user=st.none() | _TEXT,
    items=st.lists(
        st.tuples(_TEXT, st.integers(1, 999), st.integers(0, 10**6)), min_size=1, max_size=5
    ),
)
def test_an_order_is_read_back_as_it_was_accepted(
    line1: str, user: str | None, items: list[tuple[str, int, int]]
) -> None:
    """Encoded, sent as JSON and decoded, an order equals itself, to the last digit."""
    lines = [
        {"sku": sku, "qty": qty, "price": Decimal(minor).scaleb(-3)} for sku, qty, minor in items
    ]
    body = order_body(userId=user, address={**ADDRESS, "line1": line1}, currency="BHD", items=lines)
    order = an_order(body=body)

    assert order == decode_order(order.id, _over_the_wire(encode_order(order)))


def test_the_stored_amounts_are_texts_with_the_currency_digits() -> None:
    """No amount is stored as a binary number."""
    document = encode_order(an_order())

    assert "999.00" == document["total"]
    assert [{"sku": "SKU-1", "qty": 2, "price": "499.50"}] == document["items"]


def test_progress_is_read_back_as_far_as_it_is_durable() -> None:
    """A successor knows the failure, the pivot, what was kept and the timeline; not this run's."""
    failure = Failure(402, "payment_declined", "no", {"service": "payment"}, {"a": [1]}, 3.0)
    act = Event("2026-01-01T00:00:00.000Z", "act", "ship", "ship", "done", 2, 12.5)
    trouble = act._replace(outcome="rejected", error={"status": 422, "code": "x", "detail": "y"})
    note = Event("2026-01-01T00:00:01.000Z", "event", note="parked")
    progress = Progress(
        status=OrderStatus.COMPENSATING,
        pivot_recorded=True,
        compensated=True,
        failure=failure,
        kept={"trackingNumber": "T-1"},
        timeline=(act, trouble, note),
    )

    stored = _stored({}, _over_the_wire(encode_progress(progress)), "COMPENSATING")

    assert progress.but(inherited=True, give_up=True) == inherited_progress(stored, give_up=True)


def test_progress_without_members_means_nothing_has_happened() -> None:
    """A record of a release that wrote less is a pending order of which nothing is known."""
    inherited = inherited_progress(_stored({}, {}), give_up=False)

    assert Progress(inherited=True) == inherited


def test_members_of_a_newer_release_are_ignored() -> None:
    """What this release does not know does not stop it."""
    document = {
        **encode_progress(Progress(pivot_recorded=True)),
        "invented": 1,
        "timeline": [{"at": "t", "kind": "sparkle", "colour": "red"}],
    }

    inherited = inherited_progress(_stored({}, document), give_up=False)

    assert inherited.pivot_recorded
    assert (Event("t", "sparkle"),) == inherited.timeline


def test_a_failure_of_an_older_release_can_be_told() -> None:
    """Status, code and detail are enough."""
    old = {"status": 409, "code": "out_of_stock", "detail": "none left"}

    assert Failure(409, "out_of_stock", "none left") == decode_failure(old)
    assert decode_failure(None) is None


def test_an_order_without_tracestate_is_readable() -> None:
    """A trace that was stored without its optional member is one without a state."""
    order = an_order()
    document = encode_order(order)
    del document["trace"]["tracestate"]

    expected = order._replace(trace=order.trace._replace(tracestate=None))
    assert expected == decode_order(order.id, document)
