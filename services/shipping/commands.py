"""Everything that changes a shipment; each function is one transaction.

Locks are taken in one order everywhere: the answer's key, then the shipment.
"""

import json
from typing import Final, assert_never

from services.answers import Answer, once, refuse
from services.problem import ProblemError
from services.shipping.model import Address, Cancelled, ShipmentRequest, Status
from services.shipping.queries import find_shipment, shown_shipment, unknown_shipment
from services.storage import Row, Tx

_SERVICE: Final = "shipping"

UNSERVED_COUNTRY: Final = "AQ"
"""Antarctica: no carrier goes there."""
UNSERVED_POSTAL_CODE: Final = "00000"
"""No place has it: the way to see a shipment refused in any other country."""


def create(tx: Tx, request: ShipmentRequest, *, key: str) -> Answer:
    """Have a parcel made ready."""
    _refuse_cancelled(find_shipment(tx, request.id))
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["ship", request.model_dump(by_alias=True)],
        act=lambda: _create(tx, request),
    )


def _create(tx: Tx, request: ShipmentRequest) -> Answer:
    if not _is_served(request.address) and find_shipment(tx, request.id) is None:
        return refuse(422, "address_not_served", "No carrier delivers to this address.")
    created = _insert(tx, request)
    if created is None:
        return _as_it_stands(tx, request)
    return Answer(201, shown_shipment(created))


def _is_served(address: Address) -> bool:
    return address.country != UNSERVED_COUNTRY and address.postal_code != UNSERVED_POSTAL_CODE


def _refuse_cancelled(row: Row | None) -> None:
    """Let no create of an undone id through: neither a late one nor a repeat."""
    if row is not None and row["status"] == Status.CANCELLED:
        raise ProblemError(
            410, "cancelled", f"Shipment {row['id']} has been cancelled; ship under another id."
        )


def _insert(tx: Tx, request: ShipmentRequest) -> Row | None:
    """Claim the id, or None when it is taken. Waits for an undo of it that is under way."""
    rows = tx.execute(
        """
        INSERT INTO shipping_shipments
            (id, order_id, address, items, status, created_ms, updated_ms)
        VALUES (:id, :order_id, :address, :items, 'created', :now_ms, :now_ms)
        ON CONFLICT (id) DO NOTHING
        RETURNING *
        """,
        id=request.id,
        now_ms=tx.now_ms(),
        **_content(request),
    )
    return rows[0] if rows else None


def _as_it_stands(tx: Tx, request: ShipmentRequest) -> Answer:
    """Answer a create of an id that exists under another key."""
    row = _lock(tx, request.id)
    _refuse_cancelled(row)
    if any(row[column] != value for column, value in _content(request).items()):
        raise ProblemError(
            409, "id_in_use", f"Shipment {request.id} exists with another body; use its own id."
        )
    return Answer(201, shown_shipment(row))


def _content(request: ShipmentRequest) -> dict[str, str]:
    """Return the columns that hold what was asked for; equal requests give equal text."""
    return {
        "order_id": request.order_id,
        "address": json.dumps(request.address.model_dump(by_alias=True)),
        "items": json.dumps([item.model_dump(by_alias=True) for item in request.items]),
    }


def dispatch(tx: Tx, shipment_id: str, *, key: str) -> Answer:
    """Let the parcel leave the warehouse: from here on it cannot be cancelled."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["dispatch", shipment_id],
        act=lambda: _dispatch(tx, shipment_id),
    )


def _dispatch(tx: Tx, shipment_id: str) -> Answer:
    row = _lock(tx, shipment_id)
    match Status(row["status"]):
        case Status.CREATED:
            row = _set_status(tx, shipment_id, Status.DISPATCHED)
        case Status.DISPATCHED:
            pass
        case Status.CANCELLED:
            raise ProblemError(409, "cancelled", f"Shipment {shipment_id} has been cancelled.")
        case unknown:
            assert_never(unknown)
    return Answer(200, shown_shipment(row))


def cancel(tx: Tx, shipment_id: str, *, key: str) -> Answer:
    """Undo a shipment that is still here, or that nobody has made yet."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["cancel", shipment_id],
        act=lambda: _cancel(tx, shipment_id),
    )


def _cancel(tx: Tx, shipment_id: str) -> Answer:
    if not _leave_tombstone(tx, shipment_id):
        match Status(_lock(tx, shipment_id)["status"]):
            case Status.CREATED:
                _set_status(tx, shipment_id, Status.CANCELLED)
            case Status.CANCELLED:
                pass
            case Status.DISPATCHED:
                # Raised, not answered: a refusal that depends on the state is not stored.
                detail = f"Shipment {shipment_id} has left the warehouse; ask for a return instead."
                raise ProblemError(409, "dispatched", detail)
            case unknown:
                assert_never(unknown)
    return Answer(200, Cancelled(id=shipment_id, status=Status.CANCELLED).wire())


def _leave_tombstone(tx: Tx, shipment_id: str) -> bool:
    """Claim an unknown id for good; False when it exists. Waits for a create under way."""
    return bool(
        tx.execute(
            """
            INSERT INTO shipping_shipments (id, items, status, created_ms, updated_ms)
            VALUES (:id, '[]', 'cancelled', :now_ms, :now_ms)
            ON CONFLICT (id) DO NOTHING
            RETURNING id
            """,
            id=shipment_id,
            now_ms=tx.now_ms(),
        )
    )


def _lock(tx: Tx, shipment_id: str) -> Row:
    rows = tx.execute(
        "SELECT * FROM shipping_shipments WHERE id = :id" + tx.for_update, id=shipment_id
    )
    if not rows:
        raise unknown_shipment(shipment_id)
    return rows[0]


def _set_status(tx: Tx, shipment_id: str, status: Status) -> Row:
    (row,) = tx.execute(
        """
        UPDATE shipping_shipments SET status = :status, updated_ms = :now_ms
        WHERE id = :id RETURNING *
        """,
        id=shipment_id,
        status=status.value,
        now_ms=tx.now_ms(),
    )
    return row
