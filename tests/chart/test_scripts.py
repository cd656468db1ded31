"""What runs in pods of their own, tried on the real services: the test, the stock, the load."""

import sys
from collections.abc import Iterator

import httpx
import pytest

from testbed.ports import free_port
from testbed.stack import Stack
from tests.chart.tools import CHART, ROOT, Finished, run

PLACE_ORDER = CHART / "files" / "place_order.py"
PUT_STOCK = CHART / "files" / "put_stock.py"
LOAD = ROOT / ".github" / "kind" / "load.py"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole system, as an install brings it."""
    with Stack(replicas=("a",)) as running:
        yield running


def python(*arguments: object) -> Finished:
    """Run a script with nothing but Python's own library, as its pod does."""
    return run(sys.executable, "-I", *map(str, arguments))


def inventory(stack: Stack) -> str:
    """Where the inventory is."""
    return stack.upstream("inventory").url


def on_hand(stack: Stack, sku: str) -> int:
    """How many units the inventory says there are."""
    units: int = httpx.get(f"{inventory(stack)}/stock/{sku}").json()["onHand"]
    return units


def test_helm_test_places_an_order(stack: Stack) -> None:
    """It stocks a product of its own, orders one, and repeats the request."""
    ended = python(
        *(PLACE_ORDER, "--orders", stack.replica("a").url),
        *("--sku", "HELM-TEST", "--stock-at", inventory(stack)),
    )

    assert 0 == ended.code, ended.said
    assert "is CONFIRMED: 499.50" in ended.out
    assert 9 == on_hand(stack, "HELM-TEST")


def test_helm_test_fails_with_the_answer(stack: Stack) -> None:
    """An order that does not go through fails the test, which shows why."""
    ended = python(PLACE_ORDER, "--orders", stack.replica("a").url, "--sku", "NO-SUCH-SKU")

    assert 1 == ended.code
    assert "FAILED: an order's status code should be 201, but is 409" in ended.out
    assert '"code": "unknown_sku"' in ended.out


def test_helm_test_notices_another_service(stack: Stack) -> None:
    """Whatever answers must be the order service."""
    ended = python(PLACE_ORDER, "--orders", inventory(stack))

    assert 1 == ended.code
    assert "FAILED: /health should be Order Service, but is Inventory Service" in ended.out


def test_helm_test_without_a_product(stack: Stack) -> None:
    """Nothing is ordered that nobody named."""
    ended = python(PLACE_ORDER, "--orders", stack.replica("a").url)

    assert 0 == ended.code, ended.said
    assert "no order placed" in ended.out


def test_stock_is_put_once(stack: Stack) -> None:
    """A product that is known keeps what it has, however often the chart is upgraded."""
    first = python(PUT_STOCK, "--inventory", inventory(stack), "ONCE=5", "a b/c=7")
    httpx.put(f"{inventory(stack)}/stock/ONCE", json={"onHand": 2})
    second = python(PUT_STOCK, "--inventory", inventory(stack), "ONCE=5")

    assert (0, 0) == (first.code, second.code)
    assert ["ONCE: 5 put on the shelf", "a b/c: 7 put on the shelf"] == first.out.splitlines()
    assert ["ONCE: known already"] == second.out.splitlines()
    assert 2 == on_hand(stack, "ONCE")


def test_load_counts_what_became_of_orders(stack: Stack) -> None:
    """All confirmed: 0. Some not: 1, with their answers."""
    httpx.put(f"{inventory(stack)}/stock/SKU-1", json={"onHand": 10})
    pace = ("--seconds", "1", "--per-second", "10")
    good = python(LOAD, "--orders", stack.replica("a").url, *pace)
    bad = python(LOAD, "--orders", stack.replica("a").url, *pace)

    assert (0, ["10", "CONFIRMED"]) == (good.code, good.out.split())
    assert 1 == bad.code
    assert "out_of_stock" in bad.out


def test_load_counts_those_without_an_answer() -> None:
    """A connection that nobody takes is an order that failed."""
    nobody = f"http://127.0.0.1:{free_port()}"
    ended = python(LOAD, "--orders", nobody, "--seconds", "1", "--per-second", "2")

    assert (1, True) == (ended.code, "2 no answer" in ended.out)
