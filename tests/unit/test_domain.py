"""Names and states of an order."""

from uuid import UUID, uuid5

import pytest

from orchestrator.domain import OrderStatus, Trace
from tests.unit.orders import an_order

ORDER_ID = "6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"


def test_the_ids_of_what_is_created_follow_from_the_order() -> None:
    """Reservation, payment and shipment are named by UUIDv5 of order id and word (rule 1)."""
    order = an_order(ORDER_ID)

    assert str(uuid5(UUID(ORDER_ID), "reservation")) == order.reservation_id
    assert str(uuid5(UUID(ORDER_ID), "payment")) == order.payment_id
    assert str(uuid5(UUID(ORDER_ID), "shipment")) == order.shipment_id


def test_the_ids_never_change() -> None:
    """A release that named things otherwise could not undo what an older one began."""
    order = an_order(ORDER_ID)

    assert "3d538666-9203-5fba-9e00-c9b9525a8931" == order.reservation_id
    assert "5da3e61b-8ad9-5f8d-9fb4-1d02cfea880e" == order.payment_id
    assert "0282ff41-6ffb-5839-b1c3-ee2b7bbb8b80" == order.shipment_id


@pytest.mark.parametrize(
    ("status", "final"),
    [
        (OrderStatus.PENDING, False),
        (OrderStatus.COMPENSATING, False),
        (OrderStatus.CONFIRMED, True),
        (OrderStatus.FAILED, True),
        (OrderStatus.CANCELLED, True),
    ],
)
def test_three_states_are_final(status: OrderStatus, *, final: bool) -> None:
    """CONFIRMED, FAILED and CANCELLED never change; the other two do."""
    assert final == status.final


def test_a_trace_is_passed_on_as_it_came() -> None:
    """Request id, traceparent and, where there is one, tracestate become headers."""
    full = Trace("r-1", "00-a-b-01", "vendor=1")
    without_state = Trace("r-1", "00-a-b-01")

    expected = {"X-Request-Id": "r-1", "traceparent": "00-a-b-01"}
    assert {**expected, "tracestate": "vendor=1"} == full.headers()
    assert expected == without_state.headers()
