"""What `helm test` runs: the order service answers, and an order goes through.

Runs in a pod of its own with nothing but Python's standard library; exits 1, and says why, when
anything is not as it should be.
"""  # noqa: INP001 - mounted into a pod as a single file

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

WAIT_S: Final = 60
"""A service may still be starting: its startup probe allows as long."""

CALL_S: Final = 60
"""Above the default deadline of an order and one time-out (35 s)."""

USER: Final = "helm-test"


@dataclass(frozen=True)
class Answer:
    """Status, headers and JSON body of an answer, whatever its status."""

    status: int
    headers: Message
    body: Any


class Failed(Exception):  # noqa: N818 - it is the test that failed
    """Something is not as it should be; the text says what."""


def main() -> int:
    """Run the test that the command line describes."""
    given = _arguments()
    try:
        answers_at_all(given.orders)
        if given.stock_at:
            put_on_the_shelf(given.stock_at, given.sku)
        if given.sku:
            order_goes_through(given.orders, given.sku, given.caller_header)
        else:
            say("no order placed: set tests.sku to a product that may be sold")
    except Failed as failure:
        say(f"FAILED: {failure}")
        return 1
    say("all is well")
    return 0


def answers_at_all(orders: str) -> None:
    """Wait until the service takes orders."""
    until = time.monotonic() + WAIT_S
    while (ready := _attempt(f"{orders}/readyz")) != "200" and time.monotonic() < until:
        time.sleep(1)
    expect(f"{orders}/readyz", "200", ready)
    health = call("GET", f"{orders}/health")
    expect("/health", "Order Service", health.body.get("service"))
    say(f"{orders} takes orders")


def put_on_the_shelf(inventory: str, sku: str) -> None:
    """Have ten units for sale; works again and again."""
    stocked = call("PUT", f"{inventory}/stock/{quote(sku)}", {"onHand": 10})
    expect(f"stock of {sku}", 200, stocked.status, stocked.body)


def order_goes_through(orders: str, sku: str, caller_header: str) -> None:
    """Place an order, repeat the request, read the order."""
    headers = {"X-Idempotency-Key": f"helm-test-{uuid4()}"}
    if caller_header:
        headers[caller_header] = USER
    placed = call("POST", f"{orders}/orders", order(sku), headers)
    expect("an order's status code", 201, placed.status, placed.body)
    expect("an order's status", "CONFIRMED", placed.body["status"], placed.body)
    say(f"order {placed.body['id']} is CONFIRMED: {placed.body['total']}")
    again = call("POST", f"{orders}/orders", order(sku), headers)
    expect("the same key's order", placed.body["id"], again.body.get("id"), again.body)
    expect("Idempotent-Replayed", "true", again.headers.get("Idempotent-Replayed"))
    read = call("GET", f"{orders}{placed.headers['Location']}", headers=headers)
    expect("the order, read again", "CONFIRMED", read.body.get("status"), read.body)


def order(sku: str) -> dict[str, Any]:
    """One unit of `sku`."""
    return {
        "userId": USER,
        "address": {
            "line1": "1 MG Road",
            "city": "Bengaluru",
            "country": "IN",
            "postalCode": "560001",
        },
        "currency": "INR",
        "items": [{"sku": sku, "qty": 1, "price": "499.50"}],
    }


def expect(what: str, expected: object, seen: object, body: object = "") -> None:
    """Raise Failed unless both are equal."""
    if expected != seen:
        shown = f"\n{json.dumps(body, indent=2)}" if body else ""
        raise Failed(f"{what} should be {expected}, but is {seen}{shown}")


def call(method: str, url: str, body: object = None, headers: Mapping[str, str] = {}) -> Answer:
    """Send a request; raises Failed when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the addresses are the chart's
        url, data, {"Content-Type": "application/json", **headers}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_S) as answer:  # noqa: S310 - as above
            return Answer(answer.status, answer.headers, json.load(answer))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.headers, _json(refusal.read()))
    except OSError as error:
        raise Failed(f"{method} {url}: {error}") from error


def say(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{line}\n")


def _attempt(url: str) -> str:
    try:
        return str(call("GET", url).status)
    except Failed as failure:
        return str(failure)


def _json(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", required=True, help="where the order service is")
    parser.add_argument("--sku", default="", help="a product to order")
    parser.add_argument("--stock-at", default="", help="the reference inventory, to be given stock")
    parser.add_argument("--caller-header", default="", help="header that names the caller")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
