"""What the payment service reads and writes on the wire."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from services.contract import AnswerBody, Id, RequestBody
from services.payment.money import MINOR_DIGITS, to_minor
from services.web import PlainText

AMOUNT_PATTERN: Final = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"
"""A plain decimal number; how many digits there may be is looked at with its currency."""

Amount = Annotated[str, StringConstraints(pattern=AMOUNT_PATTERN)]


class Status(StrEnum):
    """Where a payment stands; `voided` is also what a tombstone says."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"


class Movement(StrEnum):
    """A line of the ledger: what happened to the amount."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class PaymentRequest(RequestBody):
    """An amount to be set aside, under an id that the caller chose."""

    id: Id = Field(examples=["0b6e5a52-3f0e-5f4b-9a57-3f1c5f9a7c11"])
    order_id: Id = Field(examples=["6f2c1f0e-95a8-4b53-9d6e-3f3b6d1f8a10"])
    user_id: PlainText | None = Field(default=None, examples=["u-1"])
    currency: str = Field(examples=["INR"], json_schema_extra={"enum": [*sorted(MINOR_DIGITS)]})
    amount: Amount = Field(examples=["999.00"])

    @field_validator("currency")
    @classmethod
    def _is_known(cls, currency: str) -> str:
        if currency not in MINOR_DIGITS:
            message = "not an ISO 4217 currency that can be charged, in capitals"
            raise ValueError(message)
        return currency

    @field_validator("amount")
    @classmethod
    def _has_the_currencys_digits(cls, amount: str, others: ValidationInfo) -> str:
        # `currency` is declared first; when it is itself wrong, it is missing here and reported.
        if "currency" in others.data:
            to_minor(amount, others.data["currency"])
        return amount

    @property
    def amount_minor(self) -> int:
        """The amount in the currency's minor units."""
        return to_minor(self.amount, self.currency)


class Payment(AnswerBody):
    """A payment as it stands. A tombstone has neither order nor amount."""

    id: str
    order_id: str | None
    user_id: str | None
    amount: str | None
    currency: str | None
    status: Status
    created_at: str


class Returned(AnswerBody):
    """The answer of an undo: `voided` when it had never been captured, else `refunded`."""

    id: str
    status: Status


class Payments(AnswerBody):
    """One page, by id. Pass `nextCursor` as `cursor` for the next; null on the last."""

    items: list[Payment]
    next_cursor: str | None


class Balance(AnswerBody):
    """The movements of one currency, added up: `net` = `captured` - `refunded` is what is kept.

    `held` = `authorized` - `voided` - `captured` is set aside and not yet decided.
    """

    authorized: str
    voided: str
    captured: str
    refunded: str
    held: str
    net: str


class Ledger(AnswerBody):
    """What all movements add up to, by currency."""

    currencies: dict[str, Balance]
