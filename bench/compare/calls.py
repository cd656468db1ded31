"""The calls of an order, by the names that the table of faults uses."""

from typing import Final, NamedTuple


class Call(NamedTuple):
    """Which upstream, and which requests of it; a star stands for an id."""

    upstream: str
    method: str
    path: str


RESERVE: Final = Call("inventory", "POST", "/reserve")
AUTHORIZE: Final = Call("payment", "POST", "/payments")
SHIP: Final = Call("shipping", "POST", "/shipments")
CAPTURE: Final = Call("payment", "POST", "/payments/*/capture")
COMMIT: Final = Call("inventory", "POST", "/reservations/*/commit")
LAST_WRITE: Final = Call("database", "PATCH", "/orders/*")
REFUND: Final = Call("payment", "POST", "/payments/*/refund")

FORWARD: Final = {
    "reserve": RESERVE,
    "authorize": AUTHORIZE,
    "ship": SHIP,
    "capture": CAPTURE,
    "commit": COMMIT,
    "the last write": LAST_WRITE,
}
"""What an order takes to go through, in its order, once it is in the database."""
