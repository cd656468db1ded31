"""What the checks create: reservations, payments and shipments under ids of their own."""

import uuid
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from conformance.contract import Contract
from conformance.shelf import Shelf

AMOUNT: Final = "499.50"
"""Ends in a nought: whoever keeps money as a binary float gives back 499.5."""
ADDRESS: Final = {
    "line1": "1 Main Street",
    "city": "Pune",
    "country": "IN",
    "postalCode": "411001",
}
QTY: Final = 2


class State(Enum):
    """How far a resource is, in no service's words. GONE: undone, or never made."""

    GONE = "gone"
    CREATED = "created"
    FINISHED = "finished"


@dataclass
class Resource:
    """Something under an id that we chose, and the body that asks for it."""

    contract: Contract
    order_id: str
    id: str
    body: dict[str, Any]
    shelf: Shelf | None = None
    qty: int = 0
    to_clean: bool = field(default=False, compare=False)

    @property
    def path(self) -> str:
        """Where it is read, finished and undone."""
        return f"{self.contract.collection}/{self.id}"

    def key(self, operation: str) -> str:
        """Return the key of one operation on it (section 3, rule 2)."""
        return f"{self.order_id}:{operation}"

    def asking(self, **changes: object) -> "Resource":
        """Return the same resource, asked for with another body."""
        return replace(self, body=self.body | changes)


def new_resource(contract: Contract, **details: object) -> Resource:
    """Return a resource that nobody has heard of."""
    order_id = uuid.uuid4()
    name = str(uuid.uuid5(order_id, contract.noun))
    head = {"id": name, "orderId": str(order_id)}
    return Resource(contract, str(order_id), name, head | details)


def new_reservation(contract: Contract, shelf: Shelf, qty: int) -> Resource:
    """Return a reservation of `qty` units."""
    resource = new_resource(contract, items=[shelf.line(qty)])
    resource.shelf, resource.qty = shelf, qty
    return resource


def new_payment(contract: Contract, currency: str, user: str = "conformance") -> Resource:
    """Return a payment."""
    return new_resource(contract, userId=user, amount=AMOUNT, currency=currency)


def new_shipment(contract: Contract, address: dict[str, str]) -> Resource:
    """Return a shipment."""
    return new_resource(contract, address=address, items=[{"sku": "SKU-1", "qty": QTY}])
