"""Units moving on and off the shelf: the only statements that change what is on hand or reserved.

Each is one conditional or relative update of one row, so concurrent callers cannot lose each
other's changes; `units` come in sku order (`units_by_sku`), so they cannot deadlock either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.storage import Tx

_TAKE: Final = """
    UPDATE inventory_stock SET reserved = reserved + :qty
    WHERE sku = :sku AND on_hand - reserved >= :qty
    RETURNING sku
"""
_MOVE: Final = """
    UPDATE inventory_stock SET on_hand = on_hand + :on_hand, reserved = reserved + :reserved
    WHERE sku = :sku
"""


@dataclass(frozen=True)
class Shortage:
    """Fewer units than were asked for; `known` is false when there is no such product at all."""

    sku: str
    requested: int
    available: int
    known: bool

    def shown(self) -> dict[str, Any]:
        """Return it as the contract words it."""
        return {"sku": self.sku, "requested": self.requested, "available": self.available}


def take(tx: Tx, units: Mapping[str, int]) -> list[Shortage]:
    """Reserve all of `units`, or none: then what is short is returned, and nothing changed."""
    shortages = {sku: short for sku, qty in units.items() if (short := _take_one(tx, sku, qty))}
    if shortages:
        give_back(tx, {sku: qty for sku, qty in units.items() if sku not in shortages})
    return list(shortages.values())


def _take_one(tx: Tx, sku: str, qty: int) -> Shortage | None:
    if tx.execute(_TAKE, sku=sku, qty=qty):
        return None
    rows = tx.execute(
        "SELECT on_hand - reserved AS available FROM inventory_stock WHERE sku = :sku"
        + tx.for_update,
        sku=sku,
    )
    if rows and rows[0]["available"] >= qty:
        # Units came back between the two statements. The row is locked now: this time it works.
        return _take_one(tx, sku, qty)
    available = rows[0]["available"] if rows else 0
    return Shortage(sku, requested=qty, available=available, known=bool(rows))


def give_back(tx: Tx, units: Mapping[str, int]) -> None:
    """Reserved units are for sale again."""
    _move(tx, units, on_hand=0, reserved=-1)


def take_away(tx: Tx, units: Mapping[str, int]) -> None:
    """Reserved units are sold and leave the shelf."""
    _move(tx, units, on_hand=-1, reserved=-1)


def put_back(tx: Tx, units: Mapping[str, int]) -> None:
    """Sold units come back to the shelf."""
    _move(tx, units, on_hand=1, reserved=0)


def _move(tx: Tx, units: Mapping[str, int], *, on_hand: int, reserved: int) -> None:
    for sku, qty in units.items():
        tx.execute(_MOVE, sku=sku, on_hand=on_hand * qty, reserved=reserved * qty)


def set_on_hand(tx: Tx, sku: str, on_hand: int) -> bool:
    """Say what lies on the shelf; False, and no change, when more than that is reserved."""
    return bool(
        tx.execute(
            """
            INSERT INTO inventory_stock (sku, on_hand, reserved) VALUES (:sku, :on_hand, 0)
            ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand
            WHERE inventory_stock.reserved <= excluded.on_hand
            RETURNING sku
            """,
            sku=sku,
            on_hand=on_hand,
        )
    )
