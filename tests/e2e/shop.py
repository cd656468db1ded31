"""A customer's view of the whole system: place orders, ask for them, wait for what must come."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import httpx

from testbed.audit import Told
from testbed.fault_proxy import FaultProxy
from testbed.processes import Process
from testbed.stack import UPSTREAMS, Stack

T = TypeVar("T")
Body: TypeAlias = dict[str, Any]
HeaderPairs: TypeAlias = Sequence[tuple[str, str | bytes]]

SKU = "SKU-1"
"""An article of which there is always enough."""

PLENTY = 100_000
"""Units of it at the start: more than all tests together order."""

ADDRESS = {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"}

CLIENT_TIMEOUT_S = 40.0
"""Longer than any replica here takes to answer: a test that meets it has found a hang."""

BOUND_S = 20.0
"""How long is waited for what must come; a machine that is busy with other tests is slow."""

POLL_S = 0.03
"""Between two looks."""

MANY = 32
"""Requests a test may have under way at once."""


def order(**changes: Any) -> Body:  # noqa: ANN401 - any JSON value, wrong ones too
    """A valid order of one unit of plenty, with members changed."""
    items = [{"sku": SKU, "qty": 1, "price": "499.50"}]
    return {"userId": "u-1", "address": ADDRESS, "currency": "INR", "items": items} | changes


def items(sku: str, qty: int = 1, price: str = "10.00") -> list[Body]:
    """One line of an order."""
    return [{"sku": sku, "qty": qty, "price": price}]


def fresh(word: str) -> str:
    """A name nobody else uses."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def eventually(look: Callable[[], T], holds: Callable[[T], object], bound_s: float = BOUND_S) -> T:
    """Look until what is seen holds, and return it."""
    give_up_at = time.monotonic() + bound_s
    while not holds(seen := look()):
        assert time.monotonic() < give_up_at, f"not within {bound_s:g} s; last seen: {seen}"
        time.sleep(POLL_S)
    return seen


class Shop:
    """The stack, and what its customers were told."""

    def __init__(self, stack: Stack, stock_before: dict[str, int]) -> None:
        self.stack = stack
        self.stock_before = stock_before
        self._told: list[Told] = []
        self._http = httpx.Client(timeout=CLIENT_TIMEOUT_S)
        self._threads = ThreadPoolExecutor(MANY)

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        self._http.close()

    def shelve(self, sku: str, units: int) -> str:
        """Put a new article on the shelf, under a name of its own."""
        name = fresh(sku)
        self.stack.set_stock({name: units})
        self.stock_before[name] = units
        return name

    def stock(self, sku: str) -> Body:
        """What inventory says of an article."""
        inventory = self.stack.upstream("inventory").url
        line: Body = self._http.get(f"{inventory}/stock/{sku}").raise_for_status().json()
        return line

    def proxy(self, name: str) -> FaultProxy:
        """What stands before an upstream."""
        return self.stack.proxy(name)

    def place(
        self,
        body: Body | None = None,
        *,
        at: str = "a",
        key: str | None = None,
        headers: Mapping[str, str] | HeaderPairs = (),
    ) -> httpx.Response:
        """POST the order at a replica and note what is answered."""
        pairs = [*(headers.items() if isinstance(headers, Mapping) else headers)]
        if key is not None:
            pairs.append(("X-Idempotency-Key", key))
        raw = [(name.encode(), value_bytes(value)) for name, value in pairs]
        url = f"{self.stack.replica(at).url}/orders"
        answer = self._http.post(url, json=order() if body is None else body, headers=raw)
        self._note(answer, body or order(), key)
        return answer

    def place_soon(
        self, body: Body | None = None, *, at: str = "a", key: str | None = None
    ) -> Future[httpx.Response]:
        """Begin to place an order."""
        return self._threads.submit(self.place, body, at=at, key=key)

    def get(
        self, path: str, *, at: str = "a", params: Mapping[str, str | int] | None = None
    ) -> httpx.Response:
        """GET from a replica."""
        return self._http.get(self.stack.replica(at).url + path, params=params)

    def shown(self, order_id: str, *, at: str = "a") -> Body:
        """The order as a replica shows it."""
        found: Body = self.get(f"/orders/{order_id}", at=at).raise_for_status().json()
        return found

    def orders_of(self, user_id: str) -> list[Body]:
        """Up to 100 orders of a user, newest first."""
        query: dict[str, str | int] = {"userId": user_id, "limit": 100}
        found: list[Body] = self.get("/orders", params=query).raise_for_status().json()["items"]
        return found

    def wait_for(self, order_id: str, *statuses: str, bound_s: float = BOUND_S) -> Body:
        """The order, once it has one of these statuses."""
        return eventually(
            lambda: self.shown(order_id), lambda seen: seen["status"] in statuses, bound_s
        )

    def wait_until_calm(self) -> None:
        """Return when every order is final."""
        eventually(self._unfinished, lambda found: not found)

    def metric(self, line: str, *, at: str = "a") -> float:
        """The value of one line of a replica's metrics, 0 where it has none yet."""
        found = [
            float(text.rpartition(" ")[2])
            for text in self.get("/metrics", at=at).text.splitlines()
            if text.startswith(line)
        ]
        return sum(found)

    def calls(self, *names: str) -> list[tuple[str, str]]:
        """Method and path of every call seen so far, those of recovery and of reads left out."""
        return [
            (exchange.method, exchange.path)
            for name in names or UPSTREAMS
            for exchange in self.proxy(name).seen
            if exchange.method != "GET" and exchange.path != "/orders/claim"
        ]

    def payments_of(self, order_id: str) -> list[Body]:
        """What payment has of an order."""
        payment = self.stack.upstream("payment").url
        answer = self._http.get(f"{payment}/payments", params={"orderId": order_id})
        found: list[Body] = answer.raise_for_status().json()["items"]
        return found

    def violations(self) -> list[str]:
        """Section 5 of the protocol against everything there is."""
        return [str(found) for found in self.stack.audit(self.stock_before, self._told)]

    def _unfinished(self) -> list[Body]:
        return [
            entry
            for status in ("PENDING", "COMPENSATING")
            for entry in self.get("/orders", params={"status": status}).json()["items"]
        ]

    def _note(self, answer: httpx.Response, body: Body, key: str | None) -> None:
        content: Body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        self._told.append(
            Told(
                status=answer.status_code,
                order_id=content.get("orderId", content.get("id")),
                key=None if key is None else f"{body.get('userId')} {key}",
                code=content.get("code"),
                compensation=content.get("compensation"),
            )
        )


def value_bytes(value: str | bytes) -> bytes:
    """A header's value as it goes over the wire."""
    return value if isinstance(value, bytes) else value.encode()


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document that agrees with the wire."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert answer.status_code == document["status"]
    return answer.status_code, document["code"]


def repeatable(answer: httpx.Response) -> tuple[int, bytes, str | None]:
    """What must be the same when an answer is given again."""
    return answer.status_code, answer.content, answer.headers.get("location")


def hits(calls: Iterable[tuple[str, str]], method: str, path: str) -> int:
    """How many of the calls are this one."""
    return sum(call == (method, path) for call in calls)


def ended(process: Process, bound_s: float = BOUND_S) -> int:
    """The exit code of a process that is ending by itself."""
    eventually(lambda: process.alive, lambda alive: not alive, bound_s)
    return process.terminate()
