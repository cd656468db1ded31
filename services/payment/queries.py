"""Everything that reads payments and the ledger; nothing here changes them."""

from collections import defaultdict
from typing import Any

from services.payment.model import Balance, Ledger, Movement, Payment, Payments, Status
from services.payment.money import to_decimal
from services.problem import ProblemError
from services.storage import Row, Tx
from services.timestamps import rfc3339


def find_payment(tx: Tx, payment_id: str) -> Row | None:
    """Return the payment's (or its tombstone's) row, without waiting for anyone."""
    rows = tx.execute("SELECT * FROM payment_payments WHERE id = :id", id=payment_id)
    return rows[0] if rows else None


def get_payment(tx: Tx, payment_id: str) -> dict[str, Any]:
    """Return the payment as it stands; 404 for an id nobody has named yet."""
    row = find_payment(tx, payment_id)
    if row is None:
        raise unknown_payment(payment_id)
    return shown_payment(row)


def list_payments(tx: Tx, *, order_id: str | None, limit: int, cursor: str) -> dict[str, Any]:
    """Return one page of payments by id, of one order or of all."""
    of_order = "AND order_id = :order_id" if order_id is not None else ""
    rows = tx.execute(
        f"""
        SELECT * FROM payment_payments WHERE id > :cursor {of_order}
        ORDER BY id LIMIT :limit
        """,
        order_id=order_id,
        cursor=cursor,
        limit=limit,
    )
    return Payments(
        items=[_payment(row) for row in rows],
        next_cursor=rows[-1]["id"] if len(rows) == limit else None,
    ).wire()


def get_ledger(tx: Tx) -> dict[str, Any]:
    """Add up every movement there ever was, by currency; one statement, so of one moment."""
    sums: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in tx.execute(
        """
        SELECT currency, movement, SUM(amount_minor) AS minor FROM payment_ledger
        GROUP BY currency, movement ORDER BY currency
        """
    ):
        sums[row["currency"]][row["movement"]] = int(row["minor"])
    return Ledger(
        currencies={currency: _balance(minor, currency) for currency, minor in sums.items()}
    ).wire()


def unknown_payment(payment_id: str) -> ProblemError:
    """Build the 404 of an id that has been neither created nor undone."""
    return ProblemError(
        404, "unknown_payment", f"There is no payment {payment_id}; authorize it first."
    )


def shown_payment(row: Row) -> dict[str, Any]:
    """Return the row as the wire shows it."""
    return _payment(row).wire()


def _payment(row: Row) -> Payment:
    is_tombstone = row["amount_minor"] is None
    return Payment(
        id=row["id"],
        order_id=row["order_id"],
        user_id=row["user_id"],
        amount=None if is_tombstone else to_decimal(row["amount_minor"], row["currency"]),
        currency=row["currency"],
        status=Status(row["status"]),
        created_at=rfc3339(row["created_ms"]),
    )


def _balance(minor: dict[str, int], currency: str) -> Balance:
    authorized, voided, captured, refunded = (
        minor.get(movement, 0)
        for movement in (Movement.AUTHORIZE, Movement.VOID, Movement.CAPTURE, Movement.REFUND)
    )
    return Balance(
        authorized=to_decimal(authorized, currency),
        voided=to_decimal(voided, currency),
        captured=to_decimal(captured, currency),
        refunded=to_decimal(refunded, currency),
        held=to_decimal(authorized - voided - captured, currency),
        net=to_decimal(captured - refunded, currency),
    )
