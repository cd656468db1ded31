"""Which orders are let in."""

import pytest

from clients.upstream import Upstream
from orchestrator.admission import Admission
from orchestrator.errors import CircuitOpenError, OverloadedError
from proof.virtual_time import freeze
from tests.unit.world import World, now_s


def _upstreams(**changed: int) -> list[Upstream]:
    return list(World().services(**changed).all.values())


def _broken(upstreams: list[Upstream], service: str, *, failures: int = 8) -> Upstream:
    broken = next(upstream for upstream in upstreams if upstream.service == service)
    for _ in range(failures):
        broken.breaker.failed(broken.breaker.era)
    return broken


async def test_no_more_orders_are_let_in_than_are_carried() -> None:
    """The one beyond the limit is refused, and let in when another has left."""
    admission = Admission(max_in_flight=2, upstreams=_upstreams())
    admission.enter("a")
    admission.enter("b")

    with pytest.raises(OverloadedError) as refused:
        admission.enter("c")
    admission.leave("a")
    admission.enter("c")

    assert 1.0 == refused.value.retry_after_s
    assert 2 == admission.in_flight


async def test_a_draining_replica_lets_nobody_in() -> None:
    """While it shuts down it takes no order, however few it has."""
    admission = Admission(max_in_flight=9, upstreams=_upstreams())
    admission.draining = True

    with pytest.raises(OverloadedError, match="shutting down"):
        admission.enter("a")

    assert 0 == admission.in_flight


@pytest.mark.parametrize("service", ["inventory", "payment", "shipping", "database"])
async def test_no_order_is_begun_that_could_not_be_finished(service: str) -> None:
    """With any circuit open the order is refused, with the time until it may be tried again."""
    upstreams = _upstreams(breaker_open_s=5)
    admission = Admission(max_in_flight=9, upstreams=upstreams)
    _broken(upstreams, service)

    with pytest.raises(CircuitOpenError) as refused:
        admission.enter("a")

    assert service == refused.value.service
    assert 5.0 == refused.value.retry_after_s
    assert 0 == admission.in_flight


async def test_a_half_open_circuit_lets_in_exactly_one_order() -> None:
    """The first order is the probe; the others are refused until it has left."""
    upstreams = _upstreams(breaker_open_s=5)
    admission = Admission(max_in_flight=9, upstreams=upstreams)
    _broken(upstreams, "payment")
    freeze(5)
    admission.enter("probe")

    for other in ("b", "c"):
        with pytest.raises(CircuitOpenError) as refused:
            admission.enter(other)
        assert 1.0 == refused.value.retry_after_s
    admission.leave("probe")
    admission.enter("d")

    assert 1 == admission.in_flight


async def test_a_refused_order_holds_no_probe() -> None:
    """Who is let through one half-open circuit and stopped at another must leave the first free."""
    upstreams = _upstreams(breaker_open_s=5)
    admission = Admission(max_in_flight=9, upstreams=upstreams)
    _broken(upstreams, "inventory")
    freeze(5)
    payment = _broken(upstreams, "payment")
    with pytest.raises(CircuitOpenError):
        admission.enter("a")

    payment.breaker.succeeded(payment.breaker.era)
    admission.enter("b")

    assert 1 == admission.in_flight


async def test_the_time_to_wait_counts_down() -> None:
    """Whoever asks later is told to wait less."""
    upstreams = _upstreams(breaker_open_s=5)
    admission = Admission(max_in_flight=9, upstreams=upstreams)
    _broken(upstreams, "payment")
    opened = now_s()
    freeze(3)

    with pytest.raises(CircuitOpenError) as refused:
        admission.enter("a")

    assert opened + 5 == now_s() + refused.value.retry_after_s
