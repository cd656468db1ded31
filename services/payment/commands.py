"""Everything that moves money; each function is one transaction.

A change of state and its line in the ledger are one transaction, made under the payment's row lock:
of a capture and a refund that race, one waits and then sees what the other has done. Locks are
taken in one order everywhere: the answer's key, then the payment.
"""

from typing import Final, assert_never

from services.answers import Answer, once, refuse
from services.payment.model import Movement, PaymentRequest, Returned, Status
from services.payment.queries import find_payment, shown_payment, unknown_payment
from services.problem import ProblemError
from services.storage import Row, Tx

_SERVICE: Final = "payment"

DECLINED_PREFIX: Final = "decline"
"""A user whose id starts with this word has no money: every payment of theirs is declined."""


def authorize(tx: Tx, request: PaymentRequest, *, key: str) -> Answer:
    """Set an amount aside."""
    _refuse_undone(find_payment(tx, request.id))
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["authorize", request.model_dump(by_alias=True)],
        act=lambda: _authorize(tx, request),
    )


def _authorize(tx: Tx, request: PaymentRequest) -> Answer:
    if _is_declined(request) and find_payment(tx, request.id) is None:
        return refuse(402, "payment_declined", "The user's payments are declined.")
    now_ms = tx.now_ms()
    created = _insert(tx, request, now_ms)
    if created is None:
        return _as_it_stands(tx, request)
    _record(tx, created, Movement.AUTHORIZE, now_ms)
    return Answer(201, shown_payment(created))


def _is_declined(request: PaymentRequest) -> bool:
    return request.user_id is not None and request.user_id.startswith(DECLINED_PREFIX)


def _refuse_undone(row: Row | None) -> None:
    """Let no create of an undone id through: neither a late one nor a repeat."""
    if row is not None and row["status"] in (Status.VOIDED, Status.REFUNDED):
        raise ProblemError(
            410, "cancelled", f"Payment {row['id']} is {row['status']}; pay anew under another id."
        )


def _insert(tx: Tx, request: PaymentRequest, now_ms: int) -> Row | None:
    """Claim the id, or None when it is taken. Waits for an undo of it that is under way."""
    rows = tx.execute(
        """
        INSERT INTO payment_payments
            (id, order_id, user_id, currency, amount_minor, status, created_ms, updated_ms)
        VALUES
            (:id, :order_id, :user_id, :currency, :amount, 'authorized', :now_ms, :now_ms)
        ON CONFLICT (id) DO NOTHING
        RETURNING *
        """,
        id=request.id,
        order_id=request.order_id,
        user_id=request.user_id,
        currency=request.currency,
        amount=request.amount_minor,
        now_ms=now_ms,
    )
    return rows[0] if rows else None


def _as_it_stands(tx: Tx, request: PaymentRequest) -> Answer:
    """Answer a create of an id that exists under another key."""
    row = _lock(tx, request.id)
    _refuse_undone(row)
    existing = (row["order_id"], row["user_id"], row["currency"], row["amount_minor"])
    asked = (request.order_id, request.user_id, request.currency, request.amount_minor)
    if existing != asked:
        raise ProblemError(
            409, "id_in_use", f"Payment {request.id} exists with another body; use its own id."
        )
    return Answer(201, shown_payment(row))


def capture(tx: Tx, payment_id: str, *, key: str) -> Answer:
    """Take the money that was set aside."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["capture", payment_id],
        act=lambda: _capture(tx, payment_id),
    )


def _capture(tx: Tx, payment_id: str) -> Answer:
    row = _lock(tx, payment_id)
    match Status(row["status"]):
        case Status.AUTHORIZED:
            row = _move(tx, row, Status.CAPTURED, Movement.CAPTURE)
        case Status.CAPTURED:
            pass
        case Status.VOIDED | Status.REFUNDED as status:
            raise ProblemError(409, status, f"Payment {payment_id} has been {status}.")
        case unknown:
            assert_never(unknown)
    return Answer(200, shown_payment(row))


def refund(tx: Tx, payment_id: str, *, key: str) -> Answer:
    """Give the money back, whatever state it is in; also for a payment nobody has made yet."""
    return once(
        tx,
        service=_SERVICE,
        key=key,
        request=["refund", payment_id],
        act=lambda: _refund(tx, payment_id),
    )


def _refund(tx: Tx, payment_id: str) -> Answer:
    if _leave_tombstone(tx, payment_id):
        return _returned(payment_id, Status.VOIDED)
    row = _lock(tx, payment_id)
    match Status(row["status"]):
        case Status.AUTHORIZED:
            row = _move(tx, row, Status.VOIDED, Movement.VOID)
        case Status.CAPTURED:
            row = _move(tx, row, Status.REFUNDED, Movement.REFUND)
        case Status.VOIDED | Status.REFUNDED:
            pass
        case unknown:
            assert_never(unknown)
    return _returned(payment_id, Status(row["status"]))


def _returned(payment_id: str, status: Status) -> Answer:
    return Answer(200, Returned(id=payment_id, status=status).wire())


def _leave_tombstone(tx: Tx, payment_id: str) -> bool:
    """Claim an unknown id for good; False when it exists. Waits for a create under way."""
    return bool(
        tx.execute(
            """
            INSERT INTO payment_payments (id, status, created_ms, updated_ms)
            VALUES (:id, 'voided', :now_ms, :now_ms)
            ON CONFLICT (id) DO NOTHING
            RETURNING id
            """,
            id=payment_id,
            now_ms=tx.now_ms(),
        )
    )


def _lock(tx: Tx, payment_id: str) -> Row:
    rows = tx.execute(
        "SELECT * FROM payment_payments WHERE id = :id" + tx.for_update, id=payment_id
    )
    if not rows:
        raise unknown_payment(payment_id)
    return rows[0]


def _move(tx: Tx, row: Row, status: Status, movement: Movement) -> Row:
    """Change the state of a locked payment and write the movement down."""
    now_ms = tx.now_ms()
    (moved,) = tx.execute(
        """
        UPDATE payment_payments SET status = :status, updated_ms = :now_ms
        WHERE id = :id RETURNING *
        """,
        id=row["id"],
        status=status.value,
        now_ms=now_ms,
    )
    _record(tx, moved, movement, now_ms)
    return moved


def _record(tx: Tx, row: Row, movement: Movement, now_ms: int) -> None:
    """Add a line to the ledger, where no payment makes the same movement twice."""
    tx.execute(
        """
        INSERT INTO payment_ledger (payment_id, movement, currency, amount_minor, at_ms)
        VALUES (:id, :movement, :currency, :amount, :now_ms)
        """,
        id=row["id"],
        movement=movement.value,
        currency=row["currency"],
        amount=row["amount_minor"],
        now_ms=now_ms,
    )
