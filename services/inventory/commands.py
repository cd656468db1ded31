"""Everything that changes a reservation or the stock; each function is one transaction.

Locks are taken in one order everywhere: the answer's key, the reservation, stock rows by sku.
"""

from typing import Final, assert_never

from services.answers import Answer, once, refuse
from services.inventory import stock
from services.inventory.model import Released, ReserveRequest, Status, units_by_sku
from services.inventory.queries import (
    find_reservation,
    get_stock,
    is_due,
    items_json,
    items_of,
    shown_reservation,
    unknown_reservation,
)
from services.problem import ProblemError
from services.storage import Row, Tx

_SERVICE: Final = "inventory"


class SweepFirst(Exception):  # noqa: N818 - not an error: a step the caller must take
    """Units are short while expired reservations still hold some: sweep, then ask once more."""


def reserve(tx: Tx, request: ReserveRequest, *, key: str, ttl_ms: int, swept: bool) -> Answer:
    """Hold the units of an order for `ttl_ms`, all or none.

    Raises `SweepFirst`, having changed nothing, instead of refusing for lack of stock when
    `swept` is false and there are expired reservations to be swept.
    """
    _refuse_released(find_reservation(tx, request.id))
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["reserve", request.model_dump(by_alias=True)],
        act=lambda: _reserve(tx, request, ttl_ms=ttl_ms, swept=swept),
    )


def _reserve(tx: Tx, request: ReserveRequest, *, ttl_ms: int, swept: bool) -> Answer:
    now_ms = tx.now_ms()
    created = _insert(tx, request, now_ms=now_ms, expires_ms=now_ms + ttl_ms)
    if created is None:
        return _as_it_stands(tx, request)
    shortages = stock.take(tx, units_by_sku(request.items))
    if not shortages:
        return Answer(201, shown_reservation(created, now_ms))
    if not swept and _any_due(tx, now_ms):
        raise SweepFirst
    tx.execute("DELETE FROM inventory_reservations WHERE id = :id", id=request.id)
    return _out_of_stock(shortages)


def _refuse_released(row: Row | None) -> None:
    """Let no create of an undone id through: neither a late one nor a repeat."""
    if row is not None and row["status"] == Status.RELEASED:
        raise ProblemError(
            410,
            "cancelled",
            f"Reservation {row['id']} has been released; reserve anew under another id.",
        )


def _insert(tx: Tx, request: ReserveRequest, *, now_ms: int, expires_ms: int) -> Row | None:
    """Claim the id, or None when it is taken. Waits for an undo of it that is under way."""
    rows = tx.execute(
        """
        INSERT INTO inventory_reservations
            (id, order_id, items, status, created_ms, updated_ms, expires_ms)
        VALUES (:id, :order_id, :items, 'reserved', :now_ms, :now_ms, :expires_ms)
        ON CONFLICT (id) DO NOTHING
        RETURNING *
        """,
        id=request.id,
        order_id=request.order_id,
        items=items_json(request.items),
        now_ms=now_ms,
        expires_ms=expires_ms,
    )
    return rows[0] if rows else None


def _as_it_stands(tx: Tx, request: ReserveRequest) -> Answer:
    """Answer a create of an id that exists under another key."""
    row = _lock(tx, request.id)
    _refuse_released(row)
    if (row["order_id"], items_of(row)) != (request.order_id, request.items):
        raise ProblemError(
            409,
            "id_in_use",
            f"Reservation {request.id} exists with another body; use an id of its own.",
        )
    return Answer(201, shown_reservation(row, tx.now_ms()))


def _out_of_stock(shortages: list[stock.Shortage]) -> Answer:
    unknown = [short.sku for short in shortages if not short.known]
    code = "unknown_sku" if unknown else "out_of_stock"
    names = ", ".join(unknown or [short.sku for short in shortages])
    detail = f"There is no product {names}." if unknown else f"Too few units are left of {names}."
    return refuse(409, code, detail, shortages=[short.shown() for short in shortages])


def commit(tx: Tx, reservation_id: str, *, key: str) -> Answer:
    """Sell what is reserved: the units leave the shelf."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["commit", reservation_id],
        act=lambda: _commit(tx, reservation_id),
    )


def _commit(tx: Tx, reservation_id: str) -> Answer:
    now_ms = tx.now_ms()
    row = _lock(tx, reservation_id)
    if is_due(row, now_ms) or row["status"] == Status.EXPIRED:
        raise ProblemError(
            409, "expired", f"Reservation {reservation_id} was not committed in time and expired."
        )
    if row["status"] == Status.RELEASED:
        raise ProblemError(409, "released", f"Reservation {reservation_id} has been released.")
    if row["status"] == Status.RESERVED:
        stock.take_away(tx, units_by_sku(items_of(row)))
        row = _set_status(tx, reservation_id, Status.COMMITTED, now_ms)
    return Answer(200, shown_reservation(row, now_ms))


def release(tx: Tx, reservation_id: str, *, key: str) -> Answer:
    """Undo a reservation in whatever state it is, also one that nobody has made yet."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["release", reservation_id],
        act=lambda: _release(tx, reservation_id),
    )


def _release(tx: Tx, reservation_id: str) -> Answer:
    now_ms = tx.now_ms()
    if not _leave_tombstone(tx, reservation_id, now_ms):
        _return_units(tx, _lock(tx, reservation_id))
        _set_status(tx, reservation_id, Status.RELEASED, now_ms)
    return Answer(200, Released(id=reservation_id, status=Status.RELEASED).wire())


def _leave_tombstone(tx: Tx, reservation_id: str, now_ms: int) -> bool:
    """Claim an unknown id for good; False when it exists. Waits for a create under way."""
    return bool(
        tx.execute(
            """
            INSERT INTO inventory_reservations (id, items, status, created_ms, updated_ms)
            VALUES (:id, '[]', 'released', :now_ms, :now_ms)
            ON CONFLICT (id) DO NOTHING
            RETURNING id
            """,
            id=reservation_id,
            now_ms=now_ms,
        )
    )


def _return_units(tx: Tx, row: Row) -> None:
    units = units_by_sku(items_of(row))
    match Status(row["status"]):
        case Status.RESERVED:
            stock.give_back(tx, units)
        case Status.COMMITTED:
            stock.put_back(tx, units)
        case Status.EXPIRED | Status.RELEASED:
            pass  # its units went back when it became so
        case unknown:
            assert_never(unknown)


def put_stock(tx: Tx, sku: str, on_hand: int) -> Answer:
    """Say how many units lie on the shelf; never fewer than are reserved."""
    if not stock.set_on_hand(tx, sku, on_hand):
        reserved = get_stock(tx, sku)["reserved"]
        raise ProblemError(
            409,
            "below_reserved",
            f"{reserved} units of {sku} are reserved; release them or set at least that many.",
        )
    return Answer(200, get_stock(tx, sku))


def expire_due(tx: Tx, *, limit: int, locked: str) -> int:
    """Put the units of up to `limit` reservations that have run out back on sale.

    `locked` is the lock clause: `tx.skip_locked` to leave rows that somebody else is working on,
    `tx.for_update` to wait for them. Returns how many have expired.
    """
    now_ms = tx.now_ms()
    rows = tx.execute(
        """
        SELECT id, items FROM inventory_reservations
        WHERE status = 'reserved' AND expires_ms <= :now_ms
        ORDER BY id LIMIT :limit
        """
        + locked,
        now_ms=now_ms,
        limit=limit,
    )
    stock.give_back(tx, units_by_sku([item for row in rows for item in items_of(row)]))
    for row in rows:
        _set_status(tx, row["id"], Status.EXPIRED, now_ms)
    return len(rows)


def _lock(tx: Tx, reservation_id: str) -> Row:
    rows = tx.execute(
        "SELECT * FROM inventory_reservations WHERE id = :id" + tx.for_update, id=reservation_id
    )
    if not rows:
        raise unknown_reservation(reservation_id)
    return rows[0]


def _set_status(tx: Tx, reservation_id: str, status: Status, now_ms: int) -> Row:
    (row,) = tx.execute(
        """
        UPDATE inventory_reservations SET status = :status, updated_ms = :now_ms
        WHERE id = :id RETURNING *
        """,
        id=reservation_id,
        status=status.value,
        now_ms=now_ms,
    )
    return row


def _any_due(tx: Tx, now_ms: int) -> bool:
    return bool(
        tx.execute(
            """
            SELECT id FROM inventory_reservations
            WHERE status = 'reserved' AND expires_ms <= :now_ms LIMIT 1
            """,
            now_ms=now_ms,
        )
    )
