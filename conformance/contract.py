"""The upstream contract as a table: what each service calls things (section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

INVENTORY: Final = "inventory"
PAYMENT: Final = "payment"
SHIPPING: Final = "shipping"
DATABASE: Final = "database"

UPSTREAMS: Final = frozenset({INVENTORY, PAYMENT, SHIPPING})


@dataclass(frozen=True)
class Contract:
    """One row of the contract. `finish` is what makes a creation final: commit, capture."""

    service: str
    noun: str
    create_path: str
    collection: str
    create: str
    undo: str
    created: str
    undone: tuple[str, ...]
    refusal: tuple[int, str]
    loss: str
    finish: str | None = None
    finished: str | None = None
    beyond: tuple[str, ...] = ()

    @property
    def live(self) -> tuple[str, ...]:
        """The states in which something is held for an order."""
        return (self.created, *([self.finished] if self.finished else []), *self.beyond)

    def words(self) -> Mapping[str, str]:
        """Return what the checks' texts are filled in with."""
        return {
            "service": self.service,
            "noun": self.noun,
            "create": self.create,
            "finish": self.finish or "finish",
            "finished": self.finished or "finished",
            "undo": self.undo,
            "created": self.created,
            "loss": self.loss,
        }


CONTRACTS: Final = {
    INVENTORY: Contract(
        service=INVENTORY,
        noun="reservation",
        create_path="/reserve",
        collection="/reservations",
        create="reserve",
        undo="release",
        created="reserved",
        undone=("released",),
        refusal=(409, "out_of_stock"),
        finish="commit",
        finished="committed",
        loss="units stay held for an order that has failed",
    ),
    PAYMENT: Contract(
        service=PAYMENT,
        noun="payment",
        create_path="/payments",
        collection="/payments",
        create="authorize",
        undo="refund",
        created="authorized",
        undone=("voided", "refunded"),
        refusal=(402, "payment_declined"),
        finish="capture",
        finished="captured",
        loss="money stays held or taken for an order that has failed",
    ),
    SHIPPING: Contract(
        service=SHIPPING,
        noun="shipment",
        create_path="/shipments",
        collection="/shipments",
        create="ship",
        undo="cancel",
        created="created",
        undone=("cancelled",),
        refusal=(422, "address_not_served"),
        beyond=("dispatched",),
        loss="a parcel goes out for an order that has failed",
    ),
}

WITH_FINISH: Final = frozenset(name for name, row in CONTRACTS.items() if row.finish)
"""Shipping has nothing to finish."""

DATABASE_WORDS: Final[Mapping[str, str]] = {"service": DATABASE}
