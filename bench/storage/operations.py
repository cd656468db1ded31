"""What is asked of the service, each with the status that a right answer has."""

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bench.storage.line import request
from bench.storage.preload import ORDERS_PER_USER, document, order_id

PAGE: Final = 20
"""Orders on a page that a person looks at."""

CLAIMED: Final = 32
"""Orders that a replica of the order service claims at a time."""


@dataclass(frozen=True)
class Operation:
    """A name, requests without end, and what each must be answered."""

    name: str
    requests: Iterator[bytes]
    status: int
    share: float = 1.0
    """How many of them are made, as a part of the others: for what does much at a time."""


def operations(orders: int, run: str) -> Iterator[Operation]:
    """Return the operations on a service that has so many orders; `run` makes new ids its own."""
    dice = random.Random(orders)  # noqa: S311 - the same requests on both engines
    known = (order_id(dice.randrange(orders)) for _ in itertools.count())
    users = (f"user-{dice.randrange(max(1, orders // ORDERS_PER_USER))}" for _ in itertools.count())
    created = (str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in itertools.count())
    names, confirmed = itertools.tee(created)
    yield Operation("create", (_create(name, run) for name in names), 201)
    yield Operation("confirm", (_confirm(name) for name in confirmed), 200)
    yield Operation("get", (request("GET", f"/orders/{each}") for each in known), 200)
    yield Operation("page of a user", (_page(f"&userId={user}") for user in users), 200)
    yield Operation("newest page", itertools.repeat(_page("")), 200)
    yield Operation("claim of 32", (_claim(n, run) for n in itertools.count()), 200, 0.1)
    yield Operation("backlog", itertools.repeat(request("GET", "/stats")), 200)


def _create(name: str, run: str) -> bytes:
    body = {
        "id": name,
        "owner": "bench-worker",
        "leaseS": 60,
        "caller": "bench",
        "key": f"key-{run}-{name}",
        "fingerprint": "print",
        "keyTtlS": 86_400,
        "userId": "buyer",
        **document(),
    }
    return request("POST", "/orders", _json(body))


def _confirm(name: str) -> bytes:
    body = {
        "owner": "bench-worker",
        "version": 1,
        "writeId": "confirm",
        "status": "CONFIRMED",
        "progress": document()["progress"],
        "attention": None,
    }
    return request("PATCH", f"/orders/{name}", _json(body))


def _claim(number: int, run: str) -> bytes:
    # No lease: what was claimed is due again, behind the others, so that there is always enough.
    body = {"owner": f"claimer-{run}-{number}", "leaseS": 0, "limit": CLAIMED}
    return request("POST", "/orders/claim", _json(body))


def _page(query: str) -> bytes:
    return request("GET", f"/orders?limit={PAGE}{query}")


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
