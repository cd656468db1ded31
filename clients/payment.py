"""Payment: an amount is authorized, then captured, or voided/refunded."""

from collections.abc import Awaitable

from clients.call import Answer, Call, CallLimits
from clients.shape import known_as
from clients.upstream import Upstream


class PaymentClient:
    """Calls of the payment service; every method raises what `Upstream.send` raises."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def authorize(
        self,
        payment_id: str,
        order_id: str,
        *,
        user_id: str | None,
        amount: str,
        currency: str,
        limits: CallLimits,
    ) -> Awaitable[Answer]:
        """Hold `amount` (decimal string with the currency's digits) for the order."""
        body = {
            "id": payment_id,
            "orderId": order_id,
            "userId": user_id,
            "amount": amount,
            "currency": currency,
        }
        # A repeat in a recovery may meet a payment that its predecessor has captured already.
        accepts = known_as(payment_id, "authorized", "captured", amount=amount, currency=currency)
        call = Call("authorize", "POST", "/payments", f"{order_id}:authorize", body, accepts)
        return self._upstream.send(call, limits)

    def capture(self, payment_id: str, order_id: str, limits: CallLimits) -> Awaitable[Answer]:
        """Take the money that is held."""
        path = f"/payments/{payment_id}/capture"
        accepts = known_as(payment_id, "captured")
        call = Call("capture", "POST", path, f"{order_id}:capture", {}, accepts)
        return self._upstream.send(call, limits)

    def refund(self, payment_id: str, order_id: str, limits: CallLimits) -> Awaitable[Answer]:
        """Give the money back, from whatever state; a late authorize of this id will be refused."""
        path = f"/payments/{payment_id}/refund"
        accepts = known_as(payment_id, "voided", "refunded")
        call = Call("refund", "POST", path, f"{order_id}:refund", {}, accepts)
        return self._upstream.send(call, limits)
