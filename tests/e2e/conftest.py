"""One system for all end-to-end tests; each leaves it whole and calm.

The replicas differ in their settings only:

    a, b     roomy: no time-out, deadline or open circuit gets into a test's way
    hasty    a deadline of 1.6 s, for what happens when it passes
    small    one order at a time
    fuse     circuits that open after two failures, for half a second

`hasty`, `small` and `fuse` start with the first test that asks for them.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from testbed.stack import UPSTREAMS, Stack
from tests.e2e.shop import PLENTY, SKU, Shop

ROOMY: Final = {
    "UPSTREAM_TIMEOUT_S": "6",
    "ORDER_DEADLINE_S": "12",
    "RETRY_ATTEMPTS": "3",
    "LEASE_S": "19",
    "RECOVERY_INTERVAL_S": "0.3",
    "ATTENTION_AFTER": "2",
    "BREAKER_FAILURES": "1000",
    "LOG_LEVEL": "warning",
}

RESTING: Final = {"RECOVERY_INTERVAL_S": "600"}
"""A replica that leaves the orders of others alone."""

HASTY: Final = RESTING | {
    "UPSTREAM_TIMEOUT_S": "0.8",
    "ORDER_DEADLINE_S": "1.6",
    "LEASE_S": "3",
}

SPECIAL: Final = {
    "hasty": HASTY,
    "small": RESTING | {"MAX_IN_FLIGHT": "1"},
    "fuse": RESTING | {"BREAKER_FAILURES": "2", "BREAKER_OPEN_S": "0.5", "DEBUG_MODE": "true"},
}


@pytest.fixture(scope="session")
def system() -> Iterator[Shop]:
    """Start four upstreams, each behind a proxy that can do harm, and two replicas."""
    with Stack(replicas=("a", "b"), proxied=UPSTREAMS, settings=ROOMY) as stack:
        stack.set_stock({SKU: PLENTY})
        shop = Shop(stack, {SKU: PLENTY})
        yield shop
        shop.close()


@pytest.fixture(scope="module", autouse=True)
def books(system: Shop) -> Iterator[None]:
    """After the tests of a file check the upstreams' books (section 5)."""
    yield

    assert [] == system.violations()


@pytest.fixture
def shop(system: Shop) -> Iterator[Shop]:
    """Give the running system, whole; afterwards mend it and let it calm down."""
    yield system
    for name in UPSTREAMS:
        system.proxy(name).switch_on()
        system.proxy(name).clear()
    system.wait_until_calm()


@pytest.fixture
def hasty(shop: Shop) -> str:
    """Name the replica with a short deadline."""
    return _special(shop, "hasty")


@pytest.fixture
def small(shop: Shop) -> str:
    """Name the replica that carries one order at a time."""
    return _special(shop, "small")


@pytest.fixture
def fuse(shop: Shop) -> str:
    """Name the replica whose circuits open soon."""
    return _special(shop, "fuse")


def _special(shop: Shop, name: str) -> str:
    if name not in {replica.name for replica in shop.stack.replicas}:
        shop.stack.add_replica(name, SPECIAL[name])
    return name
