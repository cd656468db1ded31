"""Steady orders through the service; nothing is tried again: what a client sees is what counts."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from testbed.audit import Told
from testbed.processes import Process
from tests.rolling.service import Service

SKU = "SKU-1"

CUSTOMERS = 4
"""At once; with their pauses some twenty orders a second, which leaves two cores room."""

PAUSE_S = 0.1  # between a customer's orders

CLIENT_TIMEOUT_S = 90.0  # longer than any replica here takes to answer

CREATED = 201

_ORDER = {
    "address": {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"},
    "currency": "INR",
    "items": [{"sku": SKU, "qty": 1, "price": "499.50"}],
}

_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Asked:
    """One request, and what came of it."""

    replica: str
    status: int | None
    """None: no answer."""
    text: str
    """The order's status, a problem's code, or why there was no answer."""
    order_id: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the customer has no order."""
        return self.status != CREATED


class Customers:
    """Each request has a connection of its own, and goes where the service sends it just then."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked: list[Asked] = []
        self._ended = threading.Event()

    @contextmanager
    def shopping(self) -> Iterator["Customers"]:
        """Inside the block they order; at its end they wait for the answers they are owed."""
        threads = [threading.Thread(target=self._shop) for _ in range(CUSTOMERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every request that has come to an end."""
        return tuple(self._asked)

    @property
    def failures(self) -> list[Asked]:
        """Those that left a customer without an order."""
        return [asked for asked in self.asked if asked.failed]

    @property
    def told(self) -> list[Told]:
        """All answers, for the audit."""
        return [
            Told(status=asked.status, order_id=asked.order_id)
            for asked in self.asked
            if asked.status is not None
        ]

    def _shop(self) -> None:
        while not self._ended.wait(PAUSE_S):
            self._asked.append(self._ask())

    def _ask(self) -> Asked:
        with self._service.address() as replica:
            port = int(replica.url.rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CLIENT_TIMEOUT_S)
            try:
                connection.request("POST", "/orders", json.dumps(_ORDER), _HEADERS)
            except OSError as error:
                return Asked(replica.name, None, f"not sent: {error}")
        return _answer(replica, connection)


def _answer(replica: Process, connection: http.client.HTTPConnection) -> Asked:
    with closing(connection):
        try:
            answer = connection.getresponse()
            content: dict[str, Any] = json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            return Asked(replica.name, None, f"no answer: {error!r}")
    text = str(content.get("status" if answer.status == CREATED else "code"))
    return Asked(replica.name, answer.status, text, content.get("orderId", content.get("id")))
